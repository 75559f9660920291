// EMR in memory: clusters, steps and their states by the clock of the test, with the faults that the real one has.
import { EmrError, emrErrorTypes } from '../../src/adapters/emr/errors';
import type { ClusterView, EmrApi, EmrOperation, NewStep } from '../../src/adapters/runtimes/emr/api';
import type { StepView } from '../../src/adapters/runtimes/emr/api';

/** What comes of one request. */
export type Fault =
  | 'throttle'
  /** Refused by a broken server, which did nothing. */
  | 'broken'
  /** Carried out, and the answer lost on its way. */
  | 'lost';

type State = { readonly state: string; readonly atMs: number };

export type FakeStep = {
  readonly id: string;
  readonly cluster: string;
  readonly step: NewStep;
  readonly createdMs: number;
  /** Newest last. */
  readonly states: State[];
  failure?: NonNullable<StepView['failure']>;
  reason?: string;
};

export type Request = { readonly operation: EmrOperation; readonly atMs: number };

const open = new Set(['PENDING', 'RUNNING', 'CANCEL_PENDING']);
const pageSize = 50;

export class FakeEmr implements EmrApi {
  readonly steps: FakeStep[] = [];
  readonly clusters = new Map<string, ClusterView>();
  readonly requests: Request[] = [];
  /** What comes of the next request. */
  fault: (operation: EmrOperation) => Fault | undefined = () => undefined;
  /** Lists and descriptions tell what was true so long ago. */
  staleMs = 0;
  /** Steps of a cluster that run at the same time. */
  concurrency = 10;
  startMs = 0;
  stopMs = 1_000;
  /** Whether a driver ends when it is interrupted. */
  obeys = true;
  /** Called when a step begins; whoever takes it ends it. */
  onStart: (step: FakeStep) => void = () => undefined;
  onCancel: (step: FakeStep) => void = () => undefined;
  readonly cancels: ('interrupt' | 'kill')[] = [];

  cluster(id: string, view: Partial<ClusterView> = {}): this {
    this.clusters.set(id, { state: 'WAITING', releaseLabel: 'emr-spark-8.2.0', sparkDefaults: {}, ...view });
    return this;
  }

  addStep = (cluster: string, step: NewStep): Promise<string> =>
    this.#answer('addStep', cluster, () => {
      if (this.#clusterOf(cluster).state.startsWith('TERMINAT'))
        throw refused('addStep', cluster, 'it is shutting down');
      if (this.openSteps(cluster).length >= 256) throw refused('addStep', cluster, 'maximum number of active steps');
      if (step.name.length > 256) throw refused('addStep', cluster, 'the name is too long');
      const id = `s-${this.steps.length + 1}`;
      const now = Date.now();
      this.steps.push({ id, cluster, step, createdMs: now, states: [{ state: 'PENDING', atMs: now }] });
      setTimeout(() => this.#startNext(cluster), this.startMs);
      return id;
    });

