"""What upkeep did, from made-up logs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headgate_spark.health.log import Added, DeltaLog, LoggedCommit, Removed, Values
from headgate_spark.health.savings import savings

MAY: Values = (("month", "2026-05"),)
JUNE: Values = (("month", "2026-06"),)
Files = dict[str, tuple[Values, int]]


def commit(operation: str, added: Files, removed: Files, metrics: dict[str, Any] | None = None) -> LoggedCommit:
    return LoggedCommit(
        version=0,
        time_ms=0,
        operation=operation,
        parameters={},
        metrics=metrics or {},
        metadata={},
        added=tuple(Added(path, values, size, operation != "OPTIMIZE") for path, (values, size) in added.items()),
        removed=tuple(Removed(path, values, size, 0) for path, (values, size) in removed.items()),
    )


def log_of(commits: Sequence[LoggedCommit]) -> DeltaLog:
    return DeltaLog(tuple(commits), 1, 1, 1)


def write(path: str, values: Values, size: int) -> LoggedCommit:
    return commit("WRITE", {path: (values, size)}, {})


def test_sums_what_the_log_says_of_upkeep() -> None:
    optimize = {"numRemovedFiles": "8", "numAddedFiles": "1"}
    log = [
        write("a", MAY, 60),
        commit("OPTIMIZE", {"b": (MAY, 55)}, {"a": (MAY, 60)}, optimize),
        commit("VACUUM START", {}, {}, {"numFilesToDelete": "1", "sizeOfDataToDelete": "60"}),
        commit("VACUUM END", {}, {}, {"numDeletedFiles": "1"}),
    ]
    found = savings(log_of(log), "2026-05-01T00:00:00.000Z")
    assert (found.ingests, found.ingested_bytes, found.rewritten_bytes) == (1, 60, 55)
    assert (found.files_before, found.files_after) == (8, 1)
    assert (found.reclaimed_files, found.reclaimed_bytes) == (1, 60)


def test_a_table_that_was_never_written_has_nothing_to_tell() -> None:
    found = savings(log_of([]), "2026-05-01T00:00:00.000Z")
    assert (found.ingests, found.rewritten_bytes, found.reclaimed_bytes) == (0, 0, 0)
