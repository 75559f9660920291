import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { commitAsk, commitReply, withdrawAsk } from '../../src/domain/entrance/commit-messages';
import { carriedPool, giveBackAsk, leaseAsk, leaseNews, reapInput } from '../../src/domain/entrance/cluster-messages';
import { cancelRequest, gateVerdict, maintainTableInput, runPipelineInput } from '../../src/domain/entrance/inputs';
import { carriedKeeperInput, keeperInput } from '../../src/domain/entrance/keeper-input';
import { askedMaintenanceOf, commitAskOf } from '../../src/domain/entrance/of-table';
import { refuse } from '../../src/domain/entrance/refuse';
import type { Shape } from '../../src/domain/entrance/shape';
import { askedMaintenance, maintenanceReply } from '../../src/domain/entrance/upkeep-messages';
import { refuseKeeper } from '../../src/domain/keeper/acceptance';

const refused = (shape: Shape<unknown>, ...args: readonly unknown[]) => refuse(shape, args, 'runPipeline').failure;
const messageOf = (shape: Shape<unknown>, ...args: readonly unknown[]) => {
  const failure = refused(shape, ...args);
  return failure === undefined ? undefined : `${failure.message} ${failure.remedy}`;
};
/** Shapes of different types in one list: what they refuse is all that counts here. */
const any = (shape: Pick<Shape<never>, 'faults'>): Shape<unknown> => ({ faults: shape.faults });

describe('inputs of people', () => {
  it.each([
    ['nothing', []],
    ['the nothing of a client', [undefined]],
    ['an empty object', [{}]],
    ['all keys', [{ pipeline: 'p', variables: { A: 'b' }, folder: '/x', interval: '2026-11', redo: true }]],
  ])('takes %s', (_, args) => {
    expect(refused(any(runPipelineInput), ...args)).toBeUndefined();
  });

  it.each([
    ['null', [null], 'it is null, not a mapping'],
    ['a number', [7], 'it is a number, not a mapping'],
    ['a text', ['orders'], 'it is a text, not a mapping'],
    ['a list', [[]], 'it is a list, not a mapping'],
    ['bytes', [new Uint8Array(3)], 'it is no JSON, not a mapping'],
    ['a misspelt key', [{ pipline: 'orders' }], 'pipline is not a known key'],
    ['a flag as text', [{ redo: 'yes' }], 'redo is a text, not true or false'],
    ['a null value', [{ pipeline: null }], 'pipeline is null, not a text that is not empty'],
    ['an empty name', [{ pipeline: ' ' }], 'pipeline is a text, not a text that is not empty'],
    ['a variable that is a number', [{ variables: { LAKE: 5 } }], 'variables.LAKE is a number, not a text'],
    ['variables as list', [{ variables: ['LAKE=5'] }], 'variables is a list, not a mapping'],
    ['a relative folder', [{ folder: 'x' }], 'folder is a text, not the absolute path of a folder'],
    ['two arguments', [{}, { redo: true }], 'it has 2 arguments'],
    ['an inherited name', [JSON.parse('{"__proto__": {"redo": true}}')], '__proto__ is not a known key'],
  ])('refuses %s', (_, args, problem) => {
    expect(messageOf(any(runPipelineInput), ...args)).toContain(problem);
  });

  it('asks what was meant', () => {
    expect(messageOf(any(runPipelineInput), { pipline: 'orders' })).toContain('Did you mean pipeline?');
    expect(messageOf(any(maintainTableInput), { now: 'vacum-full' })).toContain('Did you mean vacuum-full?');
    expect(messageOf(any(gateVerdict), { decision: 'aprove', by: 'a', why: 'b' })).toContain('Did you mean approve?');
  });

  it.each([[{}], [{ by: 'a' }], [{ by: '', why: 'x' }], [{ by: 'a', why: 'b', reason: 'c' }], [null], ['a']])(
    'refuses %j as a cancel request',
    (given) => {
      expect(refused(any(cancelRequest), given)?.type).toBe('BadInput');
    },
  );

  it('shows what hides in a key', () => {
    expect(messageOf(any(runPipelineInput), { '\u001B[2Jredo\u202E': 1 })).toContain('\\x1b[2Jredo\\u202e');
  });
});

const shapes = Object.entries({
  runPipelineInput,
  maintainTableInput,
  gateVerdict,
  cancelRequest,
  keeperInput,
  carriedKeeperInput,
  commitAsk,
  withdrawAsk,
  commitReply,
  askedMaintenance,
  maintenanceReply,
}).map(([name, shape]) => [name, any(shape)] as const);

/** Keys of older builds, which nobody reads under these names. */
const former = ['targetFileBytes', 'minSmallFiles', 'zorderAbove', 'closedAfterIngests', 'fullVacuumDays'];

describe('every shape', () => {
  it.each(shapes)('%s answers for any JSON', (_, shape) => {
    fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(shape.faults(value, ''))));
  });

  it.each(shapes)('%s notices any part of a good message that is of another kind', (name, shape) => {
    const good = samples[name];
    if (good === undefined) return;
    expect(shape.faults(good, '')).toEqual([]);
    for (const path of leaves(good).filter((one) => !former.includes(one.at(-1) ?? ''))) {
      expect({ path, faults: shape.faults(changed(good, path, [[null]]), '').length }).not.toMatchObject({
        faults: 0,
      });
    }
  });
});

