import { drawRunSheet, emptyProgress, withPhase } from '../../src/domain/run-sheet';

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

  it('stays under the limit of Temporal for current details (20 KB) with long reasons', () => {
    const held = Array.from({ length: 50 }, (_, index) => `rule_${index}: 7 of 100 rows fail (7.0 %), more than 5.0 %`);
    expect(Buffer.byteLength(drawRunSheet({ ...emptyProgress, held }))).toBeLessThan(20_000);
  });
});
