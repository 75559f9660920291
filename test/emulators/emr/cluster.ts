// One cluster: its life from STARTING to its end, and which step runs when. Effects of a step's end are decided in step-queue.ts.
import type {
  AutoTerminationPolicy,
  ClusterState,
  ClusterStateChangeReasonCode,
  ManagedScalingPolicy,
  RunJobFlowInput,
  StepConfig,
  Tag,
} from '@aws-sdk/client-emr';
import { viewOf, type ClusterView, type Told } from './cluster-view';
import { flowEnded, validation } from './errors';
import { checkedFleets, Fleet, type Machine } from './fleets';
import { checkStep, EmrStep, newId } from './step';
import { StepQueue, type QueueOwner } from './step-queue';
import type { Surroundings } from './surroundings';

const withErrors: ReadonlySet<ClusterStateChangeReasonCode> = new Set<ClusterStateChangeReasonCode>([
  ...(['INTERNAL_ERROR', 'VALIDATION_ERROR', 'INSTANCE_FAILURE', 'INSTANCE_FLEET_TIMEOUT'] as const),
  ...(['BOOTSTRAP_FAILURE', 'STEP_FAILURE'] as const),
]);
const endStates: readonly ClusterState[] = ['TERMINATING', 'TERMINATED', 'TERMINATED_WITH_ERRORS'];
/** How much of the past a stale read can ask for. */
const keptMs = 120_000;

export class EmrCluster implements Told, QueueOwner {
  readonly id = newId('j-');
  readonly input: RunJobFlowInput;
  readonly around: Surroundings;
  readonly fleets: readonly Fleet[];
  readonly tags = new Map<string, string>();
  readonly created: Date;
  readonly steps: StepQueue;
  state: ClusterState = 'STARTING';
  reason: { readonly Code?: ClusterStateChangeReasonCode; readonly Message?: string } = {};
  ready: Date | undefined;
  ended: Date | undefined;
  concurrency: number;
  keepAlive: boolean;
  isProtected: boolean;
  autoTermination: AutoTerminationPolicy | undefined;
  managedScaling: ManagedScalingPolicy | undefined;
  #next: () => void = () => {};
  #idle: () => void = () => {};
  #views: { readonly at: number; readonly view: ClusterView }[] = [];

  constructor(input: RunJobFlowInput, around: Surroundings) {
    this.input = input;
    this.around = around;
    this.created = this.now();
    this.concurrency = checkedConcurrency(input.StepConcurrencyLevel ?? 1);
    this.keepAlive = input.Instances?.KeepJobFlowAliveWhenNoSteps ?? false;
    this.isProtected = input.Instances?.TerminationProtected ?? false;
    this.fleets = checkedFleets(input.Instances ?? {}).map((config) => new Fleet(config));
    this.setAutoTermination(input.AutoTerminationPolicy);
    this.managedScaling = input.ManagedScalingPolicy;
    this.steps = new StepQueue(this);
    for (const { Key = '', Value = '' } of input.Tags ?? []) this.tags.set(Key, Value);
    if ((input.Steps?.length ?? 0) > 0) this.steps.add(this.#made(input.Steps ?? [], input.StepExecutionRoleArn));
    for (const fleet of this.fleets) fleet.provision(this.created);
    const slow = around.switches.take('slow-start')?.ms ?? 0;
    this.#wait(around.timings.startMs + slow, () => this.#started());
    this.changed();
  }

  now(): Date {
    return new Date(this.around.clock.now());
  }

  get isEnding(): boolean {
    return endStates.includes(this.state);
  }

  get isUp(): boolean {
    return this.state === 'RUNNING' || this.state === 'WAITING';
  }

  addSteps(configs: readonly StepConfig[], roleArn?: string): readonly string[] {
    if (this.isEnding) throw flowEnded();
    const added = this.#made(configs, roleArn);
    this.steps.add(added);
    this.look();
    return added.map(({ id }) => id);
  }

  #made(configs: readonly StepConfig[], roleArn: string | undefined): readonly EmrStep[] {
    for (const config of configs) checkStep(config, this.concurrency);
    const from = {
      now: this.now(),
      ...(roleArn === undefined ? {} : { roleArn }),
      ...(this.input.LogUri === undefined ? {} : { logUri: this.input.LogUri }),
    };
    return configs.map((config) => new EmrStep(config, from));
  }

  setConcurrency(level: number): void {
    if (this.isEnding) throw flowEnded();
    this.concurrency = checkedConcurrency(level);
    this.look();
  }

  setAutoTermination(policy: AutoTerminationPolicy | undefined): void {
    const seconds = policy?.IdleTimeout;
    if (policy !== undefined && (seconds === undefined || seconds < 60 || seconds > 604_800)) {
      throw validation('IdleTimeout of the auto-termination policy must lie between 60 and 604800 seconds.');
    }
    this.autoTermination = policy;
    // during construction there is no queue yet, and nothing to wait for
    if (this.isUp) this.look();
  }

  /** Starts what may start, and decides between RUNNING, WAITING and the end. */
  look(): void {
    if (this.isUp) {
      this.steps.startMore();
      this.#idle();
      if (this.steps.areOpen) this.state = 'RUNNING';
      else if (this.keepAlive) this.#beIdle();
      else this.terminate('ALL_STEPS_COMPLETED', 'Steps completed');
    }
    this.changed();
  }

