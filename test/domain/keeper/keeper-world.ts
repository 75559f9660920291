// A keeper's reducer in a world of its own: messages, jobs that end or fail, time, and a model that judges each step.
import { isDeepStrictEqual } from 'node:util';
import type { CommitJob, KeeperAnswer, Waiter } from '../../../src/contracts/keeper';
import type { MaintenanceJob, MaintenanceLook, MaintenanceStep } from '../../../src/contracts/upkeep';
import { maintenanceRequest } from '../../../src/domain/job-requests';
import { refuseCommit } from '../../../src/domain/keeper/acceptance';
import { commitsBeforeUpkeep, hasWork, minutesBeforeUpkeep, reduceKeeper } from '../../../src/domain/keeper/reduce';
import { restoreKeeper, type KeeperEvent, type KeeperIntent, type KeeperState } from '../../../src/domain/keeper/state';
import { isDue } from '../../../src/domain/upkeep/schedule';
import { noSavings } from '../../fakes/health';
import { digestOf, stepOf } from '../../fakes/ids';
import { commitReport, pipeline } from '../../fakes/reports';

const { table } = pipeline.target;

export const failure = { kind: 'unknown', type: 'Crashed', message: 'm', remedy: 'r', fields: {} } as const;
export const upkeepRequest = maintenanceRequest(pipeline);

export const commitOf = (name: string, generation = 1): CommitJob => ({
  runtime: 'local',
  state: '/s',
  upkeep: upkeepRequest,
  request: {
    protocol: 1,
    job: 'commit',
    stepKey: stepOf(name),
    generation,
    run: 'r',
    digest: digestOf(name),
    pipeline: 'p',
    target: pipeline.target,
    timezone: 'UTC',
    staging: { table: '/s', version: 0, rows: 1 },
  },
});

const slice: MaintenanceJob = {
  runtime: 'local',
  state: '/s',
  request: {
    protocol: 1,
    job: 'maintain',
    stepKey: stepOf('slice', 'maintain'),
    generation: 1,
    run: 'table',
    digest: digestOf('slice'),
    table,
    kind: 'compact',
    partitions: [],
    zorderBy: [],
    clusterBy: [],
    fileSize: 1,
    retainHours: 1,
    vacuumCeiling: 1,
  },
};

export const lookWith = (jobs: number): MaintenanceLook => ({
  plan: { actions: [], declined: [], budgetBytes: 0 },
  jobs: Array.from({ length: jobs }, () => slice),
  mostSmallFiles: 0,
  held: { files: 0, bytes: 0 },
  savings: noSavings,
});

export const stepDone: MaintenanceStep = {
  kind: 'compact',
  partitions: 0,
  filesAdded: 1,
  filesRemoved: 2,
  bytesAdded: 1,
  bytesRemoved: 1,
  version: 9,
  seconds: 1,
};

type Work = Extract<KeeperIntent, { kind: 'commit' | 'look' | 'maintain' }>;

/** What the model knows of a commit: the key is step and generation. */
type Expected = { readonly key: string; readonly step: string; readonly waiters: Map<string, string | undefined> };

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}

export type World = ReturnType<typeof createWorld>;

