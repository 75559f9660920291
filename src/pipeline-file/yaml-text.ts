// YAML text to plain values in which every scalar is the text that was written, and the place of each key and value.
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from 'yaml';
import type { FieldPath } from './issue';

export type Place = { readonly line: number; readonly column: number };

export type Entry = {
  /** Of the value; of the key when the value is empty. */
  readonly place: Place;
  readonly keyPlace: Place;
  /** A scalar as it stands in the file, before variables. */
  readonly written?: string;
};

export type YamlIssue = {
  readonly path: FieldPath;
  readonly place: Place;
  readonly problem: string;
  readonly remedy: string;
};

export type YamlText = {
  /** Records, arrays and strings; undefined when the text is no YAML. */
  readonly value: unknown;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly issues: readonly YamlIssue[];
};

export const entryKey = (path: FieldPath): string => path.map(String).join('\0');

const start: Place = { line: 1, column: 1 };
/** Far above any real file; bounds aliases that multiply and lists without end. */
const mostNodes = 20_000;
const mostCharacters = 256 * 1024;
const deepest = 40;
/** Counted before parsing, in quotes and comments too, so with room. */
const deepestBrackets = 100;

/** `scalar` sees each value (never a key) and may replace it. */
export function readYaml(text: string, scalar: (written: string, path: FieldPath) => string): YamlText {
  const lines = new LineCounter();
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const parsed = parse(text, lines);
  if (parsed === undefined) {
    const remedy = `Keep to ${deepest} levels and ${mostCharacters / 1024} KiB.`;
    return {
      value: undefined,
      entries: new Map(),
      issues: [{ path: [], place: start, problem: 'the file is too large or nested too deeply', remedy }],
    };
  }
  const faults = [...parsed.errors, ...parsed.warnings];
  if (faults.length > 0) {
    const issues = faults.map((fault) => syntaxIssue(fault.code, fault.message, placeAt(fault.pos[0]), text));
    return { value: undefined, entries: new Map(), issues };
  }
  const walk = createWalk(parsed, placeAt, scalar);
  const value = walk.visit(parsed.contents, [], start);
  return { value, entries: walk.entries, issues: walk.issues };
}

/** Undefined for a text that no person wrote. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  if (text.length > mostCharacters || isTooDeep(text)) return undefined;
  return parseDocument(text, {
    schema: 'failsafe',
    version: '1.2',
    lineCounter,
    prettyErrors: false,
    uniqueKeys: false,
  });
}

/** The parser recurses per level, and thousands of levels take the whole process down, not only the call. */
function isTooDeep(text: string): boolean {
  let open = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = bracket === '[' || bracket === '{' ? open + 1 : Math.max(0, open - 1);
    if (open > deepestBrackets) return true;
  }
  return new RegExp(`(?:[-?:][ \\t]+){${deepestBrackets}}`).test(text);
}

function syntaxIssue(code: string, message: string, place: Place, text: string): YamlIssue {
  const line = text.split(/\r?\n/)[place.line - 1] ?? '';
  const problem = `not valid YAML: ${message.replace(/\s+/g, ' ').replace(/[.:]$/, '')}`;
  const remedies: Readonly<Record<string, string>> = {
    TAB_AS_INDENT: 'Indent with spaces.',
    MULTIPLE_DOCS: 'Keep one pipeline per file.',
    TAG_RESOLVE_FAILED: "Remove the tag, or quote the value if it starts with '!'.",
  };
  const braces = /[{[,].*\$\{/.test(line) ? 'Inside { } or [ ] quote values that hold ${…}: "${NAME}/x".' : undefined;
  return {
    path: [],
    place,
    problem,
    remedy: remedies[code] ?? braces ?? 'Check indentation, quotes and brackets here.',
  };
}

const unknownAnchor = {
  problem: "a value that starts with '*' is an unknown anchor to YAML",
  remedy: 'Quote it, for example "*.csv".',
};

/** `{ a: round(x, 2) }` is two keys to YAML: `a`, and `2)` without a value. */
const noValue = (path: FieldPath): { readonly problem: string; readonly remedy: string } =>
  String(path.at(-1)).includes(')')
    ? { problem: 'a comma cut this from the value before it', remedy: 'Quote that whole value: "…".' }
    : {
        problem: 'has no value',
        remedy: "Write a value or remove the key; quote a text that YAML reads otherwise, such as '#' or '|'.",
      };

function createWalk(
  document: Document.Parsed,
  placeAt: (offset: number) => Place,
  scalar: (written: string, path: FieldPath) => string,
) {
  const entries = new Map<string, Entry>();
  const issues: YamlIssue[] = [];
  let nodes = 0;

  const visit = (given: unknown, path: FieldPath, keyPlace: Place): unknown => {
    const node = isAlias(given) ? given.resolve(document) : given;
    const own = isNodeWithRange(given) ? placeAt(given.range[0]) : keyPlace;
    nodes += 1;
    if (path.length > deepest || nodes > mostNodes) {
      if (nodes < Number.MAX_SAFE_INTEGER) {
        issues.push({
          path: [],
          place: own,
          problem: 'the file is too large or nested too deeply',
          remedy: 'Shorten it.',
        });
      }
      nodes = Number.MAX_SAFE_INTEGER;
      return undefined;
    }
    if (isMap(node)) {
      entries.set(entryKey(path), { place: own, keyPlace });
      return mapping(node.items, path);
    }
    if (isSeq(node)) {
      entries.set(entryKey(path), { place: own, keyPlace });
      return node.items.map((item, index) => visit(item, [...path, index], own));
    }
    const written = isScalar(node) && typeof node.value === 'string' ? node.value : '';
    const bare = !isScalar(node) || (written === '' && node.type === 'PLAIN');
    const place = bare ? keyPlace : own;
    entries.set(entryKey(path), { place, keyPlace, written });
    if (bare && path.length > 0) {
      issues.push({ path, place, ...(isAlias(given) ? unknownAnchor : noValue(path)) });
      return undefined;
    }
    return bare ? undefined : scalar(written, path);
  };

  const mapping = (pairs: readonly { key: unknown; value: unknown }[], path: FieldPath): unknown => {
    const members: [string, unknown][] = [];
    for (const { key, value } of pairs) {
      const keyPlace = isNodeWithRange(key) ? placeAt(key.range[0]) : start;
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : '';
      if (name === '' || name === '__proto__') {
        issues.push({ path, place: keyPlace, problem: 'this key cannot be a name', remedy: 'Write a plain word.' });
        continue;
      }
      const first = entries.get(entryKey([...path, name]));
      if (first !== undefined) {
        const problem = `this key stands twice; first in line ${first.keyPlace.line}`;
        issues.push({ path: [...path, name], place: keyPlace, problem, remedy: 'Remove or rename one of the two.' });
        continue;
      }
      members.push([name, visit(value, [...path, name], keyPlace)]);
    }
    return Object.fromEntries(members);
  };

  return { visit, entries, issues };
}

const isNodeWithRange = (node: unknown): node is Node & { range: [number, number, number] } =>
  (isAlias(node) || isScalar(node) || isMap(node) || isSeq(node)) && Array.isArray(node.range);
