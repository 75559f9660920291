"""Rows that left the batch, in the shape of the quarantine table: where from, why, and the row as it came."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headgate_spark.pipeline import Expectation, Source
from headgate_spark.transforms.check_rows import reason_of
from headgate_spark.transforms.deduplicate import CONFLICT, CONFLICT_REASON, conflict_detail
from headgate_spark.transforms.names import DETAIL, FILE, REASON, ROW, column


def _path(files: Sequence[str]) -> Column:
    if not files:
        return F.lit(None).cast("string")
    return F.get(F.array(*(F.lit(path) for path in files)), F.col(FILE))


def _shape(
    rows: DataFrame, source: str, files: Sequence[str], reason: Column, detail: Column, row: Column
) -> DataFrame:
    return rows.select(
        F.lit(source).alias("source"),
        _path(files).alias("file"),
        reason.alias("reason"),
        detail.alias("detail"),
        row.alias("row"),
    )


def unreadable_rows(read: DataFrame, source: str, files: Sequence[str]) -> DataFrame:
    bad = read.filter(F.col(REASON).isNotNull())
    return _shape(bad, source, files, F.col(REASON), F.col(DETAIL), F.col(ROW))


def conflicting_rows(ranked: DataFrame, source: Source, files: Sequence[str]) -> DataFrame:
    losers = ranked.filter(F.col(CONFLICT))
    return _shape(losers, source.name, files, F.lit(CONFLICT_REASON), conflict_detail(source), F.col(ROW))


def rejected_rows(
    checked: DataFrame, source: str, files: Sequence[str], expectations: Sequence[Expectation], columns: Sequence[str]
) -> DataFrame:
    aside = checked.filter(F.col(REASON).isNotNull())
    rules = [(F.col(REASON) == reason_of(rule), rule.check) for rule in expectations if rule.action == "quarantine"]
    detail = F.coalesce(*(F.when(matches, F.lit(f"does not hold: {check}")) for matches, check in rules))
    row = F.to_json(F.struct(*(column(name) for name in columns)), {"ignoreNullFields": "false"})
    return _shape(aside, source, files, F.col(REASON), detail, row)


def stamped(rows: DataFrame, digest: str, run: str, frozen_at: str) -> DataFrame:
    """The time is that of the freeze, so that a second attempt writes the same rows."""
    return rows.select(
        F.lit(digest).alias("digest"),
        F.lit(run).alias("run"),
        *("source", "file", "reason", "detail", "row"),
        F.lit(frozen_at).cast("timestamp").alias("quarantined_at"),
    )
