"""The prepare query as a whole: sources to staged rows, with every place where rows leave it. Builds, never runs."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.counting import Counter
from headgate_spark.pipeline import Bin, ColumnsTransform, Pipeline, Source
from headgate_spark.transforms.check_rows import check_rows, failed_name, reason_of
from headgate_spark.transforms.deduplicate import CONFLICT, RANK, rank_rows
from headgate_spark.transforms.names import REASON, column
from headgate_spark.transforms.transform_rows import target_columns, transform_rows

TOTAL = "total"
KEPT = "kept"
CONFLICTS = "conflicts"
ASIDE = "aside"
NULL_KEYS = "null_keys"

# Reasons that reading can give; every one is counted in the pass that stages the rows.
READ_REASONS = (
    "NulByte",
    "InvalidEncoding",
    "MalformedQuotes",
    "WrongFieldCount",
    "UnreadableValue",
    "ValueOutOfRange",
    "NullKey",
    "MissingValue",
)

# Inputs up to this size are sent to every task instead of being shuffled; text grows less than packed Parquet.
BROADCAST_BYTES = 16_000_000


class Plan(NamedTuple):
    read: Mapping[str, DataFrame]
    ranked: Mapping[str, DataFrame]
    checked: DataFrame
    staged: DataFrame
    columns: tuple[str, ...]


def bin_count_name(index: int, label: int) -> str:
    return f"bin_{index}_{label}"


def bin_labels(spec: Bin) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*spec.labels, spec.missing)))


def bins_of(pipeline: Pipeline) -> list[Bin]:
    transform = pipeline.transform
    return (
        [spec for spec in transform.columns if isinstance(spec, Bin)] if isinstance(transform, ColumnsTransform) else []
    )


def read_place(source: str) -> str:
    return f"read-{source}"


def ranked_place(source: str) -> str:
    return f"ranked-{source}"


def _reasons(names: Iterable[str]) -> dict[str, Column]:
    """A count of each reason."""
    reason = F.col(REASON)
    return {name: F.count_if(reason == name) for name in names}


def _watched_rows(rows: DataFrame, source: Source, counter: Counter) -> tuple[DataFrame, DataFrame]:
    """The rows as read, and the good ones ranked."""
    watched = counter.watch(read_place(source.name), rows, {TOTAL: F.count(F.lit(1)), **_reasons(READ_REASONS)})
    ranked = counter.watch(
        ranked_place(source.name),
        rank_rows(watched.filter(F.col(REASON).isNull()), source),
        {TOTAL: F.count(F.lit(1)), KEPT: F.count_if(F.col(RANK) == 1), CONFLICTS: F.count_if(F.col(CONFLICT))},
    )
    return watched, ranked


def _staged_counts(pipeline: Pipeline, columns: tuple[str, ...]) -> dict[str, Column]:
    null_key = F.lit(False)
    for name in pipeline.target.key:
        null_key = null_key | column(name).isNull()
    counts = {TOTAL: F.count(F.lit(1)), NULL_KEYS: F.count_if(null_key)}
    for index, spec in enumerate(bins_of(pipeline)):
        value = column(spec.name)
        for number, label in enumerate(bin_labels(spec)):
            counts[bin_count_name(index, number)] = F.count_if(value == label)
    return counts


def build_plan(
    spark: SparkSession, pipeline: Pipeline, read: Mapping[str, DataFrame], sizes: Mapping[str, int], counter: Counter
) -> Plan:
    watched_read, ranked, kept = {}, {}, {}
    for source in pipeline.sources:
        watched_read[source.name], ranked[source.name] = _watched_rows(read[source.name], source, counter)
        rows = ranked[source.name].filter(F.col(RANK) == 1)
        joined = source.name != pipeline.transform.from_
        kept[source.name] = F.broadcast(rows) if joined and sizes[source.name] <= BROADCAST_BYTES else rows
    transformed = transform_rows(spark, pipeline, kept)
    columns = target_columns(pipeline, transformed)
    checked = check_rows(transformed, pipeline.expectations)
    failed = {name: F.count_if(F.col(name)) for name in map(failed_name, range(len(pipeline.expectations)))}
    counts = {TOTAL: F.count(F.lit(1)), ASIDE: F.count(F.col(REASON)), **failed}
    watched = counter.watch("checked", checked, counts | _reasons(map(reason_of, pipeline.expectations)))
    good = watched.filter(F.col(REASON).isNull())
    counted = counter.watch("staged", good, _staged_counts(pipeline, columns))
    return Plan(watched_read, ranked, watched, counted.select(*(column(name) for name in columns)), columns)
