// A process that does by other means what a run does, asked for one run at a time: see spark/peer.py.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root, type Bench } from './bench';

export type Inputs = { readonly raw: string; readonly format: 'csv' | 'parquet' };
export type PeerRun = { readonly seconds: number; readonly rows: number };

export type Peer = {
  /** The first one also starts the process, which is not in its seconds. */
  run(inputs: Inputs, table: string): Promise<PeerRun>;
  stop(): Promise<void>;
};

function startProcess({ tools, env }: Bench, script: string, args: readonly string[]) {
  const child = spawn(tools.python, [join(root, 'bench', 'spark', script), ...args], { env });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (question: unknown): Promise<PeerRun> => {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error(`${script} ended without an answer:\n${said}`);
      return JSON.parse(answer.value) as PeerRun;
    },
    stop: async (): Promise<void> => {
      child.stdin.end();
      await ended;
    },
  };
}

/** Starts nothing before it is asked: the first run of the product has the machine for itself. */
function createPeer(bench: Bench, script: string, args: readonly string[]): Peer {
  let started: ReturnType<typeof startProcess> | undefined;
  return {
    run: async ({ raw, format }, table) => {
      started ??= startProcess(bench, script, args);
      return started.ask({ raw, format, table });
    },
    stop: async () => started?.stop(),
  };
}

/** Spark code as one writes it by hand, on the product's jars, JVM and session; warm after its first runs. */
export const createHand = (bench: Bench): Peer =>
  createPeer(bench, 'hand.py', [bench.spark.memory, String(bench.spark.cores)]);

/** Needs the test packages: DuckDB is none of the product's own. */
export const createDuck = (bench: Bench): Peer => createPeer(bench, 'duck.py', [String(bench.spark.cores)]);
