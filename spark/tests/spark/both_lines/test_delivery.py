"""Which of two versions of a row is newer: the order of deliveries decides, never the order of runs."""

import os
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import DELIVERY
from tests.batch import Batch, Document, columns, csv_source, pipeline_of
from tests.spark.tables import deliveries, table, versions

SHAPE = columns(id="string!", at="int", note="string")
D1, D2, D3 = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"


def pipeline(**source: object) -> Document:
    return pipeline_of(csv_source("sales", SHAPE, ["id"], **source))


def batch_of(tmp_path: Path, *contents: str, document: Document | None = None) -> Batch:
    """Each file is older by its time than the one before, so that nothing but the delivery can order them."""
    paths = []
    for index, content in enumerate(contents):
        number = len(list(tmp_path.glob("*.csv")))
        path = tmp_path / f"f{number}.csv"
        path.write_text("id,at,note\n" + content, encoding="utf-8")
        os.utime(path, (1_700_000_000 - index, 1_700_000_000 - index))
        paths.append(path)
    return Batch(tmp_path / "lake", document or pipeline(), {"sales": paths})


def notes(spark: SparkSession, batch: Batch) -> dict[str, Any]:
    return {row["id"]: row["note"] for row in table(spark, batch.lake / "table")}


def rows_of(report: Document) -> tuple[int, int, int]:
    return report["rows"]["inserted"], report["rows"]["updated"], report["rows"]["unchanged"]


def test_an_older_delivery_that_comes_later_changes_nothing(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "a,1,second\n").delivered(D2).run(spark)
    batch = batch_of(tmp_path, "a,1,first\nb,1,first\n").delivered(D1)
    _, report = batch.run(spark)
    assert rows_of(report) == (1, 0, 1)
    assert notes(spark, batch) == {"a": "second", "b": "first"}
    assert deliveries(spark, batch.lake / "table") == {"a": D2, "b": D1}


def test_a_later_delivery_and_one_of_the_same_time_win(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "a,1,x\nb,1,x\n").delivered(D2).run(spark)
    batch = batch_of(tmp_path, "a,1,later\n").delivered(D3)
    batch.run(spark)
    batch_of(tmp_path, "b,1,again\n").delivered(D2).run(spark)
    assert notes(spark, batch) == {"a": "later", "b": "again"}
    assert deliveries(spark, batch.lake / "table") == {"a": D3, "b": D2}


def test_an_equal_row_of_a_later_delivery_is_unchanged(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "a,1,x\n").delivered(D1).run(spark)
    batch = batch_of(tmp_path, "a,1,x\n").delivered(D3)
    _, report = batch.run(spark)
    assert rows_of(report) == (0, 0, 1)
    assert deliveries(spark, batch.lake / "table") == {"a": D1}


Version = tuple[int | None, str | None]

ORDER: dict[str, tuple[Version, Version, bool]] = {
    "greater latest_by": ((5, D1), (6, D1), True),
    "greater latest_by of an older delivery": ((5, D2), (6, D1), True),
    "smaller latest_by of a later delivery": ((5, D1), (4, D2), False),
    "equal latest_by of a later delivery": ((5, D1), (5, D2), True),
    "equal latest_by of an older delivery": ((5, D2), (5, D1), False),
    "a latest_by where there was none": ((None, D2), (5, D1), True),
    "no latest_by where there was one": ((5, D1), (None, D2), False),
    "no latest_by and a later delivery": ((None, D1), (None, D2), True),
    "no latest_by and an older delivery": ((None, D2), (None, D1), False),
    "a delivery where there was none": ((5, None), (5, D1), True),
    "no delivery where there was one": ((5, D1), (5, None), False),
    "no delivery at all": ((5, None), (5, None), True),
}


def test_latest_by_comes_first_and_then_the_delivery(spark: SparkSession, tmp_path: Path) -> None:
    document = pipeline(latestBy="at")
    for side, note in enumerate(("there", "comes")):
        files: dict[str | None, str] = {D1: "", D2: "", None: ""}
        for key, (there, comes, _) in ORDER.items():
            at, delivery = (there, comes)[side]
            files[delivery] += f"{key},{'' if at is None else at},{note}\n"
        batch = batch_of(tmp_path, *files.values(), document=document).delivered(*files)
        batch.run(spark)
    assert notes(spark, batch) == {key: "comes" if wins else "there" for key, (_, _, wins) in ORDER.items()}


