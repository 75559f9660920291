// One look at a time for all jobs of a cluster that somebody waits for, adapted to how they are. Without a watcher it asks nothing.
import { setTimeout as delay } from 'node:timers/promises';
import { runtimeTraits } from '../../../contracts/runtimes';
import { sharedPauseMs } from '../../../domain/attempts/looks';
import { isRefusal } from '../../emr/errors';
import type { ClusterView, EmrApi, StepView } from './api';
import { isPassing } from '../../emr/budget';
import { clusterPhaseOf, isOpen, knownPhaseOf, startedStates } from './states';

export type Wait = { readonly ms: number; readonly signal: AbortSignal };

/** What is known of a step. `step` is missing where EMR does not know it, `cluster` where nobody has looked yet. */
export type Sighting = { readonly step?: StepView; readonly cluster?: ClusterView };

export type ClusterWatch = {
  /** Asks now. */
  look(step: string): Promise<Sighting>;
  /** At the end of the step, or of the wait. */
  watch(step: string, wait: Wait): Promise<Sighting>;
  /** A step that was just submitted need not be looked at to know that it waits. */
  submitted(step: StepView): void;
  /** Something may have happened: the next look comes sooner. */
  hint(): void;
};

type Waiter = {
  readonly deadlineMs: number;
  readonly tell: (seen: Sighting) => void;
  readonly fail: (error: unknown) => void;
};

type Entry = {
  step: StepView | undefined;
  /** Since when it is in its state; `undefined` as long as nobody has looked. */
  sinceMs: number | undefined;
  seenMs: number;
  joinedMs: number;
  readonly waiters: Set<Waiter>;
};

const traits = runtimeTraits.emr;
/** EMR takes so many ids in one question. */
const idsAtOnce = 10;
const closestLooksMs = 2_000;
const firstLookMs = 1_000;
const clusterLooksMs = 120_000;
/** A waiting step shows in the list of those that run when it begins; that it vanished otherwise is seen so late. */
const waitingLooksMs = 60_000;
/** With answers of EMR older than this nobody is told anything. */
const staleMs = 300_000;
const forgottenMs = 600_000;

