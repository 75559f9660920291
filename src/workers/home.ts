// The home folder of an installation: its user's alone. State and lake folders are no part of it.
import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/** What we put there, with what SQLite lays beside its database. Others' files in a folder that is shared stay as they are. */
const ours =
  /^(temporal\.db(-wal|-shm|-journal)?|(worker|temporal|resident)\.log(\.\d+)?|dev\.json|metrics\.jsonl|pipeline-files|resident\.(lock|json|sock|end\.json))$/;

const isOwn = ({ uid }: Stats): boolean => process.getuid?.() === uid;

/** Makes it, or closes what an older version left open to others. Links are not followed. */
export function secureHome(home: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const folder = lstatSync(home);
  if (folder.isDirectory() && isOwn(folder) && (folder.mode & 0o077) !== 0) chmodSync(home, 0o700);
  for (const name of readdirSync(home).filter((entry) => ours.test(entry))) {
    const path = join(home, name);
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined || !isOwn(entry) || !(entry.isFile() || entry.isSocket())) continue;
    if ((entry.mode & 0o077) !== 0) chmodSync(path, 0o600);
  }
}