def test_within_a_batch_the_later_delivery_wins_whatever_the_times_of_the_files(
    spark: SparkSession, tmp_path: Path
) -> None:
    batch = batch_of(tmp_path, "a,1,first\nb,1,b\n", "a,1,second\nc,1,c\n", "a,1,none\nd,1,d\n")
    batch.delivered(D1, D2, None)
    prepared, _ = batch.run(spark)
    assert notes(spark, batch) == {"a": "second", "b": "b", "c": "c", "d": "d"}
    assert deliveries(spark, batch.lake / "table") == {"a": D2, "b": D1, "c": D2, "d": None}
    assert prepared["rows"]["duplicates"] == 2


def test_within_a_batch_latest_by_comes_before_the_delivery(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,9,older file\n", "a,1,later file\n", document=pipeline(latestBy="at"))
    batch.delivered(D1, D2).run(spark)
    assert notes(spark, batch) == {"a": "older file"}
    assert deliveries(spark, batch.lake / "table") == {"a": D1}


def test_the_column_is_the_last_of_a_new_table(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,1,x\n")
    batch.run(spark)
    found = spark.read.format("delta").load(str(batch.lake / "table"))
    assert found.columns == ["id", "at", "note", DELIVERY]
    assert versions(batch.lake / "table") == [0]


def without_column(spark: SparkSession, batch: Batch, **metadata: str) -> None:
    """A table as it was made before rows knew when they came."""
    old = spark.sql("SELECT 'a' AS id, 1 AS at, 'old' AS note UNION ALL SELECT 'b', 1, 'same'")
    writer = old.coalesce(1).write.format("delta")
    if metadata:
        text = "{" + ", ".join(f'"{key}": "{value}"' for key, value in metadata.items()) + "}"
        writer = writer.option("userMetadata", text)
    writer.save(str(batch.lake / "table"))


def test_a_table_of_ours_takes_the_column_with_the_next_batch(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,1,new\nb,1,same\nc,1,new\n").delivered(D2)
    without_column(spark, batch, stepKey="test/table/0/commit")
    _, report = batch.run(spark)
    assert rows_of(report) == (1, 1, 1)
    assert versions(batch.lake / "table") == [0, 1]
    # An equal row is not written again, for this column neither.
    assert deliveries(spark, batch.lake / "table") == {"a": D2, "b": None, "c": D2}
    older = batch_of(tmp_path, "a,1,older\nb,1,older\n").delivered(D1)
    assert rows_of(older.run(spark)[1]) == (0, 1, 1)
    assert notes(spark, older) == {"a": "new", "b": "older", "c": "new"}


@pytest.mark.parametrize(
    "metadata", [{}, {"stepKey": "another/table/0/commit"}], ids=["by others", "by another pipeline"]
)
def test_a_table_that_others_made_stays_as_it_is_and_the_report_says_so(
    spark: SparkSession, tmp_path: Path, metadata: dict[str, str]
) -> None:
    batch = batch_of(tmp_path, "a,1,new\n").delivered(D2)
    without_column(spark, batch, **metadata)
    _, report = batch.run(spark)
    (warning,) = report["warnings"]
    assert warning["type"] == "NoDeliveryColumn"
    path = batch.lake / "table"
    add = f"ALTER TABLE delta.`{path}` ADD COLUMNS ({DELIVERY} STRING)"
    assert add in warning["message"]
    assert spark.read.format("delta").load(str(path)).columns == ["id", "at", "note"]
    assert notes(spark, batch) == {"a": "new", "b": "same"}
    spark.sql(add)
    later = batch_of(tmp_path, "a,1,newest\n").delivered(D3)
    assert later.run(spark)[1]["warnings"] == []
    assert deliveries(spark, path) == {"a": D3, "b": None}


def test_staging_of_an_older_release_is_still_committed(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "a,1,x\n").delivered(D1).run(spark)
    batch = batch_of(tmp_path, "a,1,late\nb,1,y\n").delivered(D2)
    prepared = batch.prepare(spark)
    path = prepared["staging"]["table"]
    rows = spark.read.format("delta").load(path).drop(DELIVERY)
    rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(path)
    prepared["staging"]["version"] = versions(Path(path))[-1]
    assert rows_of(batch.commit(spark, prepared)) == (1, 0, 1)
    assert deliveries(spark, batch.lake / "table") == {"a": D1, "b": None}


def query(text: str, **changes: object) -> Document:
    document = pipeline() | {"transform": {"kind": "sql", "from": "sales", "sql": text}}
    document["target"] |= changes
    return document


def test_a_query_that_returns_the_key_keeps_the_delivery_of_each_row(spark: SparkSession, tmp_path: Path) -> None:
    document = query("SELECT upper(note) AS note, ID FROM sales WHERE note != 'out'")
    document["target"]["key"] = ["ID"]
    batch = batch_of(tmp_path, "a,1,x\nb,1,x\n", "a,1,y\nc,1,out\n", document=document).delivered(D1, D2)
    prepared, _ = batch.run(spark)
    assert prepared["warnings"] == []
    assert prepared["rows"] == {"read": 4, "staged": 2, "quarantined": 0, "duplicates": 1, "unjoined": 1}
    found = spark.read.format("delta").load(str(batch.lake / "table")).collect()
    assert {(row["ID"], row["note"], row[DELIVERY]) for row in found} == {("a", "Y", D2), ("b", "X", D1)}


@pytest.mark.parametrize(
    "text",
    ["SELECT max(id) AS last, note FROM sales GROUP BY note", "SELECT cast(id AS string) AS id, note FROM sales"],
    ids=["without the key", "key of another type"],
)
def test_rows_of_a_query_that_cannot_be_traced_are_as_new_as_the_newest_file(
    spark: SparkSession, tmp_path: Path, text: str
) -> None:
    numbered = csv_source("sales", columns(id="int!", at="int", note="string"), ["id"])
    document = pipeline_of(numbered, transform={"kind": "sql", "from": "sales", "sql": text})
    document["target"] |= {"key": ["note"]}
    batch = batch_of(tmp_path, "1,1,x\n", "2,2,y\n", document=document).delivered(D2, D1)
    prepared, _ = batch.run(spark)
    assert [warning["type"] for warning in prepared["warnings"]] == ["DeliveryUnknown"]
    rows = spark.read.format("delta").load(str(batch.lake / "table")).collect()
    assert {(row["note"], row[DELIVERY]) for row in rows} == {("x", D2), ("y", D2)}


def test_a_query_over_files_of_one_delivery_has_that(spark: SparkSession, tmp_path: Path) -> None:
    document = query("SELECT max(id) AS id, note FROM sales GROUP BY note", key=["note"])
    batch = batch_of(tmp_path, "1,1,x\n", "2,1,x\n", document=document).delivered(D2)
    prepared, _ = batch.run(spark)
    assert prepared["warnings"] == []
    assert [row["id"] for row in table(spark, batch.lake / "table")] == ["2"]
    assert deliveries(spark, batch.lake / "table") == {"2": D2}


@pytest.mark.parametrize("name", [DELIVERY, "_HEADGATE_x", "_hg_fate"])
def test_columns_with_our_names_are_refused(spark: SparkSession, tmp_path: Path, name: str) -> None:
    derived = [{"kind": "expression", "name": name, "expression": "'x'"}]
    transforms: list[Document] = [
        {"kind": "sql", "from": "sales", "sql": f"SELECT *, 'x' AS {name} FROM sales"},
        {"kind": "columns", "from": "sales", "joins": [], "columns": derived},
    ]
    for transform in transforms:
        batch = batch_of(tmp_path, "a,1,x\n", document=pipeline() | {"transform": transform})
        with pytest.raises(JobFailed) as caught:
            batch.run(spark)
        assert (caught.value.kind, caught.value.type) == ("config", "ReservedColumn")
        assert caught.value.fields["column"] == name


def test_a_column_of_our_name_that_means_something_else_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "a,1,x\n").delivered(D1)
    spark.sql(f"SELECT 'a' AS id, 1 AS at, 'x' AS note, 7 AS {DELIVERY}").write.format("delta").save(
        str(batch.lake / "table")
    )
    with pytest.raises(JobFailed) as caught:
        batch.run(spark)
    assert caught.value.type == "TargetSchema"
    assert f"{DELIVERY} is int in the table and string in the batch" in caught.value.message
