import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { askPython } from '../../../src/adapters/tables/ask-python';
import { isAlive } from '../../support/processes';
import { until } from '../../support/waiting';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-ask-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const pidFile = (): string => join(folder, 'pid');

/** An interpreter that never answers. */
function silent(limitMs?: number) {
  const python = join(folder, 'python');
  writeFileSync(python, `#!/bin/sh\necho $$ > '${pidFile()}'\nexec sleep 600\n`, { mode: 0o755 });
  return { python, pythonPath: folder, ...(limitMs === undefined ? {} : { limitMs }) };
}

const pid = (): Promise<number> =>
  until('the process', () => existsSync(pidFile()) && Number(readFileSync(pidFile(), 'utf8')));

describe('a program that does not answer', () => {
  it('ends with the activity that asked', async () => {
    const abort = new AbortController();
    const answer = askPython(silent(), 'headgate_spark.health', {}, '/lake/table', abort.signal);
    const process = await pid();
    abort.abort(new Error('cancelled'));
    await expect(answer).rejects.toThrow('cancelled');
    await until('the process is gone', () => !isAlive(process));
  });

  it('ends at its time limit, and may be asked again', async () => {
    const answer = askPython(silent(2000), 'headgate_spark.health', {}, '/lake/table');
    await expect(answer).rejects.toMatchObject({ kind: 'infrastructure', type: 'ReadTimedOut' });
    const process = await pid();
    await until('the process is gone', () => !isAlive(process));
  });
});
