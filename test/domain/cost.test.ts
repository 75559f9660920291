// What jobs cost, added up.
import { costOf, sumCosts } from '../../src/domain/cost';

const used = (cluster: string) => ({ cluster, onDemandHours: 0.5, spotHours: 1, calls: 4 });

describe('the cost of a run', () => {
  it('is that of its jobs, and names each cluster once', () => {
    const jobs = [
      { waitingSeconds: 300, workingSeconds: 60, cluster: used('j-1') },
      { waitingSeconds: 1, workingSeconds: 30, cluster: used('j-1') },
      { waitingSeconds: 2, workingSeconds: 10 },
    ];
    expect(sumCosts(jobs.map(costOf))).toEqual({
      waitingSeconds: 303,
      workingSeconds: 100,
      machines: { clusters: ['j-1'], onDemandHours: 1, spotHours: 2, calls: 8 },
    });
  });

  it('has no machines where no job had a cluster of ours', () => {
    expect(sumCosts([costOf({ waitingSeconds: 1, workingSeconds: 2 })])).toEqual({
      waitingSeconds: 1,
      workingSeconds: 2,
    });
    expect(sumCosts([])).toBeUndefined();
  });
});
