// From the arguments of a step to those of a spark-submit on one machine.
import type { StepConfig } from '@aws-sdk/client-emr';

export type Translated =
  | { readonly kind: 'runs'; readonly args: readonly string[]; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: string };

const refused = (reason: string): Translated => ({ kind: 'refused', reason });

/** Options of spark-submit that stand alone. */
const flags = new Set(['--verbose', '-v', '--supervise', '--help', '-h', '--version', '--usage-error']);

export function translate({ HadoopJarStep: step }: StepConfig, driverMemoryMb: number): Translated {
  const [program, ...args] = step?.Args ?? [];
  if (step?.Jar !== 'command-runner.jar')
    return refused(`Could not find the jar ${step?.Jar}: this emulator runs command-runner.jar only`);
  if (program !== 'spark-submit')
    return refused(`Cannot run program "${program}": this emulator runs spark-submit only`);
  const kept: string[] = [];
  const notes: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const option = args[index] ?? '';
    // what follows the entry point is the program's own
    if (!option.startsWith('-')) return { kind: 'runs', args: [...kept, ...args.slice(index)], notes };
    if (flags.has(option)) {
      kept.push(option);
      continue;
    }
    index += 1;
    const value = args[index] ?? '';
    const decided = decide(option, value, driverMemoryMb);
    if (decided.kind === 'refused') return refused(decided.reason);
    if (decided.note !== undefined) notes.push(decided.note);
    if (decided.kind === 'kept') kept.push(option, value);
  }
  return refused('Missing application resource.');
}

type Decided =
  | { readonly kind: 'kept' | 'dropped'; readonly note?: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Who decides about place and size here is the machine. */
function decide(option: string, value: string, driverMemoryMb: number): Decided {
  const [, name = option, setting = value] = option === '--conf' ? (/^([^=]+)=(.*)$/s.exec(value) ?? []) : [];
  switch (name) {
    case '--master':
    case 'spark.master':
      return { kind: 'dropped', note: `${setting} stands for the one machine of this emulator` };
    case '--deploy-mode':
    case 'spark.submit.deployMode':
      if (setting === 'client') return { kind: 'dropped' };
      return {
        kind: 'refused',
        reason: `Deploy mode ${setting} is not emulated: there the driver outlives its spark-submit.`,
      };
    case 'spark.pyspark.python':
    case 'spark.pyspark.driver.python':
      return { kind: 'dropped', note: `the Python of this emulator stands for ${setting}` };
    case '--driver-memory':
    case 'spark.driver.memory':
      if (megabytes(setting) <= driverMemoryMb) return { kind: 'kept' };
      return {
        kind: 'dropped',
        note: `${name} ${setting} is more than the ${driverMemoryMb} MB that a driver gets here`,
      };
    default:
      return { kind: 'kept' };
  }
}

const units: Readonly<Record<string, number>> = { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 };

/** Without a unit Spark takes megabytes. */
function megabytes(text: string): number {
  const [, amount = 'Infinity', unit = 'm'] = /^(\d+)([kmgt])?b?$/i.exec(text) ?? [];
  return Number(amount) * (units[unit.toLowerCase()] ?? 1);
}
