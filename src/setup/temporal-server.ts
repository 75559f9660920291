// Owns the Temporal dev server's program: on PATH, else Temporal's own download, else built with Go. Never starts it for use.
import { chmodSync, existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import { setting, type Progress, type SetupContext } from './context';
import { demandSpace, installOnce, readStamp, sha256, type Installation } from './install-once';
import { isAtLeast, which } from './locate';
import { supported, temporalCli } from './pins';
import { lastLines, type RunResult } from './shell';

export type TemporalServer = { readonly path: string; readonly serverVersion: string };

const fingerprint = `temporal ${temporalCli.version}`;
const neededBytes = 500_000_000;
const neededForBuild = 4_000_000_000;

export async function findTemporal(context: SetupContext): Promise<TemporalServer | undefined> {
  const own = setting(context.env, 'HEADGATE_TEMPORAL');
  if (own !== undefined) return ownTemporal(context, own);
  const dir = place(context);
  const stamp = await readStamp(dir, fingerprint);
  const onPath = stamp === undefined ? await which(context, 'temporal') : undefined;
  const versionOnPath = onPath === undefined ? undefined : await serverVersion(context, onPath);
  if (onPath !== undefined && versionOnPath !== undefined && isAtLeast(versionOnPath, supported.temporalServer)) {
    return { path: onPath, serverVersion: versionOnPath };
  }
  return stamp === undefined
    ? undefined
    : { path: join(dir, 'temporal'), serverVersion: stamp.details['server'] ?? '' };
}

async function ownTemporal(context: SetupContext, path: string): Promise<TemporalServer> {
  const version = await serverVersion(context, path);
  if (version !== undefined && isAtLeast(version, supported.temporalServer)) return { path, serverVersion: version };
  throw new HeadgateError({
    kind: 'config',
    type: 'UnfitTemporal',
    message: `HEADGATE_TEMPORAL=${path} ${version === undefined ? 'does not tell its version' : `is server ${version}`}.`,
    remedy: `Set it to a Temporal CLI with server ${supported.temporalServer} or newer, or unset it.`,
    fields: { path },
  });
}

/** A CLI that was built from source calls itself 0.0.0-DEV, so it is judged by the server inside. */
async function serverVersion(context: SetupContext, path: string): Promise<string | undefined> {
  const result = await context.shell.run(path, ['--version'], { timeoutMs: 20_000 });
  return result.code === 0 ? /Server (\d+\.\d+\.\d+)/.exec(result.stdout)?.[1] : undefined;
}

export async function installTemporal(context: SetupContext, progress: Progress): Promise<TemporalServer> {
  const dir = place(context);
  const make: Installation['make'] = async (part, work) => {
    const program = join(part, 'temporal');
    const download = await downloadServer(context, part, progress);
    const build = existsSync(program) ? undefined : await buildWithGo(context, part, work, progress);
    const server = existsSync(program) ? await serverVersion(context, program) : undefined;
    if (server === undefined) throw notInstalled(download, build);
    if (build === undefined) await demandDownload(context, program, server, progress);
    return { details: { server, from: build === undefined ? 'download' : 'go' }, checksummed: ['temporal'] };
  };
  const stamp = await installOnce({ dir, fingerprint, needsBytes: neededBytes, make }, progress);
  return { path: join(dir, 'temporal'), serverVersion: stamp.details['server'] ?? '' };
}

/**
 * Temporal publishes no checksum with its download, so it is taken on the word of TLS: its version is compared, and its
 * checksum where whoever runs this machine gives one. Go compares what it builds with its checksum database by itself.
 */
async function demandDownload(
  context: SetupContext,
  program: string,
  server: string,
  progress: Progress,
): Promise<void> {
  const found = await sha256(program);
  const wanted = setting(context.env, 'HEADGATE_TEMPORAL_SHA256')?.toLowerCase();
  if (server === temporalCli.server && (wanted === undefined || wanted === found)) {
    progress(
      `SHA-256 ${found}, ${wanted === undefined ? 'compared with nothing' : 'as HEADGATE_TEMPORAL_SHA256 says'}`,
    );
    return;
  }
  throw new HeadgateError({
    kind: 'config',
    type: 'ChecksumMismatch',
    message: `The download of the Temporal CLI ${temporalCli.version} is not what it should be: server ${server} (${temporalCli.server}), SHA-256 ${found} (${wanted ?? 'not given'}).`,
    remedy: 'Do not use it; ask who serves your downloads, or put a `temporal` that you trust on PATH.',
    fields: { server, sha256: found, wanted },
  });
}

/** The SDK's own download, in a process of its own: it may hang on a line that swallows packets. */
async function downloadServer(context: SetupContext, part: string, progress: Progress): Promise<RunResult> {
  progress(`downloading the Temporal CLI ${temporalCli.version}`);
  const script = join(__dirname, 'download-temporal.cjs');
  const args = [script, part, `v${temporalCli.version}`];
  const result = await context.shell.run(process.execPath, args, { cwd: context.root, timeoutMs: 180_000 });
  const [file] = result.code === 0 ? readdirSync(part) : [];
  if (file !== undefined) {
    renameSync(join(part, file), join(part, 'temporal'));
    chmodSync(join(part, 'temporal'), 0o755);
  }
  return result;
}

async function buildWithGo(
  context: SetupContext,
  part: string,
  work: string,
  progress: Progress,
): Promise<RunResult | undefined> {
  const go = await which(context, 'go');
  if (go === undefined) return undefined;
  await demandSpace(work, neededForBuild);
  progress('no download: building it with Go instead (2 to 4 minutes, once)');
  let packages = 0;
  const target = `${temporalCli.module}@v${temporalCli.version}`;
  const result = await context.shell.run(go, ['install', '-v', '-trimpath', '-ldflags', '-s -w', target], {
    env: { GOBIN: part, CGO_ENABLED: '0', ...(await goFolders(context, go, work)) },
    timeoutMs: 1_800_000,
    onLine: (line) => {
      packages += line.startsWith('go: ') ? 0 : 1;
      progress(line.startsWith('go: ') ? line : `compiled ${packages} packages`, 'detail');
    },
  });
  return result;
}

/** Who builds with Go already has these modules cached; else 3 GB would stay behind for one program. */
async function goFolders(context: SetupContext, go: string, work: string): Promise<Record<string, string>> {
  const asked = await context.shell.run(go, ['env', 'GOMODCACHE']);
  const own = join(asked.stdout.trim(), 'cache', 'download', 'github.com', 'temporalio', 'cli');
  if (asked.code === 0 && existsSync(own)) return {};
  return { GOMODCACHE: join(work, 'modules'), GOCACHE: join(work, 'objects'), GOFLAGS: '-modcacherw' };
}

function notInstalled(download: RunResult, build: RunResult | undefined): HeadgateError {
  const go = build === undefined ? 'go is not on PATH' : lastLines(build, 3);
  return new HeadgateError({
    kind: 'infrastructure',
    type: 'MissingTemporal',
    message: `The Temporal CLI could not be had. Download: ${lastLines(download, 1)}. Build with Go: ${go}.`,
    remedy:
      `Do one of three things: put \`temporal\` (server ${supported.temporalServer} or newer) on PATH; ` +
      `let this machine reach Temporal's download; install Go ${supported.go.major}.${supported.go.minor} or newer.`,
  });
}

function place(context: SetupContext): string {
  return join(context.cache, 'temporal', temporalCli.version);
}
