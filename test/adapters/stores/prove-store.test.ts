// What `headgate doctor --store` finds out about stores that break a promise.
import type { ObjectStore } from '../../../src/activities/ports';
import { proveStore } from '../../../src/adapters/stores/prove-store';
import { HeadgateError } from '../../../src/contracts/errors';
import { createFakeObjectStore } from '../../fakes/object-store';

const failure = (type: string): HeadgateError =>
  new HeadgateError({ kind: 'config', type, message: `${type}.`, remedy: 'r', fields: {} });

async function prove(change: (store: ObjectStore) => Partial<ObjectStore>) {
  const real = createFakeObjectStore();
  const store = { ...real, ...change(real) };
  const proof = await proveStore('/lake', async () => store);
  expect(real.paths()).toEqual([]);
  return { holds: proof.holds, wrong: proof.checks.filter(({ holds }) => !holds).map(({ name }) => name) };
}

test('a store that keeps them all holds', async () => {
  expect(await prove(() => ({}))).toEqual({ holds: true, wrong: [] });
});

test.each<readonly [string, (store: ObjectStore) => Partial<ObjectStore>, readonly string[]]>([
  [
    'looks first and writes later',
    (store) => ({
      putIfAbsent: async (path, text) => {
        if ((await store.stat(path)) !== undefined) return false;
        await new Promise(setImmediate);
        await store.writeText(path, text);
        return true;
      },
    }),
    ['put-if-absent has one winner'],
  ],
  [
    'lets nobody win',
    (store) => ({
      putIfAbsent: async (path, text) => {
        await store.putIfAbsent(path, text);
        return false;
      },
    }),
    ['put-if-absent has one winner', 'put-if-absent keeps what is there'],
  ],
  [
    'keeps another content than the winner’s',
    (store) => ({
      putIfAbsent: async (path, text) => {
        const isFirst = await store.putIfAbsent(path, text);
        await store.writeText(path, text);
        return isFirst;
      },
    }),
    ['put-if-absent has one winner', 'put-if-absent keeps what is there'],
  ],
  [
    'reads what was there before',
    (store) => {
      const before = new Map<string, string | undefined>();
      return {
        writeText: async (path, text) => {
          before.set(path, await store.readText(path));
          await store.writeText(path, text);
        },
        readText: async (path) => (before.has(path) ? before.get(path) : store.readText(path)),
      };
    },
    ['a read shows the last write'],
  ],
  [
    'forgets one in a listing',
    (store) => ({ list: async (pattern) => (await store.list(pattern)).slice(1) }),
    ['a listing shows what was written'],
  ],
  [
    'reads other content than was seen',
    (store) => ({ readRange: (path, start, end) => store.readRange(path, start, end) }),
    ['a read refuses other content than was seen'],
  ],
  [
    'does not know conditional writes',
    () => ({
      putIfAbsent: async () => {
        throw failure('StoreLacks');
      },
    }),
    ['put-if-absent has one winner', 'put-if-absent keeps what is there'],
  ],
])('one that %s does not', async (_what, change, wrong) => {
  expect(await prove(change)).toEqual({ holds: false, wrong });
});

test('one that keeps what was removed does not', async () => {
  const real = createFakeObjectStore();
  const store = { ...real, remove: async () => undefined };
  const proof = await proveStore('/lake', async () => store);
  expect(proof.checks.at(-1)).toMatchObject({ name: 'what is removed is gone', holds: false });
});

test('a refused access is no finding about the store', async () => {
  const refused = async () => {
    throw failure('AccessDenied');
  };
  await expect(prove(() => ({ putIfAbsent: refused }))).rejects.toMatchObject({ type: 'AccessDenied' });
});
