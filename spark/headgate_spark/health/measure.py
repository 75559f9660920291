"""Turns the files of a table and the commits of its log into its health. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headgate_spark.health.aims import DELETED, SMALL, Aims
from headgate_spark.health.log import DeltaLog, LoggedCommit, Values
from headgate_spark.health.savings import ingested_bytes, is_ingest, rewritten_bytes, savings
from headgate_spark.protocol import (
    FileSum,
    LastVacuum,
    LogHealth,
    PartitionHealth,
    TableHealth,
    TableRetention,
    Window,
)

_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class LiveFile:
    """`low` and `high` bound the first column that the table is ordered by; None without statistics.

    `rows` are those in the file, deleted ones included; 0 without statistics.
    """

    path: str
    values: Values
    size: int
    low: Any = None
    high: Any = None
    rows: int = 0


@dataclass(frozen=True)
class Standing:
    """What the table says of itself beside its files."""

    made_here: bool
    # Milliseconds since 1970; nothing where nobody tells.
    created_ms: float | None
    retention: TableRetention


def iso(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def clusters(commit: LoggedCommit) -> bool:
    return commit.operation == "OPTIMIZE" and any(
        str(commit.parameters.get(name) or "[]") != "[]" for name in ("zOrderBy", "clusterBy")
    )


def overlap_depth(files: Sequence[LiveFile]) -> float | None:
    """Mean over the files of how many, itself included, share a range with it."""
    bounded = [file for file in files if file.low is not None and file.high is not None]
    if not bounded:
        return None
    lows, highs = sorted(file.low for file in bounded), sorted(file.high for file in bounded)
    open_ranges = sum(
        len(bounded) - bisect_left(highs, file.low) - (len(bounded) - bisect_right(lows, file.high)) for file in bounded
    )
    # A file without statistics is opened by every query.
    unknown = len(files) - len(bounded)
    return (open_ranges + unknown * (len(bounded) + len(files))) / len(files)


def _sum(sizes: Iterable[int]) -> FileSum:
    listed = list(sizes)
    return FileSum(files=len(listed), bytes=sum(listed))


@dataclass(frozen=True)
class _Origins:
    """What the log tells of files by path and of partitions: read once, for all partitions."""

    # Whether a clustering wrote the file.
    clustered: Mapping[str, bool]
    # The liquid clustering that wrote it.
    cubes: Mapping[str, str]
    # Rows that are deleted in it.
    deleted: Mapping[str, int]
    # Number of the last ingest that wrote to a partition, from 1.
    last_ingest: Mapping[Values, int]
    ingests: int

    @staticmethod
    def of(log: DeltaLog) -> _Origins:
        ingests = [commit for commit in log.commits if is_ingest(commit)]
        return _Origins(
            clustered={added.path: clusters(commit) for commit in log.commits for added in commit.written},
            cubes={added.path: added.cube for commit in log.commits for added in commit.written if added.cube},
            # a file that gets a deletion vector is added again by the same path
            deleted={added.path: added.deleted for commit in log.commits for added in commit.added},
            last_ingest={
                added.values: number
                for number, commit in enumerate(ingests, 1)
                for added in commit.added
                if added.data_change
            },
            ingests=len(ingests),
        )


def _unclustered(files: Sequence[LiveFile], origins: _Origins, depth: float | None) -> list[LiveFile]:
    """Files that no clustering in the log wrote. What is older than the log is judged by how its ranges overlap."""
    looks_mixed = depth is not None and depth > max(2.0, len(files) / 2)
    return [file for file in files if not origins.clustered.get(file.path, not looks_mixed)]


def _cubes(files: Sequence[LiveFile], origins: _Origins) -> tuple[FileSum, ...] | None:
    """Those that the log still tells of: an older one has long been left alone."""
    sizes: dict[str, list[int]] = defaultdict(list)
    for file in files:
        if file.path in origins.cubes:
            sizes[origins.cubes[file.path]].append(file.size)
    return tuple(_sum(sizes[cube]) for cube in sorted(sizes)) or None


def _partition(values: Values, files: Sequence[LiveFile], origins: _Origins, aims: Aims) -> PartitionHealth:
    def is_small(file: LiveFile) -> bool:
        deleted = origins.deleted.get(file.path, 0)
        return file.size < SMALL * aims.file_size or deleted > DELETED * file.rows

    small = [file.size for file in files if is_small(file)]
    deleted_rows = sum(origins.deleted.get(file.path, 0) for file in files)
    depth = overlap_depth(files)
    unclustered = _unclustered(files, origins, depth)
    return PartitionHealth(
        values=dict(values),
        files=len(files),
        bytes=sum(file.size for file in files),
        rows=sum(file.rows for file in files) - deleted_rows,
        deleted_rows=deleted_rows,
        small_files=len(small),
        small_bytes=sum(small),
        unclustered_files=len(unclustered),
        unclustered_bytes=sum(file.size for file in unclustered),
        ingests_since_write=origins.ingests - origins.last_ingest.get(values, 0),
        overlap_depth=None if depth is None else round(depth, 2),
        cubes=_cubes(files, origins),
    )


def _vacuums(commits: Sequence[LoggedCommit]) -> Mapping[str, int]:
    """Time of the last finished VACUUM by mode."""
    return {commit.ended_vacuum: commit.time_ms for commit in commits if commit.ended_vacuum is not None}


def table_health(
    table: str,
    version: int,
    files: Sequence[LiveFile],
    log: DeltaLog,
    aims: Aims,
    standing: Standing,
    now_ms: float,
) -> TableHealth:
    origins = _Origins.of(log)
    recent = [commit for commit in log.commits if commit.time_ms >= now_ms - aims.window_hours * _HOUR_MS]
    grouped: dict[Values, list[LiveFile]] = defaultdict(list)
    for file in files:
        grouped[file.values].append(file)
    vacuums = _vacuums((*log.vacuums, *log.commits))
    retained_ms = standing.retention.hours * _HOUR_MS
    # Earlier removals were deleted by a VACUUM that had come to the end of their retention.
    gone_before = max(vacuums.values(), default=0) - retained_ms
    live = {file.path for file in files}
    # by path: a file that a restore brought back may be removed twice
    removed = {gone.path: gone for commit in log.commits for gone in commit.removed if gone.path not in live}
    held = [gone for gone in removed.values() if gone.deleted_ms > gone_before]
    read_since = iso(min((commit.time_ms for commit in log.commits), default=now_ms))
    kept_from = now_ms - retained_ms
    return TableHealth(
        table=table,
        version=version,
        at=iso(now_ms),
        files=len(files),
        bytes=sum(file.size for file in files),
        partitions=tuple(
            _partition(values, group, origins, aims)
            for values, group in sorted(grouped.items(), key=lambda item: str(item[0]))
        ),
        held=_sum(gone.size for gone in held),
        expired=_sum(gone.size for gone in held if gone.deleted_ms < kept_from),
        window=Window(
            ingests=sum(map(is_ingest, recent)),
            ingested_bytes=round(sum(ingested_bytes(commit) for commit in recent if is_ingest(commit))),
            rewritten_bytes=rewritten_bytes(recent),
        ),
        made_here=standing.made_here,
        retention=standing.retention,
        created_at=None if standing.created_ms is None else iso(standing.created_ms),
        last_vacuum=LastVacuum(**{mode: iso(time) for mode, time in vacuums.items()}),
        log=LogHealth(
            files=log.files,
            bytes=log.bytes,
            commits_since_checkpoint=log.commits_since_checkpoint,
            unread=log.unread,
        ),
        savings=savings(log, read_since),
    )
