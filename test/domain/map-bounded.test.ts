import { findBounded, mapBounded } from '../../src/domain/map-bounded';

test('results keep the order of the items, and never more run at once than allowed', async () => {
  let running = 0;
  let most = 0;
  const results = await mapBounded([5, 1, 4, 2, 3], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    for (let tick = 0; tick < item; tick += 1) await Promise.resolve();
    running -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
});

test('after an error nothing new starts, and it is thrown when the running ones have ended', async () => {
  const started: number[] = [];
  const ended: number[] = [];
  const work = mapBounded([1, 2, 3, 4, 5], 2, async (item) => {
    started.push(item);
    if (item === 1) throw new Error('the first');
    for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    ended.push(item);
  });
  await expect(work).rejects.toThrow('the first');
  expect(started).toEqual([1, 2]);
  expect(ended).toEqual([2]);
});

test('the first that has anything is found, looking ahead only as far as nothing was found', async () => {
  const asked: number[] = [];
  const look = (from: number) => async (item: number) => {
    asked.push(item);
    return item >= from ? item : undefined;
  };
  const items = Array.from({ length: 100 }, (_, index) => index);
  expect(await findBounded(items, 8, look(0))).toBe(0);
  expect(asked.splice(0)).toEqual([0]);
  expect(await findBounded(items, 8, look(5))).toBe(5);
  expect(asked.splice(0)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(await findBounded(items, 8, look(100))).toBeUndefined();
  expect(asked).toEqual(items);
});
