"""Rows are written once, each with its fate; nothing is computed for rows that have no place in the table."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.delta.history import Commit, commit_at
from tests.batch import Batch, Document
from tests.spark.tables import fated, source_counts, staged, table
from tests.spark.test_transform import batch_of, columns_transform, expression

Told = tuple[str, str, str | None, int]


def told(spark: SparkSession, report: Document) -> list[Told]:
    """Source, fate, reason and how many rows of the source that is, of every row as it was written."""
    rows = fated(spark, report).selectExpr("_hg_source", "_hg_fate", "_hg_reason", "_hg_rows").collect()
    return sorted(((row[0], row[1], row[2], int(row[3])) for row in rows), key=str)


def by_fate(rows: list[Told]) -> dict[tuple[str, str, str | None], int]:
    sums: dict[tuple[str, str, str | None], int] = {}
    for source, fate, reason, number in rows:
        sums[source, fate, reason] = sums.get((source, fate, reason), 0) + number
    return sums


SALES = "1,a,1.00\n2,a,2.00\n2,a,2.00\n3,z,3.00\n4,a,x\n5,a,5.00\n5,a,6.00\n6,a,-1.00\n"
POSITIVE = {"name": "positive", "check": "price > 0", "action": "quarantine"}


def test_each_row_of_each_source_is_written_once_with_its_fate(spark: SparkSession, tmp_path: Path) -> None:
    transform = columns_transform(how="inner")
    batch = batch_of(tmp_path, SALES, "a,30\nb,40\n,1\nc,old\n", transform=transform, expectations=[POSITIVE])
    report = batch.prepare(spark)
    rows = told(spark, report)
    assert by_fate(rows) == {
        ("sales", "staged", None): 3,
        ("sales", "duplicate", None): 1,
        ("sales", "unjoined", None): 1,
        ("sales", "aside", "UnreadableValue"): 1,
        ("sales", "aside", "ConflictingDuplicate"): 1,
        ("sales", "aside", "expectation:positive"): 1,
        ("customers", "kept", None): 2,
        ("customers", "aside", "NullKey"): 1,
        ("customers", "aside", "UnreadableValue"): 1,
    }
    # of the joined source only rows that go aside stand for themselves
    assert len(rows) == 8 + 1 + 2
    assert report["rows"] == {"read": 8, "staged": 3, "quarantined": 3, "duplicates": 1, "unjoined": 1}
    assert source_counts(report, "customers") == {
        "read": 4,
        "kept": 2,
        "quarantined": 2,
        "unreadable": 2,
        "duplicates": 0,
    }


def test_a_joined_source_with_repeated_keys_is_told_apart_at_the_second_try(
    spark: SparkSession, tmp_path: Path
) -> None:
    phases: list[str] = []
    batch = batch_of(tmp_path, "1,a,1.00\n2,b,2.00\n", "a,30\na,30\nb,40\nb,41\n", transform=columns_transform())
    report = batch.prepare(spark, on_phase=phases.append)
    assert phases.count("stage") == 2
    assert {row["id"]: row["age"] for row in staged(spark, report)} == {"1": 30, "2": 41}
    assert report["rows"] == {"read": 2, "staged": 2, "quarantined": 0, "duplicates": 0, "unjoined": 0}
    assert source_counts(report, "customers") == {
        "read": 4,
        "kept": 2,
        "quarantined": 1,
        "unreadable": 0,
        "duplicates": 1,
    }
    assert by_fate(told(spark, report)) == {
        ("sales", "staged", None): 2,
        ("customers", "kept", None): 2,
        ("customers", "duplicate", None): 1,
        ("customers", "aside", "ConflictingDuplicate"): 1,
    }
    assert batch.commit(spark, report)["rows"]["inserted"] == 2


def test_repeated_keys_are_noticed_where_no_row_finds_them(spark: SparkSession, tmp_path: Path) -> None:
    report = batch_of(tmp_path, "1,z,1.00\n", "a,30\na,30\n", transform=columns_transform()).prepare(spark)
    assert source_counts(report, "customers") == {
        "read": 2,
        "kept": 1,
        "quarantined": 0,
        "unreadable": 0,
        "duplicates": 1,
    }


def test_unique_keys_are_trusted_and_staged_once(spark: SparkSession, tmp_path: Path) -> None:
    phases: list[str] = []
    batch = batch_of(tmp_path, "1,a,1.00\n", "a,30\n,7\n,8\n", transform=columns_transform())
    report = batch.prepare(spark, on_phase=phases.append)
    assert phases.count("stage") == 1
    assert source_counts(report, "customers") == {
        "read": 3,
        "kept": 1,
        "quarantined": 2,
        "unreadable": 2,
        "duplicates": 0,
    }


# Zero where the price cannot be read, and for the row that another stands for or that finds no customer.
ZEROES = "1,a,2.00\n2,a,x\n3,a,4.00\n3,a,0.00\n4,z,0.00\n3,a,4.00\n"


def test_derived_columns_are_not_computed_for_rows_that_are_not_live(spark: SparkSession, tmp_path: Path) -> None:
    derived = [
        expression("inverse", "cast(1 / coalesce(price, 0) AS decimal(6,2))"),
        {"kind": "bin", "name": "size", "of": "1 / price", "edges": ["1"], "labels": ["s", "l"], "missing": "-"},
    ]
    report = batch_of(tmp_path, ZEROES, "a,30\n", transform=columns_transform(*derived, how="inner")).prepare(spark)
    assert {row["id"]: str(row["inverse"]) for row in staged(spark, report)} == {"1": "0.50", "3": "0.25"}
    assert report["bins"] == {"size": {"s": 2, "l": 0, "-": 0}}


def test_expectations_are_not_evaluated_for_rows_that_are_not_live(spark: SparkSession, tmp_path: Path) -> None:
    rules = [{"name": "small", "check": "1 / coalesce(price, 0) < 0.3", "action": "warn"}]
    batch = batch_of(tmp_path, ZEROES, "a,30\n", transform=columns_transform(how="inner"), expectations=rules)
    assert batch.prepare(spark)["expectations"] == [{"name": "small", "action": "warn", "checked": 2, "failed": 1}]


def test_a_window_sees_kept_rows_only(spark: SparkSession, tmp_path: Path) -> None:
    derived = expression("among", "count(*) OVER (PARTITION BY customer)")
    transform = {"kind": "columns", "from": "sales", "joins": [], "columns": [derived]}
    report = batch_of(tmp_path, "1,a,1.00\n2,a,2.00\n2,a,2.00\n3,a,x\n", transform=transform).prepare(spark)
    assert {row["id"]: row["among"] for row in staged(spark, report)} == {"1": 2, "2": 2}
    assert report["rows"] == {"read": 4, "staged": 2, "quarantined": 1, "duplicates": 1, "unjoined": 0}


def test_a_window_of_an_expectation_sees_kept_rows_only(spark: SparkSession, tmp_path: Path) -> None:
    rules = [{"name": "single", "check": "count(*) OVER (PARTITION BY customer) = 1", "action": "quarantine"}]
    report = batch_of(tmp_path, "1,a,1.00\n1,a,1.00\n2,b,1.00\n3,b,2.00\n", expectations=rules).prepare(spark)
    assert {row["id"] for row in staged(spark, report)} == {"1"}
    assert report["rows"] == {"read": 4, "staged": 1, "quarantined": 2, "duplicates": 1, "unjoined": 0}


def test_a_window_does_not_see_what_an_inner_join_leaves_out(spark: SparkSession, tmp_path: Path) -> None:
    transform = columns_transform(expression("among", "count(*) OVER ()"), how="inner")
    report = batch_of(tmp_path, "1,a,1.00\n2,z,2.00\n", "a,30\n", transform=transform).prepare(spark)
    assert [(row["id"], row["among"]) for row in staged(spark, report)] == [("1", 1)]
    assert report["rows"] == {"read": 2, "staged": 1, "quarantined": 0, "duplicates": 0, "unjoined": 1}


@pytest.mark.parametrize("metrics", [{"numOutputRows": "1"}, {"numOutputRows": "3"}], ids=["fewer", "more"])
def test_numbers_of_the_version_that_disagree_are_a_warning_and_the_rows_are_in_the_table(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metrics: dict[str, str]
) -> None:
    batch: Batch = batch_of(tmp_path, "1,a,1.00\n2,a,2.00\n")
    prepared = batch.prepare(spark)

    def miscounted(*arguments: Any) -> Commit | None:  # noqa: ANN401
        found = commit_at(*arguments)
        return found and found._replace(metrics={**found.metrics, **metrics})

    monkeypatch.setattr("headgate_spark.jobs.commit.commit_at", miscounted)
    report = batch.commit(spark, prepared)
    assert [warning["type"] for warning in report["warnings"]] == ["RowAccounting"]
    assert f"{metrics['numOutputRows']} rows" in json.dumps(report["warnings"])
    assert "2 were staged" in json.dumps(report["warnings"])
    assert report["rows"]["staged"] == 2
    assert report["rows"]["unchanged"] >= 0
    assert len(table(spark, batch.lake / "table")) == 2
