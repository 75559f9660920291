// The workflow types that the worker serves. Names are public: schedules, the UI and open runs refer to them.
export { keepTable } from './keep-table';
export { maintainTable } from './maintain-table';
export { runPipeline } from './run-pipeline';
