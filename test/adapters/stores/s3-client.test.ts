// What the S3 client takes from the environment of the worker.
import { createS3Client } from '../../../src/adapters/stores/s3-client';

const names = [
  ...['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS', 'AWS_MAX_ATTEMPTS'],
  ...['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'],
];
const before = new Map(names.map((name) => [name, process.env[name]]));

function use(env: Readonly<Record<string, string>>): void {
  for (const name of names) delete process.env[name];
  Object.assign(process.env, { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' }, env);
}

afterAll(() => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test.each([
  [{ AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, '127.0.0.1'],
  [{ AWS_ENDPOINT_URL: 'http://127.0.0.2:1' }, '127.0.0.2'],
  [{ AWS_ENDPOINT_URL: 'http://127.0.0.2:1', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }, '127.0.0.1'],
])('%j is a server of its own, with buckets as paths', async (env, hostname) => {
  use({ ...env, AWS_REGION: 'eu-west-1' });
  const { config } = await createS3Client();
  expect(config.forcePathStyle).toBe(true);
  expect((await config.endpoint?.())?.hostname).toBe(hostname);
});

test('without one it is AWS, whose buckets are host names', async () => {
  for (const ignored of [
    {},
    { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
  ]) {
    use({ ...ignored, AWS_REGION: 'eu-west-1' });
    const { config } = await createS3Client();
    expect(config.forcePathStyle).not.toBe(true);
    expect(config.endpoint).toBeUndefined();
  }
});

test('the region is that of either variable, and none is an error that says so', async () => {
  use({ AWS_DEFAULT_REGION: 'eu-north-1' });
  expect(await (await createS3Client()).config.region()).toBe('eu-north-1');
  use({ AWS_DEFAULT_REGION: 'eu-north-1', AWS_REGION: 'eu-west-1' });
  expect(await (await createS3Client()).config.region()).toBe('eu-west-1');
  use({});
  await expect(createS3Client()).rejects.toMatchObject({ kind: 'config', type: 'NoRegion' });
});

test('it tries as often as the environment says, else more often than the SDK', async () => {
  use({ AWS_REGION: 'eu-west-1' });
  expect(await (await createS3Client()).config.maxAttempts()).toBe(6);
  use({ AWS_REGION: 'eu-west-1', AWS_MAX_ATTEMPTS: '2' });
  expect(await (await createS3Client()).config.maxAttempts()).toBe(2);
});
