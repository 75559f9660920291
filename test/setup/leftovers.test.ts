import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { endLeftovers, runVariable } from '../../src/setup/leftovers';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

function start(runId: string): ReturnType<typeof spawn> {
  const env = { ...process.env, [runVariable]: runId };
  return spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env, stdio: 'ignore' });
}

describeOnLinux('endLeftovers', () => {
  it('names and ends what a test run left running, and nothing of another run', async () => {
    const [mine, other] = [start('mine'), start('other')];
    try {
      await Promise.all([once(mine, 'spawn'), once(other, 'spawn')]);
      const ended = once(mine, 'exit');
      const left = await endLeftovers('mine', 0);
      expect(left.map(({ pid }) => pid)).toEqual([mine.pid]);
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect(other.exitCode).toBeNull();
    } finally {
      mine.kill('SIGKILL');
      other.kill('SIGKILL');
    }
  });

  it('gives a process that is about to end its time', async () => {
    const child = start('ending');
    await once(child, 'spawn');
    setTimeout(() => child.kill('SIGTERM'), 50);
    expect(await endLeftovers('ending', 10_000)).toEqual([]);
  });
});
