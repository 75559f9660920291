"""The one write of a batch to its table: staged rows by key, newer rows only, one version."""

import json
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from headgate_spark.delta.entry import USER_METADATA
from headgate_spark.delta.fit import Fit
from headgate_spark.delta.log import read_written
from headgate_spark.delta.pruning import literal_predicates
from headgate_spark.delta.table import create_table, marked, table_name
from headgate_spark.delta.unique import bound_key, check_unique
from headgate_spark.protocol import DELIVERY, CommitRequest
from headgate_spark.session import settings
from headgate_spark.transforms.names import quoted

_SOURCE = "_hg_staged"
_TARGET = "_hg_target"
_ONE_TASK_BYTES = 16 << 20
# Inside one statement, for columns that were looked at: what else the batch holds is in the table.
_EVOLVE = {"spark.databricks.delta.schema.autoMerge.enabled": "true"}


def _newer_and_other(request: CommitRequest, columns: Sequence[str], fit: Fit) -> str:
    """Not older, and something to change: equal rows are not written again. Newer is what has the greater `latestBy`,
    then what was delivered later; null is older than all."""

    def there(name: str) -> str:
        return "NULL" if name in fit.added else f"{_TARGET}.{quoted(name)}"

    def here(name: str) -> str:
        return f"{_SOURCE}.{quoted(name)}"

    differs = " OR ".join(
        f"NOT {here(name)} <=> {there(name)}" for name in columns if name not in request.target.key and name != DELIVERY
    )
    newer = f"({there(DELIVERY)} IS NULL OR {here(DELIVERY)} >= {there(DELIVERY)})" if fit.delivery else "true"
    if request.latest_by is not None and request.latest_by in columns:
        latest = request.latest_by
        newer = (
            f"(({there(latest)} IS NULL AND {here(latest)} IS NOT NULL) OR {here(latest)} > {there(latest)} "
            f"OR ({here(latest)} <=> {there(latest)} AND {newer}))"
        )
    return f"({differs or 'false'}) AND {newer}"


def commit_settings(request: CommitRequest, *, unique: bool) -> Mapping[str, str]:
    """`unique`: only commits of ours under this key have made the rows, see `is_proven`."""
    metadata = {
        "stepKey": request.step_key,
        "generation": request.generation,
        "run": request.run,
        "digest": request.digest,
        "interval": None
        if request.interval is None
        else {"start": request.interval.start, "end": request.interval.end},
        "rows": request.staging.rows,
        "key": bound_key(request.target),
        "unique": unique,
    }
    return {
        "spark.databricks.delta.write.txnAppId": request.step_key,
        "spark.databricks.delta.write.txnVersion": str(request.generation),
        USER_METADATA: json.dumps(metadata, ensure_ascii=False),
    }


def merge(spark: SparkSession, request: CommitRequest, staged: DataFrame, fit: Fit, *, unique: bool) -> None:
    """Commits one version, or none when this step is in the table already. `unique`: the keys of the table are known
    to be, and need no look."""
    rows = staged if fit.delivery else staged.drop(DELIVERY)
    predicates = literal_predicates(rows, request.target, _TARGET)
    rows.createOrReplaceTempView(_SOURCE)
    if not unique:
        check_unique(spark, request.target, _SOURCE, predicates, _TARGET)
    matches = [f"{_TARGET}.{quoted(name)} = {_SOURCE}.{quoted(name)}" for name in request.target.key]
    evolve = _EVOLVE if fit.added else {}
    with settings(spark, {**commit_settings(request, unique=unique), **evolve}):
        spark.sql(
            f"MERGE INTO {table_name(request.target.table)} {_TARGET} USING {_SOURCE} "
            f"ON {' AND '.join([*matches, *predicates])} "
            f"WHEN MATCHED AND {_newer_and_other(request, rows.columns, fit)} THEN UPDATE SET * "
            "WHEN NOT MATCHED THEN INSERT *"
        )


def _laid_out(request: CommitRequest, staged: DataFrame) -> DataFrame:
    """As MERGE does: a partition is written by one task, or each task would add a small file to each partition."""
    columns = request.target.partition_by
    if not columns:
        return staged
    written = read_written(request.staging.table, request.staging.version)
    # Few rows are sooner written by one task than sent to several.
    return (
        staged.coalesce(1)
        if written is not None and 0 < written.bytes <= _ONE_TASK_BYTES
        else staged.repartition(*map(quoted, columns))
    )


def _written_whole(request: CommitRequest, staged: DataFrame, mode: str) -> DataFrameWriter:
    target = request.target
    writer = _laid_out(request, staged).write.format("delta").mode(mode)
    if target.partition_by:
        writer = writer.partitionBy(*target.partition_by)
    return writer


def write_first(spark: SparkSession, request: CommitRequest, staged: DataFrame) -> None:
    """Makes the table with its first rows in it, in one version, or fails when somebody else has made it meanwhile."""
    target = request.target
    if target.cluster_by:
        # Only SQL can say it, and once the table is there others may have written to it.
        made = json.dumps({"made": request.pipeline, "key": bound_key(target)}, ensure_ascii=False)
        with settings(spark, {USER_METADATA: made}):
            create_table(
                spark, target.table, staged.schema, target.cluster_by, deletion_vectors=target.deletion_vectors
            )
        return merge(spark, request, staged, Fit(), unique=False)
    writer = _written_whole(request, marked(staged, target.table), "error")
    if target.deletion_vectors:
        writer = writer.option("delta.enableDeletionVectors", "true")
    with settings(spark, commit_settings(request, unique=bound_key(target) is not None)):
        writer.save(target.table)
    return None


def write_anew(spark: SparkSession, request: CommitRequest, staged: DataFrame) -> None:
    """The first rows of a table of ours that has none: it takes their columns. It stays the same table to Delta."""
    table = request.target.table
    with settings(spark, commit_settings(request, unique=bound_key(request.target) is not None)):
        _written_whole(request, marked(staged, table), "overwrite").option("overwriteSchema", "true").save(table)
