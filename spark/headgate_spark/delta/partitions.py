"""Partitions of a Delta table as SQL conditions over literals: nothing that OPTIMIZE would have to look up."""

from collections.abc import Mapping, Sequence

from pyspark.sql import types as T

from headgate_spark.errors import JobFailed
from headgate_spark.transforms.names import quoted, sql_string


def _equals(name: str, value: str | None, kind: T.DataType) -> str:
    if value is None:
        return f"{quoted(name)} IS NULL"
    return f"{quoted(name)} = CAST({sql_string(value)} AS {kind.simpleString()})"


def partition_condition(partitions: Sequence[Mapping[str, str | None]], schema: T.StructType) -> str | None:
    """Rows of any of the partitions; None for the whole table. Values are texts as the log writes them."""
    if not partitions or not partitions[0]:
        return None
    kinds = {field.name: field.dataType for field in schema.fields}
    unknown = {name for values in partitions for name in values} - set(kinds)
    if unknown:
        raise JobFailed(
            kind="config",
            type="UnknownPartition",
            message=f"The table has no partition column {', '.join(sorted(unknown))}.",
            remedy="Ask for maintenance again: the plan was made for another layout of the table.",
            fields={"columns": ", ".join(sorted(unknown))},
        )
    each = (
        " AND ".join(_equals(name, value, kinds[name]) for name, value in sorted(values.items()))
        for values in partitions
    )
    return " OR ".join(f"({condition})" for condition in each)
