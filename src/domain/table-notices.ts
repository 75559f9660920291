// What a freeze tells of a table that is not as the ledger left it, in plain words. Pure.
//   tellTable(finding): readonly string[]
import { assertNever } from '../contracts/assert-never';
import type { CommittedBatch } from '../contracts/ledger';
import { isRestore, type LogEntry } from './table-log';

export type Finding =
  | { readonly kind: 'gone'; readonly table: string; readonly batches: number }
  | {
      readonly kind: 'another';
      readonly table: string;
      readonly id: string;
      readonly batches: readonly CommittedBatch[];
    }
  | {
      readonly kind: 'set-back';
      readonly table: string;
      /** Batches that the table does not stand on. */
      readonly lost: readonly CommittedBatch[];
      readonly newest: LogEntry;
      readonly restores: ReadonlyMap<number, number | undefined>;
    }
  | { readonly kind: 'unseen'; readonly begin: number; readonly batches: number }
  | { readonly kind: 'foreign'; readonly since: number; readonly entries: readonly LogEntry[] };

const shownCommits = 3;

const batchesWere = (number: number): string => (number === 1 ? '1 batch was' : `${number} batches were`);

const filesAreNew = 'Their files count as new again.';

export function tellTable(finding: Finding): readonly string[] {
  switch (finding.kind) {
    case 'gone':
      return finding.batches === 0
        ? []
        : [
            `There is no table at ${finding.table} any more: ${batchesWere(finding.batches)} committed to it. ${filesAreNew}`,
          ];
    case 'another': {
      const [first] = finding.batches;
      return first === undefined
        ? []
        : [
            `${finding.table} is another table than the one that ${batchesWere(finding.batches.length)} committed to: ` +
              `its id is ${finding.id}, not ${first.tableId}. ${filesAreNew}`,
          ];
    }
    case 'set-back':
      return tellSetBack(finding);
    case 'unseen':
      return finding.batches === 0
        ? []
        : [
            `The log of the table begins at version ${finding.begin}: ${batchesWere(finding.batches)} committed before, ` +
              'and only the id of the table speaks for them.',
          ];
    case 'foreign': {
      const others = finding.entries.filter(
        (entry) => entry.changesRows && entry.stepKey === undefined && !isRestore(entry),
      );
      if (others.length === 0) return [];
      const shown = others.slice(0, shownCommits).map(({ operation, version }) => `${operation} as version ${version}`);
      const more = others.length > shown.length ? `, and ${others.length - shown.length} more` : '';
      return [`Others changed rows of the table after version ${finding.since}: ${shown.join(', ')}${more}.`];
    }
    default:
      return assertNever(finding);
  }
}

function tellSetBack({ table, lost, newest, restores }: Extract<Finding, { kind: 'set-back' }>): readonly string[] {
  if (lost.length === 0) return [];
  const [restored] = [...restores.keys()].toSorted((a, b) => b - a);
  const versions = lost.map(({ tableVersion }) => tableVersion).toSorted((a, b) => a - b);
  const [oldest = 0, latest = 0] = [versions[0], versions.at(-1)];
  const isRestored = restored !== undefined && oldest < restored;
  const to = isRestored ? restores.get(restored) : undefined;
  const how = isRestored
    ? `version ${restored} is a RESTORE${to === undefined ? '' : ` to version ${to}`}`
    : latest > newest.version
      ? `it ends at version ${newest.version}`
      : `its version ${latest} is another one by now`;
  return [
    `The table ${table} was set back (${how}): ${batchesWere(lost.length)} committed to it and ` +
      `${lost.length === 1 ? 'is' : 'are'} not in it any more. ${filesAreNew}`,
  ];
}
