// What users do, as data: one seed gives one list of commands. Each trial has a theme, a few of the feeds and habits, so that commands
// that belong together meet.
import fc from 'fast-check';
import { feeds, type FeedName, type LakeName } from './site';

export type FileCommand =
  | {
      readonly do: 'send';
      readonly feed: FeedName;
      /** Of four names; a name that is there is corrected. */
      readonly file: number;
      readonly keys: readonly number[];
      readonly shape: 'good' | 'dirty' | 'unreadable' | 'breaking' | 'empty' | 'broken';
      /** `old`: its time is before that of every other file. `same-time`: of a correction, size and time stay. */
      readonly age: 'new' | 'old' | 'same-time';
    }
  | { readonly do: 'send-notes'; readonly shape: 'good' | 'unreadable' }
  /** The bytes of one file under another name. */
  | { readonly do: 'send-again'; readonly feed: FeedName; readonly file: number; readonly as: number };

export type TableCommand = {
  readonly do: 'table';
  readonly feed: FeedName;
  readonly lake: LakeName;
  /** `move` and `copy`: to the other lake. From `append` on by another program: `double` writes a key again. */
  readonly what: 'drop' | 'move' | 'copy' | 'restore' | 'append' | 'replace' | 'double' | 'alter';
};

/** What comes in the middle of a run. */
export type Meanwhile =
  | FileCommand
  | TableCommand
  | { readonly do: 'cancel' | 'terminate' | 'end-keeper' }
  /** A second terminal. */
  | { readonly do: 'run-too'; readonly lake: LakeName; readonly redo: boolean; readonly by: 'cli' | 'ui' };

export type Fault = 'worker-dies' | 'job-dies' | 'answer-lost' | 'disk-full' | 'disk-read-only' | 'slow';

export type RunCommand = {
  readonly do: 'run';
  readonly feed: FeedName;
  readonly lake: LakeName;
  /** Its day, where files have one. */
  readonly file: number;
  readonly redo: boolean;
  readonly by: 'cli' | 'ui';
  readonly faults: readonly { readonly at: string; readonly fault: Fault }[];
  readonly meanwhile: readonly { readonly at: string; readonly what: Meanwhile }[];
};

export type Command =
  | FileCommand
  | TableCommand
  | RunCommand
  | { readonly do: 'define'; readonly feed: FeedName; readonly factor: number }
  | { readonly do: 'state'; readonly what: 'all' | 'ledger' | 'batches' }
  | { readonly do: 'decide'; readonly decision: 'approve' | 'reject' }
  | { readonly do: 'bad-start'; readonly input: string }
  | { readonly do: 'clock'; readonly hours: number };

const activities = ['loadPipeline', 'freezeInputs', 'submitJob', 'watchJob', 'requestCommit', 'publishRun'] as const;
const shelves = [
  'definitions',
  'manifest',
  'prepare-request',
  'prepare-handle',
  'commit-request',
  'commit-handle',
  'ledger',
  'runs',
];
const jobMoments = [
  'prepare:begins',
  'prepare:stages',
  'prepare:reports',
  'prepare:ends',
  'commit:begins',
  'commit:writes',
  'commit:wrote',
  'commit:reports',
  'commit:ends',
];

const around = (name: string): readonly string[] => [`${name}:before`, `${name}:after`];

const workerMoments = [...activities.flatMap(around), ...shelves.flatMap((shelf) => around(`write ${shelf}`))];
const diskMoments = shelves.flatMap((shelf) => around(`write ${shelf}`));

/** After these a run has said what it found: what a person does later is not its fault. */
const tableMoments = [
  'loadPipeline:after',
  'prepare:begins',
  'prepare:ends',
  'requestCommit:before',
  'commit:begins',
  'commit:ends',
  'publishRun:before',
];

/** What a writer does that looks at the log: between the look and the write of another one nobody sees a folder that is replaced. */
const writers = ['append', 'append', 'double', 'alter', 'restore'] as const;

const fault = fc.oneof(
  fc.record({ at: fc.constantFrom(...workerMoments), fault: fc.constantFrom('worker-dies', 'worker-dies', 'slow') }),
  fc.record({ at: fc.constantFrom(...jobMoments), fault: fc.constantFrom('job-dies', 'job-dies', 'slow') }),
  fc.record({
    at: fc.constantFrom('prepare:submitted', 'commit:submitted'),
    fault: fc.constant('answer-lost' as const),
  }),
  fc.record({ at: fc.constantFrom(...diskMoments), fault: fc.constantFrom('disk-full', 'disk-read-only') }),
) as fc.Arbitrary<{ readonly at: string; readonly fault: Fault }>;

const badInputs: readonly string[] = [
  '{"pipline":"PIPELINE"}',
  '"PIPELINE"',
  '[]',
  'null',
  '7',
  '{"pipeline":"PIPELINE","redo":"yes"}',
  '{"pipeline":7}',
  '{"pipeline":"PIPELINE","variables":["LAKE"]}',
  '{"pipeline":"/etc/hostname"}',
];

type Weighted = { readonly weight: number; readonly arbitrary: fc.Arbitrary<Command> };

type Theme = { readonly feeds: readonly FeedName[]; readonly habits: readonly Habit[] };

const habits = [
  'redo',
  'definition',
  'dirt',
  'lakes',
  'tables',
  'state',
  'people',
  'terminals',
  'faults',
  'starts',
  'clock',
] as const;
type Habit = (typeof habits)[number];

const names = Object.keys(feeds) as FeedName[];

