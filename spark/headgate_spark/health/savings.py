"""What upkeep did to a table, by its log: measured, nothing simulated."""

from __future__ import annotations

from collections.abc import Sequence

from headgate_spark.health.log import DeltaLog, LoggedCommit
from headgate_spark.protocol import UpkeepSavings


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


def savings(log: DeltaLog, since: str) -> UpkeepSavings:
    commits = log.commits
    ingests = [commit for commit in commits if is_ingest(commit)]
    return UpkeepSavings(
        since=since,
        ingests=len(ingests),
        ingested_bytes=round(sum(map(ingested_bytes, ingests))),
        rewritten_bytes=rewritten_bytes(commits),
        files_before=_metric(commits, "OPTIMIZE", "numRemovedFiles"),
        files_after=_metric(commits, "OPTIMIZE", "numAddedFiles"),
        reclaimed_files=_metric(commits, "VACUUM END", "numDeletedFiles"),
        reclaimed_bytes=_metric(commits, "VACUUM START", "sizeOfDataToDelete"),
    )
