// What became of the rows of every source, as lines of a terminal.
import type { QuarantinedRows, RunRows, SourceFate, SourceFates } from '../contracts/run';
import { sayReason } from '../domain/gate';
import { count } from './output';
import { paint } from './terminal';
import type { Variables } from './variables';

/** How the pipeline was named, so that a printed command works when it is copied. */
export type Asked = { readonly pipeline: string; readonly set: Variables };

type Told = { readonly rows?: RunRows; readonly sources?: SourceFates; readonly quarantine?: QuarantinedRows };

const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** A command that shows the rows of a batch that went aside. */
function showCommand({ where }: QuarantinedRows, { pipeline, set }: Asked): string {
  const sets = Object.entries(set).map(([name, value]) => `--set ${word(`${name}=${value}`)} `);
  return `headgate show ${word(pipeline)} quarantine ${sets.join('')}--where "${where}"`;
}

/** For JSON: with the command where it is known how the pipeline was named. */
export const shownQuarantine = (quarantine: QuarantinedRows | undefined, asked: Asked | undefined) =>
  quarantine === undefined
    ? {}
    : { quarantine: { ...quarantine, ...(asked === undefined ? {} : { show: showCommand(quarantine, asked) }) } };

const sum = (parts: Readonly<Record<string, number>>): string =>
  Object.entries(parts)
    .filter(([, number]) => number > 0)
    .map(([fate, number]) => `${count(number)} ${fate}`)
    .join(' + ') || '0';

const accounted = ({ read, ...fates }: RunRows): string => `${count(read)} read = ${sum(fates)}`;

function fates(fate: SourceFate, rows: RunRows | undefined): string {
  if (fate.drives && rows !== undefined) return accounted(rows);
  const { read, kept, quarantined, duplicates } = fate;
  return `${count(read)} read = ${sum({ kept, quarantined, duplicates })}`;
}

const width = 8;
const label = (text: string): string => `  ${text.padEnd(width)} `;

/** One line per source, under it why rows of it are in quarantine; then how to see them. */
export function fateLines({ rows, sources, quarantine }: Told, asked: Asked | undefined): readonly string[] {
  const named = Object.entries(sources ?? {}).toSorted(([, a], [, b]) => Number(b.drives) - Number(a.drives));
  // Records of before the fates of all sources were told.
  const bare = rows === undefined || named.length > 0 ? [] : [`${label('rows')}${accounted(rows)}`];
  return [
    ...bare,
    ...named.flatMap(([name, fate]) => [
      `${label(name)}${fates(fate, rows)}`,
      ...fate.reasons.map((reason) => `${label('')}${paint.yellow('aside')}  ${sayReason(reason)}`),
    ]),
    ...(quarantine === undefined
      ? []
      : [
          `${label('aside')}${count(quarantine.rows)} rows: ${
            asked === undefined ? `${quarantine.table} where ${quarantine.where}` : showCommand(quarantine, asked)
          }`,
        ]),
  ];
}
