"""The one MERGE of a batch: staged rows into the target by key, newer rows only, one version."""

import json
from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headgate_spark.contract import CommitRequest
from headgate_spark.delta.pruning import literal_predicates
from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.session import settings
from headgate_spark.transforms.names import quoted

_SOURCE = "staged"


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


def _all(conditions: Sequence[Column]) -> Column:
    return reduce(Column.__and__, conditions)


def _newer_and_other(request: CommitRequest, columns: Sequence[str], target: str) -> Column:
    """Not older by `latestBy`, and something to change: equal rows are not written again."""

    def staged(name: str) -> Column:
        return F.col(f"{_SOURCE}.{quoted(name)}")

    def stored(name: str) -> Column:
        return F.col(f"{target}.{quoted(name)}")

    differs = [~staged(name).eqNullSafe(stored(name)) for name in columns if name not in request.target.key]
    changed = reduce(Column.__or__, differs) if differs else F.lit(False)
    if request.latest_by is None or request.latest_by not in columns:
        return changed
    newest = request.latest_by
    return changed & (stored(newest).isNull() | (staged(newest) >= stored(newest)))


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


def merge(spark: SparkSession, request: CommitRequest, staged: DataFrame, *, into_empty: bool) -> None:
    """Commits one version, or none when this step is in the table already."""
    table = table_name(request.target.table)
    source = staged.alias(_SOURCE)
    keys = [F.col(f"{table}.{quoted(name)}") == F.col(f"{_SOURCE}.{quoted(name)}") for name in request.target.key]
    narrowing = [] if into_empty else literal_predicates(staged, request.target, table)
    writer = source.mergeInto(table, _all([*keys, *narrowing]))
    if not into_empty:
        writer = writer.whenMatched(_newer_and_other(request, staged.columns, table)).updateAll()
    with settings(spark, commit_settings(request)):
        writer.whenNotMatched().insertAll().merge()
