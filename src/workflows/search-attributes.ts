// Typed search attributes of runs. Names and types are fixed in contracts/names.ts; the worker registers them.
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';
import type { FrozenBatch } from '../contracts/batch';
import type { Phase } from '../contracts/run';
import type { PipelineRef } from '../contracts/pipeline-ref';

const pipelineKey = defineSearchAttributeKey('HeadgatePipeline', SearchAttributeType.KEYWORD);
const tableKey = defineSearchAttributeKey('HeadgateTable', SearchAttributeType.KEYWORD);
const batchKey = defineSearchAttributeKey('HeadgateBatch', SearchAttributeType.KEYWORD);
const intervalKey = defineSearchAttributeKey('HeadgateInterval', SearchAttributeType.DATETIME);
const phaseKey = defineSearchAttributeKey('HeadgatePhase', SearchAttributeType.KEYWORD);
const outcomeKey = defineSearchAttributeKey('HeadgateOutcome', SearchAttributeType.KEYWORD);

export function tagBatch(pipeline: PipelineRef, batch: FrozenBatch): void {
  upsertSearchAttributes([
    { key: pipelineKey, value: pipeline.name },
    { key: tableKey, value: pipeline.target.table },
    { key: batchKey, value: batch.digest },
    ...(batch.interval === undefined ? [] : [{ key: intervalKey, value: new Date(batch.interval.start) }]),
  ]);
}

/** Only for phases in which a run can stay: one that passes in a second is not worth an action. */
export function tagPhase(phase: Phase): void {
  upsertSearchAttributes([{ key: phaseKey, value: phase }]);
}

export function tagOutcome(outcome: string): void {
  upsertSearchAttributes([{ key: outcomeKey, value: outcome }]);
}
