// Clusters by the workflows that keep and lease them: shared, replaced, given back; and none outlives its owner.
import type { JobHandle, JobOutcome } from '../../src/activities/ports';
import type { ClusterView } from '../../src/contracts/cluster';
import { sampleShape } from '../fakes/clusters';
import { autoTerminationMarginMs } from '../fakes/emr-clusters';
import { ApplicationFailure } from '@temporalio/common';
import { until } from '../support/waiting';
import { clusterOfJob, minute, onPool, type ClusterScene } from './cluster-scene';
import { failed, startDevServer, succeeded } from './environment';
import { barrier } from './table-scene';

// A scene may be played again, see lost-server.
jest.setTimeout(200_000);

const view = ({ keeper }: ClusterScene): Promise<ClusterView> => keeper.query<ClusterView>('cluster');

const idleMs = sampleShape().idleSeconds * 1000;

/** What the runbook states: holders are looked for, the idle time, a look, and the end. */
const boundMs = 5 * minute + idleMs + 5 * minute;

const clustersOf = ({ journal }: ClusterScene) => journal.submitted.map(({ cluster }) => cluster);

describe('a pool', () => {
  it('gives both jobs of a run the same cluster, tells what it cost, and ends it when it is idle', async () => {
    await onPool(async (scene) => {
      const run = await scene.run();
      const result: unknown = await run.result();
      expect(clustersOf(scene)).toEqual(['j-00000001', 'j-00000001']);
      expect(result).toMatchObject({
        outcome: 'committed',
        cost: { machines: { clusters: ['j-00000001'], onDemandHours: expect.any(Number) } },
      });
      const { cost } = result as { cost: { waitingSeconds: number; machines: { calls: number } } };
      expect(cost.waitingSeconds).toBeGreaterThan(299);
      expect(cost.machines.calls).toBeGreaterThan(5);
      expect(await scene.untilGone(2 * idleMs)).toBeGreaterThan(idleMs - minute);
      await scene.keeper.result();
      expect(scene.emr.made).toHaveLength(1);
    });
  });

  it('serves two runs with one cluster', async () => {
    await onPool(async (scene) => {
      const [one, other] = [await scene.run('a'), await scene.run('b')];
      await one.result();
      await other.result();
      expect(new Set(clustersOf(scene))).toEqual(new Set(['j-00000001']));
      expect(scene.emr.made).toHaveLength(1);
    });
  });

  it('of one run is ended with the run', async () => {
    await onPool(
      async (scene) => {
        const run = await scene.run();
        expect(await run.result()).toMatchObject({ outcome: 'committed' });
        expect(new Set(clustersOf(scene))).toEqual(new Set(['j-00000001']));
        expect(await scene.untilGone(idleMs)).toBeLessThan(3 * minute);
      },
      undefined,
      { kind: 'per-run' },
    );
  });

  it('tells a run that waits, and why', async () => {
    await onPool(async (scene) => {
      const run = await scene.run();
      await until('the run says that it waits', async () => {
        const { phases } = await run.query<{ phases: { phase: string; note?: string }[] }>('progress');
        return phases
          .find(({ phase }) => phase === 'prepare')
          ?.note?.startsWith('waits for a cluster: a cluster starts');
      });
      expect(await view(scene)).toMatchObject({ waiting: [run.workflowId] });
      await run.result();
    });
  });
});

describe('what goes wrong', () => {
  it('an answer is lost at the start: there is one cluster, also when lists lag', async () => {
    await onPool(async (scene) => {
      Object.assign(scene.emr.switches, { lostAnswers: 1, staleMs: 0 });
      const run = await scene.run();
      expect(await run.result()).toMatchObject({ outcome: 'committed' });
      expect(scene.emr.made).toHaveLength(1);
    });
  });

  it('Spot is lost under a job: the job goes on with another cluster', async () => {
    const outcomes: JobOutcome[] = [{ kind: 'lost', reason: 'the cluster ended' }];
    let scene: ClusterScene | undefined;
    await onPool(
      async (made) => {
        scene = made;
        const run = await made.run();
        expect(await run.result()).toMatchObject({ outcome: 'committed' });
        expect(clustersOf(made)).toEqual(['j-00000001', 'j-00000002', 'j-00000002']);
      },
      (_, emr) => ({
        watchJob: async (handle: JobHandle) => {
          const lost = outcomes.shift();
          if (lost === undefined || scene === undefined) return succeeded(handle);
          await emr.loseSpot(clusterOfJob(scene, handle));
          return lost;
        },
      }),
    );
  });
});

describe('what goes wrong for long', () => {
  it('no cluster can start: the run fails, and says why', async () => {
    await onPool(
      async (scene) => {
        scene.emr.switches.startMs = 0;
        scene.emr.switches.fates.push('validation-error');
        const run = await scene.run();
        await expect(run.result()).rejects.toMatchObject({
          cause: { type: 'ClusterFailed', message: expect.stringMatching(/VALIDATION_ERROR/) },
        });
        expect(scene.emr.made).toHaveLength(1);
        expect(await view(scene)).toMatchObject({ waiting: [] });
      },
      undefined,
      {},
      startDevServer,
    );
  });

  it('its keeper is throttled: it waits, and makes one cluster', async () => {
    await onPool(async (scene) => {
      scene.emr.switches.throttles = 3;
      const run = await scene.run();
      expect(await run.result()).toMatchObject({ outcome: 'committed' });
      expect(scene.emr.made).toHaveLength(1);
    });
  });

  it('a job runs out of memory: it gets a bigger cluster', async () => {
    let first = true;
    await onPool(
      async (scene) => {
        const run = await scene.run();
        expect(await run.result()).toMatchObject({ outcome: 'committed' });
        expect(scene.emr.made.map(({ order }) => order.size)).toEqual([1, 2]);
        expect(scene.journal.submitted.map(({ size, cluster }) => [size, cluster])).toEqual([
          [undefined, 'j-00000001'],
          [2, 'j-00000002'],
          [undefined, 'j-00000002'],
        ]);
      },
      () => ({
        watchJob: async (handle: JobHandle) => {
          if (!first) return succeeded(handle);
          first = false;
          return failed(handle, 'memory', 'OutOfMemory');
        },
      }),
    );
  });
});

