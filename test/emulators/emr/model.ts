// The published model of the service, as the SDK carries it: turns what comes over the wire into values or refuses it, and back.
import * as sdk from '@aws-sdk/client-emr';
import { validation } from './errors';
import { enums, limits, real } from './model-limits';

/**
 * Of Smithy's static schemas: a number is a simple type (64 and 128 say "list of" and "map of"), a function a reference,
 * and an array of two a reference with traits. The other arrays begin with their kind.
 */
type Schema = unknown;

export type Shape =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'timestamp' | 'unit' }
  | { readonly kind: 'list' | 'map'; readonly member: Schema }
  | { readonly kind: 'structure'; readonly name: string; readonly members: readonly Member[] };

export type Member = { readonly name: string; readonly schema: Schema; readonly required: boolean };

const simple: Readonly<Record<number, 'string' | 'number' | 'boolean' | 'timestamp'>> = {
  0: 'string',
  1: 'number',
  2: 'boolean',
  4: 'timestamp',
};

export function shapeOf(schema: Schema): Shape {
  if (typeof schema === 'function') return shapeOf(schema());
  if (schema === 'unit') return { kind: 'unit' };
  if (typeof schema === 'number') {
    if (schema >= 128) return { kind: 'map', member: schema - 128 };
    if (schema >= 64) return { kind: 'list', member: schema - 64 };
    const kind = simple[schema];
    if (kind === undefined) throw new Error(`the model has a simple type ${schema}`);
    return { kind };
  }
  if (!Array.isArray(schema)) throw new Error('the model has a shape of another form');
  if (typeof schema[0] !== 'number') return shapeOf(schema[0]);
  const [kind, , name, , first, second, required] = schema;
  switch (kind) {
    case 0:
      return shapeOf(first);
    case 1:
      return { kind: 'list', member: first };
    case 2:
      return { kind: 'map', member: second };
    case 3:
      return {
        kind: 'structure',
        name,
        // the required ones come first
        members: first.map((member: string, index: number) => ({
          name: member,
          schema: second[index],
          required: index < (required ?? 0),
        })),
      };
    default:
      throw new Error(`the model has a shape of kind ${kind}`);
  }
}

export type Operation = { readonly name: string; readonly input: Shape; readonly output: Shape };

export function operationOf(name: string): Operation | undefined {
  const schema: unknown = Object.entries(sdk).find(([key]) => key === `${name}$`)?.[1];
  if (!Array.isArray(schema) || schema[0] !== 9) return undefined;
  return { name, input: shapeOf(schema[4]), output: shapeOf(schema[5]) };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typed = (place: string, wanted: string): Error =>
  validation(`Value at '${place}' failed to satisfy constraint: Member must be ${wanted}`);

/** `place` names the value as the caller knows it, `key` as the table of limits does. */
export function decode(shape: Shape, value: unknown, place: string, key = place): unknown {
  switch (shape.kind) {
    case 'unit':
      return {};
    case 'string':
      if (typeof value !== 'string') throw typed(place, 'a string');
      checkText(value, place, key);
      return value;
    case 'number':
      if (typeof value !== 'number') throw typed(place, 'a number');
      checkNumber(value, place, key);
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw typed(place, 'a boolean');
      return value;
    case 'timestamp':
      if (typeof value !== 'number') throw typed(place, 'a timestamp in seconds');
      return new Date(value * 1000);
    case 'list':
      if (!Array.isArray(value)) throw typed(place, 'a list');
      return value.map((item, index) => decode(shapeOf(shape.member), item, `${place}[${index}]`, `${key}[]`));
    case 'map':
      if (!isRecord(value)) throw typed(place, 'a map');
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => {
          checkText(name, `${place} key`, `${key}{k}`);
          return [name, decode(shapeOf(shape.member), item, `${place}.${name}`, `${key}{v}`)];
        }),
      );
    case 'structure':
      if (!isRecord(value)) throw typed(place, 'a structure');
      return decodeMembers(shape, value, place);
  }
}

function decodeMembers(
  shape: Shape & { kind: 'structure' },
  value: Readonly<Record<string, unknown>>,
  place: string,
): unknown {
  const known = new Set(shape.members.map(({ name }) => name));
  for (const name of Object.keys(value)) {
    if (!known.has(name)) throw validation(`Unknown member '${name}' at '${place}' of type ${shape.name}`);
  }
  const decoded: Record<string, unknown> = {};
  for (const { name, schema, required } of shape.members) {
    // Clients leave out what is not set, and may also send null for it.
    const given = value[name] ?? undefined;
    if (given !== undefined)
      decoded[name] = decode(shapeOf(schema), given, `${place}.${name}`, `${shape.name}.${name}`);
    else if (required) throw typed(`${place}.${name}`, 'present');
  }
  return decoded;
}

function checkText(value: string, place: string, key: string): void {
  const allowed = enums[key];
  if (allowed !== undefined && !allowed.includes(value))
    throw typed(place, `one of [${allowed.join(', ')}], not '${value}'`);
  const { min, max } = limits[key] ?? {};
  if (max !== undefined && value.length > max)
    throw typed(place, `at most ${max} characters long, not ${value.length}`);
  if (min !== undefined && value.length < min)
    throw typed(place, `at least ${min} characters long, not ${value.length}`);
}

function checkNumber(value: number, place: string, key: string): void {
  if (!Number.isInteger(value) && !real.includes(key)) throw typed(place, 'a whole number');
  const { min, max } = limits[key] ?? {};
  if (max !== undefined && value > max) throw typed(place, `at most ${max}`);
  if (min !== undefined && value < min) throw typed(place, `at least ${min}`);
}

/** Of an answer: what the model does not know is a mistake of ours, so it throws. */
export function encode(shape: Shape, value: unknown, place: string): unknown {
  const wrong = (): Error => new Error(`the answer has no ${shape.kind} at ${place}`);
  switch (shape.kind) {
    case 'unit':
      return {};
    case 'timestamp':
      if (!(value instanceof Date)) throw wrong();
      return value.getTime() / 1000;
    case 'list':
      if (!Array.isArray(value)) throw wrong();
      return value.map((item, index) => encode(shapeOf(shape.member), item, `${place}[${index}]`));
    case 'map':
      if (!isRecord(value)) throw wrong();
      return Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, encode(shapeOf(shape.member), item, `${place}.${name}`)]),
      );
    case 'structure': {
      if (!isRecord(value)) throw wrong();
      const given = Object.entries(value).filter(([, item]) => item !== undefined);
      return Object.fromEntries(
        given.map(([name, item]) => {
          const member = shape.members.find((known) => known.name === name);
          if (member === undefined)
            throw new Error(`the answer has a member ${place}.${name} that ${shape.name} has not`);
          return [name, encode(shapeOf(member.schema), item, `${place}.${name}`)];
        }),
      );
    }
    case 'string':
    case 'number':
    case 'boolean':
      if (typeof value !== shape.kind) throw wrong();
      return value;
  }
}
