import { drawRunSheet, emptyProgress, withPhase } from '../../src/domain/run-sheet';
import { preparedOf } from '../../src/domain/source-fates';
import { pipelineRef, prepareReport } from '../fakes/reports';

const prepared = preparedOf(prepareReport, pipelineRef);

describe('run sheet', () => {
  it('shows phases with state, time and note', () => {
    const progress = withPhase(emptyProgress, 'freeze', { state: 'done', seconds: 0.04, note: '2 files' });
    expect(
      drawRunSheet({ ...progress, pipeline: 'customer-sales', table: '/lake/customer_sales', outcome: 'committed' }),
    ).toMatchInlineSnapshot(`
"\`customer-sales\` → \`/lake/customer_sales\`  
outcome: **committed**  

| phase | state | seconds | |
|---|---|---|---|
| ✓ freeze | done | 0.04 | \`2 files\` |
| · extract | waiting |  |  |
| · prepare | waiting |  |  |
| · gate | waiting |  |  |
| · commit | waiting |  |  |
| · publish | waiting |  |  |"
`);
  });

  it('keeps Markdown of names and reasons from being interpreted', () => {
    expect(drawRunSheet({ ...emptyProgress, held: ['a|b <script>'] })).toContain('- `a|b <script>`');
  });

  it('tells the fate of the rows of every source, a reason, and where the rows are', () => {
    const sheet = drawRunSheet({ ...emptyProgress, prepared });
    expect(sheet).toContain('| `sales` | 99460 | 99457 | 1 | 2 | `1 UnreadableValue, such as invoice_date: ');
    expect(sheet).toContain('| `customers` | 99457 | 99457 | 0 | 0 |  |');
    expect(sheet).toMatch(/1 rows aside: .*quarantine` where `digest = '5d41402abc4b2a76b9719d911017c592'`/);
  });

  it('shows what a row of a file hides', () => {
    const odd = {
      reason: 'NulByte',
      rows: 1,
      sample: { row: 'a\u202Eb\u001B[2J', detail: 'the row holds a NUL byte' },
    };
    const sales = { drives: true, read: 1, kept: 0, quarantined: 1, duplicates: 0, reasons: [odd] };
    const sheet = drawRunSheet({ ...emptyProgress, prepared: { read: 1, staged: 0, sources: { sales } } });
    expect(sheet).toContain('a\\u202eb\\x1b[2J');
  });

  it('is cut where reasons of many sources would not fit', () => {
    const held = Array.from({ length: 200 }, (_, index) => `source_${index}: ${'買'.repeat(300)}`);
    expect(Buffer.byteLength(drawRunSheet({ ...emptyProgress, held }))).toBeLessThan(20_000);
  });

  it('stays under the limit of Temporal for current details (20 KB) with long reasons', () => {
    const held = Array.from({ length: 50 }, (_, index) => `rule_${index}: 7 of 100 rows fail (7.0 %), more than 5.0 %`);
    expect(Buffer.byteLength(drawRunSheet({ ...emptyProgress, held }))).toBeLessThan(20_000);
  });
});
