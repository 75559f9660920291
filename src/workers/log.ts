// The worker's log: one JSON line per event on stderr, or wherever the embedding process sends it.
import { DefaultLogger, Runtime } from '@temporalio/worker';
import pino from 'pino';

export type Log = pino.Logger;

export function createLog(level: string): Log {
  return pino({ level, base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
}

/** Sends the Temporal SDK's own messages through our log. Once per process, before any connection is made. */
export function installRuntime(log: Log): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => log[levels[level]]({ ...meta }, message));
  // Signals are handled by our own processes: they stop the worker first and Spark after it.
  Runtime.install({ logger, shutdownSignals: [] });
}
