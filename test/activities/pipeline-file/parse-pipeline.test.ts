// The committed pipelines parse to what the golden files say.
import { readFileSync } from 'node:fs';
import { parsePipeline } from '../../../src/activities/pipeline-file';

const seed = readFileSync('pipelines/customer-sales.yaml', 'utf8');

test('the seed pipeline is the pipeline of the golden prepare request', () => {
  const golden = JSON.parse(readFileSync('test/golden/prepare.request.json', 'utf8')).pipeline;
  const pipeline = parsePipeline(seed, {
    file: 'pipelines/customer-sales.yaml',
    variables: { RAW: '/raw', LAKE: '/lake' },
  });
  expect({ ...pipeline, definitionDigest: golden.definitionDigest }).toStrictEqual(golden);
});
