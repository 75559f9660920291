// The effects of a run around its Spark jobs: load the pipeline, freeze, extract, publish. Wires, decides nothing.
import { cancellationSignal } from '@temporalio/activity';
import { defaultInterval, parseInterval, pipelineEvery } from '../domain/intervals';
import type { Definition, PipelineRef, PublishedPipeline } from '../contracts/pipeline-ref';
import { runRecordProtocol, type RunRecord } from '../contracts/run-record';
import type { RunPipelineInput, RunPipelineResult } from '../contracts/run';
import type { FailureSummary } from '../contracts/failure';
import { tellBeats } from './beats';
import { keepDefinition, readDefinition } from './definitions';
import { extractInputs, type ExtractInput, type ExtractProgress } from './extract';
import { guarded } from './failures';
import { freezeBatch, type FreezeResult } from './freeze';
import { loadPipeline, type Allowed, type Withhold } from '../pipeline-file';
import type { Clock, MetricSink, ObjectStore } from './ports';
import { publishRun } from './publish';

export type RunActivityDeps = {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly metrics: MetricSink;
  /** Folder in which pipelines are found by name. */
  readonly pipelines: string;
  readonly defaultPipeline: string;
  /** Which files may be read as pipelines. */
  readonly allowed: () => Promise<Allowed>;
  /** Where ${…} of pipeline files is looked up when the run does not bring a value: in these names alone. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly envNames: readonly string[];
};

export type FreezeInput = {
  readonly pipeline: Definition;
  /** As a person writes it; absent = the last complete interval before `logicalTime`. */
  readonly interval?: string;
  /** ISO 8601. Scheduled time of the run, else its start: never the clock of a retry. */
  readonly logicalTime: string;
  readonly redo: boolean;
};

export type PublishInput = {
  readonly pipeline: PublishedPipeline;
  readonly result: RunPipelineResult;
  readonly workflowId: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly failure?: FailureSummary;
};

/** One that is set and not allowed is an error even where there is a default: somebody relies on it. */
const withholdFrom =
  ({ env, envNames }: Pick<RunActivityDeps, 'env' | 'envNames'>): Withhold =>
  (name) =>
    env[name] === undefined || envNames.includes(name)
      ? undefined
      : {
          problem: `the variable ${name} did not come with the run, and is not one that the worker gives from its environment (${envNames.join(', ')})`,
          remedy: `Pass it with the run (--set ${name}=…, or \`variables\` of the input), or add ${name} to HEADGATE_VARIABLES of the worker if it is no secret.`,
        };

export function createRunActivities(deps: RunActivityDeps) {
  const { store, clock, metrics, pipelines, defaultPipeline, env, envNames, allowed } = deps;
  return {
    /** Resolved once per run: what it writes is what every later activity and every retry reads. */
    loadPipeline: guarded(
      async (input: Pick<RunPipelineInput, 'pipeline' | 'variables' | 'folder'>): Promise<PipelineRef> => {
        const set = Object.fromEntries(
          envNames.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
        );
        const pipeline = await loadPipeline(input.pipeline ?? defaultPipeline, {
          variables: { ...set, ...input.variables },
          withhold: withholdFrom(deps),
          allowed: await allowed(),
          folder: pipelines,
          places: store,
          ...(input.folder === undefined ? {} : { cwd: input.folder }),
        });
        return keepDefinition(pipeline, store);
      },
    ),

    freezeInputs: guarded(async (input: FreezeInput): Promise<FreezeResult> => {
      const { interval, logicalTime, redo } = input;
      const pipeline = await readDefinition(input.pipeline, store);
      const every = pipelineEvery(pipeline);
      const wanted =
        interval === undefined || every === undefined
          ? defaultInterval(pipeline, Date.parse(logicalTime))
          : parseInterval(interval, every);
      return freezeBatch(
        { pipeline, ignoreLedger: redo, ...(wanted === undefined ? {} : { interval: wanted }) },
        { store, clock },
      );
    }),

    extractInputs: guarded(async ({ batch }: ExtractInput): Promise<void> => {
      let progress: ExtractProgress | undefined;
      tellBeats(() => progress);
      const onProgress = (now: ExtractProgress): void => {
        progress = now;
      };
      await extractInputs({ batch }, { store }, { onProgress, signal: cancellationSignal() });
    }),

    publishRun: guarded(
      async ({ pipeline, result, workflowId, startedAt, finishedAt, failure }: PublishInput): Promise<void> => {
        const record: RunRecord = {
          ...result,
          protocol: runRecordProtocol,
          run: workflowId,
          startedAt,
          finishedAt,
          ...(failure === undefined ? {} : { failure }),
        };
        await publishRun({ pipeline, record }, { store, metrics, clock });
      },
    ),
  };
}

export type RunActivities = ReturnType<typeof createRunActivities>;