  listSteps: EmrApi['listSteps'] = (cluster, filter, marker) =>
    this.#answer('listSteps', cluster, () => {
      this.#clusterOf(cluster);
      const all = this.steps.filter((step) => step.cluster === cluster).toReversed();
      if ('ids' in filter) {
        if (filter.ids.length > 10) throw refused('listSteps', cluster, 'more than ten ids');
        const found = all.filter(({ id }) => filter.ids.includes(id));
        if (found.length < filter.ids.length) throw refused('listSteps', cluster, 'a step id is not valid');
        return { steps: found.flatMap((step) => this.#view(step) ?? []) };
      }
      const shown = all.flatMap((step) => this.#view(step) ?? []);
      const chosen = shown.filter(({ state }) => filter.states === undefined || filter.states.includes(state));
      const from = Number(marker ?? 0);
      const steps = chosen.slice(from, from + pageSize);
      return { steps, ...(from + pageSize < chosen.length ? { marker: `${from + pageSize}` } : {}) };
    });

  describeStep: EmrApi['describeStep'] = (cluster, id) =>
    this.#answer('describeStep', cluster, () => {
      const step = this.steps.find((one) => one.id === id && one.cluster === cluster);
      const view = step === undefined ? undefined : this.#view(step);
      if (view === undefined) throw refused('describeStep', cluster, `step id ${id} is not valid`);
      return view;
    });

  cancelStep: EmrApi['cancelStep'] = (cluster, id, how) =>
    this.#answer('cancelStep', cluster, () => {
      this.cancels.push(how);
      const step = this.steps.find((one) => one.id === id);
      if (step === undefined) throw refused('cancelStep', cluster, `step id ${id} is not valid`);
      const state = stateOf(step);
      if (!open.has(state)) return;
      if (state === 'PENDING') return this.end(step, 'CANCELLED');
      this.#enter(step, 'CANCEL_PENDING');
      if (!this.obeys && how === 'interrupt') return;
      setTimeout(() => {
        if (!open.has(stateOf(step))) return;
        this.onCancel(step);
        this.end(step, 'CANCELLED');
      }, this.stopMs);
    });

  describeCluster: EmrApi['describeCluster'] = (cluster) =>
    this.#answer('describeCluster', cluster, () => this.#clusterOf(cluster));

  end(step: FakeStep, state: string, more: Pick<FakeStep, 'failure' | 'reason'> = {}): void {
    Object.assign(step, more);
    this.#enter(step, state);
    this.#startNext(step.cluster);
  }

  /** The cluster is gone. Its steps are told, in this state, or never are. */
  terminate(cluster: string, reason: ClusterView['reason'] & object, stepState?: string): void {
    this.cluster(cluster, { ...this.#clusterOf(cluster), state: 'TERMINATED_WITH_ERRORS', reason });
    if (stepState === undefined) return;
    for (const step of this.openSteps(cluster)) this.#enter(step, stepState);
  }

  openSteps(cluster: string): readonly FakeStep[] {
    return this.steps.filter((step) => step.cluster === cluster && open.has(stateOf(step)));
  }

  #startNext(cluster: string): void {
    const all = this.openSteps(cluster);
    const running = all.filter((step) => stateOf(step) !== 'PENDING').length;
    for (const step of all
      .filter((one) => stateOf(one) === 'PENDING')
      .slice(0, Math.max(0, this.concurrency - running))) {
      this.#enter(step, 'RUNNING');
      this.onStart(step);
    }
  }

  #enter(step: FakeStep, state: string): void {
    step.states.push({ state, atMs: Date.now() });
  }

  /** Undefined for a step that does not show yet. */
  #view({ id, step, createdMs, states, failure, reason }: FakeStep): StepView | undefined {
    const shown = states.findLast(({ atMs }) => atMs <= Date.now() - this.staleMs);
    if (shown === undefined) return undefined;
    const startedMs = states.find(({ state, atMs }) => state === 'RUNNING' && atMs <= Date.now() - this.staleMs)?.atMs;
    return {
      ...{ id, name: step.name, args: step.args, state: shown.state, createdMs },
      ...(startedMs === undefined ? {} : { startedMs }),
      ...(failure === undefined ? {} : { failure }),
      ...(reason === undefined ? {} : { reason }),
    };
  }

  #clusterOf(cluster: string): ClusterView {
    const view = this.clusters.get(cluster);
    if (view === undefined) throw refused('describeCluster', cluster, `cluster id ${cluster} is not valid`);
    return view;
  }

  async #answer<T>(operation: EmrOperation, cluster: string, work: () => T): Promise<T> {
    this.requests.push({ operation, atMs: Date.now() });
    const fault = this.fault(operation);
    if (fault === 'throttle') throw failed(operation, cluster, 'throttle');
    if (fault === 'broken') throw failed(operation, cluster, 'broken');
    const answer = work();
    if (fault === 'lost') throw failed(operation, cluster, 'lost');
    return answer;
  }
}

export const stateOf = ({ states }: FakeStep): string => states.at(-1)?.state ?? '';

function failed(operation: EmrOperation, cluster: string, fault: Fault): EmrError {
  const isThrottled = fault === 'throttle';
  return new EmrError({
    ...{ operation, cluster, text: `a fault of the test: ${fault}`, remedy: 'None.' },
    kind: isThrottled ? 'throttle' : 'infrastructure',
    type: isThrottled ? emrErrorTypes.throttled : emrErrorTypes.failed,
    mayBeDone: !isThrottled,
  });
}

const refused = (operation: EmrOperation, cluster: string, text: string): EmrError =>
  new EmrError({
    ...{ operation, cluster, text, remedy: 'None.', mayBeDone: false },
    kind: 'config',
    type: emrErrorTypes.refused,
  });
