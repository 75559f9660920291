"""What the JSON commits that a table's log still holds did, added and removed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from headgate_spark.delta.entry import actions_of, json_object

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

    @property
    def ended_vacuum(self) -> str | None:
        """`lite` or `full`; one that is not ours deletes everything it finds."""
        if self.operation != "VACUUM END" or self.parameters.get("status") != "COMPLETED":
            return None
        return "lite" if self.metadata.get("maintain") == "vacuum-lite" else "full"


@dataclass(frozen=True)
class DeltaLog:
    """Oldest commit first. `files` and `bytes` are those of the log folder itself."""

    commits: tuple[LoggedCommit, ...]
    files: int
    bytes: int
    commits_since_checkpoint: int
    # VACUUMs that ended before the first of these commits, as far as they are of use.
    vacuums: tuple[LoggedCommit, ...] = ()
    # Commits that may tell of files to delete and were not read.
    unread: int = 0


def parse_commit(version: int, text: str) -> LoggedCommit:
    info: Mapping[str, Any] = {}
    added: list[Added] = []
    removed: list[Removed] = []
    for action in actions_of(text):
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
        metadata=json_object(info.get("userMetadata")),
        added=tuple(replace(file, again=file.path in both) for file in added),
        removed=tuple(file for file in removed if file.path not in both),
    )
