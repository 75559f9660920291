import { createProgressView } from '../../src/cli/progress';
import { emptyProgress, withPhase } from '../../src/domain/run-sheet';

function page(isTTY = false) {
  const lines: string[] = [];
  return { lines, stream: { isTTY, write: (text: string) => lines.push(text) > 0 } };
}

const started = {
  ...withPhase(emptyProgress, 'freeze', { state: 'running' }),
  pipeline: 'sales',
  table: '/lake/sales',
};
const frozen = withPhase(started, 'freeze', { state: 'done', seconds: 0.04, note: '2 files' });

describe('progress of a run', () => {
  it('is one plain line per finished phase without a terminal', () => {
    const { lines, stream } = page();
    const view = createProgressView(false, stream);
    for (const progress of [started, frozen, frozen]) view.update(progress);
    view.stop();
    expect(lines.map((line) => line.replaceAll(/\u001B\[\d+m/g, ''))).toEqual([
      'sales → /lake/sales\n',
      '✓ freeze   0.04 s 2 files\n',
    ]);
  });

  it('tells the same trouble once, however often it is retried', () => {
    const { lines, stream } = page();
    const view = createProgressView(false, stream);
    view.trouble('submitJob, attempt 2: no Java');
    view.trouble('submitJob, attempt 3: no Java');
    view.stop();
    expect(lines).toHaveLength(1);
  });

  it('shows nothing when it must be quiet', () => {
    const { lines, stream } = page();
    const view = createProgressView(true, stream);
    view.update(frozen);
    view.stop();
    expect(lines).toEqual([]);
  });

  it('clears its moving line on a terminal', () => {
    jest.useFakeTimers();
    const { lines, stream } = page(true);
    const view = createProgressView(false, stream);
    view.update(started);
    jest.advanceTimersByTime(250);
    view.stop();
    jest.useRealTimers();
    expect(lines.some((line) => line.includes('freeze'))).toBe(true);
    expect(lines.at(-1)).toBe('\r\u001B[2K');
  });
});
