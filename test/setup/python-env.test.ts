import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { emr7Spark, ownSpark } from '../../src/setup/pins';
import { findPythonEnv, installPythonEnv } from '../../src/setup/python-env';
import { createRoom, removeRooms, silent, type Answer, type Call } from './room';

afterEach(removeRooms);

const has = ({ args }: Call, ...wanted: string[]): boolean => wanted.every((arg) => args.includes(arg));
const asksVersion = (call: Call): boolean => call.args.some((arg) => arg.includes('python_version()'));
const makesEnv = (call: Call): boolean => basename(call.command) === 'uv' && has(call, 'venv');
const usesUv = (call: Call): boolean => basename(call.command) === 'uv' && has(call, 'install');
const usesPip = (call: Call): boolean => basename(call.command) === 'python' && has(call, 'pip', '--python');
const installsTests = (call: Call): boolean => basename(call.args.at(-1) ?? '') === 'requirements-test.lock';

function file(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '');
}

/** Plays uv and pip: the files that an installation of these packages leaves. */
function fill(call: Call): { code: number } {
  const env = join(call.args[call.args.indexOf('--python') + 1] ?? '', '..', '..');
  const packages = join(env, 'lib', 'python3.11', 'site-packages');
  for (const name of ['pyspark/jars/spark.jar', 'pyspark-4.1.1.dist-info/RECORD']) file(join(packages, name));
  if (installsTests(call)) {
    for (const name of ['duckdb', 'pytest', 'mypy']) file(join(packages, name, '__init__.py'));
    file(join(env, 'bin', 'ruff'));
  }
  return { code: 0 };
}

const works: Answer = (call) => {
  if (asksVersion(call)) return { code: 0, stdout: '3.11.7\n' };
  if (makesEnv(call)) writeFileSync(join(call.args.at(-1) ?? '', 'pyvenv.cfg'), 'version_info = 3.11.7\n');
  if (usesUv(call) || usesPip(call)) return fill(call);
  return { code: 0 };
};

const machine = (answer: Answer): ReturnType<typeof createRoom> => {
  const room = createRoom(answer);
  room.program('python3');
  return room;
};

