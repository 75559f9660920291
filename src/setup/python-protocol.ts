// Owns spark/headgate_spark/protocol.py: the schemas of src/contracts as frozen dataclasses. `npm run protocol` writes it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { manifest } from '../contracts/batch-schema';
import { jobFailure, jobReport, jobRequest } from '../contracts/job-schema';
import { deliveryColumn, jobProtocol } from '../contracts/kinds';
import { tableHealth } from '../contracts/maintenance-schema';
import { createContext } from './context';

type Schema = z.core.JSONSchema.BaseSchema;

/** What Python reads or writes; all that these refer to comes along. */
const documents = z.object({ jobRequest, jobReport, jobFailure, manifest, tableHealth });

const width = 120;
const indent = '    ';
const scalars = { string: 'str', integer: 'int', number: 'float', boolean: 'bool', null: 'None' };
/** Words that Python keeps for itself, as far as the protocol uses them. */
const keywords = new Set(['from', 'is', 'in', 'class', 'global', 'import']);

const isScalar = (type: string): type is keyof typeof scalars => Object.hasOwn(scalars, type);
const members = (schema: Schema): readonly Schema[] => (schema.oneOf ?? schema.anyOf ?? []).map(whole);
const refOf = ({ $ref }: Schema): string | undefined => $ref?.replace('#/$defs/', '');

/** A value as Python writes it. */
const valueOf = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `(${value.map(valueOf).join(', ')})`;
  return value === '"' ? `'"'` : JSON.stringify(value);
};

const literal = (values: readonly unknown[]): string => values.map(valueOf).join(', ');

function whole(schema: Schema | boolean | undefined): Schema {
  if (typeof schema === 'object') return schema;
  throw new TypeError(`Python has no type for the schema ${schema}`);
}

function typeOf(schema: Schema): string {
  const ref = refOf(schema);
  if (ref !== undefined) return ref;
  if (schema.const !== undefined) return `Literal[${literal([schema.const])}]`;
  if (schema.enum !== undefined) return `Literal[${literal(schema.enum)}]`;
  if (members(schema).length > 0) return members(schema).map(typeOf).join(' | ');
  if (schema.type === 'array' && !Array.isArray(schema.items)) return `tuple[${typeOf(whole(schema.items))}, ...]`;
  if (schema.type === 'object' && schema.properties === undefined)
    return `Mapping[str, ${typeOf(whole(schema.additionalProperties))}]`;
  const types: readonly string[] = [schema.type ?? []].flat();
  if (types.length > 0 && types.every(isScalar)) return types.map((type) => scalars[type]).join(' | ');
  throw new TypeError(`Python has no type for ${JSON.stringify(schema)}: give an object a name with \`named\``);
}

function wrapped(text: string, first: string, rest: string): string {
  const lines = [first];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    const isStart = line === first || line === rest;
    if (!isStart && `${line} ${word}`.length > width) lines.push(rest + word);
    else lines[lines.length - 1] = isStart ? line + word : `${line} ${word}`;
  }
  return lines.join('\n');
}

function fieldOf(name: string, schema: Schema, required: boolean): string {
  const snake = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const absent = schema.default === undefined ? ' | None = None' : ` = ${valueOf(schema.default)}`;
  const field = `${indent}${snake}${keywords.has(snake) ? '_' : ''}: ${typeOf(schema)}${required ? '' : absent}`;
  const told = schema.description;
  return told === undefined ? field : `${wrapped(told, `${indent}# `, `${indent}# `)}\n${field}`;
}

function classOf(name: string, { description, properties = {}, required = [] }: Schema): string {
  const fields = Object.entries(properties).map(([key, value]) => fieldOf(key, whole(value), required.includes(key)));
  const quoted = description === undefined ? '' : wrapped(`${description}"""`, `${indent}"""`, indent);
  const docstring = quoted.includes('\n') ? quoted.replace(/"""$/, `\n${indent}"""`) : quoted;
  const head = `@dataclass(frozen=True, kw_only=True)\nclass ${name}:\n`;
  return `${head}${docstring === '' ? '' : `${docstring}\n\n`}${fields.join('\n')}`;
}

function aliasOf(name: string, schema: Schema): string {
  const line = `${name} = ${typeOf(schema)}`;
  if (line.length <= width) return line;
  const items = (schema.enum ?? []).map((value) => `${indent}${JSON.stringify(value)},`);
  return [`${name} = Literal[`, ...items, ']'].join('\n');
}

/** Names that a schema refers to, at any depth. */
function refsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const ref = '$ref' in value && typeof value.$ref === 'string' ? refOf({ $ref: value.$ref }) : undefined;
  return [...(ref === undefined ? [] : [ref]), ...Object.values(value).flatMap(refsOf)];
}

/** The text of a module for the properties of `roots`; what a class or an alias refers to comes before it. */
export function pythonModule(roots: z.ZodObject): string {
  const { $defs = {}, properties } = z.toJSONSchema(roots, { io: 'input' });
  const written = new Map<string, string>();
  const write = (name: string): void => {
    const schema = $defs[name];
    if (written.has(name) || schema === undefined) return;
    for (const ref of refsOf(schema)) write(ref);
    written.set(name, schema.type === 'object' ? classOf(name, schema) : aliasOf(name, schema));
  };
  for (const name of refsOf(properties)) write(name);
  return `"""The protocol, generated from the schemas of src/contracts by \`npm run protocol\`: change it there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PROTOCOL: Literal[${jobProtocol}] = ${jobProtocol}

# Column of a target table: when the content of the row came, as texts that sort.
DELIVERY = ${valueOf(deliveryColumn)}


${[...written.values()].join('\n\n\n')}
`;
}

export const pythonProtocol = (): string => pythonModule(documents);

export const protocolFile = (root: string): string => join(root, 'spark', 'headgate_spark', 'protocol.py');

export const writeProtocol = (): void => writeFileSync(protocolFile(createContext().root), pythonProtocol());
