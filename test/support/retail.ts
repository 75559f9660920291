// Days of invoice lines in the shape of the retail data: exact duplicates, cancellations, lines without a customer.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';
const countries = ['United Kingdom', 'Côte d’Ivoire', 'EIRE', 'Channel Islands'];
const goods = ['PLAIN MUG', '"TIN, LARGE "', '"FRAME 7"" WIDE"', ''];

/** Numbers in [0, below): a linear congruential generator, so that a failure can be looked at again. */
function createDraw(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Writes `<day>.csv` for each day; about one line in twenty is there twice. */
export function makeRetailDays(folder: string, days: readonly string[], linesPerDay: number): void {
  days.forEach((day, index) => {
    const draw = createDraw(index + 1);
    const lines = Array.from({ length: linesPerDay }, (_, line) => {
      const cancelled = draw(40) === 0;
      const minute = String(draw(60)).padStart(2, '0');
      const text = [
        `${cancelled ? 'C' : ''}${536_000 + index * 1000 + Math.floor(line / 7)}`,
        `${84_000 + draw(300)}${draw(5) === 0 ? 'A' : ''}`,
        goods[draw(goods.length)],
        (cancelled ? -1 : 1) * (1 + draw(24)),
        `${day} ${String(8 + draw(10)).padStart(2, '0')}:${minute}:00`,
        `${draw(30)}.${draw(100)}`,
        draw(3) === 0 ? '' : `${12_000 + draw(500)}.0`,
        countries[draw(countries.length)],
      ].join(',');
      return draw(20) === 0 ? `${text}\n${text}` : text;
    });
    writeFileSync(join(folder, `${day}.csv`), `${header}\n${lines.join('\n')}\n`);
  });
}
