// Ties a program to this process: when we die in whatever way, the kernel ends it (Linux). The pid is the program's own.

/**
 * Sets the parent-death signal, keeps new files to this user, and becomes the program. Elsewhere than on Linux there is no such signal: the next start
 * on the same home folder ends what was left.
 */
const script = `
import ctypes, os, signal, sys
parent = int(sys.argv[1])
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
if os.getppid() != parent:
    sys.exit(1)
os.umask(0o077)
os.execv(sys.argv[2], sys.argv[2:])
`;

export function tiedCommand(
  python: string,
  program: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  return { command: python, args: ['-I', '-S', '-c', script, String(process.pid), program, ...args] };
}
