// Owns the findings of `headgate doctor`: what is here, what is missing, and the remedy. Installs and changes nothing.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import { createContext, type SetupContext } from './context';
import { damagedFiles, freeBytes, inMiB } from './install-once';
import { findSparkJars } from './jars';
import { findJava, findPython, type Located } from './locate';
import { ownSpark } from './pins';
import { isOpen } from './ports';
import { findPythonEnv } from './python-env';
import { findTemporal } from './temporal-server';

export type Finding = {
  readonly name: string;
  readonly state: 'ok' | 'missing' | 'wrong';
  /** Version and place of what was found, or what is wrong with it. */
  readonly found?: string;
  readonly remedy?: string;
};

const installs = 'Run `headgate demo`: it installs this.';
const leastDiskBytes = 2_000_000_000;
const leastMemoryBytes = 3 * 1024 ** 3;
const temporalPorts = { server: 7233, ui: 8233 } as const;

export async function diagnose(context: SetupContext = createContext()): Promise<Finding[]> {
  const [java, python] = await Promise.all([findJava(context), findPython(context)]);
  return Promise.all([
    Promise.resolve(nodeFinding(process.versions.node)),
    Promise.resolve(located('Java', java)),
    Promise.resolve(located('Python', python)),
    checked('Python packages', async () => {
      const env = await findPythonEnv(context, ownSpark, false);
      return env === undefined ? undefined : { text: `pyspark ${ownSpark.version}, ${env.python}` };
    }),
    checked('Spark jars', async () => {
      const jars = await findSparkJars(context, ownSpark);
      return jars === undefined ? undefined : { text: jars, dir: jars };
    }),
    checked('Temporal server', async () => {
      const temporal = await findTemporal(context);
      if (temporal === undefined) return undefined;
      return { text: `${temporal.serverVersion}, ${temporal.path}`, dir: dirname(temporal.path) };
    }),
    disk(context.cache),
    memory(),
    port('Temporal port', temporalPorts.server),
    port('Temporal UI port', temporalPorts.ui),
  ]);
}

/** Releases of the AWS SDK from January 2027 on want Node 22, and so will ours. */
export function nodeFinding(version: string): Finding {
  const isOld = Number(version.split('.')[0]) < 22;
  const found = isOld ? `${version}; supported until January 2027, from then on Headgate needs 22` : version;
  return { name: 'Node.js', state: 'ok', found };
}

function located(name: string, found: Located): Finding {
  if (found.kind === 'found') return { name, state: 'ok', found: `${found.version}, ${found.path}` };
  return { name, state: found.kind, found: found.problem, remedy: found.remedy };
}

type Present = { readonly text: string; readonly dir?: string };

/** Something that set-up installs, or that the user named by a variable: then its error is the finding. */
async function checked(name: string, find: () => Promise<Present | undefined>): Promise<Finding> {
  try {
    const present = await find();
    if (present === undefined) return { name, state: 'missing', remedy: installs };
    const damaged = present.dir === undefined ? [] : await damagedFiles(present.dir);
    if (damaged.length === 0) return { name, state: 'ok', found: present.text };
    const remedy = `Delete ${present.dir}, then run \`headgate demo\`.`;
    return { name, state: 'wrong', found: `damaged: ${damaged.join(', ')}`, remedy };
  } catch (error) {
    if (error instanceof HeadgateError) return { name, state: 'wrong', found: error.message, remedy: error.remedy };
    throw error;
  }
}

async function disk(cache: string): Promise<Finding> {
  let folder = cache;
  while (!existsSync(folder)) folder = dirname(folder);
  const free = await freeBytes(folder);
  const found = `${inMiB(free)} MiB free for ${cache}`;
  if (free >= leastDiskBytes) return { name: 'Disk', state: 'ok', found };
  return { name: 'Disk', state: 'wrong', found, remedy: 'Free 2 GB, or set HEADGATE_CACHE to a larger disk.' };
}

async function memory(): Promise<Finding> {
  // in a container the limit counts, not what the machine has
  const limit = Number((await readFile('/sys/fs/cgroup/memory.max', 'utf8').catch(() => '')).trim());
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const found = `${inMiB(total)} MiB`;
  if (total >= leastMemoryBytes) return { name: 'Memory', state: 'ok', found };
  return { name: 'Memory', state: 'wrong', found, remedy: 'Give this machine or container at least 3 GiB.' };
}

async function port(name: string, number: number): Promise<Finding> {
  const taken = await isOpen(number);
  const found = taken ? `${number} is in use; a Temporal server that answers there will be used` : `${number} is free`;
  return { name, state: 'ok', found };
}
