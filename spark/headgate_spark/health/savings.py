"""What upkeep did by the log, and what `OPTIMIZE` of the whole table after each batch would have written instead."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from headgate_spark.health.log import DeltaLog, LoggedCommit, Values


@dataclass(frozen=True)
class Savings:
    """Sums over the commits that the log still holds. `files_before` were put together into `files_after`."""

    since: str
    ingests: int
    ingested_bytes: int
    rewritten_bytes: int
    files_before: int
    files_after: int
    reclaimed_files: int
    reclaimed_bytes: int
    naive_bytes: int


def is_ingest(commit: LoggedCommit) -> bool:
    """It brought or changed rows; OPTIMIZE only moves them."""
    return any(added.data_change for added in commit.added)


def ingested_bytes(commit: LoggedCommit) -> float:
    """Bytes of the rows that a commit brought: a MERGE also writes the rows again that lie beside them."""
    if commit.operation == "DELETE":
        return 0
    written = sum(added.size for added in commit.written)
    out = int(commit.metrics.get("numOutputRows") or 0)
    if commit.operation != "MERGE" or out == 0:
        return written
    new = sum(int(commit.metrics.get(f"numTargetRows{fate}") or 0) for fate in ("Inserted", "Updated"))
    return written * new / out


def rewritten_bytes(commits: Sequence[LoggedCommit]) -> int:
    """What compaction and clustering wrote."""
    return sum(added.size for commit in commits if commit.operation == "OPTIMIZE" for added in commit.written)


def _metric(commits: Sequence[LoggedCommit], operation: str, name: str) -> int:
    return sum(int(commit.metrics.get(name) or 0) for commit in commits if commit.operation == operation)


def _sizes_after(log: DeltaLog, live: Mapping[Values, int]) -> Iterator[tuple[LoggedCommit, Mapping[Values, int]]]:
    """Each commit with the bytes of the partitions after it, newest first: back from the table as it is."""
    where = {added.path: added.values for commit in log.commits for added in commit.added}
    sizes = defaultdict(int, live)
    for commit in reversed(log.commits):
        yield commit, dict(sizes)
        for added in commit.written:
            sizes[added.values] -= added.size
        for removed in commit.removed:
            sizes[where.get(removed.path, removed.values)] += removed.size


def naive_bytes(log: DeltaLog, live: Mapping[Values, int], target_file_bytes: int, *, ordered: bool) -> int:
    """What the same ingests would have cost with one command after each.

    `OPTIMIZE … ZORDER BY` (`ordered`), and liquid clustering with Delta's own cube of 100 GiB, write the whole table
    each time. Plain `OPTIMIZE` writes what is new, with the last file of its partition that is not full yet.
    """
    total = 0
    for commit, after in _sizes_after(log, live):
        if not is_ingest(commit):
            continue
        if ordered:
            total += sum(after.values())
            continue
        came: dict[Values, int] = defaultdict(int)
        for added in commit.written:
            came[added.values] += added.size
        total += sum(size + (after[values] - size) % target_file_bytes for values, size in came.items())
    return total


def savings(log: DeltaLog, live: Mapping[Values, int], target_file_bytes: int, since: str, *, ordered: bool) -> Savings:
    commits = log.commits
    ingests = [commit for commit in commits if is_ingest(commit)]
    return Savings(
        since=since,
        ingests=len(ingests),
        ingested_bytes=round(sum(map(ingested_bytes, ingests))),
        rewritten_bytes=rewritten_bytes(commits),
        files_before=_metric(commits, "OPTIMIZE", "numRemovedFiles"),
        files_after=_metric(commits, "OPTIMIZE", "numAddedFiles"),
        reclaimed_files=_metric(commits, "VACUUM END", "numDeletedFiles"),
        reclaimed_bytes=_metric(commits, "VACUUM START", "sizeOfDataToDelete"),
        naive_bytes=naive_bytes(log, live, target_file_bytes, ordered=ordered),
    )
