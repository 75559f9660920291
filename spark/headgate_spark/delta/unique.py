"""Does the table hold a key twice? A MERGE would change both rows, and Delta does not mind."""

from collections.abc import Sequence

from pyspark.sql import SparkSession

from headgate_spark.delta.log import LoggedVersion, read_logged
from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import Target
from headgate_spark.transforms.names import quoted

_NAMED = 5
# A proof lies in the newest commit of ours; upkeep lies between.
_LOOK_BACK = 50


def bound_key(target: Target) -> list[str] | None:
    """The key that a commit keeps unique, as it is told in its metadata; nothing where only the pipeline file says
    that no row moves to another partition."""
    claimed = target.partitions_fixed and not set(target.partition_by) <= set(target.key)
    return None if claimed else sorted(target.key)


def _keeps(logged: LoggedVersion, key: list[str]) -> bool:
    """Ours under this key, or it neither changes rows nor, by others, columns."""
    if logged.metadata.get("key") == key:
        return True
    return not logged.changes_rows and (logged.table_id is None or "maintain" in logged.metadata)


def is_proven(target: Target, since: Sequence[LoggedVersion]) -> bool:
    """The log tells that only commits of ours under this key have made the rows. `since`: newest versions, oldest
    first."""
    key = bound_key(target)
    if key is None or not since:
        return False
    for logged in reversed(since):
        if not _keeps(logged, key):
            return False
        if logged.metadata.get("unique") is True:
            return True
    version = since[0].version
    for earlier in range(version - 1, max(-1, version - 1 - _LOOK_BACK), -1):
        found = read_logged(target.table, earlier)
        if found is None or not _keeps(found, key):
            return False
        if found.metadata.get("unique") is True:
            return True
    return version <= _LOOK_BACK


def check_unique(spark: SparkSession, target: Target, staged: str, predicates: Sequence[str], alias: str) -> None:
    """Among the keys of the batch, by the columns of the key alone. `staged` is a view."""
    keys = ", ".join(f"{alias}.{quoted(name)}" for name in target.key)
    matches = [f"{alias}.{quoted(name)} = {staged}.{quoted(name)}" for name in target.key]
    where = f"WHERE {' AND '.join(predicates)} " if predicates else ""
    rows = spark.sql(
        f"SELECT {keys}, count(*) AS _hg_count FROM {table_name(target.table)} {alias} "
        f"LEFT SEMI JOIN {staged} ON {' AND '.join(matches)} {where}"
        f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys} LIMIT {_NAMED + 1}"
    ).collect()
    if not rows:
        return
    told = [", ".join(f"{name}={row[name]}" for name in target.key) for row in rows[:_NAMED]]
    more = " and more" if len(rows) > _NAMED else ""
    plain = ", ".join(map(quoted, target.key))
    raise JobFailed(
        kind="data",
        type="DuplicateKeysInTarget",
        message=f"{target.table} holds keys of the batch more than once: {'; '.join(told)}{more}. Nothing was written.",
        remedy=f"Another writer did this. Find them with SELECT {plain}, count(*) FROM {table_name(target.table)} "
        f"GROUP BY {plain} HAVING count(*) > 1, delete the rows that are too many, and run again.",
        fields={"table": target.table, "key": ", ".join(target.key), "keys": "; ".join(told)},
    )
