"""One row per key stands, the same one every time; equal and older rows are counted, conflicting ones kept aside."""

import os
from pathlib import Path

from pyspark.sql import SparkSession

from headgate_spark.contract import parse_request, to_json
from headgate_spark.jobs.prepare import prepare
from headgate_spark.protocol import PrepareRequest
from headgate_spark.session import job_session
from tests.batch import Batch, Document, columns, csv_source, pipeline_of
from tests.spark.tables import quarantine, staged

SHAPE = columns(id="string!", day="date", note="string")


def batch_of(tmp_path: Path, *contents: str, **source: object) -> Batch:
    """Each content is a file that is a second newer than the one before."""
    paths = []
    for index, content in enumerate(contents):
        path = tmp_path / f"f{index}.csv"
        path.write_text("id,day,note\n" + content)
        os.utime(path, (1_700_000_000 + index, 1_700_000_000 + index))
        paths.append(path)
    pipeline = pipeline_of(csv_source("sales", SHAPE, ["id"], **source))
    return Batch(tmp_path / "lake", pipeline, {"sales": paths})


def notes(spark: SparkSession, report: Document) -> dict[str, str]:
    return {row["id"]: row["note"] for row in staged(spark, report)}


def rows_of(report: Document) -> tuple[int, int, int, int]:
    rows = report["sources"]["sales"]
    return rows["read"], rows["kept"], rows["quarantined"], rows["duplicates"]


def test_the_greatest_latest_by_wins_even_from_an_older_file(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(
        tmp_path,
        "a,2024-01-02,new\na,2024-01-01,old\nb,,none\n",
        "a,2024-01-01,late\nb,2024-01-01,some\n",
        latestBy="day",
    )
    report = batch.prepare(spark)
    assert notes(spark, report) == {"a": "new", "b": "some"}
    assert rows_of(report) == (5, 2, 0, 3)


def test_of_equal_latest_by_the_newest_file_wins_and_the_older_row_is_a_duplicate(
    spark: SparkSession, tmp_path: Path
) -> None:
    batch = batch_of(tmp_path, "a,2024-01-01,first\n", "a,2024-01-01,second\n", latestBy="day")
    report = batch.prepare(spark)
    assert notes(spark, report) == {"a": "second"}
    assert rows_of(report) == (2, 1, 0, 1)


def test_equal_rows_of_one_file_are_duplicates(spark: SparkSession, tmp_path: Path) -> None:
    report = batch_of(tmp_path, "a,2024-01-01,x\na,2024-01-01,x\na,2024-01-01,x\nb,,\nb,,\n").prepare(spark)
    assert rows_of(report) == (5, 2, 0, 3)
    assert report["quarantine"] == {}


def test_rows_of_one_file_that_contradict_each_other_are_kept_aside(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,2024-01-01,first\nb,2024-01-01,x\na,2024-01-01,last\n", latestBy="day")
    report = batch.prepare(spark)
    assert notes(spark, report) == {"a": "last", "b": "x"}
    assert rows_of(report) == (3, 2, 1, 0)
    assert report["quarantine"] == {"ConflictingDuplicate": 1}
    (row,) = quarantine(spark, batch)
    assert (row["reason"], row["row"], row["file"]) == (
        "ConflictingDuplicate",
        '{"id":"a","day":"2024-01-01","note":"first"}',
        str(tmp_path / "f0.csv"),
    )
    assert "id=a" in row["detail"]


def test_a_null_and_a_value_contradict_each_other(spark: SparkSession, tmp_path: Path) -> None:
    report = batch_of(tmp_path, "a,2024-01-01,\na,2024-01-01,x\n").prepare(spark)
    assert report["quarantine"] == {"ConflictingDuplicate": 1}


def test_a_source_without_a_key_keeps_every_row(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,2024-01-01,x\na,2024-01-01,x\n")
    batch.pipeline["sources"][0]["key"] = []
    batch.pipeline["target"]["key"] = ["id", "note"]
    batch.pipeline["transform"] = {"kind": "sql", "from": "sales", "sql": "select distinct * from sales"}
    report = batch.prepare(spark)
    assert rows_of(report) == (2, 2, 0, 0)
    assert report["rows"] == {"read": 2, "staged": 1, "quarantined": 0, "duplicates": 0, "unjoined": 1}


def test_the_last_line_of_many_wins_whatever_the_tasks(spark: SparkSession, tmp_path: Path) -> None:
    lines = "".join(f"k{n % 50},2024-01-01,{n}\n" for n in range(5000))
    batch = batch_of(tmp_path, lines, latestBy="day")
    tight = job_session(spark, "UTC")
    tight.conf.set("spark.sql.files.maxPartitionBytes", "8192")
    request = parse_request(Path(batch.prepare_request()).read_text())
    assert isinstance(request, PrepareRequest)
    report = to_json(prepare(tight, request, lambda _: None))
    assert notes(spark, report) == {f"k{n}": str(4950 + n) for n in range(50)}
    assert rows_of(report) == (5000, 50, 4950, 0)