const theme: fc.Arbitrary<Theme> = fc.record({
  feeds: fc.oneof(
    { weight: 2, arbitrary: fc.constantFrom(...names).map((name) => [name]) },
    { weight: 1, arbitrary: fc.constant<FeedName[]>(['orders', 'returns']) },
  ),
  habits: fc.uniqueArray(fc.constantFrom(...habits), { minLength: 2, maxLength: 4 }),
});

function commandsOf({ feeds: chosen, habits: has }: Theme): fc.Arbitrary<readonly Command[]> {
  const may = (habit: Habit): boolean => has.includes(habit);
  const when = <T>(habit: Habit, arbitrary: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
    may(habit) ? arbitrary : fc.constant(otherwise);
  const feed = fc.constantFrom(...chosen);
  const file = fc.integer({ min: 0, max: 3 });
  const lake = when<LakeName>('lakes', fc.constantFrom('dev', 'dev', 'prod', 'link', 'slashes'), 'dev');
  const redo = when('redo', fc.boolean(), false);
  const by = when<'cli' | 'ui'>('starts', fc.constantFrom('cli', 'ui'), 'ui');
  const send = fc.record({
    do: fc.constant('send' as const),
    ...{ feed, file },
    keys: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }),
    shape: when<Extract<FileCommand, { do: 'send' }>['shape']>(
      'dirt',
      fc.constantFrom('good', 'good', 'dirty', 'unreadable', 'breaking', 'empty', 'broken'),
      'good',
    ),
    age: fc.constantFrom<('new' | 'old' | 'same-time')[]>('new', 'new', 'old', 'same-time'),
  });
  const again = fc.record({ do: fc.constant('send-again' as const), feed, file, as: file });
  const table = fc.record({
    do: fc.constant('table' as const),
    ...{ feed, lake },
    what: fc.constantFrom<TableCommand['what'][]>(
      ...(['drop', 'move', 'copy', 'restore', 'restore', 'append', 'replace', 'double', 'alter'] as const),
    ),
  });
  const writer = fc.record({
    do: fc.constant('table' as const),
    ...{ feed, lake },
    what: fc.constantFrom(...writers),
  });
  const meanwhile = fc.oneof(
    ...(may('people')
      ? [
          fc.record({
            at: fc.constantFrom(...workerMoments, ...jobMoments),
            what: fc.record({ do: fc.constantFrom('cancel', 'cancel', 'terminate', 'end-keeper') }),
          }),
        ]
      : []),
    ...(may('terminals')
      ? [
          fc.record({
            at: fc.constantFrom(...workerMoments, ...jobMoments),
            what: fc.record({
              do: fc.constant('run-too' as const),
              lake,
              redo,
              by: fc.constantFrom('cli', 'cli', 'ui'),
            }),
          }),
          fc.record({ at: fc.constantFrom(...workerMoments, ...jobMoments), what: send }),
        ]
      : []),
    ...(may('tables')
      ? [
          fc.record({ at: fc.constantFrom(...tableMoments), what: table }),
          fc.record({ at: fc.constant('commit:writes'), what: writer }),
        ]
      : []),
    fc.record({ at: fc.constantFrom(...workerMoments), what: send }),
  ) as fc.Arbitrary<RunCommand['meanwhile'][number]>;
  const isEventful = may('people') || may('terminals') || may('tables');
  const run: fc.Arbitrary<RunCommand> = fc
    .record({
      do: fc.constant('run' as const),
      ...{ feed, lake, file, redo, by },
      faults: when('faults', fc.array(fault, { maxLength: 2 }), []),
      meanwhile: isEventful
        ? fc.array(meanwhile, { maxLength: 2, size: 'max' })
        : fc.constant<RunCommand['meanwhile']>([]),
    })
    .map((one) => {
      // What a terminal makes of a second one is decided by the command line.
      return one.meanwhile.some(({ what }) => what.do === 'run-too') ? { ...one, by: 'cli' as const } : one;
    });
  const weighted = (weight: number, habit: Habit, arbitrary: fc.Arbitrary<Command>): readonly Weighted[] =>
    may(habit) ? [{ weight, arbitrary }] : [];
  const any = fc.oneof<Weighted[]>(
    { weight: 6, arbitrary: send },
    { weight: 1, arbitrary: again },
    { weight: 7, arbitrary: run },
    ...(chosen.includes('noted')
      ? [
          {
            weight: 3,
            arbitrary: fc.record({
              do: fc.constant('send-notes' as const),
              shape: fc.constantFrom('good', 'unreadable', 'unreadable'),
            }),
          },
        ]
      : []),
    ...weighted(
      2,
      'definition',
      fc.record({ do: fc.constant('define' as const), feed, factor: fc.constantFrom(2, 3) }),
    ),
    ...weighted(3, 'tables', table),
    ...weighted(
      2,
      'state',
      fc.record({ do: fc.constant('state' as const), what: fc.constantFrom('all', 'ledger', 'batches') }),
    ),
    ...weighted(
      2,
      'dirt',
      fc.record({ do: fc.constant('decide' as const), decision: fc.constantFrom('approve', 'reject') }),
    ),
    ...weighted(
      2,
      'starts',
      fc.record({ do: fc.constant('bad-start' as const), input: fc.constantFrom(...badInputs) }),
    ),
    ...weighted(1, 'clock', fc.record({ do: fc.constant('clock' as const), hours: fc.constantFrom(-48, -1, 1, 48) })),
  );
  return fc
    .tuple(send, fc.array(any, { minLength: 2, maxLength: 9, size: 'max' }))
    .map(([first, others]) => [first, ...others]);
}

export const commandList: fc.Arbitrary<readonly Command[]> = theme.chain(commandsOf);
