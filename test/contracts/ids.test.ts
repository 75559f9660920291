import { isTableUri, parseTableUri } from '../../src/contracts/ids';

describe('parseTableUri', () => {
  it.each([
    ['/lake/sales', '/lake/sales'],
    ['s3://lake/sales', 's3://lake/sales'],
    ['/lake//sales/', '/lake/sales'],
    ['//lake/sales//', '/lake/sales'],
    ['s3a://lake/sales', 's3://lake/sales'],
    ['S3N://lake//sales/', 's3://lake/sales'],
    ['s3:///lake/sales', 's3://lake/sales'],
    ['file:///lake/sales', '/lake/sales'],
    ['abfss://c@a.dfs.core.windows.net/sales/', 'abfss://c@a.dfs.core.windows.net/sales'],
  ])('takes %s for %s', (text, address) => {
    expect(parseTableUri(text)).toBe(address);
    expect(isTableUri(address)).toBe(true);
    expect(isTableUri(text)).toBe(text === address);
  });

  it.each(['sales', './lake/sales', ''])('refuses %j, which means another table elsewhere', (text) => {
    expect(() => parseTableUri(text)).toThrow('not the absolute path or URI');
  });
});
