// Owns the question "what did the tests leave running?". Every process of a test run carries one variable with the run's id.
import { readdir, readFile } from 'node:fs/promises';

export const runVariable = 'TEST_RUN_OF_HEADGATE';

export type Leftover = { readonly pid: number; readonly command: string };

/** Linux only: elsewhere the environment of other processes cannot be read, and the answer is always "nothing". */
async function findLeftovers(runId: string, variable: string): Promise<Leftover[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
      if (!environment.split('\0').includes(`${variable}=${runId}`)) return undefined;
      const command = await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '');
      // a process that has ended but was not waited for has no command line any more
      return command === '' ? undefined : { pid: Number(pid), command: command.replaceAll('\0', ' ').trim() };
    }),
  );
  return found.filter((item) => item !== undefined);
}

/** Gives processes that are about to end their time, then ends the rest and names them. */
export async function endLeftovers(runId: string, graceMs: number, variable = runVariable): Promise<Leftover[]> {
  const deadline = Date.now() + graceMs;
  let left = await findLeftovers(runId, variable);
  while (left.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    left = await findLeftovers(runId, variable);
  }
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // it ended by itself in between
    }
  }
  return left;
}
