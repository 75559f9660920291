import { pauseMs } from '../../../src/domain/attempts/looks';

const traits = { pollSeconds: { shortest: 5, longest: 60 } };

describe('pauseMs', () => {
  it.each([
    ['a new job', 0, 5_000],
    ['one of a minute', 60_000, 6_000],
    ['one of five minutes', 300_000, 30_000],
    ['one of ten hours', 36_000_000, 60_000],
  ])('looks at %s after a tenth of its age, within the bounds', (_, age, pause) => {
    expect(pauseMs(traits, age)).toBe(pause);
  });
});
