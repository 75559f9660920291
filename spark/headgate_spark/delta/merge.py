"""The one write of a batch to its table: staged rows by key, newer rows only, one version."""

import json
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from headgate_spark.delta.log import read_written
from headgate_spark.delta.pruning import literal_predicates
from headgate_spark.delta.table import create_table, marked, table_name
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import CommitRequest
from headgate_spark.session import settings
from headgate_spark.transforms.names import quoted

_SOURCE = "_hg_staged"
_TARGET = "_hg_target"
_ONE_TASK_BYTES = 16 << 20


def _schema_text(schema: T.StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema.fields}


def check_schema(staged: T.StructType, table: T.StructType, path: str) -> None:
    """The table takes exactly the staged columns: nothing is added, dropped or retyped on the way."""
    found, wanted = _schema_text(table), _schema_text(staged)
    differences = [
        *(f"{name} {wanted[name]} is not in the table" for name in wanted if name not in found),
        *(f"{name} {found[name]} is only in the table" for name in found if name not in wanted),
        *(f"{name} is {found[name]} in the table and {kind} in the batch"
          for name, kind in wanted.items() if name in found and found[name] != kind),
    ]  # fmt: skip
    if differences:
        raise JobFailed(
            kind="config",
            type="TargetSchema",
            message=f"The batch does not fit the table {path}: {'; '.join(differences)}.",
            remedy="Change the pipeline back, or bring the table to the new columns (ALTER TABLE) and run again.",
            fields={"table": path, "differences": "; ".join(differences)},
        )


def _newer_and_other(request: CommitRequest, columns: Sequence[str]) -> str:
    """Not older by `latestBy`, and something to change: equal rows are not written again."""
    differs = " OR ".join(
        f"NOT {_SOURCE}.{quoted(name)} <=> {_TARGET}.{quoted(name)}"
        for name in columns
        if name not in request.target.key
    )
    if request.latest_by is None or request.latest_by not in columns:
        return differs or "false"
    newest = quoted(request.latest_by)
    not_older = f"({_TARGET}.{newest} IS NULL OR {_SOURCE}.{newest} >= {_TARGET}.{newest})"
    return f"({differs or 'false'}) AND {not_older}"


def commit_settings(request: CommitRequest) -> Mapping[str, str]:
    metadata = {
        "stepKey": request.step_key,
        "generation": request.generation,
        "run": request.run,
        "digest": request.digest,
        "interval": None
        if request.interval is None
        else {"start": request.interval.start, "end": request.interval.end},
        "rows": request.staging.rows,
    }
    return {
        "spark.databricks.delta.write.txnAppId": request.step_key,
        "spark.databricks.delta.write.txnVersion": str(request.generation),
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata, ensure_ascii=False),
    }


def merge(spark: SparkSession, request: CommitRequest, staged: DataFrame) -> None:
    """Commits one version, or none when this step is in the table already."""
    matches = [f"{_TARGET}.{quoted(name)} = {_SOURCE}.{quoted(name)}" for name in request.target.key]
    conditions = [*matches, *literal_predicates(staged, request.target, _TARGET)]
    staged.createOrReplaceTempView(_SOURCE)
    with settings(spark, commit_settings(request)):
        spark.sql(
            f"MERGE INTO {table_name(request.target.table)} {_TARGET} USING {_SOURCE} ON {' AND '.join(conditions)} "
            f"WHEN MATCHED AND {_newer_and_other(request, staged.columns)} THEN UPDATE SET * "
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


def write_first(spark: SparkSession, request: CommitRequest, staged: DataFrame) -> None:
    """Makes the table with its first rows in it, in one version, or fails when somebody else has made it meanwhile."""
    target = request.target
    if target.cluster_by:
        # Only SQL can say it, and once the table is there others may have written to it.
        create_table(spark, target.table, staged.schema, target.cluster_by, deletion_vectors=target.deletion_vectors)
        return merge(spark, request, staged)
    writer = _laid_out(request, marked(staged, target.table)).write.format("delta").mode("error")
    if target.partition_by:
        writer = writer.partitionBy(*target.partition_by)
    if target.deletion_vectors:
        writer = writer.option("delta.enableDeletionVectors", "true")
    with settings(spark, commit_settings(request)):
        writer.save(target.table)
    return None
