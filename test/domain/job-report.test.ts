import { reportOf } from '../../src/domain/job-report';
import { commitReport, prepareReport } from '../fakes/reports';

describe('reportOf', () => {
  it('gives the report with the type of its job', () => {
    expect(reportOf('commit', commitReport).table).toBe(commitReport.table);
  });

  it('refuses the report of another job: its fields would be read wrong', () => {
    expect(() => reportOf('commit', prepareReport)).toThrow('expected a commit report, got prepare');
  });
});