describe('no cluster outlives its owner', () => {
  /** A run whose first job never ends, on a cluster that is busy with it. */
  const withBusyRun = (body: (scene: ClusterScene, run: Awaited<ReturnType<ClusterScene['run']>>) => Promise<void>) => {
    const begun = barrier();
    let scene: ClusterScene | undefined;
    return onPool(
      async (made) => {
        scene = made;
        const run = await made.run();
        // The cluster starts in time that nobody else lets pass.
        await made.pass(7 * minute);
        await begun.opened;
        await body(made, run);
      },
      (_, emr) => ({
        submitJob: async (input) => {
          scene?.journal.submitted.push(input);
          await emr.setBusy(input.cluster ?? '', true);
          begun.open();
          return { ...input, ...idle(input.cluster ?? ''), stepKey: input.request.stepKey, job: input.request.job };
        },
        // It waits between two looks, so that the server lets time pass.
        watchJob: async () => {
          throw ApplicationFailure.create({ message: 'still running', nextRetryDelay: '1 hour' });
        },
        cancelJob: async () => {
          for (const { id } of emr.made) await emr.setBusy(id, false);
          return { state: 'ended' };
        },
      }),
    );
  };
  const idle = (id: string) => ({
    ...{ attempt: 1, requestPath: '/r', reportPath: '/p', failurePath: '/f', runtime: 'emr' as const },
    id,
  });

  it('when its run is cancelled', async () => {
    await withBusyRun(async (scene, run) => {
      scene.emr.switches.autoTermination = false;
      await run.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong day' }] });
      await run.result().catch(() => undefined);
      expect(await scene.untilGone(boundMs)).toBeLessThan(boundMs);
    });
  });

  it('when its run is terminated, or timed out, and nobody gives the lease back', async () => {
    await withBusyRun(async (scene, run) => {
      scene.emr.switches.autoTermination = false;
      await run.terminate('by hand');
      expect(await scene.untilGone(boundMs)).toBeLessThan(boundMs);
    });
  });

  it('when its keeper is cancelled', async () => {
    await withBusyRun(async (scene, run) => {
      scene.emr.switches.autoTermination = false;
      await scene.keeper.cancel();
      expect(await scene.untilGone(boundMs)).toBeLessThan(5 * minute);
      await run.terminate('the test is over');
      await scene.keeper.result();
    });
  });

  it('when its keeper is terminated and EMR has no idle time-out: by the reaper', async () => {
    await withBusyRun(async (scene, run) => {
      scene.emr.switches.autoTermination = false;
      await run.terminate('by hand');
      await scene.keeper.terminate('by hand');
      expect(await scene.reap({ dryRun: true, graceSeconds: 0 })).toMatchObject({
        clusters: [{ id: 'j-00000001', verdict: 'would-end', why: expect.stringMatching(/has closed/) }],
      });
      expect(await scene.emr.alive()).toHaveLength(1);
      expect(await scene.reap({ graceSeconds: 0 })).toMatchObject({ clusters: [{ verdict: 'ended' }] });
      expect(await scene.untilGone(boundMs)).toBeLessThan(3 * minute);
    });
  });

  it('when its keeper is terminated and nobody reaps: by the idle time-out of EMR', async () => {
    await withBusyRun(async (scene, run) => {
      await run.terminate('by hand');
      await scene.keeper.terminate('by hand');
      await scene.emr.setBusy('j-00000001', false);
      const limit = idleMs + autoTerminationMarginMs + 2 * minute;
      expect(await scene.untilGone(limit)).toBeLessThan(limit);
    });
  });

  it('when it does not end at the first word: it is told again and again', async () => {
    await withBusyRun(async (scene, run) => {
      Object.assign(scene.emr.switches, { autoTermination: false, deafToEnd: true });
      await run.terminate('by hand');
      await scene.pass(boundMs + 60 * minute);
      expect(await scene.emr.alive()).toHaveLength(1);
      Object.assign(scene.emr.switches, { deafToEnd: false });
      expect(await scene.untilGone(5 * minute)).toBeLessThan(5 * minute);
    });
  });

  it('and one that has an owner, or is young, or of another installation, is left alone', async () => {
    await onPool(async (scene) => {
      const run = await scene.run();
      await run.result();
      expect(await scene.reap({ graceSeconds: 0 })).toMatchObject({ clusters: [{ verdict: 'owned' }] });
      expect(await scene.reap({ graceSeconds: 86_400 })).toMatchObject({ clusters: [{ verdict: 'young' }] });
      await scene.keeper.terminate('by hand');
      const [made] = scene.emr.made;
      if (made !== undefined) Object.assign(made, { owner: { ...made.owner, namespace: 'another' } });
      expect(await scene.reap({ graceSeconds: 0 })).toEqual({ looked: 1, clusters: [] });
      expect(await scene.emr.alive()).toHaveLength(1);
    });
  });
});
