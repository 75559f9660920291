// headgate doctor: shows what set-up found.
import { diagnose } from '../../setup/doctor';
import { exitCodes, out, printJson } from '../output';
import { paint } from '../terminal';

const marks = { ok: paint.green('✓'), missing: paint.yellow('–'), wrong: paint.red('✗') } as const;

export async function doctorCommand(options: { readonly json: boolean }): Promise<number> {
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
