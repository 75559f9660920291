"""Expectations as columns: which rows fail which, and which of them go aside."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headgate_spark.pipeline import Expectation
from headgate_spark.transforms.names import REASON


def failed_name(index: int) -> str:
    return f"_hg_failed_{index}"


def reason_of(expectation: Expectation) -> str:
    return f"expectation:{expectation.name}"


def check_rows(rows: DataFrame, expectations: Sequence[Expectation]) -> DataFrame:
    """One boolean per expectation, null counted as failed; REASON names the first one that sends the row aside."""
    failed = {
        failed_name(index): ~F.coalesce(F.expr(expectation.check).cast("boolean"), F.lit(False))
        for index, expectation in enumerate(expectations)
    }
    aside: list[Column] = [
        F.when(F.col(failed_name(index)), F.lit(reason_of(expectation)))
        for index, expectation in enumerate(expectations)
        if expectation.action == "quarantine"
    ]
    reason = F.coalesce(*aside) if aside else F.lit(None).cast("string")
    checked = rows.withColumns(failed) if failed else rows
    return checked.withColumn(REASON, reason)
