// The resolved pipeline without the schema library.
export type { RuntimeName } from './kinds';
export type * from './pipeline-schema';
