// headgate verify: the ledger held against the table's whole log, and its log against the files. Nothing is written.
import { paint } from '../terminal';
import { verifyBatches, type Verification } from '../../activities/verify';
import { createStores } from '../../adapters/stores';
import { checkDataFiles, type DataFiles } from '../../adapters/tables/data-files';
import { formatBytes } from '../../domain/upkeep/budget';
import { ensureTools } from '../../setup/tools';
import type { Config } from '../../workers/config';
import { sparkFolder } from '../../workers/paths';
import { count, exitCodes, out, printJson } from '../output';
import { openPipeline, type Variables } from '../variables';

function print({ table, id, version, proved, unseen, lost, elsewhere }: Verification, files?: DataFiles): void {
  out(version === undefined ? `${table}  no table` : `${table}  version ${version}, id ${id ?? ''}`);
  out(`  batches  ${count(proved)} proved by the log`);
  if (unseen > 0) out(`           ${count(unseen)} of before the log begins: only the table's id speaks for them`);
  if (elsewhere > 0)
    out(`           ${count(elsewhere)} of other tables, or of an earlier version of Headgate: not looked at`);
  for (const { digest, tableVersion, why } of lost) {
    out(`  ${paint.red('missing')}  batch ${digest.slice(0, 12)}, committed as version ${tableVersion}: ${why}`);
  }
  if (files === undefined) return;
  out(
    `  files    ${count(files.files)} (${formatBytes(files.bytes)}) in version ${files.version}, ${count(files.wrong)} of them missing or not whole`,
  );
  for (const { path, size, found } of files.shown) {
    out(
      `  ${paint.red('missing')}  ${path}: ${found === null ? 'not there' : `${found} bytes`}, should have ${size} bytes`,
    );
  }
}

export async function verifyCommand(
  config: Config,
  nameOrFile: string,
  options: { readonly set: Variables; readonly json: boolean },
): Promise<number> {
  const { pipeline } = await openPipeline(config, nameOrFile, options.set);
  const verified = await verifyBatches(pipeline, createStores());
  const { python } = await ensureTools('runtime');
  const files =
    verified.version === undefined
      ? undefined
      : await checkDataFiles({ python, pythonPath: sparkFolder }, pipeline.target.table);
  const isWhole = verified.lost.length === 0 && (files?.wrong ?? 0) === 0;
  if (options.json) printJson({ whole: isWhole, ...verified, ...(files === undefined ? {} : { files }) });
  else print(verified, files);
  return isWhole ? exitCodes.done : exitCodes.failure;
}