type History = { readonly events: readonly Record<string, unknown>[] };
const folder = join(__dirname, '..', 'replay', 'histories');
const histories = readdirSync(folder)
  .filter((file) => !file.includes('.refused'))
  .map((file): readonly [string, History] => [file, JSON.parse(readFileSync(join(folder, file), 'utf8'))]);

/** What arrived in old histories, by what it arrived for. */
function arrivals(): readonly (readonly [string, string, unknown])[] {
  return histories.flatMap(([file, { events }]) =>
    events.flatMap((event) => {
      const started = at(event, 'workflowExecutionStartedEventAttributes');
      const signaled = at(event, 'workflowExecutionSignaledEventAttributes');
      const updated = at(event, 'workflowExecutionUpdateAcceptedEventAttributes', 'acceptedRequest', 'input');
      if (started !== undefined)
        return payloads(file, String(at(started, 'workflowType', 'name')), at(started, 'input'));
      if (signaled !== undefined) return payloads(file, String(at(signaled, 'signalName')), at(signaled, 'input'));
      return updated === undefined ? [] : payloads(file, String(at(updated, 'name')), at(updated, 'args'));
    }),
  );
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? new Map(Object.entries(inner)).get(key) : undefined),
    value,
  );
}

function payloads(file: string, name: string, input: unknown): readonly (readonly [string, string, unknown])[] {
  const list = at(input, 'payloads');
  return (Array.isArray(list) ? list : []).flatMap((payload: unknown) => {
    const data = at(payload, 'data');
    return typeof data === 'string' && data !== ''
      ? [[file, name, JSON.parse(Buffer.from(data, 'base64').toString('utf8'))] as const]
      : [];
  });
}

const shapeOf: Readonly<Record<string, Shape<unknown>>> = {
  runPipeline: any(runPipelineInput),
  maintainTable: any(maintainTableInput),
  keepTable: any(carriedKeeperInput),
  decideGate: any(gateVerdict),
  cancelRun: any(cancelRequest),
  requestCommit: any(commitAsk),
  keepCluster: any(carriedPool),
  leaseCluster: any(leaseAsk),
  giveBackCluster: any(giveBackAsk),
  clusterReady: any(leaseNews),
  reapOrphans: any(reapInput),
  acceptCommit: any(commitAsk),
  withdrawCommit: any(withdrawAsk),
  commitDone: any(commitReply),
  requestMaintenance: any(askedMaintenance),
  acceptMaintenance: any(askedMaintenance),
  maintenanceDone: any(maintenanceReply),
};

const samples: Readonly<Record<string, unknown>> = {
  commitAsk: arrivals().find(([, name]) => name === 'acceptCommit')?.[2],
  commitReply: arrivals().find(([, name]) => name === 'commitDone')?.[2],
  askedMaintenance: arrivals().find(([, name]) => name === 'requestMaintenance')?.[2],
  maintenanceReply: arrivals().find(([, name]) => name === 'maintenanceDone')?.[2],
};

function leaves(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))];
}

function changed(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? changed(item, rest, to) : item));
  return { ...Object(value), [key]: changed(at(value, key), rest, to) };
}

describe('messages of older builds', () => {
  it.each(arrivals())('%s: what came for %s still fits', (_file, name, value) => {
    expect(shapeOf[name]?.faults(value, '')).toEqual([]);
  });

  it('has seen each kind of message', () => {
    const seen = new Set(arrivals().map(([, name]) => name));
    for (const name of [
      'leaseCluster',
      'clusterReady',
      'acceptCommit',
      'requestCommit',
      'withdrawCommit',
      'commitDone',
      'requestMaintenance',
    ])
      expect(seen).toContain(name);
  });
});

describe('a keeper', () => {
  const [, , ask] = arrivals().find(([, name]) => name === 'acceptCommit') ?? [];
  const table = String(at(ask, 'job', 'request', 'target', 'table'));

  it('takes what is asked for its own table alone', () => {
    expect(refused(any(commitAskOf(table)), ask)).toBeUndefined();
    expect(messageOf(any(commitAskOf('/lake/other')), ask)).toContain(`Ask the workflow table/${table}`);
    const upkeep = arrivals().find(([, name]) => name === 'requestMaintenance')?.[2];
    expect(messageOf(any(askedMaintenanceOf('/lake/other')), upkeep)).toContain('this is the keeper of /lake/other');
  });

  it('is the workflow that is named like its table', () => {
    expect(refuseKeeper('/lake/t', 'table//lake/t')).toBeUndefined();
    expect(refuseKeeper('/lake/t', 'mine')?.type).toBe('WrongKeeper');
    expect(refuseKeeper('mine', 'table/mine')?.message).toContain('neither an absolute path nor a URI');
  });

  it('takes a key of a later build when it is carried over, and from nobody else', () => {
    expect(refused(any(carriedKeeperInput), { table, later: 1 })).toBeUndefined();
    expect(refused(any(keeperInput), { table, later: 1 })?.message).toContain('later is not a known key');
  });
});
