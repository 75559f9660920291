// Progress of one run: phases with times, the query that shows them, the run sheet in the Temporal UI.
import { setCurrentDetails } from '@temporalio/workflow';
import type { JobCost } from '../contracts/cluster';
import type { Phase, PhaseState, RunCost, RunProgress } from '../contracts/run';
import { costOf, sumCosts } from '../domain/cost';
import { drawRunSheet, emptyProgress, withPhase } from '../domain/run-sheet';
import { onQuery } from './entrance';
import { progressQuery } from './messages';

export function createRunState() {
  let progress: RunProgress = emptyProgress;
  const seconds: Partial<Record<Phase, number>> = {};
  let cost: RunCost | undefined;

  const show = (next: RunProgress): void => {
    progress = next;
    setCurrentDetails(drawRunSheet(progress));
  };
  const mark = (phase: Phase, state: PhaseState, note?: string): void => {
    const spent = seconds[phase];
    show(
      withPhase(progress, phase, {
        state,
        ...(spent === undefined ? {} : { seconds: spent }),
        ...(note === undefined ? {} : { note }),
      }),
    );
  };
  onQuery(progressQuery, () => progress);

  return {
    seconds,
    mark,
    cost: (): { readonly cost?: RunCost } => (cost === undefined ? {} : { cost }),
    spend: (of: JobCost): void => {
      cost = sumCosts([...(cost === undefined ? [] : [cost]), costOf(of)]);
    },
    update: (change: Partial<RunProgress>): void => show({ ...progress, ...change }),
    /** Runs one phase and adds its time; a phase that runs again (a new freeze) adds up. */
    async during<Result>(
      phase: Phase,
      work: () => Promise<Result>,
      note?: (result: Result) => string,
    ): Promise<Result> {
      mark(phase, 'running');
      const start = Date.now();
      try {
        const result = await work();
        seconds[phase] = (seconds[phase] ?? 0) + (Date.now() - start) / 1000;
        mark(phase, 'done', note?.(result));
        return result;
      } catch (error) {
        seconds[phase] = (seconds[phase] ?? 0) + (Date.now() - start) / 1000;
        mark(phase, 'failed');
        throw error;
      }
    },
  };
}

export type RunState = ReturnType<typeof createRunState>;
