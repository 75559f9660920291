// `headgate doctor --store` as a user runs it: takes a server that keeps the promises, refuses one that does not.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startS3Server, type S3Server } from '../emulators/s3/server';
import { startFaults, type Faults } from './faults';

let data: string;
let server: S3Server;
let open: S3Server;
let deaf: Faults;

beforeAll(async () => {
  execFileSync(process.execPath, ['src/setup/build.cjs']);
  data = await mkdtemp(join(tmpdir(), 'headgate-doctor-'));
  server = await startS3Server({ data, buckets: ['lake'] });
  open = await startS3Server({ data: join(data, 'open'), buckets: ['lake'], signed: false });
  deaf = await startFaults(open.endpoint, { drop: 'if-none-match' });
});

afterAll(async () => {
  await deaf.stop();
  await Promise.all([server.stop(), open.stop()]);
  await rm(data, { recursive: true });
});

function doctor(endpoint: string, ...args: readonly string[]) {
  const env = {
    ...process.env,
    ...server.env,
    AWS_ENDPOINT_URL_S3: endpoint,
    HEADGATE_HOME: join(data, 'home'),
    NO_COLOR: '1',
  };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, ['src/setup/headgate.cjs', 'doctor', ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });
}

const left = async (folder = data): Promise<readonly string[]> =>
  (await readdir(join(folder, 'buckets', 'lake'), { recursive: true })).filter((name) =>
    name.includes('headgate-doctor'),
  );

it('takes a store whose put-if-absent is atomic, and leaves nothing in it', async () => {
  const { code, stdout, stderr } = await doctor(server.endpoint, '--store', 's3a://lake//some/prefix/', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({ place: 's3://lake/some/prefix', holds: true });
  expect(await left()).toEqual([]);
});

it('refuses a server that ignores If-None-Match, says why, and leaves nothing in it', async () => {
  const { code, stdout, stderr } = await doctor(deaf.endpoint, '--store', 's3://lake/deaf');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  expect(stdout).toContain('round 1 has 16 winners');
  expect(stdout).toContain('a taken key was called new; the first content is gone: second');
  expect(stdout).toContain('StoreUnsafe: s3://lake/deaf must not hold tables or state');
  expect(await left(join(data, 'open'))).toEqual([]);
});

it('tells a bucket that is not there as that', async () => {
  const { code, stderr } = await doctor(server.endpoint, '--store', 's3://none/x');
  expect(code).toBe(2);
  expect(stderr).toContain('NoSuchBucket');
});

it('takes a folder', async () => {
  const { code, stdout } = await doctor(server.endpoint, '--store', join(data, 'folder'));
  expect(stdout).toContain('can hold tables and state');
  expect(code).toBe(0);
  expect(await readdir(join(data, 'folder'))).toEqual([]);
});
