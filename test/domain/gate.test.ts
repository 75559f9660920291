import fc from 'fast-check';
import type { ExpectationResult, SourceRows } from '../../src/contracts/job';
import type { Expectation } from '../../src/contracts/pipeline';
import type { GateRule, ReadingRule } from '../../src/contracts/pipeline-ref';
import { decideGate as decide } from '../../src/domain/gate';

const decideGate = (
  { expectations }: { readonly expectations: readonly ExpectationResult[] },
  rules: readonly GateRule[],
) => decide({ expectations, sources: {} }, { rules });

const rule = (change: Partial<Expectation> = {}): Expectation => ({
  name: 'known',
  check: 'x',
  action: 'warn',
  ...change,
});
const result = (failed: number, checked = 100): ExpectationResult => ({
  name: 'known',
  action: 'warn',
  checked,
  failed,
});

describe('decideGate', () => {
  it('passes when no rule failed', () => {
    expect(decideGate({ expectations: [result(0)] }, [rule({ action: 'fail' })])).toEqual({ kind: 'pass' });
  });

  it('passes an empty batch: nothing checked, nothing failed', () => {
    expect(decideGate({ expectations: [result(0, 0)] }, [rule({ holdAbove: 0 })])).toEqual({ kind: 'pass' });
  });

  it.each([
    ['warn without a limit passes', rule({ action: 'warn' }), 100, 'pass'],
    ['quarantine without a limit passes', rule({ action: 'quarantine' }), 100, 'pass'],
    ['fail without a limit holds at the first row', rule({ action: 'fail' }), 1, 'hold'],
    ['a share equal to the limit passes', rule({ holdAbove: 0.05 }), 5, 'pass'],
    ['a share above the limit holds', rule({ holdAbove: 0.05 }), 6, 'hold'],
    ['fail with a limit tolerates up to it', rule({ action: 'fail', holdAbove: 0.05 }), 5, 'pass'],
    ['fail with a limit holds above it', rule({ action: 'fail', holdAbove: 0.05 }), 6, 'hold'],
  ])('%s', (_, expectation, failed, kind) => {
    expect(decideGate({ expectations: [result(failed)] }, [expectation]).kind).toBe(kind);
  });

  it('holds when a rule of the pipeline was not evaluated', () => {
    expect(decideGate({ expectations: [] }, [rule()])).toEqual({ kind: 'hold', reasons: ['known: not evaluated'] });
  });

  it('tells numbers and share in the reason', () => {
    const decision = decideGate({ expectations: [result(7)] }, [rule({ holdAbove: 0.05 })]);
    expect(decision).toEqual({ kind: 'hold', reasons: ['known: 7 of 100 rows fail (7.0 %), more than 5.0 %'] });
  });

  it('never passes more failures than it held: the decision is monotone', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.double({ min: 0, max: 1, noNaN: true }), (a, b, holdAbove) => {
        const [few, many] = a < b ? [a, b] : [b, a];
        const kindOf = (failed: number) =>
          decideGate({ expectations: [result(failed, 1000)] }, [rule({ holdAbove })]).kind;
        return !(kindOf(few) === 'hold' && kindOf(many) === 'pass');
      }),
    );
  });
});

/** 20 rows of which some went aside. */
const aside = (quarantined: number, read = 20, change: Partial<SourceRows> = {}): SourceRows => ({
  ...{ read, kept: read - quarantined, quarantined, unreadable: quarantined, duplicates: 0 },
  ...change,
});
const gateOn = (rows: SourceRows, reading: Partial<ReadingRule> = {}) =>
  decide({ expectations: [], sources: { sales: rows } }, { rules: [], reading: [{ source: 'sales', ...reading }] });
const reasonsOf = (...args: Parameters<typeof gateOn>): string => {
  const decision = gateOn(...args);
  return decision.kind === 'hold' ? decision.reasons.join('\n') : 'passes';
};

