import { failedBehind } from '../../src/domain/run-result';
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
