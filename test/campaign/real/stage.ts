// A trial on the whole stack: `headgate run` as a process, Spark, and processes that are killed when a file of the state folder appears.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { connectClient } from '../../../src/workers/connection';
import { headgate, startDev, type DevStack } from '../../support/headgate';
import { crash, expectNothingLeft } from '../../support/processes';
import { sparkProcess } from '../../support/spark-process';
import { createWorkspace, type Workspace } from '../../support/workspace';
import type { Row } from '../model';
import { JobDies, WorkerDies, type Moments } from '../moments';
import type { Site } from '../site';
import type { Ask, Stage, Started, Told, Version } from '../stage';
import { openTables, type Tables } from './tables';

export type RealStack = {
  readonly workspace: Workspace;
  readonly dev: DevStack;
  readonly client: Client;
  readonly tables: Tables;
  readonly stop: () => Promise<void>;
};

/** `pipelines`: under it lie the pipelines of all trials. */
export async function startRealStack(pipelines: string): Promise<RealStack> {
  const workspace = await createWorkspace('campaign');
  const dev = await startDev(workspace, { HEADGATE_PIPELINES: pipelines });
  const client = await connectClient({ address: dev.record().address, namespace: 'default' });
  const tables = await openTables();
  return {
    ...{ workspace, dev, client, tables },
    stop: async () => {
      tables.stop();
      await client.connection.close();
      await dev.end();
      await expectNothingLeft(workspace.folder);
      await workspace.remove();
    },
  };
}

/** What a moment looks like from outside: the file of the state folder that appears with it. */
const marks: Readonly<Record<string, RegExp>> = {
  'prepare:begins': /prepare[^/]*\.handle-\d+\.json$/,
  'prepare:ends': /prepare[^/]*\.report-\d+\.json$/,
  'commit:begins': /commit[^/]*\.handle-\d+\.json$/,
  'commit:ends': /commit[^/]*\.report-\d+\.json$/,
  'write ledger:after': /ledger\/[0-9a-f]{32}\.json$/,
  'write runs:after': /runs\/[^/]*\.json$/,
};

const runTypes = `WorkflowType = 'runPipeline' AND ExecutionStatus = 'Running'`;

type Json = {
  readonly run?: string;
  readonly outcome?: Told['outcome'];
  readonly digest?: string;
  readonly rows?: Told['rows'];
  readonly table?: Told['table'];
  readonly error?: { readonly kind: string; readonly type: string; readonly message: string; readonly remedy: string };
};

function toTold(json: Json | undefined, text: string): Told {
  if (json?.outcome === undefined) {
    return { run: 'none', outcome: 'failed', waitedSeconds: 0, failure: { kind: 'unknown', type: 'NoJson', text } };
  }
  const { run = 'none', outcome, digest, rows, table, error } = json;
  return {
    ...{ run, outcome, waitedSeconds: 0 },
    ...(digest === undefined ? {} : { digest }),
    ...(rows === undefined ? {} : { rows }),
    ...(table === undefined ? {} : { table }),
    ...(error === undefined
      ? {}
      : { failure: { kind: error.kind, type: error.type, text: `${error.message} ${error.remedy}` } }),
  };
}

export class RealStage implements Stage {
  readonly #stack: RealStack;
  readonly #site: Site;
  readonly #moments: Moments;
  readonly #seen = new Set<string>();
  #starts = 0;
  #isOver = false;

  constructor(stack: RealStack, site: Site, moments: Moments) {
    this.#stack = stack;
    this.#site = site;
    this.#moments = moments;
    void this.#watch();
  }

  /** Files that appear are moments; those that were there before are not. */
  async #watch(): Promise<void> {
    while (!this.#isOver) {
      for (const folder of this.#site.stateFolders().filter((path) => existsSync(path))) {
        const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
        for (const path of names.filter((name) => name.endsWith('.json') && !this.#seen.has(name))) {
          this.#seen.add(path);
          const [moment] = Object.entries(marks).find(([, mark]) => mark.test(path)) ?? [];
          if (moment !== undefined) await this.#moments.reach(moment).catch((error: unknown) => this.#strike(error));
        }
      }
      await delay(20);
    }
  }

  async #strike(error: unknown): Promise<void> {
    const { worker } = this.#stack.dev.record().pids;
    if (error instanceof WorkerDies && worker !== undefined) await crash(worker).catch(() => undefined);
    if (error instanceof JobDies) await crash(sparkProcess(this.#stack.workspace.home).java).catch(() => undefined);
  }

  #headgate(...args: readonly string[]): ReturnType<typeof headgate> {
    return headgate(this.#stack.workspace, args, {
      timeoutMs: 400_000,
      env: { HEADGATE_PIPELINES: this.#site.pipelines },
    });
  }

  async start({ pipelineFile, set, interval, redo, by }: Ask): Promise<Started> {
    if (by === 'ui') {
      const chosen = { ...(interval === undefined ? {} : { interval }), ...(redo ? { redo } : {}) };
      return this.startWith({ pipeline: pipelineFile, variables: set, ...chosen });
    }
    const variables = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const more = [...(interval === undefined ? [] : ['--interval', interval]), ...(redo ? ['--redo'] : [])];
    const ended = this.#headgate('run', pipelineFile, ...variables, ...more, '--json');
    return { told: ended.then(({ json, stdout, stderr }) => toTold(json as Json | undefined, stdout + stderr)) };
  }

