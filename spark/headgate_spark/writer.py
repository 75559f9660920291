"""One writer of a local table at a time, whatever homes and servers they belong to: a lock at the table, which the
system takes from whoever dies.

It saves two writers each other's conflicts. That no commit is lost does not rest on it, but on the log itself
(`LinkLogStore`): other tools do not ask for this lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import local_path, scheme_of

WAIT_SECONDS = 120.0
_LOOK_SECONDS = 0.25
_VERSION = re.compile(r"\d{20}\.")
# File systems that know no such locks, and file servers that want what we may not have.
_NO_LOCKS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL, errno.EBADF})
_SHOWN_CHARS = 200


class _Lock(NamedTuple):
    path: Path
    fd: int


@contextlib.contextmanager
def only_writer(table: str, run: str, on_wait: Callable[[], None]) -> Iterator[None]:
    """Waits its turn at the table. `on_wait` is called again and again meanwhile, and may end the wait by raising."""
    if scheme_of(table) != "file":
        # An object store has no locks: there the keeper and Delta's own log store must do.
        yield
        return
    lock = _acquire(table, run, on_wait, time.monotonic() + WAIT_SECONDS)
    try:
        yield
    finally:
        # Before it is free: who waits sees that it is gone and looks again.
        with contextlib.suppress(OSError):
            if _is_at(lock.fd, lock.path):
                lock.path.unlink()
        os.close(lock.fd)


def _acquire(table: str, run: str, on_wait: Callable[[], None], deadline: float) -> _Lock:
    path = Path(os.path.realpath(local_path(table)))
    while True:
        lock = _take(path)
        if lock is not None:
            _sign(lock.fd, run)
            return lock
        if time.monotonic() > deadline:
            raise _locked(table, _read(_place(path)))
        on_wait()
        time.sleep(_LOOK_SECONDS)


def _place(table: Path) -> Path:
    """In the log of a table. Before its first version beside it: Delta makes no table where anything lies."""
    log = table / "_delta_log"
    try:
        with os.scandir(log) as entries:
            if any(_VERSION.match(entry.name) for entry in entries):
                return log / "_headgate.lock"
    except (FileNotFoundError, NotADirectoryError):
        pass
    beside = table.parent / "_headgate"
    beside.mkdir(parents=True, exist_ok=True)
    return beside / f"first-write-{table.name}.lock"


def _take(table: Path) -> _Lock | None:
    """Nothing while another has it."""
    while True:
        path = _place(table)
        try:
            fd = _open(path)
        except FileNotFoundError:
            # The table went away since we looked.
            continue
        if not _try_lock(fd):
            os.close(fd)
            return None
        # Taken away by its last holder, or a first version has come meanwhile: then this one guards nothing.
        if _is_at(fd, path) and _place(table) == path:
            return _Lock(path, fd)
        os.close(fd)


def _try_lock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            os.close(fd)
            raise
    return True


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except PermissionError:
        if not path.exists():
            raise
        # Left behind by another user's process: to lock it, to read it is enough.
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _sign(fd: int, run: str) -> None:
    """For whoever waits. A full disk is no reason not to work."""
    holder = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "home": os.environ.get("HEADGATE_HOME"),
        "run": run,
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, json.dumps(holder).encode(), 0)


def _read(path: Path) -> Mapping[str, Any]:
    """What the holder says of itself; it may be about to."""
    try:
        holder = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return holder if isinstance(holder, dict) else {}


def _locked(table: str, holder: Mapping[str, Any]) -> JobFailed:
    def told(name: str) -> str:
        text = str(holder.get(name) or "unknown")[:_SHOWN_CHARS]
        return "".join(letter if letter.isprintable() else "?" for letter in text)

    fields = {name: told(name) for name in ("host", "pid", "home", "run", "since")}
    return JobFailed(
        kind="conflict",
        type="TableLocked",
        message=f"{table} is being written by process {fields['pid']} on {fields['host']} (home {fields['home']}, "
        f"{fields['run']}, since {fields['since']}).",
        remedy="Nothing to do: the job tries again. If it lasts, see whether that process still works, or end it; "
        "a table is best written from one home.",
        fields={"table": table, **fields},
    )
