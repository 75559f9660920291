// Compares the ledger with the log of its table: which batches the table stands on, and what became of the others.
//   reconcileTable(log, committed): Promise<TableTruth>
// Usually two looks: the log entry of the newest batch, which proves all before it, and the one after, which is not there.
import type { CommittedBatch } from '../contracts/ledger';
import type { TableBase } from '../contracts/job';
import { isRestore, lineageOf, type Lineage, type LogEntry } from '../domain/table-log';
import { tellTable } from '../domain/table-notices';
import type { TableLog } from './table-log';

export type TableTruth = {
  /** The table as it is. Absent: there is none. */
  readonly base?: TableBase;
  /** Batches of this very table that it does not stand on any more. */
  readonly void: ReadonlySet<string>;
  /** Names of batches that were committed and taken back, as far as the log after the newest batch tells. */
  readonly takenBack: ReadonlySet<string>;
  /** What a person should know. */
  readonly notices: readonly string[];
  /** The table stands on this version: it was not taken back. */
  readonly stands: (version: number) => Promise<boolean>;
  /** Id of the table as of a version that is there. */
  readonly idAt: (version: number) => Promise<string>;
};

const newestFirst = (batches: readonly CommittedBatch[]): readonly CommittedBatch[] =>
  batches.toSorted((a, b) => b.tableVersion - a.tableVersion);

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);

/** Batches by table, the table that was committed to last first. */
function byTable(batches: readonly CommittedBatch[]): readonly (readonly CommittedBatch[])[] {
  const tables = new Map<string, CommittedBatch[]>();
  for (const batch of batches) {
    const own = tables.get(batch.tableId);
    if (own === undefined) tables.set(batch.tableId, [batch]);
    else own.push(batch);
  }
  const last = (own: readonly CommittedBatch[]): number =>
    own.reduce((latest, { committedAt }) => Math.max(latest, Date.parse(committedAt)), 0);
  return [...tables.values()].toSorted((a, b) => last(b) - last(a)).map(newestFirst);
}

/** The newest batch whose version is in the log with the very bytes of then. A log is a chain: those before it are too. */
async function newestProved(log: TableLog, own: readonly CommittedBatch[]): Promise<CommittedBatch | undefined> {
  let left = own;
  for (let stride = 1; left.length > 0; stride = Math.min(2 * stride, 32)) {
    const looked = left.slice(0, stride);
    const entries = await log.entries(looked.map(({ tableVersion }) => tableVersion));
    const proved = looked.find(({ commit }, index) => entries[index]?.commit === commit);
    if (proved !== undefined) return proved;
    const there = new Set(await log.versions());
    left = left.slice(stride).filter(({ tableVersion }) => there.has(tableVersion));
  }
  return undefined;
}

/** The lineage of the newest version, read down as far as it is asked for. */
export async function createLineage(log: TableLog, newest: LogEntry, from: number) {
  const restores = new Map<number, number | undefined>();
  let readFrom = newest.version + 1;
  let lineage: Lineage = { holds: () => false };
  async function readDownTo(version: number): Promise<void> {
    if (version >= readFrom) return;
    const entries = await log.entries(range(version, readFrom - 1));
    for (const entry of entries) {
      if (entry !== undefined && isRestore(entry)) restores.set(entry.version, await log.restoredTo(entry));
    }
    readFrom = version;
    lineage = lineageOf(newest.version, restores, readFrom);
  }
  await readDownTo(from);
  return {
    restores,
    stands: async (version: number): Promise<boolean> => {
      if (version > newest.version) return false;
      await readDownTo(version);
      return lineage.holds(version);
    },
    /** The same for a batch from before `from` that stood when `from` was made: read on only where a RESTORE went below. */
    stoodThrough: async (version: number): Promise<boolean> => {
      if (version < readFrom && lineage.below === readFrom - 1) return true;
      if (version < readFrom && (lineage.below === undefined || lineage.below < version)) return false;
      await readDownTo(version);
      return lineage.holds(version);
    },
  };
}