  async startWith(input: unknown): Promise<Started> {
    this.#starts += 1;
    const workflowId = `ui/${this.#site.tag}/${Date.now()}/${this.#starts}`;
    const started = { workflowId, taskQueue: 'headgate', args: [input] };
    return { told: this.#follow(await this.#stack.client.workflow.start('runPipeline', started)) };
  }

  async #follow(handle: WorkflowHandle): Promise<Told> {
    const run = handle.workflowId;
    for (const end = Date.now() + 120_000; Date.now() < end; await delay(200)) {
      const { status } = await handle.describe();
      if (status.name === 'COMPLETED') return toTold({ run, ...((await handle.result()) as Json) }, '');
      const progress = await handle.query<{ held?: readonly string[] }>('progress').catch(() => undefined);
      if ((progress?.held ?? []).length > 0) return toTold({ run, outcome: 'held' }, '');
      if (status.name === 'RUNNING') continue;
      const text = await handle.result().catch((error: Error) => String(error.cause));
      const outcome = /cancel/i.test(String(text))
        ? 'cancelled'
        : status.name === 'TERMINATED'
          ? 'terminated'
          : 'failed';
      return { run, outcome, waitedSeconds: 0, failure: { kind: 'unknown', type: status.name, text: String(text) } };
    }
    await handle.terminate('it has no end').catch(() => undefined);
    return { run, outcome: 'hangs', waitedSeconds: 120 };
  }

  end = ({ told }: Started): Promise<Told> => told;

  async decide(run: string, decision: 'approve' | 'reject'): Promise<Told> {
    await this.#headgate('gate', run, decision, '--why', 'chance', '--json');
    return this.#follow(this.#stack.client.workflow.getHandle(run));
  }

  async #openRuns(): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const { workflowId } of this.#stack.client.workflow.list({ query: runTypes })) ids.push(workflowId);
    return ids.filter((id) => id.includes(this.#site.tag));
  }

  async cancel(): Promise<void> {
    const run = (await this.#openRuns()).at(-1);
    if (run !== undefined) await this.#headgate('cancel', run, '--why', 'chance', '--json');
  }

  async terminate(): Promise<void> {
    const run = (await this.#openRuns()).at(-1);
    if (run !== undefined)
      await this.#stack.client.workflow
        .getHandle(run)
        .terminate()
        .catch(() => undefined);
  }

  async endKeepers(): Promise<void> {
    for await (const { workflowId } of this.#stack.client.workflow.list({ query: `WorkflowType = 'keepTable'` })) {
      if (!workflowId.includes(this.#site.tag)) continue;
      await this.#stack.client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => undefined);
    }
  }

  /** The machine's clock is left alone. */
  moveClock = (): void => undefined;

  rows = (table: string): Promise<readonly Row[]> => this.#stack.tables.ask('rows', { table });

  newestVersion = (table: string): Promise<number> => this.#stack.tables.ask('newest', { table });

  restore = (table: string, version: number): Promise<void> => this.#stack.tables.ask('restore', { table, version });

  append = (table: string, id: string): Promise<void> => this.#stack.tables.ask('append', { table, id });

  /** The report of the commit is seen when the run may have looked at the table for the last time. */
  isSeen = (moment: string): boolean => moment !== 'commit:ends' && !moment.startsWith('write ');

  alter = (table: string): Promise<void> => this.#stack.tables.ask('alter', { table });

  replace = (table: string, id: string): Promise<void> => this.#stack.tables.ask('replace', { table, id });

  async version(table: string, version: number): Promise<Version | undefined> {
    const infoOf = (number: number) => {
      const path = join(table, '_delta_log', `${String(number).padStart(20, '0')}.json`);
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
      const actions = lines.map((line) => JSON.parse(line) as { commitInfo?: CommitInfo });
      return actions.find(({ commitInfo }) => commitInfo !== undefined)?.commitInfo;
    };
    const info = infoOf(version);
    if (info === undefined) return undefined;
    const rowsAt = async (number: number): Promise<ReadonlyMap<string, string>> => {
      const rows = number < 0 ? [] : await this.#stack.tables.ask<readonly Row[]>('rows', { table, version: number });
      return new Map(rows.map((row) => [row.id, JSON.stringify(row)]));
    };
    const [before, after] = [await rowsAt(version - 1), await rowsAt(version)];
    const changed = [...after].filter(([id, row]) => before.get(id) !== row);
    const newest = await this.newestVersion(table);
    const later = Array.from({ length: newest - version }, (_, index) => infoOf(version + 1 + index));
    return {
      digest: (JSON.parse(info.userMetadata ?? '{}') as { digest?: string }).digest,
      inserted: changed.filter(([id]) => !before.has(id)).length,
      updated: changed.filter(([id]) => before.has(id)).length,
      isUndone: later.some(
        (one) => one?.operation === 'RESTORE' && Number(one.operationParameters?.['version'] ?? 0) < version,
      ),
    };
  }

  /** Told at the end of the stack alone. */
  openJobs = (): readonly string[] => [];

  async leftovers(): Promise<readonly string[]> {
    return [...(await this.#openRuns()).map((run) => `open run ${run}`), ...this.#site.leftovers()];
  }

  async close(): Promise<void> {
    this.#isOver = true;
    for (const run of await this.#openRuns()) {
      await this.#stack.client.workflow
        .getHandle(run)
        .terminate()
        .catch(() => undefined);
    }
    await this.endKeepers();
    this.#site.remove();
  }
}

type CommitInfo = {
  readonly operation: string;
  readonly userMetadata?: string;
  readonly operationParameters?: Readonly<Record<string, unknown>>;
};
