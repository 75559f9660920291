// Owns `npm run check:spark`: format, lint, types and unit tests of the Python side, in the installed environment.
import { join } from 'node:path';
import { createContext } from './context';
import { ensureTools } from './tools';

/** Seen from `spark`. */
const folders = ['.', join('..', 'bench', 'spark'), join('..', 'test', 'emulators')];
const checks = [
  ['ruff', 'format', '--check', ...folders],
  ['ruff', 'check', ...folders],
  ['mypy', '--strict'],
  ['pytest', join('tests', 'unit')],
];
const repairs = [
  ['ruff', 'format', ...folders],
  ['ruff', 'check', '--fix', ...folders],
];

/** Silent when all is well. `--fix` repairs what ruff can repair, and checks nothing else. */
export async function checkSpark(args: readonly string[]): Promise<void> {
  const context = createContext();
  const { python } = await ensureTools('test');
  const start = async (command: readonly string[]): Promise<boolean> => {
    const cwd = join(context.root, 'spark');
    const { code, stdout, stderr } = await context.shell.run(python, ['-m', ...command], { cwd });
    if (code !== 0) console.error(`${command.join(' ')}\n${stdout}${stderr}`);
    return code === 0;
  };
  if (args.includes('--fix')) for (const repair of repairs) await start(repair);
  else {
    const passed = await Promise.all(checks.map(start));
    process.exitCode = passed.every(Boolean) ? 0 : 1;
  }
}
