// A trial on the time-skipping server: the command line's own code, the product's workflows and activities, a made-up engine.
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { runOnce } from '../../../src/cli/commands/run';
import { failureReport } from '../../../src/cli/following';
import type { RunReport } from '../../../src/cli/run-report';
import type { Session } from '../../../src/cli/session';
import type { TableView } from '../../../src/contracts/keeper';
import type { RunPipelineResult, RunProgress } from '../../../src/contracts/run';
import { readConfig, type Config } from '../../../src/workers/config';
import type { Row } from '../model';
import type { Moments } from '../moments';
import type { Site } from '../site';
import type { Ask, Stage, Started, Told, Version } from '../stage';
import { createTrialActivities } from './activities';
import { Engine } from './engine';
import { answered, isDone, patienceMs, unlessGone, whyHung } from './hung';
import type { CheapServer } from './server';
import { alterTable, appendRows, openTable, readRows, restoreTable, writeVersion } from './tiny-table';

const quietMs = 80;
/** One after another; on a busy machine an answer may take longer than it should. */
const mostSilences = 4;
const longestWaitMs = 10 * 86_400_000;
const view = { update: () => undefined, trouble: () => undefined, stop: () => undefined };

const toTold = (report: RunReport, waitedSeconds: number): Told => {
  const { run, outcome, result, failure } = report;
  return {
    ...{ run, outcome, waitedSeconds },
    ...(result === undefined ? {} : { table: result.table }),
    ...(result?.rows === undefined ? {} : { rows: result.rows }),
    ...(result?.digest === undefined ? {} : { digest: result.digest }),
    ...(failure === undefined
      ? {}
      : { failure: { kind: failure.kind, type: failure.type, text: `${failure.message} ${failure.remedy}` } }),
  };
};

export class CheapStage implements Stage {
  readonly #server: CheapServer;
  readonly #site: Site;
  readonly #moments: Moments;
  readonly #engine: Engine;
  readonly #seen = new Map<string, string>();
  readonly #config: Config;
  #clockOffset = 0;
  #starts = 0;

