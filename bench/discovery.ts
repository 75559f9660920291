// What freeze costs when many files are in the table already, beside a plain listing of the same folder.
import { parseDigest } from '../src/contracts/ids';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createFolderStore } from '../src/adapters/stores/folder';
import { defaultStateRoot, ledgerEntry, ledgerFolder } from '../src/contracts/layout';
import type { LedgerEntry } from '../src/contracts/ledger';
import { parseLedgerEntry } from '../src/contracts/ledger-schema';
import type { RunPipelineResult } from '../src/contracts/run';
import { makeSample, median, tell, type Bench } from './bench';
import { runOnce, shippedPipeline } from './product';
import type { BenchStack } from './stack';

const filesOfBatch = 100;
const rounds = 5;

/** Empty files, and entries that say they came with the first batch: the table proves them. */
async function commitFiles(raw: string, state: string, files: number): Promise<void> {
  for (let number = 0; number < files; number += 1) {
    const folder = join(raw, `${Math.floor(number / filesOfBatch)}`);
    if (number % filesOfBatch === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${number}.csv`), '');
  }
  const listed = await createFolderStore().list(join(raw, '*', '*.csv'));
  const [first = ''] = readdirSync(ledgerFolder(state)).filter((name) => name.endsWith('.json'));
  const committed = parseLedgerEntry(readFileSync(join(ledgerFolder(state), first), 'utf8'), first);
  if (committed.protocol === 1) throw new Error('the entry of the first run is an old one');
  // Later than the times of the files, as that of any real freeze is.
  const time = new Date(Date.now() + 60_000).toISOString();
  for (let from = 0; from < listed.length; from += filesOfBatch) {
    const entry: LedgerEntry = {
      ...committed,
      digest: parseDigest(from.toString(16).padStart(32, '0')),
      frozenAt: time,
      committedAt: time,
      files: listed.slice(from, from + filesOfBatch).map((stat, index) => {
        const etag = `sha256:${(from + index).toString(16).padStart(64, '0')}`;
        return { source: 'sales', ...stat, etag, delivery: time };
      }),
    };
    const path = ledgerEntry(state, entry.digest);
    writeFileSync(path, JSON.stringify(entry, null, 2));
  }
}

export async function measureDiscovery(bench: Bench, stack: BenchStack, files: number): Promise<void> {
  const part = 'discovery';
  const raw = await makeSample(bench, 'raw-discovery', 1000);
  const lake = join(bench.work, 'lake-discovery');
  await runOnce(stack.client, { id: part, raw, lake });
  await commitFiles(raw, defaultStateRoot(join(lake, 'customer_sales'), 'customer-sales'), files);
  const [sample = ''] = readdirSync(raw).filter((name) => name.startsWith('sales_data'));
  copyFileSync(join(raw, sample), join(raw, 'sales_data_again.csv'));
  const reading = (name: string, path: string): string => {
    const file = join(bench.work, `${name}.yaml`);
    writeFileSync(file, readFileSync(shippedPipeline, 'utf8').replace('sales_data*.csv', path));
    return file;
  };
  const all = reading('all', '**/*.csv');
  await runOnce(stack.client, { id: `${part}-all`, raw, lake, pipeline: all });
  let run = 0;
  const freeze = async (pipeline: string): Promise<number> => {
    const { outcome, seconds }: RunPipelineResult = await stack.client.workflow.execute('runPipeline', {
      workflowId: `bench/${part}-${(run += 1)}`,
      taskQueue: 'headgate',
      args: [{ pipeline, variables: { RAW: raw, LAKE: lake } }],
    });
    if (outcome !== 'nothing-new') throw new Error(`a file of the ledger was taken for new: ${outcome}`);
    return seconds.freeze ?? Number.NaN;
  };
  const list = async (): Promise<number> => {
    const since = performance.now();
    await createFolderStore().list(join(raw, '**', '*.csv'));
    return (performance.now() - since) / 1000;
  };
  const one = reading('one', '0/*.csv');
  const times = { listing: [] as number[], freezeOfAll: [] as number[], freezeOfOneFolder: [] as number[] };
  for (let number = 1; number <= rounds; number += 1) {
    times.listing.push(await list());
    times.freezeOfAll.push(await freeze(all));
    times.freezeOfOneFolder.push(await freeze(one));
  }
  const over = median(times.freezeOfAll) / median(times.listing);
  tell(bench, { part, name: `listing of ${files} files`, value: median(times.listing), unit: 's' });
  tell(bench, { part, name: 'freeze when all are committed, over listing', value: over, unit: 'times', goal: 1.4 });
  const name = `freeze of ${filesOfBatch} files when ${files} are committed`;
  tell(bench, { part, name, value: median(times.freezeOfOneFolder), unit: 's', goal: 0.2 });
  bench.details[part] = times;
}
