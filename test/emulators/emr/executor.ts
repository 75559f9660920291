// What runs a step. The machine of the steps knows nothing of processes; quick tests run none.
import type { Configuration, StepConfig } from '@aws-sdk/client-emr';

export type StepToRun = {
  readonly clusterId: string;
  readonly stepId: string;
  readonly config: StepConfig;
  /** Of the cluster, as it was asked for. */
  readonly configurations: readonly Configuration[];
  readonly releaseLabel: string;
  /** The driver gets a heap that is too small for any work. */
  readonly starved: boolean;
};

/** `interrupt` is SIGTERM to the child, `kill` SIGKILL to it and all that it started. */
export type StepSignals = { readonly interrupt: AbortSignal; readonly kill: AbortSignal };

export type StepExit = {
  /** As a shell tells it: 128 and the signal's number for one that a signal ended. */
  readonly code: number;
  readonly logs: StepLogs;
};

export type StepLogs = Readonly<Record<LogName, string>>;
export const logNames = ['controller', 'stdout', 'stderr'] as const;
export type LogName = (typeof logNames)[number];

export interface StepExecutor {
  /** Why clusters of this release cannot run here; undefined when they can. */
  refusal?(releaseLabel: string): string | undefined;
  /** Resolves when nothing of the step is left; rejects only for a defect of its own. */
  run(step: StepToRun, signals: StepSignals): Promise<StepExit>;
}

/** Where logs go. The S3 server in general, a map in quick tests. */
export interface LogStore {
  put(uri: string, body: Buffer): Promise<void>;
}

export class MemoryLogs implements LogStore {
  readonly objects = new Map<string, Buffer>();

  async put(uri: string, body: Buffer): Promise<void> {
    this.objects.set(uri, body);
  }
}

export type Script = (step: StepToRun, signals: StepSignals) => Promise<number | Partial<StepExit>>;

/** Steps that end as the script says. An interrupt ends it like SIGTERM, unless the script listens to signals itself. */
export class ScriptedExecutor implements StepExecutor {
  readonly ran: StepToRun[] = [];
  #script: Script;

  constructor(script: Script = async () => 0) {
    this.#script = script;
  }

  next(script: Script): void {
    this.#script = script;
  }

  async run(step: StepToRun, signals: StepSignals): Promise<StepExit> {
    this.ran.push(step);
    const ended = await this.#script(step, signals);
    const { code = 0, logs } = typeof ended === 'number' ? { code: ended } : ended;
    return { code, logs: { controller: '', stdout: '', stderr: '', ...logs } };
  }
}

/** A script that runs until somebody ends it. */
export const untilEnded: Script = (_step, { interrupt, kill }) =>
  new Promise((resolve) => {
    const end = (code: number) => (): void => resolve(code);
    interrupt.addEventListener('abort', end(143), { once: true });
    kill.addEventListener('abort', end(137), { once: true });
    if (kill.aborted) resolve(137);
    else if (interrupt.aborted) resolve(143);
  });

/** A script that hears SIGKILL only. */
export const stubborn: Script = (_step, { kill }) =>
  new Promise((resolve) => {
    kill.addEventListener('abort', () => resolve(137), { once: true });
    if (kill.aborted) resolve(137);
  });
