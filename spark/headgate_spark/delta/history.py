"""Finds commits of ours in a table's history: the operation itself, with the step key in its userMetadata.

The operation counts too: what a step does beside it, such as setting a property, proves nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import Row, SparkSession

from headgate_spark.delta.entry import json_object
from headgate_spark.delta.log import commit_info, version_restored
from headgate_spark.delta.table import table_name

# The commit that was just made is the last one; a recovered one may lie deeper, and reading deeper costs more.
_DEPTHS = (1, 20, None)
# A first batch makes its table by a plain write.
_COMMITS = ("MERGE", "WRITE")
_REWRITES = ("OPTIMIZE",)


RESTORE = "RESTORE"


class Commit(NamedTuple):
    version: int
    metrics: Mapping[str, str]
    # The table was set back to before it: its rows are not there any more.
    restored_over: bool = False


def _is_ours(user_metadata: str | None, step_key: str, generation: int) -> bool:
    metadata = json_object(user_metadata)
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
    if info is None or info.get("operation") not in _COMMITS:
        return None
    if not _is_ours(info.get("userMetadata"), step_key, generation):
        return None
    return Commit(version, dict(info.get("operationMetrics") or {}))


def read_history(spark: SparkSession, path: str, limit: int | None) -> list[Row]:
    """Newest first."""
    suffix = f" LIMIT {limit}" if limit is not None else ""
    return spark.sql(f"DESCRIBE HISTORY {table_name(path)}{suffix}").collect()


def _ours(rows: Sequence[Row], operations: Sequence[str], step_key: str, generation: int) -> list[Row]:
    """This generation or a later one."""
    return [
        row for row in rows if row["operation"] in operations and _is_ours(row["userMetadata"], step_key, generation)
    ]


def _commit(row: Row, newest_first: Sequence[Row], path: str) -> Commit:
    version = int(row["version"])
    return Commit(version, dict(row["operationMetrics"] or {}), not descends_from(newest_first, version, path))


def find_commit(spark: SparkSession, path: str, step_key: str, generation: int) -> Commit | None:
    """The newest commit of a batch whose rows are in the table, else the newest one."""
    for limit in _DEPTHS:
        rows = read_history(spark, path, limit)
        found = _ours(rows, _COMMITS, step_key, generation)
        if found:
            commits = [_commit(row, rows, path) for row in found]
            return next((commit for commit in commits if not commit.restored_over), commits[0])
        if limit is None or len(rows) < limit:
            break
    return None


def find_rewrites(
    spark: SparkSession, path: str, step_key: str, generation: int, newest: int | None = None
) -> list[Commit]:
    """All OPTIMIZE commits of the step, newest first; `newest`: among so many commits only."""
    if newest == 0:
        return []
    rows = read_history(spark, path, newest)
    return [_commit(row, rows, path) for row in _ours(rows, _REWRITES, step_key, generation)]


class Vacuumed(NamedTuple):
    version: int
    files: int
    bytes: int
    # A LITE that was asked for may have become a full one.
    full: bool


def find_vacuum(
    spark: SparkSession, path: str, step_key: str, generation: int, newest: int | None = None
) -> Vacuumed | None:
    """The newest VACUUM of the step that came to its end: it logs one version before and one after."""
    if newest == 0:
        return None
    ours = _ours(read_history(spark, path, newest), ("VACUUM START", "VACUUM END"), step_key, generation)
    for place, row in enumerate(ours):
        if row["operation"] != "VACUUM END" or (row["operationParameters"] or {}).get("status") != "COMPLETED":
            continue
        started = next((row for row in ours[place:] if row["operation"] == "VACUUM START"), None)
        before = {} if started is None else started["operationMetrics"] or {}
        return Vacuumed(
            version=int(row["version"]),
            files=int((row["operationMetrics"] or {}).get("numDeletedFiles", 0)),
            bytes=int(before.get("sizeOfDataToDelete", 0)),
            full=json_object(row["userMetadata"]).get("maintain") != "vacuum-lite",
        )
    return None


def newest_version(spark: SparkSession, path: str) -> int:
    return int(read_history(spark, path, 1)[0]["version"])
