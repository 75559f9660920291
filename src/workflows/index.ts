// The workflow types that the worker serves. Names are public: schedules, the UI and open runs refer to them.
export { keepCluster } from './keep-cluster';
export { keepTable } from './keep-table';
export { maintainTable } from './maintain-table';
export { reapOrphans } from './reap-orphans';
export { runPipeline } from './run-pipeline';
