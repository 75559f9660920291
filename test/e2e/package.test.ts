// The package as its users get it: packed, installed into an empty folder, started with nothing of the checkout around it.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { makeSample } from '../support/oracle';
import { expectNothingLeft } from '../support/processes';
import { projectRoot } from '../support/tools';
import { createWorkspace, type Workspace } from '../support/workspace';

const execute = promisify(execFile);
const manifestSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')));

// npm fetches, and Spark starts: both take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let files: readonly string[];
let installed: string;

/** The installed command, with no variables but where programs and the user's folders are. */
async function headgate(...args: readonly string[]): Promise<string> {
  const { PATH, HOME, HEADGATE_CACHE } = process.env;
  const env = {
    PATH,
    HOME,
    ...(HEADGATE_CACHE === undefined ? {} : { HEADGATE_CACHE }),
    HEADGATE_HOME: workspace.home,
    TEMPORAL_ADDRESS: workspace.env['TEMPORAL_ADDRESS'],
  };
  const program = join(workspace.folder, 'app', 'node_modules', '.bin', 'headgate');
  return (await execute(program, args, { cwd: join(workspace.folder, 'app'), env })).stdout;
}

beforeAll(async () => {
  workspace = await createWorkspace('package');
  const app = join(workspace.folder, 'app');
  mkdirSync(app);
  const npm = (...args: readonly string[]): Promise<{ stdout: string }> => execute('npm', args, { cwd: projectRoot });
  const packed = await npm('pack', '--json', '--pack-destination', workspace.folder);
  const [tarball] = z
    .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
    .parse(JSON.parse(packed.stdout));
  files = tarball?.files.map(({ path }) => path) ?? [];
  const file = join(workspace.folder, tarball?.filename ?? '');
  await npm('install', '--prefix', app, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', file);
  installed = join(app, 'node_modules', 'headgate');
});

afterAll(async () => {
  await workspace?.remove();
});

/** What a file loads, by `require` or by the `import` of a type-less promise. */
function loadedBy(file: string): string[] {
  const text = readFileSync(join(installed, file), 'utf8');
  return [...text.matchAll(/\b(?:require|import)\(["']([^"'\s]+)["']\)/g)].flatMap(([, name]) => name ?? []);
}

const packageOf = (name: string): string => name.split('/', name.startsWith('@') ? 2 : 1).join('/');

test('it carries neither tests nor what builds it', () => {
  expect(files.filter((file) => /(^|\/)tests?\/|\.map$|__pycache__|^bench|^src\/(?!setup\/)/.test(file))).toEqual([]);
  expect(files).toEqual(expect.arrayContaining(['dist/workflow-bundle.js', 'pipelines/pipeline.schema.json']));
  // compiled where it is installed
  const stores = ['ConditionalLogStore', 'LinkLogStore'].map((name) => `spark/headgate_spark/${name}.java`);
  expect(files).toEqual(expect.arrayContaining(stores));
});

test('it names no place of the machine that built it', () => {
  const bundle = readFileSync(join(installed, 'dist', 'workflow-bundle.js'), 'utf8');
  const map = /sourceMappingURL=data:application\/json;charset=utf-8;base64,([\w+/=]+)/.exec(bundle)?.[1] ?? '';
  const { sources } = z.object({ sources: z.array(z.string()) }).parse(JSON.parse(atob(map)));
  expect(sources).toContain('src/workflows/index.ts');
  expect(files.filter((file) => readFileSync(join(installed, file), 'utf8').includes(projectRoot))).toEqual([]);
  expect(sources.filter((source) => source.includes(projectRoot))).toEqual([]);
});

test('whatever its code loads is in it, in Node, or among its dependencies', () => {
  const code = files.filter((file) => /^(dist|src)\/(?!workflow-bundle).*js$/.test(file));
  const names = code.flatMap((file) => loadedBy(file).map((name) => ({ file, name })));
  expect(names.length).toBeGreaterThan(100);
  const unmet = names.filter(({ file, name }) => {
    if (!name.startsWith('.')) return !isBuiltin(name) && manifest.dependencies[packageOf(name)] === undefined;
    const path = join(dirname(file), name);
    return ![path, `${path}.js`, join(path, 'index.js')].some((candidate) => files.includes(candidate));
  });
  expect(unmet).toEqual([]);
});

test('--version is the version of the package', async () => {
  expect((await headgate('--version')).trim()).toBe(manifest.version);
  // after `show` it is a version of the table
  await expect(headgate('show', 'nothing', '--version', '3')).rejects.toThrow('nothing');
});

test('doctor finds the tools that a checkout has installed', async () => {
  expect(JSON.parse(await headgate('doctor', '--json'))).toMatchObject({ healthy: true });
});

test('its example is valid, and runs: from files to table', async () => {
  await makeSample(workspace.raw, '--rows', '200', '--seed', '3');
  const example = join(installed, 'pipelines', 'customer-sales.yaml');
  const sets = ['--set', `RAW=${workspace.raw}`, '--set', `LAKE=${workspace.lake}`];
  expect(JSON.parse(await headgate('validate', example, ...sets, '--json'))).toMatchObject({ valid: true });
  expect(JSON.parse(await headgate('run', example, ...sets, '--json'))).toMatchObject({
    outcome: 'committed',
    rows: { read: 200, inserted: 200 },
    table: { version: 0 },
  });
  await expectNothingLeft(workspace.folder);
});