export function createClusterWatch(api: EmrApi, cluster: string, random: () => number = Math.random): ClusterWatch {
  const entries = new Map<string, Entry>();
  /** Begin and end of the last look. */
  let lookBeganMs = 0;
  let lookedMs = 0;
  let hintedMs = -1;
  let failures = 0;
  let jitter = 1;
  let isRunning = false;
  let interrupt = new AbortController();
  let clusterView: ClusterView | undefined;
  let clusterSeenMs = Date.now();

  const entryOf = (id: string): Entry => {
    const known = entries.get(id);
    if (known !== undefined) return known;
    const entry: Entry = { step: undefined, sinceMs: undefined, seenMs: 0, joinedMs: Date.now(), waiters: new Set() };
    entries.set(id, entry);
    return entry;
  };

  const sightingOf = ({ step }: Entry): Sighting => ({
    ...(step === undefined ? {} : { step }),
    ...(clusterView === undefined ? {} : { cluster: clusterView }),
  });

  const waited = (): readonly (readonly [string, Entry])[] =>
    [...entries].filter(([, { waiters }]) => waiters.size > 0);

  function saw(id: string, step: StepView | undefined): void {
    const entry = entryOf(id);
    const now = Date.now();
    if (step === undefined) entry.sinceMs = now;
    else if (step.state !== entry.step?.state) {
      const begun = knownPhaseOf(step) === 'waiting' ? step.createdMs : step.startedMs;
      entry.sinceMs = Math.min(begun ?? now, now);
    }
    entry.step = step;
    entry.seenMs = now;
  }

  /** One question for ten steps; step by step where EMR does not know one of them. */
  async function lookUp(ids: readonly string[]): Promise<void> {
    try {
      const { steps } = await api.listSteps(cluster, { ids });
      for (const id of ids)
        saw(
          id,
          steps.find((step) => step.id === id),
        );
    } catch (error) {
      if (!isRefusal(error)) throw error;
      for (const id of ids) {
        const step = await api.describeStep(cluster, id).catch((refused: unknown) => {
          if (isRefusal(refused)) return undefined;
          throw refused;
        });
        saw(id, step);
      }
    }
  }

  /** Those that run fit into a page or two; of those that wait only the ones that nobody has looked at for a while. */
  async function lookThrough(ids: readonly string[]): Promise<readonly string[]> {
    const started = new Set<string>();
    let marker: string | undefined;
    do {
      const page = await api.listSteps(cluster, { states: startedStates }, marker);
      for (const step of page.steps) {
        if (!ids.includes(step.id)) continue;
        started.add(step.id);
        saw(step.id, step);
      }
      ({ marker } = page);
    } while (marker !== undefined);
    return ids.filter((id) => {
      if (started.has(id)) return false;
      const { step, seenMs } = entryOf(id);
      return step === undefined || knownPhaseOf(step) !== 'waiting' || seenMs + waitingLooksMs <= Date.now();
    });
  }

  async function lookAt(ids: readonly string[]): Promise<void> {
    const rest = ids.length > idsAtOnce ? await lookThrough(ids) : ids;
    for (let from = 0; from < rest.length; from += idsAtOnce) await lookUp(rest.slice(from, from + idsAtOnce));
    if (Date.now() - clusterSeenMs < clusterLooksMs) return;
    clusterView = await api.describeCluster(cluster);
    clusterSeenMs = Date.now();
  }

  const isOver = ({ step, sinceMs }: Entry): boolean =>
    sinceMs !== undefined &&
    (step === undefined || !isOpen(step) || (clusterView !== undefined && clusterPhaseOf(clusterView) === 'ended'));

  function tellAll(): void {
    const now = Date.now();
    for (const [, entry] of waited()) {
      for (const { deadlineMs, tell } of entry.waiters) {
        if (isOver(entry) || (now >= deadlineMs && isFresh(entry))) tell(sightingOf(entry));
      }
    }
    for (const [id, entry] of entries) {
      const isForgotten = isOver(entry) || entry.seenMs + forgottenMs < now;
      if (entry.waiters.size === 0 && isForgotten) entries.delete(id);
    }
  }

  /** What does not pass by itself ends the watch; else only those hear of it who know nothing newer. */
  function failAll(error: unknown): void {
    for (const [, entry] of waited()) {
      for (const { deadlineMs, fail } of entry.waiters) {
        if (!isPassing(error) || (Date.now() >= deadlineMs && !isFresh(entry))) fail(error);
      }
    }
  }

  function nextLookMs(): number {
    const usual = waited().map(([, { step, sinceMs, joinedMs }]) => {
      if (step === undefined || sinceMs === undefined) return Math.max(joinedMs, lookedMs) + firstLookMs;
      const state = knownPhaseOf(step) === 'waiting' ? 'waiting' : 'running';
      return lookedMs + jitter * sharedPauseMs(traits, { state, ageMs: Date.now() - sinceMs }, othersRun());
    });
    const backOff = lookedMs + jitter * Math.min(traits.pollSeconds.longest, 5 * 2 ** failures) * 1000;
    if (failures > 0) return backOff;
    const next = hintedMs >= lookBeganMs ? hintedMs : Math.min(...usual);
    return Math.max(next, lookedMs + closestLooksMs);
  }

  const othersRun = (): boolean =>
    [...entries.values()].some(({ step }) => step !== undefined && startedStates.includes(step.state));

  async function untilDue(): Promise<void> {
    for (;;) {
      const ms = waited().length === 0 ? 0 : nextLookMs() - Date.now();
      if (ms <= 0) return;
      interrupt = new AbortController();
      await delay(ms, undefined, { signal: interrupt.signal }).catch(() => undefined);
    }
  }

  async function run(): Promise<void> {
    isRunning = true;
    while (waited().length > 0) {
      await untilDue();
      const ids = waited().map(([id]) => id);
      if (ids.length === 0) break;
      lookBeganMs = Date.now();
      // Workers that began together do not stay together.
      jitter = 0.9 + 0.2 * random();
      try {
        await lookAt(ids);
        failures = 0;
      } catch (error) {
        failures += 1;
        failAll(error);
      }
      lookedMs = Date.now();
      tellAll();
    }
    isRunning = false;
  }

  return {
    async look(id) {
      await lookAt([id]);
      const seen = sightingOf(entryOf(id));
      tellAll();
      return seen;
    },
    watch(id, { ms, signal }) {
      return new Promise<Sighting>((resolve, reject) => {
        const entry = entryOf(id);
        const leave = (): void => {
          entry.waiters.delete(waiter);
          clearTimeout(timer);
          signal.removeEventListener('abort', abandon);
          interrupt.abort();
        };
        const settled =
          <T>(settle: (value: T) => void) =>
          (value: T): void => {
            leave();
            settle(value);
          };
        const waiter: Waiter = { deadlineMs: Date.now() + ms, tell: settled(resolve), fail: settled(reject) };
        const abandon = (): void => waiter.tell(sightingOf(entry));
        const timer = setTimeout(() => {
          if (isFresh(entry)) waiter.tell(sightingOf(entry));
        }, ms);
        if (entry.waiters.size === 0) entry.joinedMs = Date.now();
        entry.waiters.add(waiter);
        signal.addEventListener('abort', abandon, { once: true });
        if (signal.aborted) abandon();
        else if (isRunning) interrupt.abort();
        else void run();
      });
    },
    submitted(step) {
      saw(step.id, step);
    },
    hint() {
      hintedMs = Date.now();
      interrupt.abort();
    },
  };
}

const isFresh = ({ sinceMs, seenMs }: Entry): boolean => sinceMs !== undefined && Date.now() - seenMs < staleMs;
