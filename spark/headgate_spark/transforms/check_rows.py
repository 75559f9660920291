"""Expectations as columns: which rows fail which, and which of them go aside."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from headgate_spark.protocol import Expectation
from headgate_spark.transforms.names import named, sql_string

# The first expectation that sends the row aside; null for a row that may stay.
BROKEN = "_hg_broken"


def failed_name(index: int) -> str:
    return f"_hg_failed_{index}"


def reason_of(expectation: Expectation) -> str:
    return f"expectation:{expectation.name}"


def check_rows(rows: DataFrame, expectations: Sequence[Expectation], live: str) -> DataFrame:
    """One boolean per expectation, null counted as failed, and BROKEN. Only rows where `live` holds are looked at."""
    failed = [
        named(
            f"CASE WHEN {live} THEN NOT coalesce(cast(({rule.check}) AS boolean), false) ELSE false END",
            failed_name(index),
        )
        for index, rule in enumerate(expectations)
    ]
    broken = " ".join(
        f"WHEN {failed_name(index)} THEN {sql_string(reason_of(rule))}"
        for index, rule in enumerate(expectations)
        if rule.action == "quarantine"
    )
    checked = rows.selectExpr("*", *failed)
    return checked.selectExpr("*", named(f"CASE {broken} END" if broken else "cast(NULL AS string)", BROKEN))


def broken_detail(expectations: Sequence[Expectation]) -> str:
    cases = " ".join(
        f"WHEN {sql_string(reason_of(rule))} THEN {sql_string(f'does not hold: {rule.check}')}"
        for rule in expectations
        if rule.action == "quarantine"
    )
    return f"CASE {BROKEN} {cases} END" if cases else "cast(NULL AS string)"
