// The gate of a run: the pure decision, and the wait for a person when it holds the batch.
import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { PrepareReport } from '../contracts/job';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { GateVerdict } from '../contracts/run';
import { gateVerdict } from '../domain/entrance/inputs';
import { decideGate } from '../domain/gate';
import { demand } from './entrance';
import { decideGateUpdate } from './messages';
import type { RunState } from './run-state';
import { tagPhase } from './search-attributes';

const expired: GateVerdict = { decision: 'reject', by: 'headgate', why: 'nobody decided in time' };

export function createGate(state: RunState) {
  let holding = false;
  let verdict: GateVerdict | undefined;
  setHandler(
    decideGateUpdate,
    (given) => {
      verdict = given;
      holding = false;
    },
    {
      validator: (...given: readonly unknown[]) => {
        if (!holding) throw ApplicationFailure.nonRetryable('This run holds no batch.', 'NothingHeld');
        demand(gateVerdict, given, 'decideGate', 'BadVerdict');
      },
    },
  );

  /** Passes, or waits for a person; no verdict within the pipeline's gate wait rejects. */
  return async (report: PrepareReport, pipeline: PipelineRef): Promise<GateVerdict | 'passed'> => {
    const decision = decideGate(report, pipeline);
    if (decision.kind === 'pass') return 'passed';
    verdict = undefined;
    holding = true;
    state.update({ held: decision.reasons });
    state.mark('gate', 'held', decision.reasons[0]);
    tagPhase('gate');
    await condition(() => verdict !== undefined, pipeline.gateWaitSeconds * 1000);
    holding = false;
    state.update({ held: [] });
    return verdict ?? expired;
  };
}
