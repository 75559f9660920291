// Holds a store against the promises that everything here rests on: of many writers of one new key one wins, and what
// was written is there at once, for reads and for listings. Removes what it wrote.
//   proveStore(place, connect): Promise<StoreProof>
import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../activities/ports';
import { HeadgateError } from '../../contracts/errors';
import { escapeGlob } from '../../domain/glob';
import { callsAtOnce, mapBounded } from '../../domain/map-bounded';

export type StoreCheck = { readonly name: string; readonly holds: boolean; readonly found: string };

export type StoreProof = { readonly place: string; readonly holds: boolean; readonly checks: readonly StoreCheck[] };

const rounds = 20;
const writers = 16;

/** Text of a writer: long enough that half of it would show. */
const textOf = (writer: number): string => `writer ${String(writer).padStart(2, '0')} `.repeat(512);

/** `connect` gives a store with connections of its own each time. */
export async function proveStore(place: string, connect: () => Promise<ObjectStore>): Promise<StoreProof> {
  const store = await connect();
  const root = `${await store.canonical(place)}/headgate-doctor-${randomUUID()}`;
  const others = await Promise.all(Array.from({ length: writers }, connect));
  const checks: StoreCheck[] = [];
  try {
    for (const [name, look] of Object.entries(looks)) checks.push(await checked(name, () => look(root, store, others)));
  } catch (error) {
    // What could not be looked at is told, and not that it could not be cleared up either.
    await store.remove(root).catch(() => undefined);
    throw error;
  }
  await store.remove(root);
  return { place: await store.canonical(place), holds: checks.every(({ holds }) => holds), checks };
}

/** What is wrong, or how much was found right. */
type Look = (root: string, store: ObjectStore, others: readonly ObjectStore[]) => Promise<Found>;

type Found = { readonly wrong: readonly string[]; readonly right: string };

const looks: Readonly<Record<string, Look>> = {
  'put-if-absent has one winner': oneWinner,
  'put-if-absent keeps what is there': firstStays,
  'a read shows the last write': readAfterWrite,
  'a listing shows what was written': listAfterWrite,
  'a read refuses other content than was seen': pinnedRead,
  'what is removed is gone': gone,
};

/** A server that lacks what is asked of it, or refuses it without an end, has been looked at. */
const verdicts = new Set(['StoreLacks', 'WriteConflict']);

async function checked(name: string, look: () => Promise<Found>): Promise<StoreCheck> {
  try {
    const { wrong, right } = await look();
    return { name, holds: wrong.length === 0, found: wrong.length === 0 ? right : wrong.slice(0, 3).join('; ') };
  } catch (error) {
    if (error instanceof HeadgateError && verdicts.has(error.type)) return { name, holds: false, found: error.message };
    throw error;
  }
}

async function oneWinner(root: string, store: ObjectStore, others: readonly ObjectStore[]): Promise<Found> {
  const wrong: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const path = `${root}/race/${round}`;
    const won = await Promise.all(others.map((other, writer) => other.putIfAbsent(path, textOf(writer))));
    const winners = won.flatMap((hasWon, writer) => (hasWon ? [writer] : []));
    const [winner] = winners;
    const text = await store.readText(path);
    if (winners.length !== 1) wrong.push(`round ${round} has ${winners.length} winners`);
    else if (winner !== undefined && text !== textOf(winner))
      wrong.push(`round ${round} holds another than its winner`);
  }
  return { wrong, right: `${rounds} rounds of ${writers} writers, one winner each` };
}

async function firstStays(root: string, store: ObjectStore): Promise<Found> {
  const path = `${root}/first`;
  const first = await store.putIfAbsent(path, 'first');
  const second = await store.putIfAbsent(path, 'second');
  const text = await store.readText(path);
  const wrong = [
    ...(first ? [] : ['a new key was called taken']),
    ...(second ? ['a taken key was called new'] : []),
    ...(text === 'first' ? [] : [`the first content is gone: ${text ?? 'nothing is there'}`]),
  ];
  return { wrong, right: 'the first content stays' };
}

async function readAfterWrite(root: string, store: ObjectStore, others: readonly ObjectStore[]): Promise<Found> {
  const path = `${root}/read`;
  const wrong: string[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await store.writeText(path, `${round}`);
    const read = await Promise.all(others.map((other) => other.readText(path)));
    if (read.some((text) => text !== `${round}`)) wrong.push(`write ${round} was not read at once`);
  }
  return { wrong, right: `${rounds} writes, each read by ${writers}` };
}

const listed = 200;

async function listAfterWrite(root: string, store: ObjectStore, others: readonly ObjectStore[]): Promise<Found> {
  const paths = Array.from(
    { length: listed },
    (_, index) => `${root}/list/${String(index).padStart(4, '0')} ü+%#?.txt`,
  );
  await mapBounded(paths, callsAtOnce, (path) => store.writeText(path, 'x'));
  const lists = await Promise.all(others.map((other) => other.list(`${escapeGlob(root)}/list/*.txt`)));
  const isWhole = lists.every((list) => list.length === listed && list.every(({ path }, at) => path === paths[at]));
  const shown = lists.map(({ length }) => length).join(', ');
  return {
    wrong: isWhole ? [] : [`${listed} objects were written, and listings show ${shown}`],
    right: `${listed} objects, listed by ${writers}`,
  };
}

async function pinnedRead(root: string, store: ObjectStore): Promise<Found> {
  const path = `${root}/pinned`;
  await store.writeText(path, 'first');
  const seen = await store.stat(path);
  await store.writeText(path, 'other');
  const read = await store.readRange(path, 0, 9, seen).then(
    () => ['other content was read as what was seen'],
    (error: unknown) => {
      if (error instanceof Error && 'kind' in error && error.kind === 'inputs-changed') return [];
      throw error;
    },
  );
  return { wrong: seen === undefined ? ['an object that was written is not there'] : read, right: 'refused' };
}

async function gone(root: string, store: ObjectStore): Promise<Found> {
  await store.remove(`${root}/list`);
  const left = await store.list(`${escapeGlob(root)}/list`);
  await store.remove(`${root}/first`);
  const text = await store.readText(`${root}/first`);
  const wrong = [
    ...(left.length === 0 ? [] : [`${left.length} objects are still listed`]),
    ...(text === undefined ? [] : ['a removed object is still read']),
  ];
  return { wrong, right: 'at once' };
}
