// headgate doctor: shows what set-up found.
import pc from 'picocolors';
import { diagnose } from '../../setup/doctor';
import { exitCodes, out, printJson } from '../output';

const marks = { ok: pc.green('✓'), missing: pc.yellow('–'), wrong: pc.red('✗') } as const;

export async function doctorCommand(options: { readonly json: boolean }): Promise<number> {
  const findings = await diagnose();
  const healthy = findings.every((finding) => finding.state === 'ok');
  if (options.json) printJson({ healthy, findings });
  else {
    for (const { name, state, found, remedy } of findings) {
      out(`${marks[state]} ${name.padEnd(18)} ${found ?? ''}`.trimEnd());
      if (state !== 'ok' && remedy !== undefined) out(`    ${pc.dim('remedy:')} ${remedy}`);
    }
  }
  return healthy ? exitCodes.done : exitCodes.failure;
}
