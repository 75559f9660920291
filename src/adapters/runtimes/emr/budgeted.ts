// The calls of jobs under the budget of the worker.
import type { CallBudget } from '../../emr/budget';
import type { EmrApi } from './api';

/** The same calls under a budget. A submit is sent once; the rest may be repeated. */
export const budgeted = (api: EmrApi, { once, repeated }: CallBudget): EmrApi => ({
  addStep: (cluster, ...rest) => once('addStep', cluster, () => api.addStep(cluster, ...rest)),
  listSteps: (cluster, ...rest) => repeated('listSteps', cluster, () => api.listSteps(cluster, ...rest)),
  describeStep: (cluster, ...rest) => repeated('describeStep', cluster, () => api.describeStep(cluster, ...rest)),
  cancelStep: (cluster, ...rest) => repeated('cancelStep', cluster, () => api.cancelStep(cluster, ...rest)),
  describeCluster: (cluster) => repeated('describeCluster', cluster, () => api.describeCluster(cluster)),
});
