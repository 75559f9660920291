"""A batch from its files to the table, on each Spark that jobs run on."""

import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from tests.batch import Batch, Document, columns, csv_source, parquet_source, pipeline_of
from tests.place import Place
from tests.spark.tables import quarantine, source_counts, table, versions

SALES = columns(
    id="string!", customer="string", quantity="int", price="decimal(8,2)", day="date dd-MM-yyyy", at="timestamp"
)
CUSTOMERS = columns(customer="string!", age="int")
HEADER = "id,customer,quantity,price,day,at\n"
AGES = {
    "kind": "bin",
    "name": "age_group",
    "of": "age",
    "edges": ["18", "65"],
    "labels": ["young", "adult", "old"],
    "missing": "unknown",
}


def pipeline(**target: object) -> Document:
    sources = [csv_source("sales", SALES, ["id"], latestBy="day"), parquet_source("customers", CUSTOMERS, ["customer"])]
    document = pipeline_of(
        *sources,
        transform={
            "kind": "columns",
            "from": "sales",
            "joins": [{"source": "customers", "on": [{"left": "customer", "right": "customer"}], "how": "left"}],
            "columns": [{"kind": "expression", "name": "total", "expression": "quantity * price"}, AGES],
        },
        expectations=[
            {"name": "positive", "check": "quantity > 0", "action": "quarantine"},
            {"name": "known", "check": "customers.matched", "action": "warn"},
        ],
    )
    document["target"] |= target
    return document


def batch_of(spark: SparkSession, folder: Place, name: str, lines: str, document: Document) -> Batch:
    """Four customers in Parquet that Spark writes: nothing else can on the older line."""
    written = folder / "customers"
    if not written.exists():
        ages = spark.sql("SELECT * FROM VALUES ('a', 17), ('b', 18), ('c', 65), ('d', NULL) AS (customer, age)")
        ages.coalesce(1).write.parquet(str(written))
    sales = folder / f"{name}.csv"
    sales.write_text(HEADER + lines, encoding="utf-8")
    return Batch(folder / "lake", document, {"sales": [sales], "customers": list(written.glob("*.parquet"))})


def rows(spark: SparkSession, batch: Batch) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in table(spark, batch.lake / "table")}


BAD = {
    "x1,a,one,1.00,02-01-2024,": ("UnreadableValue", "quantity: 'one' is not int"),
    "x2,a,99999999999,1.00,02-01-2024,": ("ValueOutOfRange", "does not fit int"),
    "x3,a,1,1.005,02-01-2024,": ("UnreadableValue", "price: '1.005' is not decimal(8,2)"),
    "x4,a,1,1.00,31-02-2024,": ("UnreadableValue", "is not date (dd-MM-yyyy)"),
    "x5,a,1,1.00,02-01-2024,08:26": ("UnreadableValue", "at: '08:26' is not timestamp"),
    "x6,a,1,1.00": ("WrongFieldCount", "too few fields: 4 instead of 6"),
    'x7,"a,b",1,1.00,02-01-2024,,': ("WrongFieldCount", "too many fields: 7 instead of 6"),
    'x8,"a,1,1.00,02-01-2024,': ("MalformedQuotes", "not closed"),
    ",a,1,1.00,02-01-2024,": ("NullKey", "id: no value"),
    "x9,a\0,1,1.00,02-01-2024,": ("NulByte", "NUL byte"),
}


def test_each_row_of_a_batch_meets_its_fate(spark: SparkSession, tmp_path: Place) -> None:
    good = [
        "1,a,2,1.50,02-01-2024,2024-01-02 10:00:00",
        '2,"b",17850.0,1.500,02-01-2024,2024-01-02T10:00:00+02:00',
        "3,c,1,,,",
        "4,,1,2.00,02-01-2024,",
        # an older row, one like the one that stands, and one that contradicts it
        "1,a,9,1.50,01-01-2024,",
        "1,a,2,1.50,02-01-2024,2024-01-02 10:00:00",
        "5,d,3,1.00,02-01-2024,",
        "5,d,4,1.00,02-01-2024,",
        "6,d,-1,1.00,02-01-2024,",
    ]
    batch = batch_of(spark, tmp_path, "one", "\n".join([*good, *BAD]) + "\n", pipeline())
    prepared, committed = batch.run(spark)

    found = rows(spark, batch)
    assert found["1"] == {
        "id": "1",
        "customer": "a",
        "quantity": 2,
        "price": Decimal("1.50"),
        "day": dt.date(2024, 1, 2),
        "at": found["1"]["at"],
        "age": 17,
        "total": Decimal("3.00"),
        "age_group": "young",
    }
    assert {key: (row["total"], row["age_group"]) for key, row in found.items()} == {
        "1": (Decimal("3.00"), "young"),
        "2": (Decimal("26775.00"), "adult"),
        "3": (None, "old"),
        "4": (Decimal("2.00"), "unknown"),
        "5": (Decimal("4.00"), "unknown"),
    }
    assert prepared["rows"] == {
        "read": len(good) + len(BAD),
        "staged": 5,
        "quarantined": 2 + len(BAD),
        "duplicates": 2,
        "unjoined": 0,
    }
    assert source_counts(prepared, "customers") == {
        "read": 4,
        "kept": 4,
        "quarantined": 0,
        "unreadable": 0,
        "duplicates": 0,
    }
    assert prepared["bins"] == {"age_group": {"young": 1, "adult": 1, "old": 1, "unknown": 2}}
    assert [(rule["checked"], rule["failed"]) for rule in prepared["expectations"]] == [(6, 1), (6, 1)]
    assert committed["rows"] == {"staged": 5, "inserted": 5, "updated": 0, "unchanged": 0}

    aside = {row["row"]: row for row in quarantine(spark, batch)}
    for line, (reason, detail) in BAD.items():
        assert (aside[line]["reason"], detail in aside[line]["detail"]) == (reason, True), line
    others = {row["reason"] for text, row in aside.items() if text not in BAD}
    assert (len(aside), others) == (len(BAD) + 2, {"ConflictingDuplicate", "expectation:positive"})


