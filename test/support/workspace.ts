// A folder for one test file: raw input, lake, home. Everything that a test starts names it, so leftovers can be found.
import { mkdtempSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/setup/ports';
import { crash, processesOf } from './processes';
import { testTools } from './tools';

export type Workspace = {
  readonly folder: string;
  readonly raw: string;
  readonly lake: string;
  readonly home: string;
  /** Environment of everything started here: own home, own Temporal address, tools already found. */
  readonly env: NodeJS.ProcessEnv;
  readonly port: number;
  /** Ends what a failed test may have left running, then removes the folder. */
  readonly remove: () => Promise<void>;
};

export async function createWorkspace(name: string): Promise<Workspace> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `headgate-${name}-`)));
  mkdirSync(join(folder, 'home'));
  return workspaceIn(folder, join(folder, 'home'), await freePort(0));
}

/** Raw input and lake in a folder that is there; home and port may be those of a stack that runs. */
export async function workspaceIn(folder: string, home: string, port: number): Promise<Workspace> {
  const [raw, lake] = [join(folder, 'raw'), join(folder, 'lake')];
  for (const path of [raw, lake]) mkdirSync(path);
  const { python, jars, temporal } = await testTools();
  // A developer's own settings must not decide what the tests see.
  const inherited = Object.entries(process.env).filter(([key]) => !/^(HEADGATE_|TEMPORAL_|RAW$|LAKE$)/.test(key));
  const env = {
    ...Object.fromEntries(inherited),
    ...(process.env['HEADGATE_CACHE'] === undefined ? {} : { HEADGATE_CACHE: process.env['HEADGATE_CACHE'] }),
    HEADGATE_HOME: home,
    HEADGATE_PYTHON: python,
    HEADGATE_JARS: jars,
    HEADGATE_TEMPORAL: temporal,
    // Half a minute of both cores at each start of Spark; runtime/local-lifetime looks at it.
    HEADGATE_SPARK_WARM_UP: 'false',
    TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
    NO_COLOR: '1',
  };
  return { folder, raw, lake, home, env, port, remove: () => removeFolder(folder) };
}

async function removeFolder(folder: string): Promise<void> {
  for (const { pid } of processesOf(folder)) await crash(pid).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
}
