// What the resident Spark process says: its announcement, its answers and its events, parsed at this edge.
import { z } from 'zod';
import { jobKinds } from '../../../contracts/job';

const count = z.int().nonnegative();

export const announcementSchema = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  instance: z.string(),
  socket: z.string(),
});
export type Announcement = z.infer<typeof announcementSchema>;

export const endNoteSchema = z.object({ instance: z.string(), reason: z.string() });

export const helloSchema = z.object({
  protocol: z.literal(1),
  instance: z.string(),
  pid: z.int().positive(),
  ready: z.boolean(),
  versions: z.record(z.string(), z.string()),
});

export const statsSchema = helloSchema.extend({
  javaPid: z.int().positive(),
  /** Memory in use by the two processes. */
  pythonBytes: count,
  javaBytes: count,
  uptimeSeconds: z.number(),
  clients: count,
  running: count,
  queued: count,
  /** The background warm-up has ended. */
  warmed: z.boolean(),
  warmupSeconds: z.number(),
});
export type ResidentStats = z.infer<typeof statsSchema>;

export const jobViewSchema = z.object({
  number: z.int().positive(),
  submission: z.object({
    stepKey: z.string(),
    job: z.enum(jobKinds),
    attempt: count,
    requestPath: z.string(),
    reportPath: z.string(),
    failurePath: z.string(),
  }),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  phase: z.string(),
  tasksDone: count,
  tasksTotal: count,
  /** Why a failed job failed, in the words of Python. */
  error: z.string().nullable(),
});
export type JobView = z.infer<typeof jobViewSchema>;

export const releaseSchema = z.object({ stopping: z.boolean() });

export const eventSchema = z.object({ event: z.enum(['progress', 'done']), stepKey: z.string(), job: jobViewSchema });
export type ResidentEvent = z.infer<typeof eventSchema>;

export const answerSchema = z.discriminatedUnion('ok', [
  z.object({ id: z.int(), ok: z.literal(true), result: z.unknown() }),
  z.object({ id: z.int(), ok: z.literal(false), error: z.object({ type: z.string(), message: z.string() }) }),
]);
