// One step for each logical job, whatever dies between a call and its record, and whatever the API does.
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createJobActivities, type Elsewhere, type SubmitJobInput } from '../../../../src/activities/jobs';
import type { JobHandle, JobOutcome, ObjectStore } from '../../../../src/activities/ports';
import type { EmrApi, EmrOperation } from '../../../../src/adapters/runtimes/emr/api';
import { createCallBudget } from '../../../../src/adapters/emr/budget';
import { createEmrRuntime } from '../../../../src/adapters/runtimes/emr/runtime';
import { parseStepKey } from '../../../../src/contracts/ids';
import { fakeCode, FakeDrivers } from '../../../fakes/emr-jobs';
import type { Fault } from '../../../fakes/emr-steps';
import { prepareReport } from '../../../fakes/reports';
import { createRandom, type Random } from '../../../support/random';
import { inVirtualTime, useVirtualClock } from '../../../support/virtual-clock';

useVirtualClock();

const { digest } = prepareReport;
const state = 's3://lake/_headgate/p';

const inputOf = (job: number): SubmitJobInput => ({
  runtime: 'emr',
  state: `${state}${job}`,
  cluster: 'j-1',
  request: {
    protocol: 1,
    job: 'commit',
    stepKey: parseStepKey(`p${job}/t/${digest}/commit`),
    generation: 1,
    run: `run/p${job}`,
    digest,
    pipeline: 'p',
    target: { table: 's3://lake/t', key: ['k'], columns: [], partitionBy: [], zorderBy: [], clusterBy: [] },
    timezone: 'UTC',
    staging: { table: 's3://lake/staging', version: 0, rows: 1 },
  } as never,
});

/** How often a worker died at which moment. */
const deaths = new Map<string, number>();

/** Lives until it reaches the moment of its death; from then on nothing that it does has an effect, or an answer. */
class Life {
  moments = 0;
  isDead = false;
  dies: () => void = () => undefined;
  readonly #deathAt: number | string;

  /** The number of a moment, or its name. */
  constructor(deathAt: number | string) {
    this.#deathAt = deathAt;
  }

  async pass<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#moment(`before ${name}`);
    const answer = await work();
    await this.#moment(`after ${name}`);
    return answer;
  }

  async #moment(name: string): Promise<void> {
    if (!this.isDead && (this.moments === this.#deathAt || name === this.#deathAt)) {
      this.isDead = true;
      deaths.set(name, (deaths.get(name) ?? 0) + 1);
      this.dies();
    }
    this.moments += 1;
    if (this.isDead) await new Promise<never>(() => undefined);
  }
}

/** The same object, whose every method passes the life. */
function lived<T extends object>(target: T, life: Life, names: readonly (keyof T & string)[]): T {
  const methods = names.map((name) => {
    const method = target[name] as (...args: unknown[]) => Promise<unknown>;
    return [name, (...args: unknown[]) => life.pass(name, () => method(...args))];
  });
  return { ...target, ...Object.fromEntries(methods) } as T;
}

const calls = [
  'addStep',
  'listSteps',
  'describeStep',
  'cancelStep',
  'describeCluster',
] as const satisfies EmrOperation[];
const effects = ['stat', 'readText', 'putIfAbsent', 'writeText', 'readRange'] as const satisfies (keyof ObjectStore)[];

function workerOf(drivers: FakeDrivers, life: Life, random: Random) {
  const runtime = createEmrRuntime({
    api: lived<EmrApi>(drivers.emr, life, calls),
    store: lived<ObjectStore>(drivers.store, life, effects),
    budget: createCallBudget({ random: random.next }),
    ship: async () => fakeCode,
    random: random.next,
  });
  const store = lived<ObjectStore>(drivers.store, life, effects);
  return createJobActivities({ runtimes: { emr: runtime }, store, hostQueue: 'headgate/here' });
}

const environment = () => new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });

type Worker = ReturnType<typeof workerOf>;

async function submitBy({ submitJob }: Worker, input: SubmitJobInput): Promise<JobHandle> {
  const answer: JobHandle | Elsewhere = await environment().run(submitJob, input);
  if ('elsewhere' in answer) throw new Error(`asked elsewhere: ${answer.elsewhere}`);
  return answer;
}

const watchBy = ({ watchJob }: Worker, handle: JobHandle): Promise<JobOutcome> => environment().run(watchJob, handle);

/** What a workflow allows: see `activityOptions`. */
const submitLimitMs = 3600_000;
const watchTries = 200;

/** As a workflow does it: submit and watch, each again when it fails for a while or its worker dies. */
async function runStep(
  drivers: FakeDrivers,
  input: SubmitJobInput,
  random: Random,
  deathsAt: (number | string)[] = [],
) {
  let life = new Life(deathsAt.shift() ?? Infinity);
  let worker = workerOf(drivers, life, random);
  let tries = 0;
  async function tried<T>(activity: (by: Worker) => Promise<T>): Promise<T> {
    for (tries = 1; ; tries += 1) {
      const death = new Promise<'dead'>((resolve) => {
        life.dies = () => resolve('dead');
      });
      try {
        const answer = await Promise.race([activity(worker), death]);
        if (answer !== 'dead') return answer;
        life = new Life(deathsAt.shift() ?? Infinity);
        worker = workerOf(drivers, life, random);
      } catch (error) {
        if ((error as { nonRetryable?: boolean }).nonRetryable === true) throw error;
        await new Promise((wake) => setTimeout(wake, 1_000));
      }
    }
  }
  for (let after = 0; ;) {
    const began = Date.now();
    const handle = await tried((by) => submitBy(by, { ...input, after }));
    expect(Date.now() - began).toBeLessThan(submitLimitMs);
    const outcome = await tried((by) => watchBy(by, handle));
    expect(tries).toBeLessThan(watchTries);
    if (outcome.kind !== 'lost') return outcome.kind;
    after = handle.attempt;
  }
}

