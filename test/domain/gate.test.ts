import fc from 'fast-check';
import type { ExpectationResult } from '../../src/contracts/job';
import type { Expectation } from '../../src/contracts/pipeline';
import { decideGate } from '../../src/domain/gate';

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
