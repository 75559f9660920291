"""Reads the JSON commits that a table's log still holds: what each one did, added and removed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pyarrow import fs

_COMMIT = re.compile(r"^(\d{20})\.json$")
# Older ones tell nothing that a decision of today needs, and each costs a read.
MOST_COMMITS = 1000

Values = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Added:
    path: str
    values: Values
    size: int
    # False for a file that holds only rows that were there before: compaction and clustering.
    data_change: bool
    # Which liquid clustering wrote it.
    cube: str | None = None
    # Rows that its deletion vector takes away.
    deleted: int = 0
    # It was there before: only its deletion vector is new.
    again: bool = False


@dataclass(frozen=True)
class Removed:
    path: str
    values: Values
    size: int
    deleted_ms: int


@dataclass(frozen=True)
class LoggedCommit:
    version: int
    time_ms: int
    operation: str
    parameters: Mapping[str, Any]
    metrics: Mapping[str, Any]
    # `userMetadata` when it is a JSON object, else empty.
    metadata: Mapping[str, Any]
    added: tuple[Added, ...]
    # Without those that are added again.
    removed: tuple[Removed, ...]

    @property
    def written(self) -> tuple[Added, ...]:
        """The new files."""
        return tuple(file for file in self.added if not file.again)


@dataclass(frozen=True)
class DeltaLog:
    """Oldest commit first. `files` and `bytes` are those of the log folder itself."""

    commits: tuple[LoggedCommit, ...]
    files: int
    bytes: int
    commits_since_checkpoint: int


def _object(text: str | None) -> Mapping[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}


def parse_commit(version: int, text: str) -> LoggedCommit:
    info: Mapping[str, Any] = {}
    added: list[Added] = []
    removed: list[Removed] = []
    for line in text.splitlines():
        action = json.loads(line) if line.strip() else {}
        if "commitInfo" in action:
            info = action["commitInfo"]
        elif "add" in action:
            add = action["add"]
            values = tuple(sorted((add.get("partitionValues") or {}).items()))
            cube = (add.get("tags") or {}).get("ZCUBE_ID")
            vector = int((add.get("deletionVector") or {}).get("cardinality") or 0)
            added.append(Added(add["path"], values, int(add["size"]), bool(add["dataChange"]), cube, vector))
        elif "remove" in action:
            remove = action["remove"]
            values = tuple(sorted((remove.get("partitionValues") or {}).items()))
            removed.append(
                Removed(remove["path"], values, int(remove.get("size") or 0), int(remove["deletionTimestamp"] or 0))
            )
    both = {file.path for file in added} & {file.path for file in removed}
    return LoggedCommit(
        version=version,
        time_ms=int(info.get("timestamp") or 0),
        operation=str(info.get("operation") or ""),
        parameters=info.get("operationParameters") or {},
        metrics=info.get("operationMetrics") or {},
        metadata=_object(info.get("userMetadata")),
        added=tuple(replace(file, again=file.path in both) for file in added),
        removed=tuple(file for file in removed if file.path not in both),
    )


def filesystem_of(table: str) -> tuple[fs.FileSystem, str]:
    if "://" in table or table.startswith("file:"):
        filesystem, path = fs.FileSystem.from_uri(table.replace("s3a://", "s3://", 1))
        return filesystem, path
    return fs.LocalFileSystem(), table


def _read(filesystem: fs.FileSystem, path: str) -> str:
    with filesystem.open_input_stream(path) as stream:
        return str(stream.read().decode("utf-8"))


def _checkpoint(filesystem: fs.FileSystem, folder: str, names: Mapping[str, int]) -> int:
    if "_last_checkpoint" not in names:
        return -1
    return int(_object(_read(filesystem, f"{folder}/_last_checkpoint")).get("version", -1))


def read_log(table: str) -> DeltaLog:
    """`table` is a path or URI. One listing of `_delta_log`, one read per commit."""
    filesystem, root = filesystem_of(table)
    folder = f"{root.rstrip('/')}/_delta_log"
    infos = [info for info in filesystem.get_file_info(fs.FileSelector(folder)) if info.type == fs.FileType.File]
    names = {info.base_name: int(info.size) for info in infos}

    def commits() -> Iterator[LoggedCommit]:
        found = sorted((int(match[1]), name) for name in names if (match := _COMMIT.match(name)) is not None)
        for version, name in found[-MOST_COMMITS:]:
            yield parse_commit(version, _read(filesystem, f"{folder}/{name}"))

    read = tuple(commits())
    newest = read[-1].version if read else -1
    return DeltaLog(read, len(names), sum(names.values()), newest - _checkpoint(filesystem, folder, names))
