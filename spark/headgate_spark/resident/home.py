"""What one resident owns in its home folder: the lock, the announcement, the socket path, the end note, temp files.

Must not know Spark or the protocol.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCK = "resident.lock"
ANNOUNCEMENT = "resident.json"
END_NOTE = "resident.end.json"
SOCKET = "resident.sock"
# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing NUL.
SOCKET_PATH_LIMIT = 103


class HomeTakenError(Exception):
    """Another resident holds the lock of this home."""


@dataclass(frozen=True)
class Home:
    """A home folder whose lock this process holds until it ends."""

    path: Path
    lock_fd: int
    instance: str

    @property
    def temp(self) -> Path:
        return self.path / "resident-tmp"


def claim_home(path: Path, instance: str) -> Home:
    """Takes the lock, or raises HomeTakenError. Removes what a killed predecessor left."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = path / LOCK
    while True:
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise HomeTakenError(_taken_message(path)) from None
        # The folder may have been removed and made again since the open: then this lock guards nothing.
        with contextlib.suppress(FileNotFoundError):
            if os.fstat(fd).st_ino == os.stat(lock).st_ino:
                break
        os.close(fd)
    home = Home(path, fd, instance)
    shutil.rmtree(home.temp, ignore_errors=True)
    home.temp.mkdir(mode=0o700)
    return home


def _taken_message(path: Path) -> str:
    announced = read_announcement(path)
    holder = f"process {announced['pid']}" if announced else "a process that is starting or ending"
    return f"{path} is already served by {holder}; one resident per home. Nothing to do: connect to that one."


def read_announcement(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((path / ANNOUNCEMENT).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "pid" in content else None


def announce(home: Home, socket_path: str, versions: dict[str, str]) -> None:
    write_atomically(
        home.path / ANNOUNCEMENT,
        {
            "pid": os.getpid(),
            "startedAt": process_start(os.getpid()),
            "instance": home.instance,
            "socket": socket_path,
            "versions": versions,
        },
    )


def is_ours(home: Home) -> bool:
    """The home still exists and names this instance."""
    announced = read_announcement(home.path)
    return announced is not None and announced.get("instance") == home.instance


def leave(home: Home, socket_path: str, reason: str) -> None:
    """Withdraws the announcement; the note says why, for whoever waits for a lost job. Never touches a successor's."""
    announced = read_announcement(home.path)
    if not home.path.is_dir() or (announced is not None and announced.get("instance") != home.instance):
        return
    write_atomically(home.path / END_NOTE, {"instance": home.instance, "reason": reason, "at": time.time()})
    (home.path / ANNOUNCEMENT).unlink(missing_ok=True)
    Path(socket_path).unlink(missing_ok=True)


def clean(home: Home) -> None:
    """Removes temporary files; for when nothing writes any more."""
    shutil.rmtree(home.temp, ignore_errors=True)


def say(text: str) -> None:
    """One line for the log. A full disk or a closed pipe must not end a process that runs jobs."""
    with contextlib.suppress(OSError):
        print(f"resident: {text}", flush=True)


def write_atomically(path: Path, content: dict[str, Any]) -> None:
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(temporary, path)


def listen(home: Home) -> tuple[socket.socket, str]:
    """A listening socket that only this user reaches, and its path."""
    path = socket_path_of(home.path)
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o077)
    try:
        listener.bind(path)
    finally:
        os.umask(previous)
    listener.listen(64)
    listener.setblocking(False)
    return listener, path


def socket_path_of(home: Path) -> str:
    """In the home where the path fits, else in a folder of this user under the system's temp folder."""
    path = str(home / SOCKET)
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
        return path
    name = hashlib.sha256(os.fsencode(os.path.realpath(home))).hexdigest()[:16]
    return str(_private_folder() / f"{name}.sock")


def _private_folder() -> Path:
    """A short folder of this user alone. The name is guessable, so its owner and mode are checked."""
    user = os.getuid()
    for parent in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):
        if parent is None or len(os.fsencode(parent)) > SOCKET_PATH_LIMIT - 45:
            continue
        folder = Path(parent) / f"headgate-{user}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            status = folder.lstat()
        except OSError:
            continue
        if stat.S_ISDIR(status.st_mode) and status.st_uid == user and stat.S_IMODE(status.st_mode) == 0o700:
            return folder
    raise OSError("no private folder for the socket: make XDG_RUNTIME_DIR a short folder that only you can enter")


def process_start(pid: int) -> str | None:
    """Start time of a process as its system tells it, to tell it from a later one of the same id; None when gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        fields = text.rsplit(")", 1)[1].split()
        # Ended, but nobody collected it yet.
        return None if fields[0] == "Z" else f"{boot}:{fields[19]}"
    except OSError:
        if Path("/proc/self/stat").exists():
            return None
    listing = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}
    )
    return listing.stdout.strip() or None


def resident_bytes(pid: int) -> int:
    """Memory of a process in use, bytes; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if Path("/proc/self/statm").exists():
            return 0
    listing = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True)
    return int(listing.stdout.strip() or 0) * 1024