const baseOf = (id: string, { version, commit }: LogEntry): TableBase => ({ id, version, commit });

export async function reconcileTable(log: TableLog, committed: readonly CommittedBatch[]): Promise<TableTruth> {
  const tables = byTable(committed.filter(({ table }) => table === log.table));
  for (const own of tables) {
    const proved = await newestProved(log, own);
    if (proved !== undefined) return afterProof(log, own, proved);
  }
  const newest = await log.newest();
  const none = new Set<string>();
  const known = tables.flat();
  if (newest === undefined) {
    const notices = tellTable({ kind: 'gone', table: log.table, batches: known.length });
    return { void: none, takenBack: none, notices, stands: async () => false, idAt: async () => '' };
  }
  const id = await log.id(newest);
  const own = tables.find(([first]) => first?.tableId === id) ?? [];
  const begin = own.length === 0 ? newest.version : ((await log.versions())[0] ?? newest.version);
  const lineage = await createLineage(log, newest, begin);
  // What the log no longer holds it cannot deny; the id says that it is the table of then.
  const isLost = async ({ tableVersion }: CommittedBatch): Promise<boolean> =>
    tableVersion >= begin || !(await lineage.stoodThrough(tableVersion));
  const lost = await select(own, isLost);
  return {
    base: baseOf(id, newest),
    void: new Set(lost.map(({ digest }) => digest)),
    takenBack: none,
    notices:
      own.length === 0
        ? tellTable({ kind: 'another', table: log.table, id, batches: known })
        : [
            ...tellTable({ kind: 'set-back', table: log.table, lost, newest, restores: lineage.restores }),
            ...tellTable({ kind: 'unseen', begin, batches: own.length - lost.length }),
          ],
    stands: lineage.stands,
    idAt: async (version) => log.id((await log.entry(version)) ?? newest),
  };
}

async function afterProof(
  log: TableLog,
  own: readonly CommittedBatch[],
  { tableVersion: from, tableId }: CommittedBatch,
): Promise<TableTruth> {
  const newest = await log.newestFrom(from);
  const tail = (await log.entries(range(from, newest.version))).filter((entry) => entry !== undefined);
  const idAt = (version: number): string =>
    tail.findLast((entry) => entry.version <= version && entry.tableId !== undefined)?.tableId ?? tableId;
  const id = idAt(newest.version);
  const lineage = await createLineage(log, newest, from);
  const stands = await select(tail, ({ version }) => lineage.stands(version));
  const common = {
    base: baseOf(id, newest),
    takenBack: new Set(tail.filter((entry) => !stands.includes(entry)).flatMap(batchOfStep)),
    stands: lineage.stands,
    idAt: async (version: number) => (version >= from ? idAt(version) : tableId),
  };
  if (id !== tableId) {
    const notices = tellTable({ kind: 'another', table: log.table, id, batches: own });
    return { ...common, void: new Set(), notices };
  }
  const lost = await select(
    own,
    async ({ tableVersion }) => tableVersion > from || !(await lineage.stoodThrough(tableVersion)),
  );
  return {
    ...common,
    void: new Set(lost.map(({ digest }) => digest)),
    notices: [
      ...tellTable({ kind: 'set-back', table: log.table, lost, newest, restores: lineage.restores }),
      ...tellTable({ kind: 'foreign', since: from, entries: stands.slice(1) }),
    ],
  };
}

/** In order, one after another: each answer may spare the next its reads. */
async function select<T>(items: readonly T[], isWanted: (item: T) => Promise<boolean>): Promise<readonly T[]> {
  const wanted: T[] = [];
  for (const item of items) if (await isWanted(item)) wanted.push(item);
  return wanted;
}

/** `pipeline/table/batch/job`. */
const batchOfStep = ({ stepKey }: LogEntry): readonly string[] => stepKey?.split('/').slice(2, 3) ?? [];
