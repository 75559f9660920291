import { checkNode } from '../../src/setup/entry.cjs';

describe('checkNode', () => {
  it.each(['v20.19.0', 'v20.20.2', 'v22.0.0', '26.1.0'])('takes %s', (version) => {
    expect(() => checkNode(version)).not.toThrow();
  });

  it.each(['v18.20.4', 'v20.18.3'])('refuses %s, naming the oldest that works', (version) => {
    expect(() => checkNode(version)).toThrow(`${version}; Headgate needs 20.19 or newer`);
  });
});
