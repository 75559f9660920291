// Owns Temporal's time-skipping test server: its jars, a class-data archive and the wrapper that the SDK starts. Tests only.
import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import type { Progress, SetupContext } from './context';
import { installOnce, readStamp, type Installation } from './install-once';
import { fetchJars, jarNames, type JarTools } from './jars';
import { testServerJars } from './pins';
import { freePort, isOpen } from './ports';
import { lastLines } from './shell';

const wrapper = 'temporal-test-server';
const archive = 'classes.jsa';

/** The archive belongs to one JVM, so another Java makes the installation anew. */
function place(context: SetupContext, javaVersion: string): { dir: string; fingerprint: string } {
  const fingerprint = [javaVersion, ...Object.entries(testServerJars).flat()].join(' ');
  return { dir: join(context.cache, 'test-server', `java-${javaVersion}`), fingerprint };
}

export async function findTestServer(context: SetupContext, javaVersion: string): Promise<string | undefined> {
  const { dir, fingerprint } = place(context, javaVersion);
  return (await readStamp(dir, fingerprint)) === undefined ? undefined : join(dir, wrapper);
}

export async function installTestServer(
  context: SetupContext,
  tools: JarTools & { readonly javaVersion: string },
  progress: Progress,
): Promise<string> {
  const { dir, fingerprint } = place(context, tools.javaVersion);
  const make: Installation['make'] = async (part, work) => {
    await fetchJars(context, { pins: testServerJars, into: part, work, tools, progress });
    progress('archiving its classes for a quick start');
    await writeFile(join(part, wrapper), script(tools.java));
    await chmod(join(part, wrapper), 0o755);
    await makeArchive(context, part, tools.java);
    return { checksummed: [...jarNames(testServerJars), wrapper], sized: [archive] };
  };
  await installOnce({ dir, fingerprint, needsBytes: 150_000_000, make }, progress);
  return join(dir, wrapper);
}

const jvmOptions = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** Names without a folder, so that the archive, which remembers the class path, survives the move into place. */
function classPath(): string {
  return jarNames(testServerJars).join(':');
}

/** `exec`, or the SDK would end the shell and leave the JVM behind. */
function script(java: string): string {
  return `#!/bin/sh
cd "$(dirname "$0")" || exit 1
exec '${java}' ${jvmOptions.join(' ')} -Xshare:auto -XX:SharedArchiveFile=${archive} \\
  -cp ${classPath()} io.temporal.testserver.TestServer "$@"
`;
}

/** Without the archive the server needs up to 5 s on a busy machine, which is as long as the SDK waits for it. */
async function makeArchive(context: SetupContext, dir: string, java: string): Promise<void> {
  const port = await freePort();
  const stop = new AbortController();
  const options = [...jvmOptions, `-XX:ArchiveClassesAtExit=${archive}`, '-cp', classPath()];
  const running = context.shell.run(java, [...options, 'io.temporal.testserver.TestServer', String(port)], {
    cwd: dir,
    stop: stop.signal,
    timeoutMs: 120_000,
  });
  await Promise.race([running, untilOpen(port, stop.signal)]);
  stop.abort();
  const result = await running;
  if (!existsSync(join(dir, archive))) {
    throw new HeadgateError({
      kind: 'infrastructure',
      type: 'TestServerFailed',
      message: `The time-skipping test server does not start:\n${lastLines(result)}`,
      remedy: 'Run `headgate doctor`; the message above is what Java said.',
    });
  }
}

async function untilOpen(port: number, stop: AbortSignal): Promise<void> {
  while (!stop.aborted && !(await isOpen(port))) await new Promise((resolve) => setTimeout(resolve, 100));
}
