// Owns finding Java and Python on this machine. A finding is a value, never an exception: set-up and doctor both read it.
import { access, constants, readFile, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setting, type SetupContext } from './context';
import { supported } from './pins';

export type Located =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  | { readonly kind: 'wrong'; readonly path: string; readonly problem: string; readonly remedy: string }
  | { readonly kind: 'missing'; readonly problem: string; readonly remedy: string };

export async function which(context: SetupContext, name: string): Promise<string | undefined> {
  for (const folder of (setting(context.env, 'PATH') ?? '').split(delimiter)) {
    if (folder !== '' && (await isExecutable(join(folder, name)))) return join(folder, name);
  }
  return undefined;
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

const javaRemedy = 'Install Java 17 or 21 (a JRE will do), or set JAVA_HOME to one.';

export async function findJava(context: SetupContext): Promise<Located> {
  const home = setting(context.env, 'JAVA_HOME');
  const candidates = [home === undefined ? undefined : join(home, 'bin', 'java'), await which(context, 'java')];
  let refused: Located | undefined;
  for (const path of candidates) {
    if (path === undefined || !(await isExecutable(path))) continue;
    const version = await javaVersion(context, path);
    const major = Number.parseInt(version ?? '', 10);
    if (version !== undefined && major >= supported.java.from && major < supported.java.below) {
      return { kind: 'found', path, version };
    }
    refused ??= {
      kind: 'wrong',
      path,
      problem: `${path} is Java ${version ?? 'of an unknown version'}; Spark needs 17 or 21.`,
      remedy: javaRemedy,
    };
  }
  return (
    refused ?? { kind: 'missing', problem: 'Java was found neither by JAVA_HOME nor on PATH.', remedy: javaRemedy }
  );
}

/** The `release` file answers without starting a JVM, which would cost a tenth of a second on every start. */
async function javaVersion(context: SetupContext, java: string): Promise<string | undefined> {
  const real = await realpath(java).catch(() => java);
  const release = await readFile(join(dirname(dirname(real)), 'release'), 'utf8').catch(() => '');
  const written = /^JAVA_VERSION="([^"]+)"/m.exec(release)?.[1];
  if (written !== undefined) return written;
  const result = await context.shell.run(java, ['-version'], { timeoutMs: 20_000 });
  return /version "([^"]+)"/.exec(result.stderr + result.stdout)?.[1];
}

/** The folder that JAVA_HOME would name, when `java` lies in one. */
export async function javaHomeOf(java: string): Promise<string | undefined> {
  const real = await realpath(java).catch(() => java);
  const home = dirname(dirname(real));
  return (await isExecutable(join(home, 'bin', 'java'))) ? home : undefined;
}

const pythonRemedy =
  'Install Python 3.11 to 3.14 (with its venv module), or set HEADGATE_PYTHON to one that has the packages.';

/** A Python to make the environment from; the environment itself is checked elsewhere. */
export async function findPython(context: SetupContext): Promise<Located> {
  const names = ['python3', ...range(supported.python.from, supported.python.below).map((minor) => `python3.${minor}`)];
  let refused: Located | undefined;
  for (const name of names) {
    const path = await which(context, name);
    if (path === undefined) continue;
    const version = await pythonVersion(context, path);
    if (version !== undefined && isSupportedPython(version)) return { kind: 'found', path, version };
    refused ??= {
      kind: 'wrong',
      path,
      problem: `${path} is Python ${version ?? 'of an unknown version'}; Headgate needs 3.11 to 3.14.`,
      remedy: pythonRemedy,
    };
  }
  return refused ?? { kind: 'missing', problem: 'No python3 was found on PATH.', remedy: pythonRemedy };
}

export async function pythonVersion(context: SetupContext, python: string): Promise<string | undefined> {
  const print = 'import platform; print(platform.python_version())';
  const result = await context.shell.run(python, ['-I', '-S', '-c', print], { timeoutMs: 20_000 });
  return result.code === 0 ? result.stdout.trim() : undefined;
}

function isSupportedPython(version: string): boolean {
  const [major, minor] = version.split('.').map(Number);
  return major === 3 && minor !== undefined && minor >= supported.python.from && minor < supported.python.below;
}

/** Is `version` the same as or newer than `least`? Both are dotted numbers; what follows them is ignored. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, want] = [version, least].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  for (const [index, wanted] of (want ?? []).entries()) {
    const difference = (have?.[index] ?? 0) - wanted;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function range(from: number, below: number): number[] {
  return Array.from({ length: below - from }, (_, index) => from + index);
}
