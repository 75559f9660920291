// Owns the Python environment of a Spark: pinned packages with hashes, in the user's cache. Never touches a Python of the system.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import { setting, type Progress, type SetupContext } from './context';
import { installOnce, readStamp, withLock, writeStamp, type Installation } from './install-once';
import { findPython, pythonVersion } from './locate';
import type { SparkLine } from './pins';
import { lastLines, type RunResult } from './shell';

export type PythonEnv = { readonly python: string; readonly sparkHome: string };

const testStamp = '.headgate-test.json';
const neededBytes = 2_000_000_000;

/** The environment when it is complete; with `tests` also the test packages must be in it. */
export async function findPythonEnv(
  context: SetupContext,
  line: SparkLine,
  tests: boolean,
): Promise<PythonEnv | undefined> {
  const own = line.own && setting(context.env, line.own.python);
  if (own !== undefined) return ownPython(context, line, own);
  const { dir, fingerprint } = await envPlace(context, line);
  const [runtime, test] = await Promise.all([
    readStamp(dir, fingerprint),
    tests ? readStamp(dir, await lockHash(context, 'requirements-test.lock'), testStamp) : undefined,
  ]);
  if (runtime === undefined || (tests && test === undefined)) return undefined;
  const python = join(dir, 'bin', 'python');
  // the link may lead to another Python by now, which would not see these packages
  return (await pythonVersion(context, python)) === runtime.details['python'] ? describe(dir) : undefined;
}

export async function installPythonEnv(
  context: SetupContext,
  line: SparkLine,
  tests: boolean,
  progress: Progress,
): Promise<PythonEnv> {
  const { dir, fingerprint } = await envPlace(context, line);
  if (existsSync(dir) && (await findPythonEnv(context, line, false)) === undefined) {
    // complete by its stamp, but not usable: its Python has moved
    await withLock(`${dir}.lock`, progress, async () => void (await writeStamp(dir, 'unusable', {})));
  }
  const make: Installation['make'] = (part, work) => makeEnv(context, { lock: line.lock, env: part, work, progress });
  await installOnce({ dir, fingerprint, needsBytes: neededBytes, make }, progress);
  if (tests) await addTestPackages(context, dir, progress);
  return describe(dir);
}

async function makeEnv(context: SetupContext, wanted: Omit<LockInstall, 'uv'>): ReturnType<Installation['make']> {
  const { env, work, progress } = wanted;
  const base = await findPython(context);
  if (base.kind !== 'found') {
    throw new HeadgateError({ kind: 'config', type: 'MissingPython', message: base.problem, remedy: base.remedy });
  }
  const uv = await installUv(context, base.path, work, progress);
  progress(`making an environment with Python ${base.version}`);
  const venv = ['venv', '-q', '--relocatable', '--allow-existing', '--python', base.path, env];
  const made = await context.shell.run(uv, venv, { env: uvSettings(context, work) });
  if (made.code !== 0) throw refused('making the Python environment', made);
  await installLock(context, { uv, ...wanted });
  const spark = sitePackage(env, 'pyspark');
  const jars = readdirSync(join(env, spark, 'jars')).map((name) => join(spark, 'jars', name));
  const records = readdirSync(join(env, spark, '..'))
    .filter((name) => name.endsWith('.dist-info'))
    .map((name) => join(spark, '..', name, 'RECORD'));
  const python = await pythonVersion(context, join(env, 'bin', 'python'));
  if (python === undefined) throw refused('starting the new Python', made);
  return { details: { python }, sized: [...jars, ...records, 'pyvenv.cfg'] };
}

/** Test packages go into the same environment: a second one would cost another half gigabyte for the same Spark. */
async function addTestPackages(context: SetupContext, dir: string, progress: Progress): Promise<void> {
  const fingerprint = await lockHash(context, 'requirements-test.lock');
  await withLock(`${dir}.lock`, progress, async () => {
    if ((await readStamp(dir, fingerprint, testStamp)) !== undefined) return;
    await withWorkFolder(`${dir}.part-${process.pid}-work`, async (work) => {
      const uv = await installUv(context, join(dir, 'bin', 'python'), work, progress);
      await installLock(context, { uv, env: dir, lock: 'requirements-test.lock', work, progress });
    });
    const spark = sitePackage(dir, 'pyspark');
    const added = ['duckdb', 'pytest', 'mypy'].map((name) => join(spark, '..', name, '__init__.py'));
    await writeStamp(dir, fingerprint, { sized: [...added, join('bin', 'ruff')] }, testStamp);
  });
}

