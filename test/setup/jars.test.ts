import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchJars, findSparkJars, installSparkJars, jarNames } from '../../src/setup/jars';
import { logStoreJar, logStoreSources } from '../../src/setup/log-store';
import { emr7Spark, ownSpark, testServerJars } from '../../src/setup/pins';
import { createRoom, removeRooms, silent, type Answer, type Call, type Room } from './room';

afterEach(removeRooms);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const pins = { 'org.a:one:1.0': sha256('one'), 'org.b:two:2.0': sha256('two') };

const isIvy = ({ args }: Call): boolean => args.includes('org.apache.ivy.Main');

/** Plays Ivy, or Maven: puts these jars where the program was told to. */
function deliver(call: Call, jars: Readonly<Record<string, string>>): { code: number } {
  const retrieve = call.args[call.args.indexOf('-retrieve') + 1] ?? '';
  const output = call.args.find((arg) => arg.startsWith('-DoutputDirectory='))?.slice('-DoutputDirectory='.length);
  const folder = output ?? join(retrieve, '..');
  for (const [name, text] of Object.entries(jars)) writeFileSync(join(folder, name), text);
  return { code: 0 };
}

async function fetchWith(answer: Answer, prepare: (room: Room) => void = silent): Promise<Room> {
  const room = createRoom(answer);
  const [into, work] = [join(room.folder, 'into'), join(room.folder, 'work')];
  for (const folder of [into, work]) mkdirSync(folder);
  prepare(room);
  const tools = { java: 'java', sparkHome: '/spark' };
  await fetchJars(room, { pins, into, work, tools, progress: silent });
  return room;
}

/** Plays the Python that compiles our log store: into the folder that it was told. */
function compile(call: Call, context: Pick<Room, 'root'>): { code: number } {
  writeFileSync(join(call.args[call.args.indexOf('headgate_spark.log_store') + 1] ?? '', logStoreJar(context)), 'ours');
  return { code: 0 };
}

const isCompiler = ({ args }: Call): boolean => args.includes('headgate_spark.log_store');
const tools = { java: 'java', sparkHome: '/s', python: 'python' };

const good = { 'one-1.0.jar': 'one', 'two-2.0.jar': 'two' };

describe('fetchJars', () => {
  it('asks the Ivy inside Spark for exactly the pinned jars', async () => {
    const room = await fetchWith((call) => deliver(call, good));
    expect(room.calls).toHaveLength(1);
    expect(room.calls[0]?.args).toContain('/spark/jars/*');
    expect(room.calls[0]?.args).toContain('-notransitive');
    const pom = readFileSync(join(room.folder, 'work', 'pom.xml'), 'utf8');
    expect(
      pom.match(/<groupId>[^<]+<.groupId><artifactId>(one|two)<.artifactId><version>[^<]+<.version>/g),
    ).toHaveLength(2);
  });

  it('refuses a jar whose checksum differs, and names both sums', async () => {
    const other = (call: Call): { code: number } => deliver(call, { ...good, 'two-2.0.jar': 'tampered' });
    await expect(fetchWith(other)).rejects.toMatchObject({
      type: 'ChecksumMismatch',
      fields: { expected: sha256('two'), found: sha256('tampered') },
    });
  });

  it('falls back to Maven when Ivy brings nothing', async () => {
    const room = await fetchWith(
      (call) => (isIvy(call) ? { code: 1 } : deliver(call, good)),
      (machine) => void machine.program('mvn'),
    );
    expect(room.calls.map(({ command }) => command)).toEqual(['java', join(room.folder, 'bin', 'mvn')]);
  });

  it('says what was tried when there is no way to the jars', async () => {
    await expect(fetchWith(() => ({ code: 1, stderr: 'Host unreachable' }))).rejects.toMatchObject({
      type: 'JarsNotFetched',
      message: expect.stringMatching(/Ivy, and mvn is not on PATH[\s\S]*Host unreachable/),
    });
  });

  it('hands the proxy of the environment to Java, which does not read it', async () => {
    const room = createRoom((call) => deliver(call, good)).withEnv({ HTTPS_PROXY: 'http://proxy.example:3128' });
    for (const folder of ['into', 'work']) mkdirSync(join(room.folder, folder));
    const [into, work] = [join(room.folder, 'into'), join(room.folder, 'work')];
    await fetchJars(room, { pins, into, work, tools: { java: 'java', sparkHome: '/spark' }, progress: silent });
    expect(room.calls[0]?.args).toEqual(
      expect.arrayContaining(['-Dhttps.proxyHost=proxy.example', '-Dhttps.proxyPort=3128']),
    );
  });
});

