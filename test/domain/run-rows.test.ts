import { accountRows } from '../../src/domain/run-rows';
import { commitReport, prepareReport } from '../fakes/reports';

describe('accountRows', () => {
  it('gives every row that was read one fate', () => {
    const { read, ...fates } = accountRows(prepareReport, commitReport);
    expect(Object.values(fates).reduce((sum, rows) => sum + rows, 0)).toBe(read);
  });

  it('refuses a MERGE that accounts for fewer rows than were staged', () => {
    const short = { rows: { ...commitReport.rows, inserted: commitReport.rows.inserted - 1 } };
    expect(() => accountRows(prepareReport, short)).toThrow(RangeError);
  });

  it('refuses a prepare that lost a row', () => {
    const short = { rows: { ...prepareReport.rows, read: prepareReport.rows.read + 1 } };
    expect(() => accountRows(short)).toThrow('prepare accounts for 99460 rows of 99461 read');
  });
});
