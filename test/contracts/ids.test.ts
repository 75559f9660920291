import { parseTableUri } from '../../src/contracts/ids';

describe('parseTableUri', () => {
  it.each(['/lake/sales', 's3://lake/sales'])('takes %s', (text) => {
    expect(parseTableUri(text)).toBe(text);
  });

  it.each(['sales', './lake/sales', ''])('refuses %j, which means another table elsewhere', (text) => {
    expect(() => parseTableUri(text)).toThrow('not the absolute path or URI');
  });
});
