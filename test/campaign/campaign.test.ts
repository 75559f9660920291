// The fixed part of the campaign: the same trials each time, against the model. In a process of its own: what a trial leaves
// unanswered (a command that follows a run that was terminated) goes on asking, and would disturb the tests after it.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../support/tools';

const trials = 30;

test(`what users do, and what happens to them meanwhile, breaks no promise in ${trials} trials`, async () => {
  const program = join(projectRoot, 'src', 'setup', 'bootstrap.cjs');
  const played = await promisify(execFile)(
    process.execPath,
    [program, 'campaign', '--trials', String(trials), '--seed', '1', '--lanes', '1'],
    { cwd: projectRoot, maxBuffer: 1 << 26 },
  ).catch((error: Error & { readonly stdout?: string }) => ({ stdout: error.stdout ?? error.message }));
  expect(played.stdout).toMatch(new RegExp(`^${trials} trials .* 0 kinds of violations$`, 'm'));
}, 300_000);
