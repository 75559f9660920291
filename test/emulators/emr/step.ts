// One step: its state, and what the answers tell of it.
import { randomBytes } from 'node:crypto';
import type { FailureDetails, Step, StepCancellationOption, StepConfig, StepState } from '@aws-sdk/client-emr';
import { validation } from './errors';

const maxArgumentCharacters = 10_240;

/** As the ids of EMR look: capitals and digits. */
export function newId(prefix: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  return prefix + [...randomBytes(13)].map((byte) => letters[byte % letters.length]).join('');
}

export function checkStep(config: StepConfig, concurrency: number): void {
  const { Jar = '', MainClass = '', Args = [], Properties = [] } = config.HadoopJarStep ?? {};
  const texts = [Jar, MainClass, ...Args, ...Properties.flatMap(({ Key = '', Value = '' }) => [Key, Value])];
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > maxArgumentCharacters) {
    throw validation(
      `The strings of HadoopJarStep have ${characters} characters; ${maxArgumentCharacters} are allowed.`,
    );
  }
  const action = config.ActionOnFailure ?? 'TERMINATE_CLUSTER';
  if (concurrency > 1 && action !== 'CONTINUE') {
    throw validation(`ActionOnFailure ${action} is not valid: with a StepConcurrencyLevel above 1 only CONTINUE is.`);
  }
}

const terminal: readonly StepState[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'INTERRUPTED'];

export class EmrStep {
  readonly id = newId('s-');
  readonly config: StepConfig;
  readonly logUri: string | undefined;
  readonly #roleArn: string | undefined;
  readonly #created: Date;
  readonly #interrupt = new AbortController();
  readonly #kill = new AbortController();
  #state: StepState = 'PENDING';
  #message: string | undefined;
  #failure: FailureDetails | undefined;
  #started: Date | undefined;
  #ended: Date | undefined;
  /** Kept until the step changes: views of the past share it. */
  #view: Step | undefined;

  constructor(config: StepConfig, from: { readonly now: Date; readonly roleArn?: string; readonly logUri?: string }) {
    this.config = config;
    this.#created = from.now;
    this.#roleArn = from.roleArn;
    this.logUri = config.StepMonitoringConfiguration?.S3MonitoringConfiguration?.LogUri ?? from.logUri;
  }

  get state(): StepState {
    return this.#state;
  }

  get isTerminal(): boolean {
    return terminal.includes(this.#state);
  }

  /** Holds a process. */
  get isActive(): boolean {
    return this.#state === 'RUNNING' || this.#state === 'CANCEL_PENDING';
  }

  get action(): string {
    return this.config.ActionOnFailure ?? 'TERMINATE_CLUSTER';
  }

  get signals() {
    return { interrupt: this.#interrupt.signal, kill: this.#kill.signal };
  }

  start(now: Date): void {
    this.#state = 'RUNNING';
    this.#started = now;
    this.#view = undefined;
  }

  /** Of a step that runs only the signal is sent: it may still complete. */
  cancel(option: StepCancellationOption, now: Date): void {
    if (this.#state === 'PENDING') this.end('CANCELLED', now, 'Cancelled by user request.');
    else {
      this.#state = 'CANCEL_PENDING';
      this.#view = undefined;
      (option === 'TERMINATE_PROCESS' ? this.#kill : this.#interrupt).abort();
    }
  }

  /** The cluster goes: nothing of the step lives on. */
  kill(): void {
    this.#kill.abort();
  }

  /** A terminal state is the last one. */
  end(state: StepState, now: Date, message?: string, failure?: FailureDetails): void {
    if (this.isTerminal) return;
    this.#state = state;
    this.#ended = now;
    this.#message = message;
    this.#failure = failure;
    this.#view = undefined;
  }

  view(): Step {
    return (this.#view ??= this.#told());
  }

  #told(): Step {
    const { Jar, MainClass, Args, Properties } = this.config.HadoopJarStep ?? {};
    return {
      Id: this.id,
      Name: this.config.Name,
      Config: {
        Jar,
        MainClass,
        Args: [...(Args ?? [])],
        Properties: Object.fromEntries((Properties ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
      },
      ActionOnFailure: this.config.ActionOnFailure ?? 'TERMINATE_CLUSTER',
      Status: {
        State: this.#state,
        StateChangeReason: this.#message === undefined ? {} : { Message: this.#message },
        FailureDetails: this.#failure,
        Timeline: { CreationDateTime: this.#created, StartDateTime: this.#started, EndDateTime: this.#ended },
      },
      ExecutionRoleArn: this.#roleArn,
      LogUri: this.config.StepMonitoringConfiguration?.S3MonitoringConfiguration?.LogUri,
    };
  }
}
