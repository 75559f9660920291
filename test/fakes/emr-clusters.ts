// EMR's clusters in memory, on a clock that the test owns: states follow time, and switches say what goes wrong.
import { clusterName, clusterTags, type ClusterOwner, type EmrClusters } from '../../src/activities/cluster-port';
import type { ClusterOrder } from '../../src/contracts/cluster';
import { HeadgateError } from '../../src/contracts/errors';

export type EmrSwitches = {
  /** How long a cluster starts. Default 5 minutes. */
  startMs: number;
  /** How long it ends. Default 1 minute. */
  endMs: number;
  /** What becomes of the next starts: one each; then they are ready. */
  readonly fates: ('no-capacity' | 'bootstrap-failure' | 'validation-error')[];
  /** The next starts are made, and their answers lost. */
  lostAnswers: number;
  /** A cluster is in lists only so long after it was made. */
  staleMs: number;
  /** Whoever asks for an end is told yes, and nothing happens. */
  deafToEnd: boolean;
  /** EMR's own idle time-out. */
  autoTermination: boolean;
  throttles: number;
};

type Made = {
  readonly id: string;
  readonly order: ClusterOrder;
  readonly owner: ClusterOwner;
  readonly createdAt: number;
  fate: EmrSwitches['fates'][number] | 'ready';
  busySince?: number;
  idleSince: number;
  endAsked?: number;
  lost?: number;
};

const codes = {
  'no-capacity': 'INSTANCE_FLEET_TIMEOUT',
  'bootstrap-failure': 'BOOTSTRAP_FAILURE',
  'validation-error': 'VALIDATION_ERROR',
} as const;

export const autoTerminationMarginMs = 15 * 60_000;

export class FakeEmr implements EmrClusters {
  readonly switches: EmrSwitches = {
    startMs: 5 * 60_000,
    endMs: 60_000,
    fates: [],
    lostAnswers: 0,
    staleMs: 0,
    deafToEnd: false,
    autoTermination: true,
    throttles: 0,
  };
  readonly made: Made[] = [];
  readonly #now: () => Promise<number>;

  constructor(now: () => Promise<number>) {
    this.#now = now;
  }

  async ready(): Promise<void> {}

  counting(heard: () => void): EmrClusters {
    const told =
      <Given extends unknown[], Result>(call: (...given: Given) => Result) =>
      (...given: Given) => {
        heard();
        return call.apply(this, given);
      };
    return {
      ready: () => this.ready(),
      start: told(this.start),
      describe: told(this.describe),
      instances: told(this.instances),
      listAlive: told(this.listAlive),
      terminate: told(this.terminate),
      counting: (other) => this.counting(other),
    };
  }

  async start(order: ClusterOrder, owner: ClusterOwner) {
    const now = await this.#call();
    const id = `j-${String(this.made.length + 1).padStart(8, '0')}`;
    const fate = this.switches.fates.shift() ?? 'ready';
    this.made.push({ id, order, owner, createdAt: now, fate, idleSince: now + this.switches.startMs });
    if (this.switches.lostAnswers > 0) {
      this.switches.lostAnswers -= 1;
      return { kind: 'unclear', reason: 'socket hang up' } as const;
    }
    return { kind: 'started', id } as const;
  }

  async describe(id: string) {
    const now = await this.#call();
    const found = this.made.find((one) => one.id === id);
    if (found === undefined) return undefined;
    const { order, owner } = found;
    return {
      look: this.#look(found, now),
      name: clusterName(order),
      tags: {
        [clusterTags.owner]: owner.workflowId,
        [clusterTags.namespace]: owner.namespace,
        [clusterTags.pool]: order.pool,
      },
    };
  }

  async instances() {
    await this.#call();
    return { onDemand: 2, spot: 1 };
  }

  async listAlive(createdAfter: number) {
    const now = await this.#call();
    return this.made
      .filter((one) => one.createdAt >= createdAfter && now - one.createdAt >= this.switches.staleMs)
      .filter((one) => this.#look(one, now).state !== 'gone')
      .map(({ id, order, createdAt }) => ({ id, name: clusterName(order), createdAt }));
  }

  async terminate(id: string) {
    const now = await this.#call();
    const found = this.made.find((one) => one.id === id);
    if (found !== undefined && !this.switches.deafToEnd) found.endAsked ??= now;
  }

  /** A step runs on it, or no more. */
  async setBusy(id: string, busy: boolean): Promise<void> {
    const found = this.made.find((one) => one.id === id);
    if (found === undefined) return;
    if (busy) found.busySince = await this.#now();
    else {
      delete found.busySince;
      found.idleSince = await this.#now();
    }
  }

  async loseSpot(id: string): Promise<void> {
    const found = this.made.find((one) => one.id === id);
    if (found !== undefined) found.lost = await this.#now();
  }

  async alive(): Promise<readonly string[]> {
    const now = await this.#now();
    return this.made.filter((one) => this.#look(one, now).state !== 'gone').map(({ id }) => id);
  }

  async #call(): Promise<number> {
    if (this.switches.throttles > 0) {
      this.switches.throttles -= 1;
      throw new HeadgateError({ kind: 'throttle', type: 'ThrottlingException', message: 'slow down', remedy: 'wait' });
    }
    return this.#now();
  }

  #endOf(one: Made): { readonly at: number; readonly code: string } | undefined {
    const readyAt = one.createdAt + this.switches.startMs;
    const ends = [
      ...(one.fate === 'ready' ? [] : [{ at: readyAt, code: codes[one.fate] }]),
      ...(one.lost === undefined ? [] : [{ at: one.lost, code: 'INSTANCE_FAILURE' }]),
      ...(one.endAsked === undefined ? [] : [{ at: one.endAsked, code: 'USER_REQUEST' }]),
      ...(this.switches.autoTermination && one.busySince === undefined
        ? [
            {
              at: Math.max(readyAt, one.idleSince) + one.order.shape.idleSeconds * 1000 + autoTerminationMarginMs,
              code: 'AUTO_TERMINATION',
            },
          ]
        : []),
    ];
    return ends.toSorted((a, b) => a.at - b.at)[0];
  }

  #look(one: Made, now: number) {
    const end = this.#endOf(one);
    if (end !== undefined && now >= end.at) {
      const gone = now >= end.at + this.switches.endMs;
      return { state: gone ? 'gone' : 'ending', code: end.code, text: 'as the test says' } as const;
    }
    return { state: now >= one.createdAt + this.switches.startMs ? 'ready' : 'starting' } as const;
  }
}
