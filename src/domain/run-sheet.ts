// The run sheet: what a person sees in the Temporal UI as current details of a run. Markdown, pure.
import { phases, type Phase, type PhaseState, type PreparedRows, type RunProgress } from '../contracts/run';
import { sayReason } from './gate';
import { inCode, inCodeCell } from './visible';

const marks = {
  waiting: '·',
  running: '▶',
  held: '⏸',
  done: '✓',
  skipped: '–',
  failed: '✗',
} as const satisfies Record<PhaseState, string>;

export const emptyProgress: RunProgress = { phases: phases.map((phase) => ({ phase, state: 'waiting' })) };

/** Copy of the progress with one phase changed. */
export function withPhase(
  progress: RunProgress,
  phase: Phase,
  change: { readonly state: PhaseState; readonly seconds?: number; readonly note?: string },
): RunProgress {
  return {
    ...progress,
    phases: progress.phases.map((entry) => (entry.phase === phase ? { ...entry, ...change } : entry)),
  };
}

/** Temporal takes 20 KB; a character takes three bytes at most. */
const longest = 6500;

const cut = (text: string): string => (text.length <= longest ? text : `${text.slice(0, longest - 1)}…`);

function drawSources({ sources, quarantine }: PreparedRows): readonly string[] {
  const rows = Object.entries(sources).map(([name, { read, kept, quarantined, duplicates, reasons }]) => {
    const why = reasons.slice(0, 1).map(sayReason).join('');
    return `| ${inCodeCell(name)} | ${[read, kept, quarantined, duplicates].join(' | ')} | ${inCodeCell(why)} |`;
  });
  const where =
    quarantine === undefined
      ? []
      : [`${quarantine.rows} rows aside: ${inCode(quarantine.table)} where ${inCode(quarantine.where)}`];
  return [
    '',
    '| source | read | kept | aside | duplicates | |',
    '|---|---|---|---|---|---|',
    ...rows,
    ...where.flatMap((line) => ['', line]),
  ];
}

export function drawRunSheet(progress: RunProgress): string {
  const head = [
    progress.pipeline === undefined ? undefined : `${inCode(progress.pipeline)} → ${inCode(progress.table ?? '')}`,
    progress.digest === undefined
      ? undefined
      : `batch ${progress.digest.slice(0, 12)}: ${progress.files ?? 0} files, ${((progress.bytes ?? 0) / 1e6).toFixed(1)} MB`,
    progress.interval === undefined ? undefined : `interval ${progress.interval.start} to ${progress.interval.end}`,
    progress.outcome === undefined ? undefined : `outcome: **${progress.outcome}**`,
  ].filter((line) => line !== undefined);
  const rows = progress.phases.map(
    ({ phase, state, seconds, note }) =>
      `| ${marks[state]} ${phase} | ${state} | ${seconds === undefined ? '' : seconds.toFixed(2)} | ${inCodeCell(note ?? '')} |`,
  );
  const held = progress.held ?? [];
  const sheet = [
    ...head.map((line) => `${line}  `),
    '',
    '| phase | state | seconds | |',
    '|---|---|---|---|',
    ...rows,
    ...(held.length === 0
      ? []
      : [
          '',
          '**Held.** Send the update `decideGate` with `{"decision":"approve","by":"…","why":"…"}`, or reject:',
          ...held.map((reason) => `- ${inCode(reason)}`),
        ]),
    ...(progress.prepared === undefined ? [] : drawSources(progress.prepared)),
  ].join('\n');
  return cut(sheet);
}
