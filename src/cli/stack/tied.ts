// Ties a program to this process and to a lock: when we die in whatever way, the kernel ends it (Linux), and while it
// lives nobody else gets the lock. The pid is the program's own.

/** Exit code of a program whose lock another one holds. */
export const takenCode = 75;

/**
 * Sets the parent-death signal, takes the lock, keeps new files to this user and becomes the program, which holds the lock
 * to its end. Elsewhere than on Linux there is no such signal: the next start on the same home folder ends what was left.
 */
const script = `
import ctypes, fcntl, json, os, signal, sys
parent, started, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != parent:
    sys.exit(1)
lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit(${takenCode})
os.ftruncate(lock, 0)
os.write(lock, json.dumps({"program": os.getpid(), "supervisor": parent, "startedAt": started}).encode())
os.set_inheritable(lock, True)
os.umask(0o077)
os.execv(sys.argv[4], sys.argv[4:])
`;

type Tie = {
  readonly python: string;
  readonly lock: string;
  /** Start time of this process. */ readonly startedAt: string;
};

export function tiedCommand(
  { python, lock, startedAt }: Tie,
  program: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return { command: python, args: ['-I', '-S', '-c', script, String(process.pid), startedAt, lock, program, ...args] };
}