  #beIdle(): void {
    this.state = 'WAITING';
    this.reason = { Message: 'Cluster ready to run steps.' };
    const seconds = this.autoTermination?.IdleTimeout;
    if (seconds === undefined) return;
    this.#idle = this.around.clock.after(seconds * this.around.timings.idleSecondMs, () => {
      this.terminate('ALL_STEPS_COMPLETED', `Auto-termination: the cluster was idle for ${seconds} seconds.`);
    });
  }

  #started(): void {
    const shortage = this.around.switches.take('no-capacity');
    if (shortage !== undefined) {
      const short = this.fleets.filter((fleet) => shortage.market === 'ANY' || fleet.wantsSpot);
      if (short.length > 0) return this.#waitForCapacity(short, shortage.market === 'SPOT');
    }
    this.state = 'BOOTSTRAPPING';
    this.#wait(this.around.timings.bootstrapMs, () => this.#bootstrapped());
    this.changed();
  }

  #waitForCapacity(short: readonly Fleet[], isSpotOnly: boolean): void {
    const minutes = Math.max(
      ...short.map((fleet) => fleet.config.LaunchSpecifications?.SpotSpecification?.TimeoutDurationMinutes ?? 60),
    );
    this.#wait(minutes * this.around.timings.spotMinuteMs, () => {
      if (isSpotOnly && short.every((fleet) => fleet.timeoutAction === 'SWITCH_TO_ON_DEMAND')) {
        for (const fleet of short) fleet.switchToOnDemand(this.now());
        return this.#started();
      }
      const types = short.map(({ type }) => type).join(', ');
      return this.terminate('INSTANCE_FLEET_TIMEOUT', `Provisioning of the instance fleets ${types} timed out.`);
    });
  }

  #bootstrapped(): void {
    if (this.around.switches.take('bootstrap-failure') !== undefined) {
      const message = `On the master instance (${this.fleets[0]?.machines[0]?.instance.Ec2InstanceId}), bootstrap action 1 returned a non-zero return code`;
      return this.terminate('BOOTSTRAP_FAILURE', message);
    }
    this.ready = this.now();
    this.state = 'RUNNING';
    for (const fleet of this.fleets) fleet.allReady(this.ready);
    return this.look();
  }

  terminate(code: ClusterStateChangeReasonCode, message: string): void {
    if (this.isEnding) return;
    this.#next();
    this.#idle();
    this.state = 'TERMINATING';
    this.reason = { Code: code, Message: message };
    // Whoever asks for the end has asked for that of the steps; otherwise they are broken off.
    const left = this.steps.endAll(code === 'INSTANCE_FAILURE' ? 'INTERRUPTED' : 'CANCELLED', message);
    const waited = new Promise<void>((resolve) => {
      this.around.clock.after(this.around.timings.terminateMs, resolve);
    });
    void Promise.all([left, waited]).then(() => {
      this.state = withErrors.has(code) ? 'TERMINATED_WITH_ERRORS' : 'TERMINATED';
      this.ended = this.now();
      for (const fleet of this.fleets) fleet.end(this.ended);
      this.changed();
    });
    this.changed();
  }

  /** Takes a machine away. Without the master there is no cluster; another one comes back after a while. */
  lose(wanted: {
    readonly fleet: string;
    readonly market?: 'SPOT' | 'ON_DEMAND';
    readonly failsSteps?: boolean;
  }): Machine | undefined {
    const fleet = this.fleets.find(({ type }) => type === wanted.fleet);
    const lost = this.isUp ? fleet?.lose(wanted.market, this.now()) : undefined;
    if (fleet === undefined || lost === undefined) return undefined;
    if (fleet.type === 'MASTER') this.terminate('INSTANCE_FAILURE', 'The master node was terminated.');
    else {
      if (wanted.failsSteps === true)
        this.steps.failRunning(`ExecutorLostFailure: ${lost.instance.Ec2InstanceId} was lost`);
      this.around.clock.after(this.around.timings.replaceMs, () => {
        if (!this.isUp) return;
        fleet.provision(this.now());
        fleet.allReady(this.now());
        this.changed();
      });
    }
    this.changed();
    return lost;
  }

  setTags(tags: readonly Tag[]): void {
    for (const { Key = '', Value = '' } of tags) this.tags.set(Key, Value);
    this.changed();
  }

  changed(): void {
    const at = this.around.clock.now();
    const kept = this.#views.findLastIndex((version) => version.at < at - keptMs);
    this.#views = [...this.#views.slice(Math.max(0, kept)), { at, view: viewOf(this) }];
  }

  /** What was true then; nothing before the cluster was asked for. */
  viewAt(time: number): ClusterView | undefined {
    return this.#views.findLast(({ at }) => at <= time)?.view;
  }

  #wait(ms: number, call: () => void): void {
    this.#next = this.around.clock.after(ms, () => {
      if (!this.isEnding) call();
    });
  }
}

function checkedConcurrency(level: number): number {
  if (level < 1 || level > 256) throw validation('StepConcurrencyLevel must lie between 1 and 256.');
  return level;
}
