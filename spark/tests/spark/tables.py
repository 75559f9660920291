"""Reads what a job left behind as plain Python values."""

from typing import Any

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.delta.staging import staged_rows
from headgate_spark.protocol import DELIVERY
from tests.batch import Batch, Document
from tests.place import Place


def staged(spark: SparkSession, report: Document) -> list[dict[str, Any]]:
    return _plain(staged_rows(fated(spark, report)))


def _plain(rows: DataFrame) -> list[dict[str, Any]]:
    """Without the column that is ours."""
    return [row.asDict(recursive=True) for row in rows.drop(DELIVERY).collect()]


def fated(spark: SparkSession, report: Document) -> DataFrame:
    """Every row that was written, with what became of it."""
    staging = report["staging"]
    return spark.read.format("delta").option("versionAsOf", staging["version"]).load(staging["table"])


def table(spark: SparkSession, path: Place) -> list[dict[str, Any]]:
    return _plain(spark.read.format("delta").load(str(path)))


def deliveries(spark: SparkSession, path: Place) -> dict[str, str | None]:
    """By the column `id`."""
    return {row["id"]: row[DELIVERY] for row in spark.read.format("delta").load(str(path)).collect()}


def quarantine(spark: SparkSession, batch: Batch) -> list[dict[str, Any]]:
    return table(spark, batch.quarantine) if batch.quarantine.exists() else []


def source_counts(report: Document, source: str) -> dict[str, int]:
    """Rows of a source by fate, without the reasons."""
    return {name: number for name, number in report["sources"][source].items() if name != "reasons"}


def versions(path: Place) -> list[int]:
    """The versions of a Delta table, by the files of its log."""
    return sorted(int(file.stem) for file in (path / "_delta_log").glob("*.json"))