describe('decideGate, on reading', () => {
  it.each([
    ['no unreadable row', aside(0), {}, 'pass'],
    ['no row at all', aside(0, 0), {}, 'pass'],
    ['ten rows of twenty, by default', aside(10), {}, 'pass'],
    ['eleven rows of twenty, by default', aside(11), {}, 'hold'],
    ['eleven rows of 220, by default: a share that is allowed', aside(11, 220), {}, 'pass'],
    ['eleven rows of 219, by default', aside(11, 219), {}, 'hold'],
    ['the only row', aside(1, 1), {}, 'hold'],
    ['every row of a few', aside(3, 3), {}, 'hold'],
    ['all but one of a few', aside(3, 4), {}, 'pass'],
    ['a share that was set, and reached', aside(1, 20), { holdAbove: 0.05 }, 'pass'],
    ['a share that was set, and passed', aside(2, 20), { holdAbove: 0.05 }, 'hold'],
    ['one row where none is allowed', aside(1, 1000), { holdAbove: 0 }, 'hold'],
    ['every row where any share is allowed', aside(3, 3), { holdAbove: 1 }, 'pass'],
    ['rows in contradiction to others, as if unreadable', aside(15, 20, { unreadable: 0 }), {}, 'hold'],
  ])('%s', (_, rows, rule, kind) => {
    expect(gateOn(rows, rule).kind).toBe(kind);
  });

  it('asks of every source, and names each that holds the batch', () => {
    const decision = decide(
      { expectations: [], sources: { sales: aside(0), products: aside(2, 2), shops: aside(1, 1) } },
      { rules: [], reading: [{ source: 'sales' }, { source: 'products' }, { source: 'shops' }] },
    );
    expect(decision).toMatchObject({
      kind: 'hold',
      reasons: [expect.stringMatching(/^products: 2 of 2 rows/), expect.stringMatching(/^shops: 1 of 1 rows/)],
    });
  });

  it('asks nothing of a run that is older than this gate', () => {
    expect(decide({ expectations: [], sources: { sales: aside(3, 3) } }, { rules: [] })).toEqual({ kind: 'pass' });
  });

  it('holds when a source was not counted', () => {
    expect(decide({ expectations: [], sources: {} }, { rules: [], reading: [{ source: 'sales' }] })).toEqual({
      kind: 'hold',
      reasons: ['sales: not counted'],
    });
  });

  it('reads a report of before unreadable rows were told', () => {
    const { unreadable: _unknown, ...older } = aside(3, 3);
    expect(reasonsOf(older)).toBe('sales: 3 of 3 rows could not be read; allowed are 5.0 % or 10 rows, never all');
  });

  it('tells numbers, a row, what is allowed, and what may be meant', () => {
    const rows = aside(3, 3, {
      reasons: [
        {
          ...{ reason: 'UnreadableValue', rows: 3, column: 'price', declared: 'decimal(18,2)' },
          sample: {
            ...{ file: '/raw/in/orders.csv', row: 'A-001;1.234,56', value: '1.234,56' },
            detail: "price: '1.234,56' is not decimal(18,2)",
          },
        },
        { reason: 'expectation:positive', rows: 9, sample: { row: 'x', detail: 'does not hold: price > 0' } },
      ],
    });
    expect(reasonsOf(rows, { holdAbove: 0.1 })).toBe(
      "sales: 3 of 3 rows could not be read (3 UnreadableValue, such as price: '1.234,56' is not decimal(18,2) in orders.csv); " +
        "allowed are 10.0 %. Perhaps '1.234,56' looks like a number with a decimal comma: read it as string and compute the " +
        'number, see "Numbers in another notation" in docs/pipeline-file.md',
    );
  });

  it('shows the row where the sentence does not quote what is wrong', () => {
    const row = `1;${'a'.repeat(100)}`;
    const told = { row, detail: 'too few fields: 1 instead of 2', file: '/raw/a.csv', fields: 1, width: 2 };
    const rows = aside(3, 3, { reasons: [{ reason: 'WrongFieldCount', rows: 3, sample: told }] });
    expect(reasonsOf(rows, { delimiter: ',' })).toContain(
      `(3 WrongFieldCount, such as too few fields: 1 instead of 2 in a.csv: 1;${'a'.repeat(77)}…); allowed`,
    );
    expect(reasonsOf(rows, { delimiter: ',' })).toMatch(/\. Perhaps the line holds no comma, but a semicolon/);
  });

  it('tells contradicting rows from unreadable ones', () => {
    expect(reasonsOf(aside(15, 20, { unreadable: 3 }))).toContain(
      '15 of 20 rows were put aside (3 unreadable, 12 in contradiction to another row of their file)',
    );
  });
});
