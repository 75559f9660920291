// Owns the S3 server of the tests and of the EMR emulator: S3Proxy's jars. How it is started is in test/emulators/s3.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Progress, SetupContext } from './context';
import { installOnce, readStamp, type Installation } from './install-once';
import { fetchJars, jarNames, type JarTools } from './jars';
import { s3ServerJars } from './pins';

function place(context: SetupContext): { dir: string; fingerprint: string } {
  const fingerprint = Object.entries(s3ServerJars).flat().join(' ');
  const key = createHash('sha256').update(fingerprint).digest('hex').slice(0, 8);
  return { dir: join(context.cache, 's3-server', key), fingerprint };
}

/** The folder with its jars. */
export async function findS3Server(context: SetupContext): Promise<string | undefined> {
  const { dir, fingerprint } = place(context);
  return (await readStamp(dir, fingerprint)) === undefined ? undefined : dir;
}

export async function installS3Server(context: SetupContext, tools: JarTools, progress: Progress): Promise<string> {
  const { dir, fingerprint } = place(context);
  const make: Installation['make'] = async (part, work) => {
    await fetchJars(context, { pins: s3ServerJars, into: part, work, tools, progress });
    return { checksummed: jarNames(s3ServerJars) };
  };
  await installOnce({ dir, fingerprint, needsBytes: 60_000_000, make }, progress);
  return dir;
}
