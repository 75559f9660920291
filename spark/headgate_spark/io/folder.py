"""Files in folders: each is written beside its place and put there as a whole."""

import io
import os
import tempfile
from pathlib import Path

from headgate_spark.io.locations import local_path
from headgate_spark.io.seen import Seen


class FolderStore:
    """Implements `files.Store`."""

    # Nothing is waited for.
    at_once = 1
    needs_session = False

    def look(self, location: str) -> Seen | None:
        try:
            found = os.stat(local_path(location))
        except FileNotFoundError:
            return None
        return Seen(found.st_size, found.st_mtime_ns / 1_000_000, found.st_ctime_ns / 1_000_000)

    def open(self, location: str) -> io.BufferedReader:
        return local_path(location).open("rb")

    def holds_files(self, location: str) -> bool:
        path = local_path(location)
        return path.is_dir() and any(path.iterdir())

    def remove(self, location: str) -> None:
        local_path(location).unlink(missing_ok=True)

    def replace(self, location: str, text: str) -> None:
        path = local_path(location)
        os.replace(_complete_copy(path, text), path)


def _complete_copy(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary
