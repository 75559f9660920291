"""Finds a commit of ours in a table's history by the step key in its userMetadata."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import Row, SparkSession

from headgate_spark.delta.log import commit_info, metadata_of, version_restored
from headgate_spark.delta.table import table_name

# The commit that was just made is the last one; a recovered one may lie deeper, and reading deeper costs more.
_DEPTHS = (1, 20, None)


RESTORE = "RESTORE"


class Commit(NamedTuple):
    version: int
    metrics: Mapping[str, str]
    # The table was set back to before it: its rows are not there any more.
    restored_over: bool = False


def _is_ours(user_metadata: str | None, step_key: str, generation: int) -> bool:
    metadata = metadata_of(user_metadata)
    return metadata.get("stepKey") == step_key and int(metadata.get("generation", 0)) >= generation


def _restored_to(row: Row, path: str) -> int:
    """The version that a RESTORE set the table back to; before all where nobody can tell: to bring the rows of a batch
    twice changes nothing, and not to bring them loses them."""
    version = (row["operationParameters"] or {}).get("version")
    at = int(row["version"])
    found = int(version) if version is not None and str(version).isdigit() else version_restored(path, at)
    return -1 if found is None or found >= at else found


def descends_from(newest_first: Sequence[Row], version: int, path: str) -> bool:
    """Are the rows of the newest version made from those of this one? RESTORE leaves out what lies between."""
    rows = {int(row["version"]): row for row in newest_first}
    at = int(newest_first[0]["version"]) if newest_first else -1
    while at > version:
        row = rows.get(at)
        if row is None:
            return False
        at = _restored_to(row, path) if row["operation"] == RESTORE else at - 1
    return at == version


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
    return [_commit(row, rows, path) for row in ours], len(rows)


def _commit(row: Row, newest_first: Sequence[Row], path: str) -> Commit:
    version = int(row["version"])
    return Commit(version, dict(row["operationMetrics"] or {}), not descends_from(newest_first, version, path))


def find_commit(spark: SparkSession, path: str, step_key: str, generation: int) -> Commit | None:
    """The newest commit of the step whose rows are in the table, else the newest one."""
    for limit in _DEPTHS:
        found, seen = _commits(spark, path, step_key, generation, limit)
        if found:
            return next((commit for commit in found if not commit.restored_over), found[0])
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
