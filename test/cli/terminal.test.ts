import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import pc from 'picocolors';
import { drawTable } from '../../src/cli/commands/show';
import { describeFailure } from '../../src/cli/output';
import { createProgressView } from '../../src/cli/progress';
import { indented, lineEnd, ours, paint, printable, printableJson } from '../../src/cli/terminal';
import { emptyProgress, withPhase } from '../../src/domain/run-sheet';

/** Clipboard, title, clear screen, forged colours and lines, bidi, an invisible letter. */
const hostile = 'x\u001B]52;c;cm0=\u0007\u001B]0;t\u0007\u001B[2J\u001B[32mcommitted\u001B[0m\u202Egnp\u200B\u009B1m';
// oxlint-disable-next-line no-control-regex -- what may not reach a terminal, but for our colours
const acts =
  /[\u0000-\u0009\u000B-\u001A\u001C-\u001F\u007F-\u009F\u200B-\u200F\u2028-\u202E\u2066-\u2069]|\u001B(?!\[\d+m)/;

describe('the terminal', () => {
  it('gets no control character of any text from outside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const shown = printable(`${paint.red('x')} ${text} ${paint.dim(text)}${lineEnd}${indented(text)}`);
        expect(shown.replaceAll(pc.red('x'), '')).not.toMatch(acts);
        expect(printable(text)).not.toMatch(/[\n\u001B]/);
      }),
    );
  });

  it('shows our colours, and none of others', () => {
    expect(printable(`${paint.green('ok')} \u001B[32mcommitted\u001B[0m`)).toBe(
      `${pc.green('ok')} \\x1b[32mcommitted\\x1b[0m`,
    );
    expect(printable(ours('a\nb'))).toBe('a\nb');
  });

  it('shows failures, cells, progress and trouble as data', () => {
    const told: string[] = [];
    const view = createProgressView(false, { write: (text: string) => told.push(text) > 0 });
    view.update({
      ...withPhase(emptyProgress, 'freeze', { state: 'done', note: hostile }),
      pipeline: hostile,
      table: hostile,
    });
    view.trouble(`${hostile}\ncommitted  run/x`);
    view.stop();
    told.push(printable(describeFailure({ type: hostile, message: `${hostile}\nsecond`, remedy: hostile })));
    const answer = {
      columns: [{ name: hostile, type: 'string' }],
      rows: [{ [hostile]: hostile }, { [hostile]: 'a\nb' }],
    };
    told.push(printable(drawTable({ ...answer, version: 0, totalRows: 2, files: 1, seconds: 0 })));
    for (const text of told) expect(text).not.toMatch(acts);
    expect(told.join('')).not.toMatch(/^committed/m);
  });

  it('keeps columns straight with wide characters and escapes', () => {
    const columns = ['a', 'b'].map((name) => ({ name, type: 'string' }));
    const rows = [
      { a: '表表', b: '1' },
      { a: '\u001B[2J', b: '2' },
      { a: 'plain', b: '3' },
    ];
    const grid = printable(drawTable({ columns, rows, version: 0, totalRows: 3, files: 1, seconds: 0 }));
    const width = (text: string): number =>
      Array.from(text).reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0);
    // oxlint-disable-next-line no-control-regex -- colours have no width
    const widths = grid.split('\n').map((line) => width(line.replaceAll(/\u001B\[\d+m/g, '')));
    expect(new Set(widths).size).toBe(1);
  });

  it('gets JSON that means the same', () => {
    const json = printableJson({ hostile }, 0);
    expect(json).not.toMatch(acts);
    expect(JSON.parse(json)).toEqual({ hostile });
  });

  it('is written to in two places of the command line alone', () => {
    const folder = join(__dirname, '..', '..', 'src', 'cli');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    const writing = files.filter((file) =>
      /(stdout|stderr|stream)\.write\(['"`](?!')|console\./.test(readFileSync(join(folder, file), 'utf8')),
    );
    const colouring = files.filter((file) => readFileSync(join(folder, file), 'utf8').includes("'picocolors'"));
    expect(writing.toSorted()).toEqual(['output.ts', 'progress.ts']);
    expect(colouring.toSorted()).toEqual(['commands/show.ts', 'terminal.ts']);
  });
});
