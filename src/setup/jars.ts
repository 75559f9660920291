// Owns fetching of pinned jars: with the Ivy that Spark ships, else with Maven; each is checked against its checksum.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import { setting, type Progress, type SetupContext } from './context';
import { installOnce, readStamp, sha256 } from './install-once';
import { which } from './locate';
import { logStoreJar, makeLogStore, type LogStoreTools } from './log-store';
import type { JarPins, SparkLine } from './pins';
import { lastLines, type RunResult } from './shell';

export type JarTools = { readonly java: string; readonly sparkHome: string };

type Coordinate = { readonly group: string; readonly artifact: string; readonly version: string };

/** The folder with the pinned jars and our log store. */
export async function findSparkJars(context: SetupContext, line: SparkLine): Promise<string | undefined> {
  const own = await ownJars(context, line);
  if (own !== undefined && existsSync(join(own, logStoreJar(context)))) return own;
  const { dir, fingerprint } = sparkPlace(context, line);
  return (await readStamp(dir, fingerprint)) === undefined ? undefined : dir;
}

export async function installSparkJars(
  context: SetupContext,
  line: SparkLine,
  tools: JarTools & LogStoreTools,
  progress: Progress,
): Promise<string> {
  const own = await ownJars(context, line);
  const { dir, fingerprint } = sparkPlace(context, line);
  const names = jarNames(line.jars);
  const make = async (part: string, work: string): Promise<{ checksummed: readonly string[] }> => {
    if (own === undefined) await fetchJars(context, { pins: line.jars, into: part, work, tools, progress });
    else await Promise.all(names.map((name) => copyFile(join(own, name), join(part, name))));
    await makeLogStore(context, part, tools, progress);
    return { checksummed: [...names, logStoreJar(context)] };
  };
  await installOnce({ dir, fingerprint, needsBytes: 50_000_000, make }, progress);
  return dir;
}

/** What the user named, checked. It may lack our log store: then a folder in the cache holds both. */
async function ownJars(context: SetupContext, line: SparkLine): Promise<string | undefined> {
  const own = line.own && setting(context.env, line.own.jars);
  if (own !== undefined) await checkJars(line.jars, own);
  return own;
}

/** A folder per content: another release never changes the jars under a Spark that runs. */
function sparkPlace(context: SetupContext, line: SparkLine): { dir: string; fingerprint: string } {
  const fingerprint = [...Object.entries(line.jars).flat(), logStoreJar(context)].join(' ');
  const key = createHash('sha256').update(fingerprint).digest('hex').slice(0, 8);
  return { dir: join(context.cache, 'jars', `spark-${line.version}-${key}`), fingerprint };
}

export function jarNames(pins: JarPins): string[] {
  return Object.keys(pins).map((key) => jarName(parse(key)));
}

export type FetchInput = {
  readonly pins: JarPins;
  readonly into: string;
  readonly work: string;
  readonly tools: JarTools;
  readonly progress: Progress;
};

export async function fetchJars(context: SetupContext, input: FetchInput): Promise<void> {
  const { pins, into, progress } = input;
  const coordinates = Object.keys(pins).map(parse);
  progress(`fetching ${coordinates.length} jars`);
  const pom = await writePom(coordinates, input.work);
  const withIvy = await runIvy(context, pom, input);
  if (!isComplete(pins, into)) {
    const maven = await which(context, 'mvn');
    const withMaven = maven === undefined ? undefined : await runMaven(context, maven, pom, input);
    if (!isComplete(pins, into)) throw notFetched(withIvy, withMaven);
  }
  await checkJars(pins, into);
}

