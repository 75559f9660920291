"""Logs of tables that were never written, for tests of what is read from a log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headgate_spark.health.log import Added, DeltaLog, LoggedCommit, Removed, Values

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
