import { failedAtCommit, failedBehind } from '../../src/domain/run-result';
import { commitReport } from '../fakes/reports';

const failure = {
  ...({ kind: 'permission', type: 'AccessDenied', message: 'Cannot write.', remedy: 'Mount it writable.' } as const),
  fields: { path: '/lake' },
};

test('a failure behind a commit says that rows are in the table', () => {
  const { path, version } = commitReport.table;
  expect(failedBehind(commitReport, failure)).toMatchObject({
    ...{ kind: 'permission', type: 'AccessDenied', remedy: 'Mount it writable.' },
    message: expect.stringContaining(`version ${version} of ${path}: expect its rows in the table`),
    fields: { path: '/lake', tableVersion: version },
  });
});

test('a commit that was found to be gone is not told of', () => {
  const gone = { ...failure, type: 'CommitGone' };
  expect(failedBehind(commitReport, gone)).toEqual(gone);
});

test('a commit that may have been made before it failed says so', () => {
  expect(failedAtCommit('/lake/sales', failure)).toEqual({
    ...failure,
    message: expect.stringContaining('The commit to /lake/sales was under way: its rows may be in the table'),
  });
});

test.each(['data', 'config', 'inputs-changed', 'conflict'] as const)(
  'a commit that failed of %s has written nothing, and says no more',
  (kind) => {
    expect(failedAtCommit('/lake/sales', { ...failure, kind })).toEqual({ ...failure, kind });
  },
);
