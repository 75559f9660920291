// Pipeline files by path and by name.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadPipeline, PipelineFileError } from '../../src/pipeline-file';
import { createFakeObjectStore } from '../fakes/object-store';
import { orders, variables } from './support';

const places = createFakeObjectStore();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pipelines-'));
  await writeFile(join(folder, 'orders.yaml'), orders);
  await writeFile(join(folder, 'wrong.yaml'), 'name: wrong\n');
});
afterAll(async () => rm(folder, { recursive: true }));

test('a name is a file in the folder, a path is a path', async () => {
  const byName = await loadPipeline('orders', { variables, folder, places });
  expect(byName.name).toBe('orders');
  await expect(loadPipeline(join(folder, 'orders.yaml'), { variables, places })).resolves.toEqual(byName);
});

test('names are looked up in pipelines when no folder is given', async () => {
  await expect(loadPipeline('customer-sales', { variables, places })).resolves.toMatchObject({
    name: 'customer-sales',
  });
});

test('an unknown name is told what is there', async () => {
  await expect(loadPipeline('order', { variables, folder, places })).rejects.toMatchObject({
    kind: 'config',
    type: 'PipelineFileUnreadable',
    message: `There is no pipeline file ${join(folder, 'order.yaml')}.`,
    remedy: 'Did you mean orders? Pipelines there: orders, wrong.',
  });
});

test('a missing path and a folder are told as such', async () => {
  await expect(loadPipeline('no/such.yaml', { variables, places })).rejects.toThrow(
    'There is no pipeline file no/such.yaml.',
  );
  await expect(loadPipeline(`${folder}/`, { variables, places })).rejects.toMatchObject({ fields: { code: 'EISDIR' } });
});

test('messages name the file by the path that was read', async () => {
  const loading = loadPipeline('wrong', { variables, folder, places });
  await expect(loading).rejects.toBeInstanceOf(PipelineFileError);
  await expect(loading).rejects.toThrow(`${join(folder, 'wrong.yaml')}:1:1 sources: is missing`);
});

test('table and state have one name each, however they are spelled', async () => {
  const links: Readonly<Record<string, string>> = { '/lake/orders': '/disk/orders', '/states': '/disk/states' };
  const linked = { canonical: async (path: string) => links[path] ?? path };
  const beside = await loadPipeline('orders', { variables, folder, places: linked });
  expect(beside).toMatchObject({ target: { table: '/disk/orders' }, state: '/disk/_headgate/orders' });
  await writeFile(join(folder, 'chosen.yaml'), `${orders}state: /states\n`);
  const chosen = await loadPipeline('chosen', { variables, folder, places: linked });
  expect(chosen).toMatchObject({ target: { table: '/disk/orders' }, state: '/disk/states' });
});