describe('HEADGATE_JARS', () => {
  it('is refused when a jar in it is not the pinned one', async () => {
    const room = createRoom();
    room.write('own/delta-spark_4.1_2.13-4.2.0.jar', 'something else');
    const own = room.withEnv({ HEADGATE_JARS: join(room.folder, 'own') });
    await expect(findSparkJars(own, ownSpark)).rejects.toMatchObject({ type: 'ChecksumMismatch' });
  });

  it('stands for the Spark that Headgate runs on, and for no other', async () => {
    const room = createRoom().withEnv({ HEADGATE_JARS: '/own/jars' });
    expect(await findSparkJars(room, emr7Spark)).toBeUndefined();
  });

  it('is refused when a jar is missing', async () => {
    const room = createRoom();
    await expect(findSparkJars(room.withEnv({ HEADGATE_JARS: room.folder }), ownSpark)).rejects.toMatchObject({
      type: 'MissingJar',
    });
  });

  it('is left as it is, and its jars go with our log store into a folder of the cache', async () => {
    const machine: Room = createRoom((call) => (isCompiler(call) ? compile(call, machine) : undefined));
    const line = { ...ownSpark, jars: pins };
    const own = join(machine.folder, 'own');
    for (const [name, text] of Object.entries(good)) machine.write(join('own', name), text);
    const room = machine.withEnv({ HEADGATE_JARS: own });
    expect(await findSparkJars(room, line)).toBeUndefined();
    const made = await installSparkJars(room, line, tools, silent);
    expect(readdirSync(own).sort()).toEqual(Object.keys(good).sort());
    expect(readdirSync(made)).toEqual(expect.arrayContaining([...jarNames(pins), logStoreJar(room)]));
    expect(await findSparkJars(room, line)).toBe(made);
    // as a worker gets it from who started it
    expect(await findSparkJars(room.withEnv({ HEADGATE_JARS: made }), line)).toBe(made);
  });
});

describe('installSparkJars', () => {
  const lines = [ownSpark, emr7Spark].map(({ version, lock }) => ({ version, lock, jars: pins }));
  const machine = (): Room => {
    const room: Room = createRoom((call) => (isCompiler(call) ? compile(call, room) : deliver(call, good)));
    return room;
  };

  it('keeps the jars of each Spark in a folder of their own, and finds them while they are unchanged', async () => {
    const room = machine();
    const made: string[] = [];
    for (const line of lines) made.push(await installSparkJars(room, line, tools, silent));
    expect(new Set(made).size).toBe(2);
    const find = (): Promise<unknown[]> => Promise.all(lines.map((line) => findSparkJars(room, line)));
    expect(await find()).toEqual(made);
    writeFileSync(join(made[1] ?? '', 'two-2.0.jar'), 'tampered');
    expect(await find()).toEqual([made[0], undefined]);
    writeFileSync(join(made[0] ?? '', logStoreJar(room)), 'tampered');
    expect(await find()).toEqual([undefined, undefined]);
  });

  it('makes another folder for the log store of another release, beside the one that is in use', async () => {
    const [line] = lines;
    if (line === undefined) throw new Error('no line');
    const room = machine();
    const before = await installSparkJars(room, line, tools, silent);
    const next: Room = { ...machine(), cache: room.cache, root: room.folder };
    for (const source of logStoreSources) room.write(`spark/headgate_spark/${source}`, 'another source');
    const shell: Room['shell'] = {
      run: (command, args, options = {}) => {
        const call = { command, args, options };
        return Promise.resolve({
          stdout: '',
          stderr: '',
          ...(isCompiler(call) ? compile(call, next) : deliver(call, good)),
        });
      },
    };
    const after = await installSparkJars({ ...next, shell }, line, tools, silent);
    expect(after).not.toBe(before);
    expect(await findSparkJars(room, line)).toBe(before);
  });

  it('fails with the words of the compiler, and keeps nothing, where the log store cannot be made', async () => {
    const room = createRoom((call) =>
      isCompiler(call) ? { code: 1, stderr: 'Traceback\nJvmError: no Java found' } : deliver(call, good),
    );
    const [line] = lines;
    if (line === undefined) throw new Error('no line');
    await expect(installSparkJars(room, line, tools, silent)).rejects.toMatchObject({
      type: 'LogStoreNotMade',
      message: expect.stringContaining('no Java found'),
    });
    expect(await findSparkJars(room, line)).toBeUndefined();
  });
});

describe('the pins', () => {
  const jars = { ...ownSpark.jars, ...emr7Spark.jars, ...testServerJars };

  it.each([ownSpark, emr7Spark])('of Spark $version are those of its lock', ({ version, lock }) => {
    const text = readFileSync(join(createRoom().root, 'spark', lock), 'utf8');
    expect(text).toContain(`pyspark==${version} \\\n    --hash=sha256:`);
  });

  it.each(Object.entries(jars))('%s is a full coordinate and a sha256', (key, sum) => {
    expect(key).toMatch(/^[\w.-]+:[\w.-]+:[\w.-]+$/);
    expect(sum).toMatch(/^[0-9a-f]{64}$/);
  });
});
