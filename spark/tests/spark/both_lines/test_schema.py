"""Columns of a batch and of its table: settled before a row is read, and never changed in silence."""

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import DELIVERY
from tests.batch import Batch, Document, base_of, columns, csv_source, pipeline_of
from tests.spark.tables import deliveries, table, versions

SHAPE = columns(id="string!", at="int", note="string")
D1, D2 = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"


def pipeline(*derived: str, latest_by: str | None = None, **target: object) -> Document:
    """`name: expression` adds a column."""
    source = csv_source("sales", SHAPE, ["id"], **({} if latest_by is None else {"latestBy": latest_by}))
    document = pipeline_of(source)
    document["transform"]["columns"] = [
        {"kind": "expression", "name": name, "expression": text.strip()}
        for name, _, text in (text.partition(":") for text in derived)
    ]
    document["target"] |= target
    return document


def batch_of(tmp_path: Path, lines: str, document: Document) -> Batch:
    path = tmp_path / f"f{len(list(tmp_path.glob('*.csv')))}.csv"
    path.write_text("id,at,note\n" + lines, encoding="utf-8")
    return Batch(tmp_path / "lake", document, {"sales": [path]}).delivered(D2)


def make_table(spark: SparkSession, tmp_path: Path, query: str, pipeline_name: str | None = "test") -> Path:
    """A table of two rows or none, by a commit of the pipeline or of nobody that is known."""
    path = tmp_path / "lake" / "table"
    writer = spark.sql(query).coalesce(1).write.format("delta")
    if pipeline_name is not None:
        writer = writer.option("userMetadata", f'{{"stepKey": "{pipeline_name}/table/0/commit"}}')
    writer.save(str(path))
    return path


ROW = f"SELECT 'a' AS id, 1 AS at, 'old' AS note, '{D1}' AS {DELIVERY}"
EVOLVE: dict[str, Any] = {"evolve": "add-columns"}


def refused(spark: SparkSession, batch: Batch) -> tuple[JobFailed, list[str]]:
    phases: list[str] = []
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark, on_phase=phases.append)
    return caught.value, phases


def test_a_batch_that_does_not_fit_is_refused_before_a_row_is_read(spark: SparkSession, tmp_path: Path) -> None:
    path = make_table(spark, tmp_path, f"SELECT 'a' AS id, '1' AS at, 'x' AS gone, '{D1}' AS {DELIVERY}")
    failure, phases = refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline("size: 1.5", **EVOLVE)))
    assert (failure.kind, failure.type, phases) == ("config", "TargetSchema", ["read"])
    assert "note string is not in the table; size decimal(2,1) is not in the table" in failure.message
    assert "gone string is only in the table" in failure.message
    assert "at is string in the table and int in the batch" in failure.message
    for choice in ("evolve: add-columns", "ADD COLUMNS (`note` string, `size` decimal(2,1))", "cast", "--redo"):
        assert choice in failure.remedy
    assert versions(path) == [0]


def test_a_batch_that_was_prepared_before_the_table_changed_is_refused_at_its_commit(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = make_table(spark, tmp_path, ROW)
    batch = batch_of(tmp_path, "a,2,new\n", pipeline())
    prepared = batch.prepare(spark)
    spark.sql(f"ALTER TABLE delta.`{path}` ADD COLUMNS (theirs INT)")
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared)
    assert caught.value.type == "TargetSchema"
    assert versions(path) == [0, 1]


def test_new_columns_are_refused_with_the_setting_that_takes_them(spark: SparkSession, tmp_path: Path) -> None:
    make_table(spark, tmp_path, ROW)
    failure, _ = refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline("size: 1")))
    assert failure.type == "TargetSchema"
    assert "evolve: add-columns" in failure.remedy


