// The one way to the terminal. Text from outside (cells, file names, messages) may hold what a terminal acts on, so all text is
// made visible where it is written; our own colours and line ends travel as marks that no text from outside can know.
import { randomBytes } from 'node:crypto';
import pc from 'picocolors';
import { visible, visibleJson } from '../domain/visible';

const key = randomBytes(12).toString('hex');

const mark = (code: string): string => `<${key}:${code}>`;

const marks = new RegExp(`<${key}:(end|\\d+)>`, 'g');

/** Text that we have laid out, with colours and several lines. What it holds from outside is `visible` already. */
export const ours = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the start of a colour
  text.replace(/\u001B\[(\d+)m|\n/g, (_, code?: string) => mark(code ?? 'end'));

const painter =
  (paint: (text: string) => string) =>
  (text: string): string => {
    const [before = '', after = ''] = paint('|').split('|');
    return `${ours(before)}${text}${ours(after)}`;
  };

export const paint = {
  bold: painter(pc.bold),
  cyan: painter(pc.cyan),
  dim: painter(pc.dim),
  green: painter(pc.green),
  red: painter(pc.red),
  yellow: painter(pc.yellow),
} as const;

export const lineEnd = mark('end');

/** A text of several lines from outside: those after the first are indented, so that none passes for a line of ours. */
export const indented = (text: string): string => text.split(/\r?\n/).join(`${lineEnd}  `);

/** What the terminal gets. */
export const printable = (text: string): string =>
  visible(text).replace(marks, (_, code: string) => (code === 'end' ? '\n' : `\u001B[${code}m`));

export const printableJson = (value: unknown, spaces: number): string =>
  visibleJson(JSON.stringify(value, null, spaces));
