// The job protocol without the schema library.
export { jobKinds, jobProtocol, type JobKind } from './kinds';
export type * from './job-schema';

/** A job that takes longer is looked for anew; VACUUM spares files that are younger than that, for it may own them. */
export const longestJobHours = 24;

/** A request without what the submitting activity fills in: it knows which attempt this is. */
export type Unsubmitted<Request> = Omit<Request, 'attempt' | 'reportPath' | 'failurePath'>;
