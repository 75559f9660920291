// A freeze of many small objects on a real S3 server: how often it asks.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freezeBatch } from '../../src/activities/freeze';
import { createStores } from '../../src/adapters/stores';
import { createS3Store } from '../../src/adapters/stores/s3';
import { createS3Client } from '../../src/adapters/stores/s3-client';
import { mapBounded } from '../../src/domain/map-bounded';
import { samplePipeline, sampleSource } from '../fakes/pipeline';
import { startS3Server } from '../emulators/s3/server';
import { startFaults } from './faults';

const files = 400;
const latencyMs = 5;

it('asks once per page, and once per file for its header', async () => {
  const data = await mkdtemp(join(tmpdir(), 'headgate-freeze-'));
  const server = await startS3Server({ data, buckets: ['lake'] });
  const line = await startFaults(server.endpoint, { latencyMs });
  try {
    Object.assign(process.env, server.env, { AWS_ENDPOINT_URL_S3: line.endpoint });
    const store = createStores({ s3: async () => createS3Store(await createS3Client()) });
    const names = Array.from({ length: files }, (_, index) => `s3://lake/raw/${String(index).padStart(5, '0')}.csv`);
    await mapBounded(names, 32, (path) => store.writeText(path, `id,v\n${path},1\n`));
    const csv = { delimiter: ',', quote: '"', escape: '"', header: true, encoding: 'utf-8', nulls: [] };
    const source = sampleSource({
      path: 's3a://lake/raw/*.csv',
      csv: { ...csv, multiline: false, trim: false, extraColumns: 'warn' },
    });
    const pipeline = samplePipeline({ sources: [source], state: 's3://lake/_headgate/sales' });
    const before = line.count();
    const frozen = await freezeBatch({ pipeline }, { store, clock: { now: () => new Date() } });
    const requests = line.count() - before;
    expect(frozen).toMatchObject({ kind: 'batch', batch: { fileCount: files } });
    // Listings, looks at ledger and table, and the manifest.
    expect(requests - files).toBeLessThanOrEqual(Math.ceil(files / 1000) + 10);
  } finally {
    await line.stop();
    await server.stop();
    await rm(data, { recursive: true });
  }
});
