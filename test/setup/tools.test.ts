import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { diagnose } from '../../src/setup/doctor';
import { sparingly, type SetupTask } from '../../src/setup/reporter';
import { ensureTools, type ToolSet } from '../../src/setup/tools';
import { createRoom, installJava, removeRooms, type Answer, type Room } from './room';

afterEach(removeRooms);

const serverSays = { code: 0, stdout: 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)\n' };

/** A machine where the user brought Python, Java and Temporal; only the jars are ours to fetch. */
function machine(answer: Answer = () => undefined): Room {
  const room = createRoom((call) => {
    const made = answer(call);
    if (made !== undefined) return made;
    if (basename(call.command) === 'temporal') return serverSays;
    return call.command === '/own/python' ? { code: 0, stdout: '4.1.1\n/own/pyspark\n' } : undefined;
  });
  const { home } = installJava(room, 'jdk', '17.0.15');
  room.program('temporal');
  return room.withEnv({ JAVA_HOME: home, HEADGATE_PYTHON: '/own/python' });
}

async function titles(room: Room, set: ToolSet = 'runtime'): Promise<string[]> {
  const seen: string[] = [];
  const run = (tasks: readonly SetupTask[]): Promise<void> => {
    seen.push(...tasks.map(({ title }) => title));
    return Promise.reject(new Error('enough'));
  };
  await ensureTools(set, { reporter: { run } }, room).catch(() => undefined);
  return seen;
}

describe('ensureTools', () => {
  it('names everything that is missing in one error', async () => {
    const run = (): Promise<void> => Promise.reject(new Error('nothing may be installed'));
    await expect(ensureTools('runtime', { reporter: { run } }, createRoom())).rejects.toMatchObject({
      type: 'MissingTools',
      message: expect.stringMatching(/Java was found neither.*No python3/),
      remedy: expect.stringMatching(/Java 17 or 21.*Python 3\.11/),
    });
  });

  it('installs only what is missing', async () => {
    expect(await titles(machine())).toEqual(['Spark 4.1.1 jars', 'Spark class data']);
  });

  it.each<[ToolSet, string[]]>([
    ['test', []],
    ['every-spark', ['Python packages for Spark 3.5.6', 'Spark 3.5.6 jars']],
  ])('brings the other Spark only to a run of all tests: set %s', async (set, others) => {
    const room = machine((call) => (call.args.includes('-S') ? { code: 0, stdout: '3.11.7\n' } : undefined));
    room.program('python3');
    expect(await titles(room, set)).toEqual([
      'Spark 4.1.1 jars',
      'Spark class data',
      'Temporal test server',
      'S3 server of the tests',
      ...others,
    ]);
  });

  it('reports the failure of an installation to its caller', async () => {
    const room = machine((call) =>
      call.args.includes('org.apache.ivy.Main') ? { code: 1, stderr: 'no way' } : undefined,
    );
    await expect(ensureTools('runtime', { quiet: true }, room)).rejects.toMatchObject({ type: 'JarsNotFetched' });
  });
});

describe('diagnose', () => {
  const states = async (room: Room): Promise<Record<string, string>> =>
    Object.fromEntries((await diagnose(room)).map(({ name, state }) => [name, state]));

  it('tells an empty machine what is missing, each with its remedy', async () => {
    const findings = await diagnose(createRoom());
    const bad = findings.filter(({ state }) => state !== 'ok');
    expect(bad.map(({ name }) => name)).toEqual(['Java', 'Python', 'Python packages', 'Spark jars', 'Temporal server']);
    expect(bad.every(({ remedy }) => remedy !== undefined)).toBe(true);
  });

  it('tells what is there, and finds an old Java wrong', async () => {
    const room = machine();
    expect(await states(room)).toMatchObject({ Java: 'ok', 'Python packages': 'ok', 'Temporal server': 'ok' });
    const { home } = installJava(room, 'old', '11.0.1');
    expect(await states(room.withEnv({ JAVA_HOME: home }))).toMatchObject({ Java: 'wrong' });
  });

  it('takes an unfit variable of the user as a finding, not as a failure', async () => {
    const room = machine();
    mkdirSync(join(room.folder, 'own'));
    writeFileSync(join(room.folder, 'own', 'delta-spark_4.1_2.13-4.2.0.jar'), 'other');
    const findings = await diagnose(room.withEnv({ HEADGATE_JARS: join(room.folder, 'own') }));
    expect(findings.find(({ name }) => name === 'Spark jars')).toMatchObject({
      state: 'wrong',
      found: expect.stringContaining('sha256'),
    });
  });
});

describe('progress outside a terminal', () => {
  it('shows every step, and one detail in fifteen seconds', () => {
    let now = 0;
    let text = '';
    const progress = sparingly('Spark', { write: (line: string) => (text += line) }, () => now);
    progress('first', 'detail');
    now = 14_000;
    progress('second', 'detail');
    progress('a step');
    now = 29_000;
    progress('third', 'detail');
    expect(text).toBe('  Spark: first\n  Spark: a step\n  Spark: third\n');
  });
});