@pytest.mark.parametrize(
    "target",
    [{"partitionBy": ["day"]}, {"deletionVectors": True}, {"clusterBy": ["customer"]}],
    ids=["partitioned", "deletion vectors", "clustered"],
)
def test_a_second_batch_inserts_updates_and_leaves(spark: SparkSession, tmp_path: Place, target: Document) -> None:
    document = pipeline(**target)
    keep = "".join(f"k{n},c,1,1.00,02-01-2024,\n" for n in range(20))
    batch_of(spark, tmp_path, "one", "1,a,1,1.00,02-01-2024,\n2,a,1,1.00,02-01-2024,\n" + keep, document).run(spark)
    second = "1,a,5,1.00,02-01-2024,\n2,a,9,1.00,01-01-2024,\n3,b,1,1.00,03-01-2024,\nk1,c,1,1.00,02-01-2024,\n"
    batch = batch_of(spark, tmp_path, "two", second, document)
    _, report = batch.run(spark)
    assert report["rows"] == {"staged": 4, "inserted": 1, "updated": 1, "unchanged": 2}
    found = rows(spark, batch)
    assert (len(found), found["1"]["quantity"], found["2"]["quantity"], found["3"]["age"]) == (23, 5, 1, 18)
    assert (report["files"]["removed"] == 0) == ("deletionVectors" in target)
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{batch.lake / 'table'}`").collect()[0]
    assert list(detail["clusteringColumns"]) == target.get("clusterBy", [])
    assert list(detail["partitionColumns"]) == target.get("partitionBy", [])


def test_a_commit_whose_report_was_lost_is_found_in_the_history(spark: SparkSession, tmp_path: Place) -> None:
    reports = []
    for name in ("one", "two"):
        batch = batch_of(spark, tmp_path, name, f"1,a,1,1.00,02-01-2024,\n{name},a,1,1.00,02-01-2024,\n", pipeline())
        prepared, first = batch.run(spark)
        reports.append((batch, prepared, first))
    made = versions(tmp_path / "lake" / "table")
    for batch, prepared, first in reports:
        batch.report("commit").unlink()
        again = batch.commit(spark, prepared, attempt=2)
        assert again["table"] == {**first["table"], "recovered": True}
        assert again["rows"] == first["rows"]
    assert versions(tmp_path / "lake" / "table") == made


def test_what_fails_is_named_alike(spark: SparkSession, tmp_path: Place) -> None:
    def failing(batch: Batch) -> JobFailed:
        with pytest.raises(JobFailed) as caught:
            batch.run(spark)
        return caught.value

    document = pipeline()
    document["transform"]["columns"] = [{"kind": "expression", "name": "x", "expression": "1 / quantity"}]
    broken = failing(batch_of(spark, tmp_path, "zero", "1,a,0,1.00,02-01-2024,\n", document))
    assert (broken.kind, broken.type) == ("data", "ExpressionFailed")
    document["transform"]["columns"][0]["expression"] = "nothing + 1"
    broken = failing(batch_of(spark, tmp_path, "nothing", "1,a,0,1.00,02-01-2024,\n", document))
    assert (broken.kind, broken.type) == ("config", "ExpressionInvalid")

    gone = batch_of(spark, tmp_path, "gone", "1,a,1,1.00,02-01-2024,\n", pipeline())
    prepared = gone.prepare(spark)
    prepared["staging"]["version"] = 7
    with pytest.raises(JobFailed) as caught:
        gone.commit(spark, prepared)
    assert (caught.value.kind, caught.value.type) == ("config", "StagingMissing")


def test_a_packed_file_that_ends_early_is_named_among_others(spark: SparkSession, tmp_path: Path) -> None:
    text = b"id,note\n" + b"".join(f"{n},{n * 7919 % 10007}\n".encode() for n in range(20_000))
    whole, cut = tmp_path / "whole.csv.gz", tmp_path / "cut.csv.gz"
    whole.write_bytes(gzip.compress(text))
    cut.write_bytes(gzip.compress(text)[:-2000])
    source = csv_source("sales", columns(id="string!", note="string"), ["id"])
    with pytest.raises(JobFailed) as caught:
        Batch(tmp_path / "lake", pipeline_of(source), {"sales": [whole, cut]}).prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert (caught.value.fields["file"], caught.value.fields["source"]) == (str(cut), "sales")


def test_a_parquet_file_broken_in_its_data_is_named(spark: SparkSession, tmp_path: Path) -> None:
    numbers = spark.range(5000).selectExpr("cast(id AS string) AS id", "cast(id AS string) AS v")
    numbers.coalesce(1).write.parquet(str(tmp_path / "whole"))
    content = bytearray(next((tmp_path / "whole").glob("*.parquet")).read_bytes())
    content[200:4000] = bytes((n * 7919 + 31) % 251 for n in range(3800))
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(content)
    source = parquet_source("stock", columns(id="string!", v="string"), ["id"])
    with pytest.raises(JobFailed) as caught:
        Batch(tmp_path / "lake", pipeline_of(source), {"stock": [broken]}).prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert caught.value.fields["file"] == str(broken)