def test_with_the_setting_the_table_takes_new_columns_in_the_version_of_the_batch(
    spark: SparkSession, tmp_path: Path
) -> None:
    path = make_table(
        spark, tmp_path, f"{ROW} UNION ALL SELECT 'b', 1, 'same', '{D1}' UNION ALL SELECT 'c', 1, 'c', '{D1}'"
    )
    derived = ("size: case when id != 'b' then length(note) end",)
    _, report = batch_of(tmp_path, "a,1,old\nb,1,same\nd,1,new\n", pipeline(*derived, **EVOLVE)).run(spark)
    assert report["rows"] == {"staged": 3, "inserted": 1, "updated": 1, "unchanged": 1}
    assert versions(path) == [0, 1]
    assert {row["id"]: (row["note"], row["size"]) for row in table(spark, path)} == {
        "a": ("old", 3),
        "b": ("same", None),
        "c": ("c", None),
        "d": ("new", 3),
    }
    assert spark.read.format("delta").load(str(path)).columns == ["id", "at", "note", DELIVERY, "size"]
    assert deliveries(spark, path) == {"a": D2, "b": D1, "c": D1, "d": D2}
    # Nothing is left behind that would let the next batch do the same.
    failure, _ = refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline(*derived, "more: 1")))
    assert failure.type == "TargetSchema"


def test_a_new_column_may_be_the_one_that_orders_versions(spark: SparkSession, tmp_path: Path) -> None:
    path = make_table(
        spark, tmp_path, f"SELECT 'a' AS id, 'old' AS note, '{D1}' AS {DELIVERY} UNION ALL SELECT 'b', 'old', '{D2}'"
    )
    document = pipeline(latest_by="at", **EVOLVE)
    batch_of(tmp_path, "a,7,new\nb,,new\n", document).delivered(D1).run(spark)
    found = {row["id"]: (row["at"], row["note"]) for row in table(spark, path)}
    assert found == {"a": (7, "new"), "b": (None, "old")}


@pytest.mark.parametrize("target", [{"key": ["id", "size"]}, {"partitionBy": ["size"]}], ids=["key", "partition"])
def test_a_column_of_the_key_or_of_the_partitions_cannot_be_added(
    spark: SparkSession, tmp_path: Path, target: Document
) -> None:
    make_table(spark, tmp_path, ROW)
    failure, _ = refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline("size: 1", **EVOLVE, **target)))
    assert "size int is not in the table" in failure.message


EMPTY = "SELECT 'a' AS id, 'x' AS wrong WHERE false"


@pytest.mark.parametrize(
    "target",
    [{}, {"partitionBy": ["at"]}, {"clusterBy": ["at"]}],
    ids=["plain", "partitioned", "clustered"],
)
def test_an_empty_table_of_ours_takes_the_columns_of_the_batch(
    spark: SparkSession, tmp_path: Path, target: Document
) -> None:
    path = make_table(spark, tmp_path, EMPTY)
    identity = base_of(path)["id"]
    _, report = batch_of(tmp_path, "a,1,x\n", pipeline(**target)).planned_against(base_of(path)).run(spark)
    assert report["rows"] == {"staged": 1, "inserted": 1, "updated": 0, "unchanged": 0}
    assert table(spark, path) == [{"id": "a", "at": 1, "note": "x"}]
    assert [warning["type"] for warning in report["warnings"]] == ["SchemaReplaced"]
    assert base_of(path)["id"] == identity
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]
    assert list(detail["partitionColumns"]) == target.get("partitionBy", [])
    assert batch_of(tmp_path, "a,1,y\n", pipeline(**target)).run(spark)[1]["rows"]["updated"] == 1


def test_an_empty_table_that_others_made_keeps_its_columns(spark: SparkSession, tmp_path: Path) -> None:
    make_table(spark, tmp_path, EMPTY, None)
    assert refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline()))[0].type == "TargetSchema"


def test_a_table_of_ours_with_rows_keeps_its_columns(spark: SparkSession, tmp_path: Path) -> None:
    make_table(spark, tmp_path, EMPTY.replace("false", "true"))
    assert refused(spark, batch_of(tmp_path, "a,1,x\n", pipeline()))[0].type == "TargetSchema"
