// What the words of EMR mean for a job. Total over the SDK's lists; a word outside of them is a defect, never silent waiting.
import type { ClusterState, ClusterStateChangeReasonCode, StepState } from '@aws-sdk/client-emr';
import { HeadgateError } from '../../../contracts/errors';
import type { FailureKind } from '../../../contracts/failure';
import type { ClusterView, StepView } from './api';

export type StepPhase = 'waiting' | 'running' | 'stopping' | 'completed' | 'cancelled' | 'failed' | 'interrupted';

const stepPhases = {
  PENDING: 'waiting',
  RUNNING: 'running',
  // Asked to end, and may still end well.
  CANCEL_PENDING: 'stopping',
  COMPLETED: 'completed',
  CANCELLED: 'cancelled',
  FAILED: 'failed',
  INTERRUPTED: 'interrupted',
} as const satisfies Record<StepState, StepPhase>;

const isOpenPhase = (phase: StepPhase): boolean => phase === 'waiting' || phase === 'running' || phase === 'stopping';

/** In the words of EMR. */
export const openStates = Object.entries(stepPhases).flatMap(([state, phase]) => (isOpenPhase(phase) ? [state] : []));
export const startedStates: readonly string[] = ['RUNNING', 'CANCEL_PENDING'] satisfies StepState[];

/** Undefined for a word that is not in the table. */
export const knownPhaseOf = ({ state }: StepView): StepPhase | undefined =>
  isKey(stepPhases, state) ? stepPhases[state] : undefined;

/** Throws for a word that is not in the table: nobody waits for what nobody understands. */
export function phaseOf(step: StepView): StepPhase {
  const phase = knownPhaseOf(step);
  if (phase !== undefined) return phase;
  throw new HeadgateError({
    kind: 'unknown',
    type: 'Defect',
    message: `EMR says that step ${step.id} is ${step.state}, which this version of Headgate does not know.`,
    remedy: 'It is not tried again. Look at the step in the console of EMR, and report it with the worker log.',
    fields: { step: step.id, state: step.state },
  });
}

export function isOpen(step: StepView): boolean {
  const phase = knownPhaseOf(step);
  return phase !== undefined && isOpenPhase(phase);
}

export type ClusterPhase = 'up' | 'ending' | 'ended';

const clusterPhases = {
  STARTING: 'up',
  BOOTSTRAPPING: 'up',
  RUNNING: 'up',
  WAITING: 'up',
  TERMINATING: 'ending',
  TERMINATED: 'ended',
  TERMINATED_WITH_ERRORS: 'ended',
} as const satisfies Record<ClusterState, ClusterPhase>;

/** The step decides about a job, so a word that nobody knows is no end. */
export const clusterPhaseOf = ({ state }: ClusterView): ClusterPhase =>
  isKey(clusterPhases, state) ? clusterPhases[state] : 'up';

/** Why a cluster ended, and what that is for a job that ran on it. Another cluster can have another fate. */
const clusterEnds = {
  ALL_STEPS_COMPLETED: 'infrastructure',
  BOOTSTRAP_FAILURE: 'infrastructure',
  INSTANCE_FAILURE: 'infrastructure',
  INSTANCE_FLEET_TIMEOUT: 'infrastructure',
  INTERNAL_ERROR: 'infrastructure',
  STEP_FAILURE: 'infrastructure',
  USER_REQUEST: 'infrastructure',
  // What was asked for cannot be had, now or later.
  VALIDATION_ERROR: 'config',
} as const satisfies Record<ClusterStateChangeReasonCode, FailureKind>;

/** A reason that EMR does not give, or that nobody here knows, is no worse than that the cluster is gone. */
export function clusterEndKind({ reason }: ClusterView): FailureKind {
  const code = reason?.code ?? '';
  return isKey(clusterEnds, code) ? clusterEnds[code] : 'infrastructure';
}

export function clusterEndText(cluster: string, { state, reason }: ClusterView): string {
  const why = [reason?.code, reason?.message].filter((part) => part !== undefined && part !== '').join(': ');
  return `cluster ${cluster} is ${state}${why === '' ? '' : ` (${why})`}`;
}

const isKey = <Table extends object>(table: Table, key: PropertyKey): key is keyof Table => Object.hasOwn(table, key);
