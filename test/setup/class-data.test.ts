import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasClassData, makeClassData } from '../../src/setup/class-data';
import { createRoom, removeRooms, type Answer } from './room';

afterEach(removeRooms);

const tools = { python: '/own/python', sparkHome: '/own/pyspark', jars: '/own/jars', java: '/own/java' };
const java17 = { ...tools, javaVersion: '17.0.15' };

function room(answer: Answer = () => ({ code: 0, stdout: '' })) {
  const plain = createRoom(answer);
  const made = { ...plain, root: plain.folder };
  const folder = join(made.root, 'spark', 'headgate_spark', 'resident');
  mkdirSync(folder, { recursive: true });
  for (const file of ['jvm.py', 'archive.py']) writeFileSync(join(folder, file), file);
  return { made, flags: join(folder, 'jvm.py') };
}

describe('class data', () => {
  it('is made once, and again for another Java or other flags', async () => {
    const { made, flags } = room();
    expect(hasClassData(made, java17)).toBe(false);
    await makeClassData(made, java17, () => undefined);
    expect(hasClassData(made, java17)).toBe(true);
    expect(hasClassData(made, { ...java17, javaVersion: '21.0.1' })).toBe(false);
    writeFileSync(flags, 'other flags');
    expect(hasClassData(made, java17)).toBe(false);
  });

  it('is done without where it cannot be made, and says so', async () => {
    const { made } = room(() => ({ code: 1, stderr: 'Traceback\nOSError: no space' }));
    const lines: string[] = [];
    await makeClassData(made, java17, (line) => void lines.push(line));
    expect(lines.at(-1)).toMatch(/no archive: OSError: no space/);
    expect(hasClassData(made, java17)).toBe(true);
  });
});
