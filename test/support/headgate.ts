// The built CLI as users call it: one command to its end, or `headgate dev` in the background.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { expectNothingLeft } from './processes';
import { watchRetries, type RetryWatch } from './retries';
import { projectRoot } from './tools';
import { until } from './waiting';
import type { Workspace } from './workspace';

const cli = join(projectRoot, 'dist', 'cli', 'main.js');

export type Ended = {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one object of `--json`; undefined when stdout is no JSON. */
  readonly json: unknown;
};

export function headgate(
  workspace: Pick<Workspace, 'env' | 'folder'>,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<Ended> {
  if (!existsSync(cli)) throw new Error(`${cli} is missing: run \`npm run build\` first`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], {
      cwd: projectRoot,
      env: { ...workspace.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`headgate ${args.join(' ')} did not end in time\n${stdout}\n${stderr}`));
    }, options.timeoutMs ?? 240_000);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, json: parseJson(stdout) });
    });
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const rowsSchema = z.object({
  read: z.number(),
  inserted: z.number(),
  updated: z.number(),
  unchanged: z.number(),
  quarantined: z.number(),
  duplicates: z.number(),
  unjoined: z.number(),
});

const runSchema = z.object({
  run: z.string(),
  outcome: z.enum(['committed', 'nothing-new', 'held', 'rejected', 'failed', 'cancelled']),
  digest: z.string().optional(),
  rows: rowsSchema.optional(),
  table: z.object({ path: z.string(), version: z.number().optional() }).optional(),
  seconds: z.record(z.string(), z.number()).optional(),
  warnings: z.array(z.object({ type: z.string(), message: z.string() })).optional(),
  notices: z.array(z.string()).optional(),
  held: z.array(z.string()).optional(),
  error: z
    .object({
      kind: z.string(),
      type: z.string(),
      message: z.string(),
      remedy: z.string(),
      fields: z.record(z.string(), z.unknown()),
    })
    .optional(),
});

export type RunSeen = z.infer<typeof runSchema> & { readonly code: number | null };
export type RowsSeen = z.infer<typeof rowsSchema>;

/** `headgate run … --json`, parsed; throws with everything the command said when it gave no result object. */
export async function runPipeline(
  workspace: Workspace,
  pipeline: string,
  set: Readonly<Record<string, string>>,
  ...more: readonly string[]
): Promise<RunSeen> {
  const variables = Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const ended = await headgate(workspace, ['run', pipeline, ...variables, '--json', ...more]);
  const parsed = runSchema.safeParse(ended.json);
  if (!parsed.success) {
    throw new Error(
      `headgate run gave no result (${ended.code}): ${parsed.error.message}\n${ended.stdout}\n${ended.stderr}`,
    );
  }
  return { ...parsed.data, code: ended.code };
}

/** The same for a run that must commit or find nothing new: anything else throws with what went wrong. */
export async function runWell(...args: Parameters<typeof runPipeline>): Promise<RunSeen> {
  const run = await runPipeline(...args);
  if (run.code === 0) return run;
  throw new Error(`${run.run} ${run.outcome}: ${JSON.stringify(run.error ?? run.held)}`);
}

const recordSchema = z.object({
  address: z.string(),
  ui: z.string(),
  pids: z.object({ supervisor: z.number(), server: z.number().optional(), worker: z.number().optional() }),
});

export type StackRecord = z.infer<typeof recordSchema>;

/** What `dev.json` says now. */
export const readRecord = (home: string): StackRecord =>
  recordSchema.parse(JSON.parse(readFileSync(join(home, 'dev.json'), 'utf8')));

export type DevStack = {
  readonly record: () => StackRecord;
  /** Tells which failures a test means to see, at the end of that test. */
  readonly accountFor: RetryWatch['accountFor'];
  /** As Ctrl-C would; throws when anything is left behind. */
  readonly end: () => Promise<void>;
  /** The same after a look at what failed: throws when no test accounts for it. */
  readonly stop: () => Promise<void>;
};

/** `headgate dev` of the workspace, ready to take runs. */
export async function startDev(workspace: Workspace, env: NodeJS.ProcessEnv = {}): Promise<DevStack> {
  const logPath = join(workspace.folder, 'dev.log');
  const log = openSync(logPath, 'a');
  const child: ChildProcess = spawn(process.execPath, [cli, 'dev', '--port', String(workspace.port)], {
    cwd: projectRoot,
    env: { ...workspace.env, ...env },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const record = () => readRecord(workspace.home);
  try {
    await until('headgate dev is up', () => {
      if (child.exitCode !== null) return true;
      const { server, worker } = record().pids;
      return server !== undefined && worker !== undefined;
    });
    if (child.exitCode !== null) throw new Error(`headgate dev ended with ${child.exitCode}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`headgate dev did not start:\n${readFileSync(logPath, 'utf8')}`, { cause: error });
  }
  const { accountFor, expectNoOthers } = watchRetries(() => record().address);
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    await until('headgate dev has ended', () => child.exitCode !== null || child.signalCode !== null, 45_000);
    await expectNothingLeft(workspace.folder);
  };
  return {
    record,
    accountFor,
    end,
    stop: async () => {
      try {
        await expectNoOthers();
      } finally {
        await end();
      }
    },
  };
}
