// Where the installed tools are. Installs what is missing, as `npm test` does, when nothing is named in the environment.
import { resolve } from 'node:path';
import { ensureTools } from '../../src/setup/tools';

export const projectRoot = resolve(__dirname, '..', '..');
export const sparkFolder = resolve(projectRoot, 'spark');

export type TestTools = { readonly python: string; readonly jars: string; readonly temporal: string };

let found: Promise<TestTools> | undefined;

export function testTools(): Promise<TestTools> {
  found ??= locate();
  return found;
}

async function locate(): Promise<TestTools> {
  const { HEADGATE_PYTHON: python, HEADGATE_JARS: jars, HEADGATE_TEMPORAL: temporal } = process.env;
  if (python !== undefined && jars !== undefined && temporal !== undefined) return { python, jars, temporal };
  return ensureTools('test');
}
