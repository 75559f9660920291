"""State files: whole, or not there at all. Folders today; object stores come in behind these functions."""

import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headgate_spark.errors import JobFailed


def local_path(location: str) -> Path:
    """The folder path of a location; URIs other than file: are refused."""
    parts = urlsplit(location)
    if location.startswith("/") or not parts.scheme:
        return Path(location)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    raise JobFailed(
        kind="config",
        type="UnsupportedStore",
        message=f"State files at {parts.scheme}: are not supported by this job.",
        remedy="Put the pipeline's state on a folder that the job can reach.",
        fields={"location": location},
    )


def plain_location(location: str) -> str:
    """A location as people and manifests write it: Spark names a local file as a URI with encoded blanks."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        return location
    # Not parts.path: a file name may hold ? and #.
    path = location.removeprefix("file:")
    return unquote(path.removeprefix("//")) if parts.scheme == "file" else path


def holds_files(location: str) -> bool:
    """Whether anything lies in the folder."""
    path = local_path(location)
    return path.is_dir() and any(path.iterdir())


def remove(location: str) -> None:
    """Of a file; nothing there is fine."""
    local_path(location).unlink(missing_ok=True)


def read_text(location: str) -> str | None:
    """Nothing when the file is not there."""
    try:
        return local_path(location).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _complete_copy(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary


def put_if_absent(location: str, text: str) -> bool:
    """Atomic create. False when the file was there: its content stays."""
    path = local_path(location)
    temporary = _complete_copy(path, text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(temporary)
    return True


def replace(location: str, text: str) -> None:
    """Atomic; a previous content is replaced as a whole."""
    path = local_path(location)
    os.replace(_complete_copy(path, text), path)
