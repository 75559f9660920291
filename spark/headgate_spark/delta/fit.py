"""How the columns of a batch go into its table, settled before any row is read and again before any is written."""

from typing import NamedTuple

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from headgate_spark.delta.entry import json_object
from headgate_spark.delta.log import is_at_hand, read_logged
from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import DELIVERY, Target


class Fit(NamedTuple):
    """Columns of the batch and of a table that is there."""

    # That the table takes over from the batch, with this batch.
    added: tuple[str, ...] = ()
    # False: the table was made by others, and has no place for it.
    delivery: bool = True
    # The table has no rows and takes the columns of the batch for its own.
    anew: bool = False


class Differences(NamedTuple):
    """Texts by what would have to be done; only the first can be taken over."""

    new: tuple[str, ...]
    gone: tuple[str, ...]
    retyped: tuple[str, ...]
    layout: tuple[str, ...]


def _types(schema: T.StructType) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in schema.fields}


def compare(staged: T.StructType, table: T.StructType, target: Target) -> Differences:
    wanted, found = _types(staged), _types(table)
    names = [name for name in wanted if name != DELIVERY]
    layout = {*target.key, *target.partition_by}
    return Differences(
        new=tuple(name for name in names if name not in found and name not in layout),
        gone=tuple(name for name in found if name not in wanted and name != DELIVERY),
        retyped=tuple(
            name for name in (*names, DELIVERY) if name in found and found[name] != wanted.get(name, "string")
        ),
        layout=tuple(name for name in names if name not in found and name in layout),
    )


def _refused(path: str, found: Differences, staged: T.StructType, table: T.StructType) -> JobFailed:
    wanted, there = _types(staged), _types(table)
    told = [
        *(f"{name} {wanted[name]} is not in the table" for name in (*found.new, *found.layout)),
        *(f"{name} {there[name]} is only in the table" for name in found.gone),
        *(f"{name} is {there[name]} in the table and {wanted.get(name, 'string')} in the batch"
          for name in found.retyped),
    ]  # fmt: skip
    choices = []
    if found.new:
        columns = ", ".join(f"`{name}` {wanted[name]}" for name in found.new)
        choices.append(
            "New columns: write `evolve: add-columns` under target, or "
            f"ALTER TABLE {table_name(path)} ADD COLUMNS ({columns}), or leave them out (transform.select)."
        )
    if found.gone:
        choices.append("Columns of the table alone: bring them back in the pipeline, as cast(null as …) if need be.")
    if found.layout:
        choices.append(f"A column of the key or of the partitions ({', '.join(found.layout)}) cannot be added.")
    if found.retyped:
        choices.append("Other types: declare or cast to the type of the table.")
    choices.append("Or let target.table name a folder that does not exist yet, and run with --redo.")
    return JobFailed(
        kind="config",
        type="TargetSchema",
        message=f"The batch does not fit the table {path}: {'; '.join(told)}.",
        remedy=" ".join(choices),
        fields={"table": path, "differences": "; ".join(told)},
    )


def is_made_by(spark: SparkSession, path: str, pipeline: str) -> bool:
    """Whether the first version of the table tells that this pipeline made it. What the log has forgotten is not
    known."""
    if is_at_hand(path):
        first = read_logged(path, 0)
        metadata = {} if first is None else first.metadata
    else:
        rows = spark.sql(f"DESCRIBE HISTORY {table_name(path)}").filter("version = 0").collect()
        metadata = json_object(rows[0]["userMetadata"]) if rows else {}
    return str(metadata.get("stepKey") or metadata.get("made") or "").split("/")[0] == pipeline


def find_fit(spark: SparkSession, pipeline: str, target: Target, staged: T.StructType, table: T.StructType) -> Fit:
    """A batch that does not fit is refused. `table`: the columns of the table that is there."""
    path = target.table
    found = compare(staged, table, target)
    refused = found.gone or found.retyped or found.layout or (found.new and target.evolve != "add-columns")
    if refused:
        if is_made_by(spark, path, pipeline) and spark.read.format("delta").load(path).isEmpty():
            return Fit(anew=True)
        raise _refused(path, found, staged, table)
    if DELIVERY in _types(table):
        return Fit(added=found.new)
    if is_made_by(spark, path, pipeline):
        return Fit(added=(*found.new, DELIVERY))
    return Fit(added=found.new, delivery=False)
