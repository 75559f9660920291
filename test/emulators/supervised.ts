// A child in a process group of its own that cannot outlive us: a supervisor between us holds a pipe, and ends the group when
// the pipe closes, in whatever way we died. The kernel ends the child when it is the supervisor that dies (Linux).
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/**
 * Reads commands, a byte each: T is SIGTERM to the child, K is SIGKILL to its group. The end of the pipe is K. Signals are
 * handled and not ignored: the child would inherit that. On Linux orphans of the group become ours, and their end is awaited.
 */
const script = `
import ctypes, os, select, signal, subprocess, sys
def bind():
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
ready, wake = os.pipe()
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda *_: None)
signal.signal(signal.SIGCHLD, lambda *_: None)
if sys.platform.startswith("linux"):
    ctypes.CDLL(None).prctl(36, 1)
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=3, start_new_session=True, preexec_fn=bind)
os.write(1, f"{child.pid}\\n".encode())
def end():
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
watched = [0, ready]
while child.poll() is None:
    for fd in select.select(watched, [], [], 1)[0]:
        command = os.read(fd, 1)
        if fd == 0 and command == b"T":
            child.send_signal(signal.SIGTERM)
        elif fd == 0:
            end()
            if not command:
                watched = [ready]
end()
while True:
    try:
        os.waitpid(-child.pid, 0)
    except ChildProcessError:
        break
os._exit(child.returncode if child.returncode >= 0 else 128 - child.returncode)
`;

export type SupervisedOptions = {
  readonly python: string;
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Files that its output is appended to. */
  readonly stdout: string;
  readonly stderr: string;
};

export type Supervised = {
  /** Of the child, which leads its group. */
  readonly pid: Promise<number>;
  /** Exit code as a shell tells it, when the whole group is gone. */
  readonly ended: Promise<number>;
  /** SIGTERM to the child alone. */
  readonly interrupt: () => void;
  /** SIGKILL to the whole group. */
  readonly kill: () => void;
};

export function supervise({ python, command, env, cwd, stdout, stderr }: SupervisedOptions): Supervised {
  const files = [openSync(stdout, 'a', 0o600), openSync(stderr, 'a', 0o600)] as const;
  try {
    const supervisor = spawn(python, ['-I', '-S', '-c', script, ...command], {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      // A group of its own too: Ctrl-C in a terminal reaches us alone.
      detached: true,
      // The child's stdout is the fourth: the supervisor's own tells the pid.
      stdio: ['pipe', 'pipe', files[1], files[0]],
    });
    // It may be gone before a command reaches it.
    supervisor.stdin?.on('error', () => {});
    const send = (text: string): void => void (supervisor.stdin?.writable === true && supervisor.stdin.write(text));
    return {
      pid: new Promise((resolve, reject) => {
        supervisor.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString())));
        supervisor.once('error', reject);
      }),
      ended: new Promise((resolve, reject) => {
        supervisor.once('exit', (code) => resolve(code ?? 128));
        supervisor.once('error', reject);
      }),
      interrupt: () => send('T'),
      kill: () => send('K'),
    };
  } finally {
    for (const file of files) closeSync(file);
  }
}
