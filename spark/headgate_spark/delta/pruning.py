"""Literal predicates on the target, so that a MERGE opens only files that can hold rows of the batch."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headgate_spark.pipeline import Target
from headgate_spark.transforms.names import column

# Longer lists cost more to plan than they save; a range takes their place.
_MAX_LISTED = 100

_ORDERED = (T.StringType, T.IntegralType, T.DecimalType, T.DateType, T.TimestampType)
_LISTED = (*_ORDERED, T.BooleanType)


def _plain(name: str, kind: T.DataType) -> Column:
    # Microseconds survive the way through Python; a local time around a clock change does not.
    return F.unix_micros(column(name)) if isinstance(kind, T.TimestampType) else column(name)


def _literal(value: object, kind: T.DataType) -> Column:
    if isinstance(kind, T.TimestampType):
        return F.timestamp_micros(F.lit(value))
    return F.lit(value).cast(kind)


def _range(name: str, kind: T.DataType, low: object, high: object, target: str) -> Column:
    field = F.col(f"{target}.{name}")
    return (field >= _literal(low, kind)) & (field <= _literal(high, kind))


def _listed(values: Sequence[object], kind: T.DataType, field: Column) -> Column:
    present = [_literal(value, kind) for value in values if value is not None]
    chosen = field.isin(*present) if present else F.lit(False)
    return chosen | field.isNull() if None in values else chosen


def partitions_bind(target: Target) -> bool:
    """May the target's partitions be narrowed to those of the batch without missing the old row of a key?"""
    return bool(target.partition_by) and (target.partitions_fixed or set(target.partition_by) <= set(target.key))


def literal_predicates(staged: DataFrame, target: Target, alias: str) -> list[Column]:
    """One small query over the staged rows; nothing for an empty batch."""
    kinds = {field.name: field.dataType for field in staged.schema.fields}
    partitions = [name for name in target.partition_by if partitions_bind(target) and isinstance(kinds[name], _LISTED)]
    ranged = [name for name in dict.fromkeys((*target.key, *partitions)) if isinstance(kinds[name], _ORDERED)]
    if not ranged and not partitions:
        return []
    bounds = [
        bound(_plain(name, kinds[name])).alias(f"{label}_{index}")
        for index, name in enumerate(ranged)
        for label, bound in (("low", F.min), ("high", F.max))
    ]
    lists = [
        F.collect_set(F.struct(_plain(name, kinds[name]).alias("value"))).alias(f"values_{index}")
        for index, name in enumerate(partitions)
    ]
    row: Row = staged.agg(*bounds, *lists).collect()[0]
    predicates = []
    for index, name in enumerate(partitions):
        values = [item["value"] for item in row[f"values_{index}"]]
        if values and len(values) <= _MAX_LISTED:
            predicates.append(_listed(values, kinds[name], F.col(f"{alias}.{name}")))
    for index, name in enumerate(ranged):
        low, high = row[f"low_{index}"], row[f"high_{index}"]
        # A null partition is in no range; keys are never null.
        if low is not None and name in target.key:
            predicates.append(_range(name, kinds[name], low, high, alias))
    return predicates
