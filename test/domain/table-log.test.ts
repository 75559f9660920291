import * as fc from 'fast-check';
import {
  createUndoing,
  lineageOf,
  parseFileChanges,
  parseLogEntry,
  type FileChanges,
} from '../../src/domain/table-log';

const line = (action: unknown): string => JSON.stringify(action);

describe('one entry of a log', () => {
  test('of ours tells its step, and where it set the table its id', () => {
    const text = [
      line({
        commitInfo: {
          operation: 'MERGE',
          operationParameters: { predicate: '[]' },
          userMetadata: '{"stepKey":"p/t/d/commit","generation":1}',
        },
      }),
      line({ metaData: { id: 'one', configuration: {} } }),
      line({ add: { path: 'a', dataChange: true } }),
      '',
    ].join('\n');
    expect(parseLogEntry(3, text, 'c')).toEqual({
      version: 3,
      commit: 'c',
      operation: 'MERGE',
      stepKey: 'p/t/d/commit',
      tableId: 'one',
      changesRows: true,
    });
  });

  test.each([
    ['by version, of Spark', { version: 1, timestamp: null }, 1],
    ['by version, of delta-rs', { version: '12' }, 12],
    ['by time', { version: null, timestamp: '2026-11-27 11:57:46.0' }, undefined],
  ])('a RESTORE %s', (_, operationParameters, to) => {
    const text = line({ commitInfo: { operation: 'RESTORE', operationParameters } });
    expect(parseLogEntry(4, text, 'c').to).toBe(to);
  });

  test.each([
    ['foreign metadata', 'nightly load'],
    ['JSON of others', '{"job": 1}'],
    ['JSON that is no object', '"p/t/d/commit"'],
    ['none', undefined],
  ])('with %s is not ours', (_, userMetadata) => {
    const text = line({ commitInfo: { operation: 'WRITE', userMetadata } });
    expect(parseLogEntry(0, text, 'c')).toEqual({ version: 0, commit: 'c', operation: 'WRITE', changesRows: false });
  });

  test('compaction changes no rows, and a version after which Delta names no operation is one', () => {
    const compacted = [
      line({ remove: { path: 'a', dataChange: false } }),
      line({ add: { path: 'b', dataChange: false } }),
    ];
    expect(parseLogEntry(2, compacted.join('\n'), 'c')).toMatchObject({ operation: 'unknown', changesRows: false });
  });

  test('that is cut off is an error', () => {
    expect(() => parseLogEntry(0, '{"commitInfo":{"opera', 'c')).toThrow(SyntaxError);
  });
});

/** A table of the plainest kind: for each version the set of versions whose rows are in it. */
type Step = { readonly kind: 'commit' } | { readonly kind: 'restore'; readonly back: number };

const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>({ kind: 'commit' }) },
    { weight: 1, arbitrary: fc.nat(30).map((back): Step => ({ kind: 'restore', back })) },
  ),
  { minLength: 1, maxLength: 40 },
);

function naive(history: readonly Step[]): { contents: ReadonlySet<number>[]; restores: Map<number, number> } {
  const contents: ReadonlySet<number>[] = [];
  const restores = new Map<number, number>();
  for (const [version, step] of history.entries()) {
    if (step.kind === 'commit' || version === 0) contents.push(new Set([...(contents.at(-1) ?? []), version]));
    else {
      const to = step.back % version;
      restores.set(version, to);
      contents.push(contents[to] ?? new Set());
    }
  }
  return { contents, restores };
}

test('under any RESTOREs a version counts exactly when its rows are in the table', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (history, from) => {
      const { contents, restores } = naive(history);
      const head = history.length - 1;
      const readFrom = Math.min(from, head);
      const known = new Map([...restores].filter(([version]) => version >= readFrom));
      const { holds, below } = lineageOf(head, known, readFrom);
      for (let version = readFrom; version <= head; version += 1) {
        if (restores.has(version)) continue;
        expect([version, holds(version)]).toEqual([version, contents[head]?.has(version)]);
      }
      const older = [...(contents[head] ?? [])].filter((version) => version < readFrom);
      expect(below === undefined ? [] : [...(contents[below] ?? [])]).toEqual(older);
    }),
    { numRuns: 1000 },
  );
});

test('where a RESTORE cannot be told to lead, nothing before it counts', () => {
  const { holds, below } = lineageOf(4, new Map([[3, undefined]]), 0);
  expect([0, 1, 2, 4].map(holds)).toEqual([false, false, false, true]);
  expect(below).toBeUndefined();
});

test('the files tell where a RESTORE by time led: to a version with the very same rows', () => {
  const history = fc.array(
    fc.record({
      add: fc.boolean(),
      remove: fc.array(fc.nat(20), { maxLength: 2 }),
      restore: fc.option(fc.nat(20), { freq: 4, nil: undefined }),
    }),
    { minLength: 2, maxLength: 20 },
  );
  fc.assert(
    fc.property(history, fc.nat(20), (made, back) => {
      const files: ReadonlySet<string>[] = [];
      const changes: FileChanges[] = [];
      const go = (next: ReadonlySet<string>): void => {
        const before = files.at(-1) ?? new Set<string>();
        changes.push({
          added: [...next].filter((file) => !before.has(file)),
          removed: [...before].filter((file) => !next.has(file)),
        });
        files.push(next);
      };
      for (const [version, { add, remove, restore }] of made.entries()) {
        const before = [...(files.at(-1) ?? [])];
        if (restore !== undefined && version > 0) go(files[restore % version] ?? new Set());
        else {
          const gone = new Set(remove.map((index) => before[index]));
          go(new Set([...before.filter((file) => !gone.has(file)), ...(add ? [`f${version}`] : [])]));
        }
      }
      const target = back % files.length;
      const wanted = files[target] ?? new Set();
      go(wanted);
      const undoing = createUndoing(changes.at(-1) ?? { added: [], removed: [] });
      let at = files.length - 2;
      for (; !undoing.isThere(); at -= 1) undoing.undo(changes[at] ?? { added: [], removed: [] });
      expect(at).toBeGreaterThanOrEqual(target);
      expect(files[at]).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});

test('a file with another deletion vector is another file', () => {
  const text = [
    line({ add: { path: 'a', deletionVector: { pathOrInlineDv: 'v1', offset: 1 } } }),
    line({ remove: { path: 'a' } }),
  ].join('\n');
  const { added, removed } = parseFileChanges(text);
  expect(added[0]).not.toEqual(removed[0]);
});