const seeds = (count: number) => Array.from({ length: count }, (_, seed) => seed + 1);

const told = (drivers: FakeDrivers, outcome: string, seed: number) => ({
  seed,
  outcome,
  steps: drivers.emr.steps.length,
});

test('a worker that dies between any call and its record leaves one step for the job: 400 seeds', async () => {
  for (const seed of seeds(400)) {
    const random = createRandom(seed);
    const drivers = new FakeDrivers(() => ({ runMs: random.below(60_000) }));
    drivers.emr.staleMs = random.below(2) * random.below(30_000);
    drivers.emr.startMs = random.below(20_000);
    const deathsAt = Array.from({ length: 1 + random.below(3) }, () =>
      random.below(3) === 0 ? `${random.below(2) === 0 ? 'before' : 'after'} addStep` : random.below(32),
    );
    const outcome = await inVirtualTime(runStep(drivers, inputOf(1), random, deathsAt));
    expect(told(drivers, outcome, seed)).toEqual({ seed, outcome: 'succeeded', steps: 1 });
  }
  const died = [...deaths.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${died} deaths: ${JSON.stringify(Object.fromEntries(deaths))}`);
  expect(died).toBeGreaterThanOrEqual(400);
  for (const moment of ['before addStep', 'after addStep', 'before putIfAbsent', 'after putIfAbsent'])
    expect(deaths.get(moment)).toBeGreaterThanOrEqual(20);
}, 300_000);

test('1,000 faults of the API make no second step, and fail no run', async () => {
  const faults: Record<Fault | 'stale', number> = { throttle: 0, broken: 0, lost: 0, stale: 0 };
  const sum = () => Object.values(faults).reduce((all, count) => all + count, 0);
  let jobs = 0;
  for (let seed = 1; sum() < 1_000; seed += 1) {
    const random = createRandom(seed);
    const drivers = new FakeDrivers(() => ({ runMs: random.below(120_000) }));
    if (random.below(3) === 0) {
      drivers.emr.staleMs = random.below(30_000);
      faults.stale += 1;
    }
    // Of every second call to every twelfth.
    const rarity = 6 + random.below(30);
    drivers.emr.fault = () => {
      const fault = (['throttle', 'broken', 'lost'] as const)[random.below(rarity)];
      if (fault !== undefined) faults[fault] += 1;
      return fault;
    };
    const outcome = await inVirtualTime(runStep(drivers, inputOf(1), random));
    jobs += 1;
    expect(told(drivers, outcome, seed)).toEqual({ seed, outcome: 'succeeded', steps: 1 });
  }
  console.log(`${jobs} jobs, faults: ${JSON.stringify(faults)}`);
}, 300_000);

test('200 runs over one cluster: calls are bounded, and the end of a job is seen within ten seconds', async () => {
  const random = createRandom(1);
  const drivers = new FakeDrivers(() => ({ runMs: 15_000 + random.below(60_000) }));
  drivers.emr.concurrency = 50;
  const worker = workerOf(drivers, new Life(Infinity), random);
  const late: number[] = [];
  const runJob = async (job: number): Promise<void> => {
    const handle = await submitBy(worker, inputOf(job));
    expect((await watchBy(worker, handle)).kind).toBe('succeeded');
    const step = drivers.emr.steps.find(({ id }) => handle.id === `j-1/${id}`);
    late.push(Date.now() - (step?.states.at(-1)?.atMs ?? 0));
  };
  /** Prepare, then commit. */
  const run = async (number: number): Promise<void> => {
    await runJob(2 * number);
    await runJob(2 * number + 1);
  };
  const began = Date.now();
  await inVirtualTime(Promise.all(seeds(200).map(run)));
  const minutes = new Map<number, number>();
  for (const { atMs } of drivers.emr.requests) {
    const minute = Math.floor((atMs - began) / 60_000);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  const requests = drivers.emr.requests.length;
  const perMinute = Math.max(...minutes.values());
  console.log(
    `200 runs of two jobs in ${minutes.size} min: ${requests} calls, ${requests / 200} a run, at most ${perMinute} ` +
      `a minute; ends seen after ${Math.max(...late) / 1000} s at most`,
  );
  expect(drivers.emr.steps).toHaveLength(400);
  expect(requests / 200).toBeLessThanOrEqual(15);
  // The budget: 4 a second, and a burst of 20.
  expect(perMinute).toBeLessThanOrEqual(260);
  expect(Math.max(...late)).toBeLessThanOrEqual(10_000);
}, 120_000);
