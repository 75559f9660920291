import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPipeline, looksSecret } from '../../src/pipeline-file';
import { grantedFiles, grantFile } from '../../src/workers/grants';
import { createStores } from '../../src/adapters/stores';
import { orders } from './support';

let root: string;
let folder: string;
const places = createStores();
const variables = { RAW: '/raw', LAKE: '/lake' };

beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'headgate-allowed-')));
  folder = join(root, 'pipelines');
  await mkdir(folder);
  await mkdir(join(root, 'elsewhere'));
  await writeFile(join(folder, 'orders.yaml'), orders);
  await writeFile(join(root, 'elsewhere', 'secret.yaml'), 'root:$6$hash:19000\n');
  await writeFile(join(root, 'elsewhere', 'orders.yaml'), orders);
});
afterEach(() => rm(root, { recursive: true }));

const load = (path: string, files: readonly string[] = []) =>
  loadPipeline(path, { variables, folder, places, allowed: { folders: [folder], files } });

describe('a worker', () => {
  it('reads by name and by path what lies in its folder', async () => {
    const byName = await load('orders');
    expect(await load(join(folder, 'orders.yaml'))).toEqual(byName);
    expect(await load(join(root, 'elsewhere', '..', 'pipelines', 'orders.yaml'))).toEqual(byName);
  });

  it.each([
    '/etc/shadow',
    '/etc/passwd',
    '../elsewhere/secret.yaml',
    '/nowhere/at-all.yaml',
    '/proc/self/environ',
    '/',
  ])('does not read %s, and says nothing of it', async (path) => {
    const error: unknown = await load(path.startsWith('..') ? join(folder, path) : path).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ kind: 'permission', type: 'PipelineNotAllowed' });
    expect(String(error)).not.toMatch(/ENOENT|root:|\$6\$/);
  });

  it('does not follow links out of its folder, of pipelines nor of folders nor of queries', async () => {
    await symlink(join(root, 'elsewhere', 'secret.yaml'), join(folder, 'link.yaml'));
    await symlink(join(root, 'elsewhere'), join(folder, 'deep'));
    await symlink('/etc/passwd', join(folder, 'query.sql'));
    await writeFile(
      join(folder, 'sql.yaml'),
      orders.replace(/transform:[^]*?\n(?=\w)/, 'transform: { sql: query.sql }\n'),
    );
    await expect(load('link')).rejects.toMatchObject({ type: 'PipelineNotAllowed' });
    await expect(load(join(folder, 'deep', 'orders.yaml'))).rejects.toMatchObject({ type: 'PipelineNotAllowed' });
    await expect(load('sql')).rejects.toThrow("the worker does not read the file 'query.sql'");
  });

  it('tells of a text that is no pipeline without its lines', async () => {
    await writeFile(join(folder, 'shadow.yaml'), 'root:$6$hash:19000\nkey: [\n');
    const error: unknown = await load('shadow').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ type: 'NotAPipeline' });
    expect(String(error)).not.toContain('$6$');
  });

  it('reads a file that its own user has run, and nothing beside it', async () => {
    const file = join(root, 'elsewhere', 'orders.yaml');
    await expect(load(file)).rejects.toMatchObject({ type: 'PipelineNotAllowed' });
    await grantFile(join(root, 'home'), file);
    await grantFile(join(root, 'home'), file);
    const files = await grantedFiles(join(root, 'home'));
    expect(files).toEqual([file]);
    await expect(load(file, files)).resolves.toMatchObject({ name: 'orders' });
    await expect(load(join(root, 'elsewhere', 'secret.yaml'), files)).rejects.toMatchObject({
      type: 'PipelineNotAllowed',
    });
  });
});

describe('variables', () => {
  const withhold = (name: string) => ({ problem: `${name} is not given`, remedy: 'Allow it.' });

  it('that may not be taken are an error, also where they have a default', async () => {
    const text = orders.replaceAll('${LAKE}', '${LAKE:-/tmp/lake}');
    await writeFile(join(folder, 'orders.yaml'), text);
    const options = { variables: { RAW: '/raw' }, folder, places };
    await expect(loadPipeline('orders', options)).resolves.toMatchObject({ name: 'orders' });
    await expect(loadPipeline('orders', { ...options, withhold })).rejects.toThrow('LAKE is not given');
    await expect(loadPipeline('orders', { places, variables, folder, withhold })).resolves.toMatchObject({
      name: 'orders',
    });
  });

  it.each([
    'AWS_SECRET_ACCESS_KEY',
    'AWS_ACCESS_KEY_ID',
    'GITHUB_TOKEN',
    'PGPASSWORD',
    'DB_PASS',
    'API_KEY',
    'DATABASE_URL',
  ])('%s looks like a secret', (name) => expect(looksSecret(name)).toBe(true));
  it.each(['RAW', 'LAKE', 'CASE', 'HOME', 'PWD', 'PARTITION_KEY', 'COMPASS'])('%s does not', (name) =>
    expect(looksSecret(name)).toBe(false),
  );
});
