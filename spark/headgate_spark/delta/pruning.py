"""Literal predicates on the target, so that a MERGE opens only files that can hold rows of the batch."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, Row
from pyspark.sql import types as T

from headgate_spark.protocol import Target
from headgate_spark.transforms.names import named, quoted, sql_string

# Longer lists cost more to plan than they save; a range takes their place.
_MAX_LISTED = 100

_ORDERED = (T.StringType, T.IntegralType, T.DecimalType, T.DateType, T.TimestampType)
_LISTED = (*_ORDERED, T.BooleanType)


def _plain(name: str, kind: T.DataType) -> str:
    # Microseconds survive the way through Python; a local time around a clock change does not.
    return f"unix_micros({quoted(name)})" if isinstance(kind, T.TimestampType) else quoted(name)


def _literal(value: object, kind: T.DataType) -> str:
    if isinstance(kind, T.TimestampType):
        return f"timestamp_micros({value}L)"
    return f"cast({sql_string(str(value))} AS {kind.simpleString()})"


def _range(field: str, kind: T.DataType, low: object, high: object) -> str:
    return f"{field} >= {_literal(low, kind)} AND {field} <= {_literal(high, kind)}"


def _listed(values: Sequence[object], kind: T.DataType, field: str) -> str:
    present = ", ".join(_literal(value, kind) for value in values if value is not None)
    chosen = f"{field} IN ({present})" if present else "false"
    return f"({chosen} OR {field} IS NULL)" if None in values else chosen


def partitions_bind(target: Target) -> bool:
    """May the target's partitions be narrowed to those of the batch without missing the old row of a key?"""
    return bool(target.partition_by) and (target.partitions_fixed or set(target.partition_by) <= set(target.key))


def literal_predicates(staged: DataFrame, target: Target, alias: str) -> list[str]:
    """One small query over the staged rows; nothing for an empty batch."""
    kinds = {field.name: field.dataType for field in staged.schema.fields}
    partitions = [name for name in target.partition_by if partitions_bind(target) and isinstance(kinds[name], _LISTED)]
    ranged = [name for name in target.key if isinstance(kinds[name], _ORDERED)]
    if not ranged and not partitions:
        return []
    bounds = [
        named(f"{bound}({_plain(name, kinds[name])})", f"{bound}_{index}")
        for index, name in enumerate(ranged)
        for bound in ("min", "max")
    ]
    lists = [
        named(f"collect_set(named_struct('value', {_plain(name, kinds[name])}))", f"values_{index}")
        for index, name in enumerate(partitions)
    ]
    row: Row = staged.selectExpr(*bounds, *lists).collect()[0]
    predicates = []
    for index, name in enumerate(partitions):
        values = [item["value"] for item in row[f"values_{index}"]]
        if values and len(values) <= _MAX_LISTED:
            predicates.append(_listed(values, kinds[name], f"{alias}.{quoted(name)}"))
    for index, name in enumerate(ranged):
        low, high = row[f"min_{index}"], row[f"max_{index}"]
        if low is not None:
            predicates.append(_range(f"{alias}.{quoted(name)}", kinds[name], low, high))
    return predicates