describe('the Python environment', () => {
  it('is made with hashes, and found again without being made', async () => {
    const room = machine(works);
    const made = await installPythonEnv(room, ownSpark, false, silent);
    expect(has(room.calls.find(usesUv) ?? { command: '', args: [], options: {} }, '--require-hashes')).toBe(true);
    expect(await findPythonEnv(room, ownSpark, false)).toEqual(made);
    expect(room.calls.filter(usesUv)).toHaveLength(1);
    expect(readdirSync(join(room.cache, 'python'))).toEqual([basename(join(made.python, '..', '..'))]);
  });

  it('gets the test packages added, once, when tests first need them', async () => {
    const room = machine(works);
    await installPythonEnv(room, ownSpark, false, silent);
    expect(await findPythonEnv(room, ownSpark, true)).toBeUndefined();
    await installPythonEnv(room, ownSpark, true, silent);
    await installPythonEnv(room, ownSpark, true, silent);
    expect(await findPythonEnv(room, ownSpark, true)).toBeDefined();
    expect(room.calls.filter(usesUv)).toHaveLength(2);
  });

  it('is made anew when the Python under it became another one', async () => {
    let version = '3.11.7';
    const room = machine((call) => (asksVersion(call) ? { code: 0, stdout: `${version}\n` } : works(call)));
    await installPythonEnv(room, ownSpark, false, silent);
    version = '3.12.1';
    expect(await findPythonEnv(room, ownSpark, false)).toBeUndefined();
    await installPythonEnv(room, ownSpark, false, silent);
    expect(room.calls.filter(usesUv)).toHaveLength(2);
    expect(await findPythonEnv(room, ownSpark, false)).toBeDefined();
  });

  it('is one per Spark, each from its own lock', async () => {
    const room = machine(works);
    const lines = [ownSpark, emr7Spark];
    const made = [];
    for (const line of lines) made.push(await installPythonEnv(room, line, false, silent));
    expect(room.calls.filter(usesUv).map(({ args }) => basename(args.at(-1) ?? ''))).toEqual(
      lines.map(({ lock }) => lock),
    );
    expect(await Promise.all(lines.map((line) => findPythonEnv(room, line, false)))).toEqual(made);
    expect(readdirSync(join(room.cache, 'python'))).toHaveLength(2);
  });

  it('is installed with pip when uv fails', async () => {
    const room = machine((call) => (usesUv(call) ? { code: 2 } : works(call)));
    await installPythonEnv(room, ownSpark, false, silent);
    expect(room.calls.filter(usesPip)).toHaveLength(1);
    expect(room.calls.filter(usesPip)[0]?.args).toContain('--require-hashes');
  });

  it('keeps nothing when neither works, and says what both said', async () => {
    const room = machine((call) => {
      if (usesUv(call)) return { code: 2, stderr: 'uv: no route' };
      return usesPip(call) ? { code: 1, stderr: 'pip: hash mismatch' } : works(call);
    });
    await expect(installPythonEnv(room, ownSpark, false, silent)).rejects.toMatchObject({
      type: 'PythonSetupFailed',
      message: expect.stringMatching(/no route[\s\S]*hash mismatch/),
    });
    expect(readdirSync(join(room.cache, 'python'))).toEqual([]);
  });

  it('names the package to install when Python has no venv module', async () => {
    const room = machine((call) => (has(call, '-m', 'venv') ? { code: 1 } : works(call)));
    await expect(installPythonEnv(room, ownSpark, false, silent)).rejects.toMatchObject({
      type: 'MissingVenv',
      remedy: expect.stringContaining('python3-venv'),
    });
  });

  it('uses the uv cache of someone who has one, and else leaves none behind', async () => {
    const room = machine(works);
    await installPythonEnv(room, ownSpark, false, silent);
    expect(room.calls.find(usesUv)?.options.env?.['UV_CACHE_DIR']).toContain('.part-');
    const other = machine(works);
    other.write('home/.cache/uv/CACHEDIR.TAG', '');
    await installPythonEnv(other, ownSpark, false, silent);
    expect(other.calls.find(usesUv)?.options.env).not.toHaveProperty('UV_CACHE_DIR');
  });
});

describe('HEADGATE_PYTHON', () => {
  it.each([
    ['another pyspark', { code: 0, stdout: '4.0.0\n/own/pyspark\n' }, /pyspark 4\.0\.0/],
    ['no pyspark', { code: 1, stderr: 'No package metadata was found for pyspark' }, /No package metadata/],
  ])('is refused with %s', async (_, answer, message) => {
    const room = createRoom(() => answer).withEnv({ HEADGATE_PYTHON: '/own/python' });
    await expect(findPythonEnv(room, ownSpark, false)).rejects.toMatchObject({
      type: 'UnfitPython',
      message: expect.stringMatching(message),
      fields: { python: '/own/python' },
    });
  });

  it('is used as it is when it fits', async () => {
    const room = createRoom(() => ({ code: 0, stdout: '4.1.1\n/own/pyspark\n' }));
    const env = await findPythonEnv(room.withEnv({ HEADGATE_PYTHON: '/own/python' }), ownSpark, true);
    expect(env).toEqual({ python: '/own/python', sparkHome: '/own/pyspark' });
  });

  it('stands for the Spark that Headgate runs on, and for no other', async () => {
    const room = createRoom(() => ({ code: 0, stdout: '4.1.1\n/own/pyspark\n' }));
    const own = room.withEnv({ HEADGATE_PYTHON: '/own/python' });
    expect(await findPythonEnv(own, emr7Spark, false)).toBeUndefined();
    expect(room.calls).toEqual([]);
  });
});
