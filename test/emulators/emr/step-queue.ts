// The steps of one cluster: the limit, who runs beside whom, what the end of one does to the others, and where logs go.
import { gzipSync } from 'node:zlib';
import type { ClusterStateChangeReasonCode, FailureDetails, RunJobFlowInput, StepState } from '@aws-sdk/client-emr';
import { validation } from './errors';
import { logNames, type StepExit, type StepLogs } from './executor';
import type { EmrStep } from './step';
import type { Surroundings } from './surroundings';

const maxOpenSteps = 256;
/** How much of an error message FailureDetails tells. */
const maxMessage = 1000;

/** What the queue needs of its cluster. */
export interface QueueOwner {
  readonly id: string;
  readonly input: RunJobFlowInput;
  readonly around: Surroundings;
  readonly concurrency: number;
  readonly isProtected: boolean;
  keepAlive: boolean;
  now(): Date;
  /** Something has ended: what may start now? */
  look(): void;
  terminate(code: ClusterStateChangeReasonCode, message: string): void;
}

export class StepQueue {
  readonly all: EmrStep[] = [];
  readonly #running = new Map<EmrStep, Promise<void>>();
  readonly #cluster: QueueOwner;
  /** Why a step that is being ended by force did not do well. */
  readonly #lost = new Map<EmrStep, string>();

  constructor(cluster: QueueOwner) {
    this.#cluster = cluster;
  }

  get areOpen(): boolean {
    return this.all.some((step) => !step.isTerminal);
  }

  add(steps: readonly EmrStep[]): void {
    const open = this.all.filter((step) => !step.isTerminal).length;
    if (open + steps.length > maxOpenSteps) {
      throw validation(
        `Maximum number of active steps(State = 'Running', 'Pending' or 'Cancel_Pending') for cluster exceeded.`,
      );
    }
    this.all.push(...steps);
  }

  startMore(): void {
    for (const step of this.all) {
      if (this.#running.size >= this.#cluster.concurrency) return;
      if (step.state === 'PENDING') this.#start(step);
    }
  }

  #start(step: EmrStep): void {
    step.start(this.#cluster.now());
    const ended = this.#run(step)
      .catch((error: unknown) => broken(error))
      .then((exit) => {
        this.#running.delete(step);
        this.#ended(step, exit);
      });
    this.#running.set(step, ended);
  }

  async #run(step: EmrStep): Promise<StepExit> {
    const { executor, switches, clock } = this.#cluster.around;
    const failure = switches.take('step-failure');
    if (failure !== undefined) {
      await new Promise<void>((resolve) => {
        clock.after(failure.ms ?? 0, resolve);
        step.signals.kill.addEventListener('abort', () => resolve());
      });
      const stderr = failure.stderr ?? 'Exception in thread "main" java.lang.RuntimeException: failed by a switch\n';
      return { code: failure.code ?? 1, logs: { controller: '', stdout: '', stderr } };
    }
    return executor.run(
      {
        clusterId: this.#cluster.id,
        stepId: step.id,
        config: step.config,
        configurations: this.#cluster.input.Configurations ?? [],
        releaseLabel: this.#cluster.input.ReleaseLabel ?? '',
        starved: switches.take('out-of-memory') !== undefined,
      },
      step.signals,
    );
  }

  #ended(step: EmrStep, { code, logs }: StepExit): void {
    const lost = this.#lost.get(step);
    const stderr = lost === undefined ? logs.stderr : `${logs.stderr}${lost}\n`;
    this.#shipLogs(step, { ...logs, stderr });
    const now = this.#cluster.now();
    // A signal that came too late has cancelled nothing.
    if (code === 0) step.end('COMPLETED', now);
    else if (step.state === 'CANCEL_PENDING') step.end('CANCELLED', now, 'Cancelled by user request.');
    else if (!step.isTerminal) {
      step.end('FAILED', now, undefined, failureOf(this.#logFolder(step), stderr));
      this.#failed(step);
    }
    this.#cluster.look();
  }

  #failed(step: EmrStep): void {
    // Steps that run beside each other do not end each other, whatever was asked for before the level was raised.
    if (this.#cluster.concurrency > 1 || step.action === 'CONTINUE') return;
    // A protected cluster is left for somebody to look at, too.
    if (step.action === 'CANCEL_AND_WAIT' || this.#cluster.isProtected) {
      for (const other of this.all) {
        if (other.state === 'PENDING') other.end('CANCELLED', this.#cluster.now(), 'A step before it failed.');
      }
      this.#cluster.keepAlive = true;
    } else {
      this.#cluster.terminate('STEP_FAILURE', `Shut down as step failed: ${step.id}`);
    }
  }

  failRunning(reason: string): void {
    for (const step of this.#running.keys()) {
      this.#lost.set(step, reason);
      step.kill();
    }
  }

  /** Resolves when no process of a step is left. */
  async endAll(running: StepState & ('INTERRUPTED' | 'CANCELLED'), message: string): Promise<void> {
    for (const step of this.all) {
      if (step.state === 'PENDING') step.end('CANCELLED', this.#cluster.now(), message);
      else if (step.isActive) {
        step.kill();
        step.end(running, this.#cluster.now(), message);
      }
    }
    await Promise.all(this.#running.values());
  }

  #logFolder({ logUri, id }: EmrStep): string | undefined {
    return logUri === undefined ? undefined : `${logUri.replace(/\/+$/, '')}/${this.#cluster.id}/steps/${id}`;
  }

  #shipLogs(step: EmrStep, texts: StepLogs): void {
    const { clock, timings, logs } = this.#cluster.around;
    const folder = this.#logFolder(step);
    if (folder === undefined) return;
    clock.after(timings.logMs, () => {
      for (const name of logNames) {
        // A log that cannot be written is what it is on EMR: not there.
        void logs.put(`${folder}/${name}.gz`, gzipSync(texts[name])).catch(() => {});
      }
    });
  }
}

const broken = (error: unknown): StepExit => ({
  code: 1,
  logs: { controller: `the emulator could not run the step: ${String(error)}\n`, stdout: '', stderr: '' },
});

/** Best effort, as on EMR: the last line that looks like an error, where there is one. */
function failureOf(folder: string | undefined, stderr: string): FailureDetails {
  const line = stderr.split('\n').findLast((text) => /(?:Exception|Error|Failure)\b/.test(text));
  return {
    Reason: 'Unknown Error.',
    ...(line === undefined ? {} : { Message: line.trim().slice(0, maxMessage) }),
    ...(folder === undefined ? {} : { LogFile: `${folder}/stderr.gz` }),
  };
}