  constructor(server: CheapServer, site: Site, moments: Moments) {
    this.#server = server;
    this.#site = site;
    this.#moments = moments;
    this.#engine = new Engine(moments);
    this.#config = {
      ...readConfig({ HEADGATE_HOME: `${site.folder}/home`, HEADGATE_PIPELINES: site.pipelines }),
      taskQueue: server.taskQueue,
    };
    const { client, taskQueue } = server;
    const now = (): Date => new Date(Date.now() + this.#clockOffset);
    const activities = createTrialActivities({
      ...{ client, taskQueue, moments, now },
      ...{ pipelines: site.pipelines, engine: this.#engine, seen: this.#seen },
    });
    server.open(site.tag, activities);
  }

  async start(ask: Ask): Promise<Started> {
    const { pipelineFile, set, interval, redo } = ask;
    const chosen = { ...(interval === undefined ? {} : { interval }), ...(redo ? { redo } : {}) };
    if (ask.by === 'ui') return this.startWith({ pipeline: pipelineFile, variables: set, ...chosen });
    const { client } = this.#server;
    const session: Session = {
      client,
      ownsWorker: false,
      ask: (question) => question(client),
      stop: async () => undefined,
      close: async () => undefined,
    };
    return begun(runOnce(session, this.#config, pipelineFile, { set, ...chosen }, view));
  }

  async startWith(input: unknown): Promise<Started> {
    this.#starts += 1;
    const workflowId = `ui/${this.#site.tag}/${this.#starts}`;
    const { client, taskQueue } = this.#server;
    const handle = await client.workflow.start('runPipeline', { workflowId, taskQueue, args: [input] });
    this.#seen.set(workflowId, 'runPipeline');
    return { ...begun(this.#follow(handle)), run: workflowId };
  }

  async #follow(handle: WorkflowHandle): Promise<RunReport> {
    const run = handle.workflowId;
    try {
      const result: RunPipelineResult = await handle.result();
      return { run, outcome: result.outcome, result };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return { run, ...failureReport(error) };
      throw error;
    }
  }

  async end({ told, run }: Started): Promise<Told> {
    let step = 1000;
    let waited = 0;
    let silences = 0;
    for (;;) {
      const answer = await Promise.race([told, delay(20)]);
      if (answer !== undefined) return { ...answer, waitedSeconds: await this.#seconds(answer.run) };
      if (!this.#moments.isQuiet(quietMs)) continue;
      const { held, silent } = await this.#ask();
      silences = run !== undefined && silent.includes(run) ? silences + 1 : 0;
      if (silences >= mostSilences) return this.#hung(run, waited);
      if (run !== undefined && held.includes(run)) return { run, outcome: 'held', waitedSeconds: 0 };
      // The command line sees it by itself, as soon as it looks again.
      if (run === undefined && held.length > 0 && (await answered(told, 600)) !== undefined) continue;
      // Nothing is open in the server: what is left to do, the command line does by its own clock.
      if (run === undefined && (await this.#openRuns()).length === 0) {
        if ((await answered(told, patienceMs.answer)) !== undefined) continue;
      }
      if (waited >= longestWaitMs) return this.#hung(run, waited);
      // A workflow that cannot end its task holds up the time of all.
      if (!(await isDone(this.#server.pass(step, () => this.#moments.isQuiet(quietMs)))))
        return this.#hung(run, waited);
      waited += step;
      step = Math.min(step * 2, 43_200_000);
    }
  }

  async #hung(run: string | undefined, waitedMs: number): Promise<Told> {
    const handles = run === undefined ? await this.#openRuns() : [this.#server.client.workflow.getHandle(run)];
    const failure = { kind: 'unknown', type: 'Hangs', text: await whyHung(handles) };
    return { run: run ?? 'unknown', outcome: 'hangs', waitedSeconds: waitedMs / 1000, failure };
  }

  /** How long it took, in the server's time: what passed when it had ended is not its fault. */
  async #seconds(run: string): Promise<number> {
    const found = await answered(this.#server.client.workflow.getHandle(run).describe());
    if (found?.closeTime === undefined) return 0;
    return Math.floor((found.closeTime.getTime() - found.startTime.getTime()) / 1000);
  }

  /** Runs that wait for a person, and runs that do not answer at all. */
  async #ask(): Promise<{ readonly held: readonly string[]; readonly silent: readonly string[] }> {
    const held: string[] = [];
    const silent: string[] = [];
    for (const handle of await this.#openRuns()) {
      const { workflowId } = handle;
      const asked = Date.now();
      const progress = await answered(handle.query<RunProgress>('progress'));
      if ((progress?.held ?? []).length > 0) held.push(workflowId);
      else if (progress === undefined && Date.now() - asked >= patienceMs.answer) silent.push(workflowId);
    }
    return { held, silent };
  }

  async #open(type: string): Promise<readonly WorkflowHandle[]> {
    const ids = [...this.#seen].filter(([, seen]) => seen === type).map(([id]) => id);
    const handles = ids.map((id) => this.#server.client.workflow.getHandle(id));
    const open = await Promise.all(
      handles.map(async (handle) => {
        const found = await answered(handle.describe());
        return found?.status.name === 'RUNNING';
      }),
    );
    return handles.filter((_, index) => open[index]);
  }

  #openRuns = (): Promise<readonly WorkflowHandle[]> => this.#open('runPipeline');

  async decide(run: string, decision: 'approve' | 'reject'): Promise<Told> {
    const handle = this.#server.client.workflow.getHandle(run);
    await handle.executeUpdate('decideGate', { args: [{ decision, by: 'the campaign', why: 'chance' }] });
    return this.end({ ...begun(this.#follow(handle)), run });
  }

  async cancel(): Promise<void> {
    const handle = (await this.#openRuns()).at(-1);
    if (handle === undefined) return;
    const asked = handle
      .executeUpdate('cancelRun', { args: [{ by: 'the campaign', why: 'chance' }] })
      .catch(unlessGone);
    await answered(asked);
  }

  async terminate(): Promise<void> {
    await (await this.#openRuns()).at(-1)?.terminate('the campaign').catch(unlessGone);
  }

  async endKeepers(): Promise<void> {
    for (const keeper of await this.#open('keepTable')) await keeper.terminate('the campaign').catch(unlessGone);
  }

  moveClock(ms: number): void {
    this.#clockOffset += ms;
  }

  async rows(table: string): Promise<readonly Row[]> {
    return readRows(table).map(({ id, value, total }) => ({
      id: String(id),
      value: typeof value === 'number' ? value : null,
      total: typeof total === 'number' ? total : null,
    }));
  }

  async version(table: string, version: number): Promise<Version | undefined> {
    const found = openTable(table)?.commits;
    const commit = found?.[version];
    if (found === undefined || commit === undefined) return undefined;
    const text = (until: number): ReadonlyMap<string, string> =>
      new Map((until < 0 ? [] : readRows(table, until)).map((row) => [String(row['id']), JSON.stringify(row)]));
    const [before, after] = [text(version - 1), text(version)];
    const changed = [...after].filter(([id, row]) => before.get(id) !== row);
    const meta = JSON.parse(commit.userMetadata ?? '{}') as { readonly digest?: string };
    const undone = found.slice(version + 1).some(({ operation, operationParameters }) => {
      return operation === 'RESTORE' && Number(operationParameters?.['version']) < version;
    });
    return {
      digest: meta.digest,
      inserted: changed.filter(([id]) => !before.has(id)).length,
      updated: changed.filter(([id]) => before.has(id)).length,
      isUndone: undone,
    };
  }

  async newestVersion(table: string): Promise<number> {
    return openTable(table)?.version ?? -1;
  }

  async restore(table: string, version: number): Promise<void> {
    restoreTable(table, version);
  }

  async append(table: string, id: string): Promise<void> {
    appendRows(table, [{ id, value: null, at: null, total: null }]);
  }

  isSeen = (): boolean => true;

  async alter(table: string): Promise<void> {
    alterTable(table);
  }

  async replace(table: string, id: string): Promise<void> {
    rmSync(table, { recursive: true, force: true });
    writeVersion(table, undefined, { operation: 'WRITE', rows: [{ id, value: null, at: null, total: null }] });
  }

  openJobs = (): readonly string[] => this.#engine.open;

  /** What is about to end has its time for that. */
  async leftovers(): Promise<readonly string[]> {
    let left = await this.#leftNow();
    for (let looks = 0; left.length > 0 && looks < 20; looks += 1) {
      await delay(250);
      left = await this.#leftNow();
    }
    return left;
  }

  async #leftNow(): Promise<readonly string[]> {
    const runs = (await this.#openRuns()).map(({ workflowId }) => `open run ${workflowId}`);
    const keepers = await this.#open('keepTable');
    const views = await Promise.all(keepers.map((keeper) => answered(keeper.query<TableView>('table'))));
    const busy = views
      .filter((seen) => seen?.running !== undefined || (seen?.queued ?? []).length > 0)
      .map((seen) => `busy keeper of ${seen?.table}`);
    return [...runs, ...busy, ...this.#engine.open.map((step) => `open job ${step}`), ...this.#site.leftovers()];
  }

  async close(): Promise<void> {
    for (const handle of [...(await this.#openRuns()), ...(await this.#open('keepTable'))]) {
      await handle.terminate('the trial is over').catch(unlessGone);
    }
    this.#server.close(this.#site.tag);
    this.#site.remove();
  }
}

/** A refusal before anything was started is told like a failure. */
const begun = (report: Promise<RunReport>): Started => ({
  told: report.then(
    (ended) => toTold(ended, 0),
    (error: unknown): Told => ({
      run: 'none',
      outcome: 'failed',
      waitedSeconds: 0,
      failure: {
        kind: (error as { kind?: string }).kind ?? 'unknown',
        type: (error as { type?: string }).type ?? (error as Error).name,
        text: String(error),
      },
    }),
  ),
});
