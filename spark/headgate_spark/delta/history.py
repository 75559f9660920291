"""Finds a commit of ours in a table's history by the step key in its userMetadata."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pyspark.sql import SparkSession

from headgate_spark.delta.log import commit_info
from headgate_spark.delta.table import table_name

# The commit that was just made is the last one; a recovered one may lie deeper, and reading deeper costs more.
_DEPTHS = (1, 20, None)


class Commit(NamedTuple):
    version: int
    metrics: Mapping[str, str]


def _is_ours(user_metadata: str | None, step_key: str, generation: int) -> bool:
    try:
        metadata = json.loads(user_metadata or "null")
    except ValueError:
        return False
    return (
        isinstance(metadata, dict)
        and metadata.get("stepKey") == step_key
        and int(metadata.get("generation", 0)) >= generation
    )


def commit_at(path: str, version: int, step_key: str, generation: int) -> Commit | None:
    """The commit of the step, given that this version is one and that its log is at hand."""
    info = commit_info(path, version)
    if info is None or not _is_ours(info.get("userMetadata"), step_key, generation):
        return None
    return Commit(version, dict(info.get("operationMetrics") or {}))


def _commits(
    spark: SparkSession, path: str, step_key: str, generation: int, limit: int | None
) -> tuple[list[Commit], int]:
    """Those of the step, this generation or a later one, newest first, and how many commits were looked at."""
    suffix = f" LIMIT {limit}" if limit else ""
    rows = spark.sql(f"DESCRIBE HISTORY {table_name(path)}{suffix}").collect()
    ours = [row for row in rows if _is_ours(row["userMetadata"], step_key, generation)]
    return [Commit(int(row["version"]), dict(row["operationMetrics"] or {})) for row in ours], len(rows)


def find_commit(spark: SparkSession, path: str, step_key: str, generation: int) -> Commit | None:
    """The newest commit of the step."""
    for limit in _DEPTHS:
        found, seen = _commits(spark, path, step_key, generation, limit)
        if found:
            return found[0]
        if limit is None or seen < limit:
            break
    return None


def find_commits(
    spark: SparkSession, path: str, step_key: str, generation: int, newest: int | None = None
) -> list[Commit]:
    """All commits of the step, newest first; `newest`: among so many commits only."""
    return [] if newest == 0 else _commits(spark, path, step_key, generation, newest)[0]


class Vacuumed(NamedTuple):
    version: int
    files: int
    bytes: int


def last_vacuum(spark: SparkSession, path: str) -> Vacuumed:
    """What the VACUUM that has just ended says of itself; it logs one version before and one after."""
    rows = spark.sql(f"DESCRIBE HISTORY {table_name(path)} LIMIT 2").collect()
    metrics = {name: value for row in reversed(rows) for name, value in (row["operationMetrics"] or {}).items()}
    ended = rows[0]["operation"] == "VACUUM END"
    return Vacuumed(
        version=int(rows[0]["version"]),
        files=int(metrics.get("numDeletedFiles", 0)) if ended else 0,
        bytes=int(metrics.get("sizeOfDataToDelete", 0)) if ended else 0,
    )


def newest_version(spark: SparkSession, path: str) -> int:
    return int(spark.sql(f"DESCRIBE HISTORY {table_name(path)} LIMIT 1").collect()[0]["version"])