/** What both Ivy and Maven read. Neither may follow dependencies: the list is the closure. */
async function writePom(wanted: readonly Coordinate[], folder: string): Promise<string> {
  const file = join(folder, 'pom.xml');
  const lines = wanted.map(
    ({ group, artifact, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  await writeFile(
    file,
    `<project><modelVersion>4.0.0</modelVersion><groupId>headgate</groupId><artifactId>jars</artifactId>` +
      `<version>1</version><packaging>pom</packaging><dependencies>${lines.join('')}</dependencies></project>`,
  );
  return file;
}

/** Ivy is in Spark's own jars and starts without Spark. */
async function runIvy(context: SetupContext, pom: string, input: FetchInput): Promise<RunResult> {
  const { java, sparkHome } = input.tools;
  return context.shell.run(
    java,
    [
      `-Divy.default.ivy.user.dir=${join(input.work, 'ivy')}`,
      ...proxySettings(context),
      ...['-cp', join(sparkHome, 'jars', '*'), 'org.apache.ivy.Main', '-ivy', pom],
      ...['-notransitive', '-confs', 'compile'],
      ...['-cache', join(input.work, 'ivy-cache'), '-m2compatible'],
      ...['-retrieve', join(input.into, '[artifact]-[revision].[ext]')],
    ],
    { timeoutMs: 600_000, onLine: (line) => announce(line, input.progress) },
  );
}

function announce(line: string, progress: Progress): void {
  const jar = /^downloading .*\/([^/ ]+\.jar) /.exec(line)?.[1];
  if (jar !== undefined) progress(jar, 'detail');
}

/** Java does not read the proxy variables that every other downloader honours. */
function proxySettings(context: SetupContext): string[] {
  const proxy = setting(context.env, 'HTTPS_PROXY') ?? setting(context.env, 'https_proxy');
  if (proxy === undefined || !URL.canParse(proxy)) return [];
  const { hostname, port } = new URL(proxy);
  return [`-Dhttps.proxyHost=${hostname}`, `-Dhttps.proxyPort=${port === '' ? '80' : port}`];
}

async function runMaven(context: SetupContext, maven: string, pom: string, input: FetchInput): Promise<RunResult> {
  input.progress('trying Maven');
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = ['-B', '-q', '-f', pom, goal, '-DexcludeTransitive=true'];
  const repository = `-Dmaven.repo.local=${join(input.work, 'maven-repository')}`;
  return context.shell.run(maven, [...args, repository, `-DoutputDirectory=${input.into}`], { timeoutMs: 600_000 });
}

function isComplete(pins: JarPins, folder: string): boolean {
  return jarNames(pins).every((name) => existsSync(join(folder, name)));
}

/** Every jar must be the one we pinned. */
async function checkJars(pins: JarPins, folder: string): Promise<void> {
  for (const [key, expected] of Object.entries(pins)) {
    const jar = join(folder, jarName(parse(key)));
    const found = await sha256(jar).catch(() => undefined);
    if (found === expected) continue;
    throw new HeadgateError({
      kind: 'config',
      type: found === undefined ? 'MissingJar' : 'ChecksumMismatch',
      message: found === undefined ? `${jar} is missing.` : `${jar} is not the pinned ${key}: its sha256 is ${found}.`,
      remedy: 'Do not use it. Delete the folder and start again; if it comes back, ask who serves your packages.',
      fields: { jar, expected, found },
    });
  }
}

function notFetched(ivy: RunResult, maven: RunResult | undefined): HeadgateError {
  const tried = maven === undefined ? 'Ivy, and mvn is not on PATH' : 'Ivy and Maven';
  return new HeadgateError({
    kind: 'infrastructure',
    type: 'JarsNotFetched',
    message: `The jars could not be fetched (tried ${tried}):\n${lastLines(maven ?? ivy)}`,
    remedy:
      'Check that this machine reaches the Maven repository (or set it up in ~/.m2/settings.xml and install mvn).',
  });
}

function parse(key: string): Coordinate {
  const [group = '', artifact = '', version = ''] = key.split(':');
  return { group, artifact, version };
}

function jarName({ artifact, version }: Coordinate): string {
  return `${artifact}-${version}.jar`;
}