export function createWorld() {
  let state: KeeperState = restoreKeeper({}, table, 'bounded');
  let now = Date.parse('2026-06-10T12:00:00Z');
  let work: Work | undefined;
  let expected: readonly Expected[] = [];
  let runs: Expected | undefined;
  let ended: Expected | undefined;
  /** Commits that began, and looks and jobs that began, since upkeep is wanted and while a commit waits. */
  let passed = 0;
  let wantedSince: number | undefined;
  let inTheWay = { look: 0, maintain: 0 };
  let continued = 0;
  const upkeepAsked = new Set<string>();
  /** Who has taken which step back, and said that it asks for it no more. */
  const left = new Set<string>();
  let answers: { readonly to: string; readonly answer: KeeperAnswer }[] = [];

  const wantsUpkeep = (): boolean => state.asked.length > 0 || isDue(state.upkeep, now);

  function forgiveUpkeep(): void {
    passed = 0;
    wantedSince = undefined;
  }

  function begin(intent: Work): void {
    demand(work === undefined, `${intent.kind} begins while ${work?.kind} runs`);
    work = intent;
    if (intent.kind !== 'commit') {
      if (state.queue.length > 0) inTheWay = { ...inTheWay, [intent.kind]: inTheWay[intent.kind] + 1 };
      demand(inTheWay.look <= 1 && inTheWay.maintain <= 1, `a commit waits for ${JSON.stringify(inTheWay)}`);
      if (intent.kind === 'maintain') forgiveUpkeep();
      return;
    }
    const { stepKey, generation } = intent.job.request;
    [runs, ...expected] = expected;
    demand(runs?.key === `${stepKey}/${generation}`, `${stepKey}/${generation} runs, it is the turn of ${runs?.key}`);
    inTheWay = { look: 0, maintain: 0 };
    const waited = wantedSince === undefined || passed === 0 ? 0 : now - wantedSince;
    passed += wantsUpkeep() ? 1 : 0;
    demand(passed <= commitsBeforeUpkeep, `${passed} commits before upkeep`);
    demand(waited < minutesBeforeUpkeep * 60_000, `upkeep waits for ${waited} ms and a commit begins`);
  }

  function send(event: KeeperEvent): void {
    const { state: next, intents } = reduceKeeper(state, event, now);
    state = next;
    // The one that waited may have been taken back.
    if (state.queue.length === 0) inTheWay = { look: 0, maintain: 0 };
    // Upkeep that has begun waits for nobody until it gives way.
    const isUnderWay = state.session !== undefined && state.session.done.length > 0;
    if (wantsUpkeep() && !isUnderWay) wantedSince ??= now;
    else if (!wantsUpkeep() && state.session === undefined) forgiveUpkeep();
    for (const intent of intents) {
      if (intent.kind === 'answer') answers.push(intent);
      else if (intent.kind === 'continue-as-new') {
        demand(work === undefined, 'continues as new while something runs');
        continued += 1;
        // As it travels through a history.
        state = restoreKeeper(JSON.parse(JSON.stringify(intent.input)), table, 'bounded');
      } else begin(intent);
    }
  }

  function takeAnswers(): typeof answers {
    const taken = answers;
    answers = [];
    return taken;
  }

  function expectAnswers(to: readonly string[], kinds: readonly string[], why: string): void {
    const taken = takeAnswers();
    const told = taken.map((one) => one.to).toSorted();
    demand(isDeepStrictEqual(told, to.toSorted()), `${why}: answered ${told.join()}, waiting ${to.join()}`);
    const wrong = taken.find(({ answer }) => !kinds.includes(answer.reply.kind));
    demand(wrong === undefined, `${why}: answered ${wrong?.answer.reply.kind}, not ${kinds.join()}`);
  }

  function expectUpkeepAnswers(why: string): void {
    for (const { to, answer } of takeAnswers()) {
      demand(answer.signal === 'maintenanceDone' && upkeepAsked.delete(to), `${why}: ${to} has not asked`);
    }
  }

  return {
    continued: () => continued,
    idle: () => work === undefined,
    pass: (ms: number) => {
      now += ms;
    },
    ask(name: string, generation: number, waiter: Waiter): void {
      const step = stepOf(name);
      const ask = { job: commitOf(name, generation), ...waiter };
      const key = `${step}/${generation}`;
      if (refuseCommit(state, ask) !== undefined) return;
      send({ kind: 'commit-asked', ask });
      if (left.has(`${step} ${waiter.replyTo} ${waiter.run}`)) {
        return expectAnswers([waiter.replyTo], ['withdrawn'], `asked for ${key} after it was taken back`);
      }
      if (runs?.key !== key && ended?.key === key && ended.waiters.get(waiter.replyTo) === waiter.run) {
        return expectAnswers([waiter.replyTo], ['committed', 'failed'], `asked again for ${key}`);
      }
      const known = [runs, ...expected].find((one) => one?.key === key);
      if (known !== undefined) known.waiters.set(waiter.replyTo, waiter.run);
      else expected = [...expected, { key, step, waiters: new Map([[waiter.replyTo, waiter.run]]) }];
      expectAnswers([], [], `asked for ${key}`);
    },
    withdraw(name: string, waiter: Waiter, strict: boolean): void {
      const step = stepOf(name);
      const queued = expected.filter((one) => one.step === step && one.waiters.has(waiter.replyTo));
      const isRunning = runs?.step === step && runs.waiters.has(waiter.replyTo);
      send({ kind: 'withdrawal-asked', ask: { stepKey: step, ...waiter, ...(strict ? { strict } : {}) } });
      if (strict) left.add(`${step} ${waiter.replyTo} ${waiter.run}`);
      for (const one of queued) one.waiters.delete(waiter.replyTo);
      expected = expected.filter(({ waiters }) => waiters.size > 0);
      if (queued.length > 0) expectAnswers([waiter.replyTo], ['withdrawn'], `took back ${step}`);
      else if (isRunning && strict) expectAnswers([waiter.replyTo], ['running'], `${step} runs`);
      else if (isRunning) expectAnswers([], [], `${step} runs`);
      else expectAnswers([waiter.replyTo], ['unknown', 'committed', 'failed'], `took back ${step}, not queued`);
    },
    askUpkeep(replyTo: string): void {
      upkeepAsked.add(replyTo);
      send({ kind: 'maintenance-asked', ask: { request: { ...upkeepRequest, now: 'compact' }, replyTo } });
      expectAnswers([], [], 'asked for upkeep');
    },
    leave: () => send({ kind: 'leave-asked' }),
    turn(): void {
      send({ kind: 'turn' });
      send({ kind: 'turn-ended' });
      expectUpkeepAnswers('a turn');
    },
    /** The job at hand ends; `jobs` is what a look comes to. */
    end(succeeds: boolean, jobs: number): void {
      const job = work;
      if (job === undefined) return;
      work = undefined;
      if (job.kind !== 'commit') {
        if (!succeeds) send({ kind: 'upkeep-failed', failure });
        else if (job.kind === 'look') send({ kind: 'looked', look: lookWith(jobs) });
        else send({ kind: 'maintained', step: stepDone });
        if (!succeeds || job.kind === 'maintain' || jobs === 0) forgiveUpkeep();
        expectUpkeepAnswers(job.kind);
      } else {
        ended = runs;
        runs = undefined;
        const { stepKey } = job.job.request;
        const reply = succeeds
          ? ({ kind: 'committed', stepKey, report: { ...commitReport, stepKey } } as const)
          : ({ kind: 'failed', stepKey, failure } as const);
        send({ kind: 'commit-ended', reply });
        expectAnswers([...(ended?.waiters.keys() ?? [])], [reply.kind], `the end of ${stepKey}`);
      }
      send({ kind: 'turn-ended' });
    },
    /** An outcome of work that does not run. */
    stray(event: KeeperEvent): void {
      if (work !== undefined) return;
      const before = state;
      send(event);
      demand(isDeepStrictEqual({ ...state, givenWay: 0 }, { ...before, givenWay: 0 }), `${event.kind} out of nothing`);
      expectAnswers([], [], 'a stray outcome');
    },
    /** Lets everything end; fails when something never does, or somebody was forgotten. */
    rest(): void {
      for (let steps = 0; !this.idle() || hasWork(state, now); steps += 1) {
        demand(steps < 500, `never rests: ${JSON.stringify({ queue: state.queue.length, session: state.session })}`);
        if (this.idle()) this.turn();
        else this.end(true, 0);
      }
      demand(expected.length === 0 && runs === undefined, `forgotten: ${expected.map(({ key }) => key).join()}`);
      demand(upkeepAsked.size === 0, `nobody told ${[...upkeepAsked].join()}`);
    },
  };
}
