// How often S3 is asked for a batch of many files, and that it is not asked one after another.
import { createStores } from '../../src/adapters/stores';
import { createS3Store } from '../../src/adapters/stores/s3';
import { extractInputs } from '../../src/activities/extract';
import { sweepBatches } from '../../src/activities/housekeeping';
import type { CsvOptions } from '../../src/contracts/pipeline';
import { samplePipeline, sampleSource } from '../fakes/pipeline';
import { createRuns } from '../fakes/runs';
import { createFakeS3 } from '../fakes/s3-client';

const count = 200;

const csv: CsvOptions = {
  ...{ delimiter: ',', quote: '"', escape: '"', header: true, encoding: 'utf-8', nulls: [] },
  ...{ multiline: false, trim: false, extraColumns: 'warn' },
};

async function start(extract: 'in-place' | 'copy') {
  const s3 = createFakeS3({ pageSize: 1000 });
  const store = createStores({ s3: async () => createS3Store(s3.client) });
  for (let file = 0; file < count; file += 1) await store.writeText(`s3://lake/raw/${file}.csv`, `id,v\n${file},1\n`);
  const pipeline = samplePipeline({
    sources: [sampleSource({ path: 's3a://lake/raw/*.csv', extract, csv })],
    state: 's3://lake/_headgate/sales',
  });
  const runs = createRuns(store, pipeline);
  s3.sent.length = 0;
  /** Commands by class and whether they are about a source file, and how many of them ran at once. */
  const asked = () => {
    const counts: Record<string, number> = {};
    for (const { command, input } of s3.sent.splice(0)) {
      const isInput = JSON.stringify(input).includes('raw/') || JSON.stringify(input).includes('/inputs');
      if (isInput) counts[command] = (counts[command] ?? 0) + 1;
    }
    return counts;
  };
  return { s3, store, runs, pipeline, asked };
}

test('a freeze asks once per page, and once per file for its header', async () => {
  const { runs, asked, s3 } = await start('in-place');
  const batch = await runs.freezeNew();
  expect(batch.fileCount).toBe(count);
  // The one look is for a file whose name is the pattern.
  expect(asked()).toEqual({ HeadObjectCommand: 1, ListObjectsV2Command: 1, GetObjectCommand: count });
  expect(s3.most()).toBeGreaterThan(16);
  expect(s3.most()).toBeLessThanOrEqual(64);
});

test('copies cost one request per file, and a second attempt one for all', async () => {
  const { runs, asked, store, s3 } = await start('copy');
  const batch = await runs.freezeNew();
  asked();
  expect(await extractInputs({ batch }, { store })).toMatchObject({ copied: count, skipped: 0 });
  expect(asked()).toEqual({ HeadObjectCommand: 1, ListObjectsV2Command: 1, CopyObjectCommand: count });
  expect(s3.most()).toBeGreaterThan(16);
  expect(await extractInputs({ batch }, { store })).toMatchObject({ copied: 0, skipped: count });
  expect(asked()).toEqual({ HeadObjectCommand: 1, ListObjectsV2Command: 1 });
});

test('a file that is replaced between freeze and copy, or within the freeze, is never half of each', async () => {
  const { runs, store } = await start('copy');
  const batch = await runs.freezeNew();
  await store.writeText('s3://lake/raw/7.csv', 'id,v\n8,2\n');
  await expect(extractInputs({ batch }, { store })).rejects.toMatchObject({
    kind: 'inputs-changed',
    type: 'InputChanged',
    fields: { file: 's3://lake/raw/7.csv', source: 'sales' },
  });
});

test('old batches are cleared beside each other', async () => {
  const { runs, store, pipeline, s3, asked } = await start('in-place');
  for (let batch = 0; batch < 40; batch += 1) {
    const digest = batch.toString(16).padStart(32, '0');
    await store.writeText(`${pipeline.state}/batches/${digest}/manifest.json`, '{}');
  }
  asked();
  const swept = await sweepBatches(
    { pipeline: { ...pipeline, gateWaitSeconds: 0 } },
    { store, clock: runs.deps.clock },
  );
  expect(swept).toMatchObject({ kind: 'swept' });
  expect(s3.most()).toBeGreaterThan(16);
});
