"""Files in folders: each is written beside its place and put there as a whole."""

import os
import tempfile
from pathlib import Path

from headgate_spark.io.locations import local_path


class FolderStore:
    """Implements `files.Store`."""

    def holds_files(self, location: str) -> bool:
        path = local_path(location)
        return path.is_dir() and any(path.iterdir())

    def remove(self, location: str) -> None:
        local_path(location).unlink(missing_ok=True)

    def read_text(self, location: str) -> str | None:
        try:
            # Not `read_text`, which changes line ends: fingerprints are over what lies there.
            return local_path(location).read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None

    def put_if_absent(self, location: str, text: str) -> bool:
        path = local_path(location)
        temporary = _complete_copy(path, text)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary)
        return True

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
