// headgate doctor: shows what set-up found, or whether a store keeps what Headgate rests on.
import { resolve } from 'node:path';
import { createStores } from '../../adapters/stores';
import { proveStore } from '../../adapters/stores/prove-store';
import { schemeOf } from '../../contracts/ids';
import { diagnose } from '../../setup/doctor';
import { exitCodes, out, printJson } from '../output';
import { paint } from '../terminal';

const marks = { ok: paint.green('✓'), missing: paint.yellow('–'), wrong: paint.red('✗') } as const;

export type DoctorOptions = { readonly json: boolean; readonly store?: string };

export async function doctorCommand({ store, ...options }: DoctorOptions): Promise<number> {
  return store === undefined ? examineTools(options) : examineStore(store, options);
}

/** Every writer gets connections of its own, as workers on several machines have them. */
async function examineStore(store: string, { json }: Pick<DoctorOptions, 'json'>): Promise<number> {
  const address = schemeOf(store) === undefined ? resolve(store) : store;
  const proof = await proveStore(address, async () => createStores());
  if (json) printJson(proof);
  else {
    const width = Math.max(...proof.checks.map(({ name }) => name.length));
    for (const { name, holds, found } of proof.checks) {
      out(`${holds ? marks.ok : marks.wrong} ${name.padEnd(width)}  ${found}`);
    }
    if (proof.holds) out(`${proof.place} can hold tables and state.`);
    else {
      out(
        `${paint.red('StoreUnsafe')}: ${proof.place} must not hold tables or state: two workers could both take themselves for the first.`,
      );
      out(
        `    ${paint.dim('remedy:')} Use S3 of AWS, or a server that makes \`If-None-Match: *\` atomic, then run this again.`,
      );
    }
  }
  return proof.holds ? exitCodes.done : exitCodes.failure;
}

async function examineTools(options: Pick<DoctorOptions, 'json'>): Promise<number> {
  const findings = await diagnose();
  const healthy = findings.every((finding) => finding.state === 'ok');
  if (options.json) printJson({ healthy, findings });
  else {
    for (const { name, state, found, remedy } of findings) {
      out(`${marks[state]} ${name.padEnd(18)} ${found ?? ''}`.trimEnd());
      if (state !== 'ok' && remedy !== undefined) out(`    ${paint.dim('remedy:')} ${remedy}`);
    }
  }
  return healthy ? exitCodes.done : exitCodes.failure;
}
