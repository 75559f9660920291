// Asks delta-rs about tables, through one Python process.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { testTools } from '../../support/tools';

export type Tables = {
  readonly ask: <T>(question: string, given: Readonly<Record<string, unknown>>) => Promise<T>;
  readonly stop: () => void;
};

export async function openTables(): Promise<Tables> {
  const { python } = await testTools();
  const child = spawn(python, [join(__dirname, 'tables.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  return {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what it has asked for
    ask: async <T>(question: string, given: Readonly<Record<string, unknown>>): Promise<T> => {
      const line = new Promise<string>((resolve) => waiting.push(resolve));
      child.stdin.write(`${JSON.stringify({ ask: question, ...given })}\n`);
      const answer = JSON.parse(await line) as { readonly ok?: T; readonly error?: string };
      if (answer.error !== undefined) throw new Error(`${question} ${JSON.stringify(given)}: ${answer.error}`);
      return answer.ok as T;
    },
    stop: () => void child.stdin.end(),
  };
}
