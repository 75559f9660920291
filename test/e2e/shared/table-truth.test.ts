// No run says done unless the table says so: tables that are moved away, set back, or of one name in two lakes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { headgate, runWell, type RunSeen } from '../../support/headgate';
import { tableVersions } from '../../support/lake';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import { testTools } from '../../support/tools';

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let stack: SharedStack;

beforeAll(async () => {
  stack = await useSharedStack('table-truth');
});

afterAll(async () => {
  await stack?.expectNoOthers();
});

const shown = z.object({ rows: z.array(z.object({ id: z.number(), v: z.string() })) });

/** One small pipeline with a place of its own. */
function place(name: string, state?: string) {
  const { workspace } = stack;
  const [raw, lake] = [join(workspace.raw, name), join(workspace.lake, name)];
  mkdirSync(raw);
  mkdirSync(lake);
  const file = join(raw, 'p.yaml');
  writeFileSync(
    file,
    `name: ${name}
sources:
  s:
    path: "${raw}/*.csv"
    format: csv
    columns: { id: int!, v: string }
    key: [id]
target: { table: "\${LAKE}/t", key: [id] }
${state === undefined ? '' : `state: ${state}\n`}`,
  );
  return {
    lake,
    table: join(lake, 't'),
    /** A file of one row, which is the name of the file. */
    bring(name: string, minutes = 60): void {
      const path = join(raw, `${name}.csv`);
      writeFileSync(path, `id,v\n${name.codePointAt(0)},${name}\n`);
      const time = new Date(Date.now() - minutes * 60_000);
      utimesSync(path, time, time);
    },
    run: (to = lake): Promise<RunSeen> => runWell(workspace, file, { LAKE: to }),
    async ids(): Promise<string> {
      const { json } = await headgate(workspace, ['show', file, '--set', `LAKE=${lake}`, '--json']);
      const ids = shown.parse(json).rows.map(({ id }) => String.fromCodePoint(id));
      return ids.toSorted().join('');
    },
    verify: async () => (await headgate(workspace, ['verify', file, '--set', `LAKE=${lake}`, '--json'])).code,
  };
}

async function restore(table: string, version: number): Promise<void> {
  const { python } = await testTools();
  const code = 'import sys; from deltalake import DeltaTable; DeltaTable(sys.argv[1]).restore(int(sys.argv[2]))';
  execFileSync(python, ['-c', code, table, String(version)]);
}

test('a table that was restored, then moved away, gets back what it lacks, and nothing is told that it does not hold', async () => {
  const { lake, table, bring, run, ids, verify } = place('set-back');
  bring('a');
  const first = await run();
  bring('b');
  await run();
  await restore(table, first.table?.version ?? 0);
  expect(await ids()).toBe('a');
  expect(await verify()).toBe(1);
  const again = await run();
  expect(again).toMatchObject({ outcome: 'committed', rows: { read: 1, inserted: 1 } });
  expect(again.notices?.join()).toContain('was set back');
  expect([await ids(), await verify()]).toEqual(['ab', 0]);
  expect(await run()).toMatchObject({ outcome: 'nothing-new' });

  renameSync(table, join(lake, 'away'));
  const anew = await run();
  expect(anew).toMatchObject({ outcome: 'committed', rows: { read: 2, inserted: 2 } });
  expect(anew.notices?.join()).toContain('There is no table');
  expect([await ids(), await verify()]).toEqual(['ab', 0]);
});

test('two lakes with one state folder know nothing of each other, and two names of one lake are one', async () => {
  const state = join(stack.workspace.folder, 'one-state');
  const dev = place('two-lakes', state);
  const prod = join(dev.lake, 'prod');
  dev.bring('c');
  expect(await dev.run()).toMatchObject({ outcome: 'committed', rows: { inserted: 1 } });
  expect(await dev.run(prod)).toMatchObject({ outcome: 'committed', rows: { inserted: 1 } });
  expect(tableVersions(join(prod, 't'))).toHaveLength(1);
  symlinkSync(dev.lake, join(stack.workspace.folder, 'linked'));
  const linked = await dev.run(join(stack.workspace.folder, 'linked', '/'));
  expect(linked).toMatchObject({ outcome: 'nothing-new', table: { path: dev.table } });
});