async function withWorkFolder(work: string, act: (work: string) => Promise<void>): Promise<void> {
  const { mkdir, rm } = await import('node:fs/promises');
  try {
    await mkdir(work, { recursive: true });
    await act(work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** uv installs in a third of pip's time. It lives only as long as the installation. */
async function installUv(context: SetupContext, python: string, work: string, progress: Progress): Promise<string> {
  const tool = join(work, 'uv');
  progress('fetching uv, the package installer');
  const lock = join(context.root, 'spark', 'requirements-uv.lock');
  const venv = await context.shell.run(python, ['-I', '-m', 'venv', tool]);
  if (venv.code !== 0) {
    throw new HeadgateError({
      kind: 'config',
      type: 'MissingVenv',
      message: `${python} cannot make virtual environments.\n${lastLines(venv)}`,
      remedy: 'Install its venv module (on Debian and Ubuntu: apt install python3-venv).',
      fields: { python },
    });
  }
  const pip = ['-I', '-m', 'pip', 'install', '-q', '--no-cache-dir', '--disable-pip-version-check', '--require-hashes'];
  const installed = await context.shell.run(join(tool, 'bin', 'python'), [...pip, '-r', lock]);
  if (installed.code !== 0) throw refused('fetching uv', installed);
  return join(tool, 'bin', 'uv');
}

type LockInstall = {
  readonly uv: string;
  readonly env: string;
  readonly lock: string;
  readonly work: string;
  readonly progress: Progress;
};

async function installLock(context: SetupContext, input: LockInstall): Promise<void> {
  const { uv, env, work, progress } = input;
  const python = join(env, 'bin', 'python');
  const lock = join(context.root, 'spark', input.lock);
  const onLine = (line: string): void => {
    if (/^\s*(Downloading|Building|Prepared|Installed|Collecting)/.test(line)) progress(line.trim(), 'detail');
  };
  progress('installing the Python packages (pyspark is 320 to 430 MB)');
  const build = ['--build-constraints', join(context.root, 'spark', 'requirements-build.txt')];
  const withUv = await context.shell.run(
    uv,
    ['pip', 'install', '--python', python, '--require-hashes', '--compile-bytecode', ...build, '-r', lock],
    { env: uvSettings(context, work), onLine },
  );
  if (withUv.code === 0) return;
  progress('uv failed, trying pip');
  const pip = ['-I', '-m', 'pip', '--python', python, 'install', '--no-cache-dir', '--require-hashes', '-r', lock];
  const withPip = await context.shell.run(join(uv, '..', 'python'), pip, { onLine, env: { TMPDIR: work } });
  if (withPip.code !== 0) throw refused('installing the Python packages', withUv, withPip);
}

/** A user's own uv cache is used when there is one; else nothing of 1.9 GB is left behind. */
function uvSettings(context: SetupContext, work: string): Record<string, string> {
  const home = setting(context.env, 'XDG_CACHE_HOME') ?? join(setting(context.env, 'HOME') ?? '/', '.cache');
  const hasOwn = setting(context.env, 'UV_CACHE_DIR') !== undefined || existsSync(join(home, 'uv', 'CACHEDIR.TAG'));
  return { UV_NO_PROGRESS: '1', ...(hasOwn ? {} : { UV_CACHE_DIR: join(work, 'uv-cache') }) };
}

function refused(doing: string, ...results: readonly RunResult[]): HeadgateError {
  return new HeadgateError({
    kind: 'infrastructure',
    type: 'PythonSetupFailed',
    message: `${doing} failed:\n${results.map((result) => lastLines(result)).join('\n')}`,
    remedy: 'Check that this machine reaches the Python package index, then start again: what is complete is kept.',
  });
}

async function envPlace(context: SetupContext, line: SparkLine): Promise<{ dir: string; fingerprint: string }> {
  const fingerprint = await lockHash(context, line.lock);
  return { dir: join(context.cache, 'python', fingerprint.slice(0, 12)), fingerprint };
}

async function lockHash(context: SetupContext, lock: string): Promise<string> {
  const text = await readFile(join(context.root, 'spark', lock));
  return createHash('sha256').update(text).digest('hex');
}

function describe(env: string): PythonEnv {
  return { python: join(env, 'bin', 'python'), sparkHome: join(env, sitePackage(env, 'pyspark')) };
}

/** Where a package lies, relative to the environment. */
function sitePackage(env: string, name: string): string {
  const version = readFileSync(join(env, 'pyvenv.cfg'), 'utf8').match(/^version(?:_info)? *= *(\d+\.\d+)/m)?.[1];
  return join('lib', `python${version ?? '3'}`, 'site-packages', name);
}

async function ownPython(context: SetupContext, line: SparkLine, python: string): Promise<PythonEnv> {
  // looked up and not imported: importing pyspark takes most of a second
  const ask = `from importlib.metadata import version; from importlib.util import find_spec
version('deltalake'); print(version('pyspark')); print(find_spec('pyspark').submodule_search_locations[0])`;
  const result = await context.shell.run(python, ['-c', ask], { timeoutMs: 60_000 });
  const [version, sparkHome] = result.stdout.trim().split('\n');
  if (result.code === 0 && version === line.version && sparkHome !== undefined) return { python, sparkHome };
  throw new HeadgateError({
    kind: 'config',
    type: 'UnfitPython',
    message: `HEADGATE_PYTHON=${python} does not have what is needed: ${version ? `pyspark ${version}` : lastLines(result, 1)}.`,
    remedy: `Install spark/${line.lock} into it (pyspark ${line.version}), or unset HEADGATE_PYTHON.`,
    fields: { python },
  });
}
