"""One batch, one version: newer rows only, whatever is run twice or dies in between."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.delta.merge import write_first
from headgate_spark.delta.ownership import is_marked
from headgate_spark.delta.table import table_properties
from headgate_spark.errors import JobFailed
from headgate_spark.session import settings
from tests.batch import Batch, Document, columns, csv_source, pipeline_of
from tests.place import disk_of
from tests.spark.tables import quarantine, table, versions

SHAPE = columns(id="string!", day="date", note="string", part="string")


def pipeline(partition_by: list[str] | None = None, **target: object) -> Document:
    document = pipeline_of(csv_source("sales", SHAPE, ["id"], latestBy="day"))
    document["target"] |= {"partitionBy": partition_by or [], **target}
    return document


def batch_of(tmp_path: Path, name: str, content: str, document: Document | None = None) -> Batch:
    path = tmp_path / f"{name}.csv"
    path.write_text("id,day,note,part\n" + content, encoding="utf-8")
    return Batch(tmp_path / "lake", document or pipeline(), {"sales": [path]})


def notes(spark: SparkSession, batch: Batch) -> dict[str, Any]:
    return {row["id"]: row["note"] for row in table(spark, batch.lake / "table")}


def test_new_changed_equal_and_older_rows_each_meet_their_fate(spark: SparkSession, tmp_path: Path) -> None:
    first = "a,2024-01-02,one,p\nb,2024-01-02,two,p\nc,2024-01-02,three,p\nd,,four,p\n"
    _, report = batch_of(tmp_path, "one", first).run(spark)
    assert report["rows"] == {"staged": 4, "inserted": 4, "updated": 0, "unchanged": 0}
    assert report["table"] == {"path": str(tmp_path / "lake" / "table"), "version": 0, "recovered": False}

    second = "a,2024-01-02,one,p\nb,2024-01-01,late,p\nc,2024-01-02,corrected,p\nd,2024-01-01,dated,p\ne,,new,p\n"
    batch = batch_of(tmp_path, "two", second)
    _, report = batch.run(spark)
    assert notes(spark, batch) == {"a": "one", "b": "two", "c": "corrected", "d": "dated", "e": "new"}
    assert report["rows"] == {"staged": 5, "inserted": 1, "updated": 2, "unchanged": 2}
    assert report["table"]["version"] == 1
    assert versions(batch.lake / "table") == [0, 1]


def test_a_batch_of_equal_rows_updates_nothing_and_is_still_recorded(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "one", "a,2024-01-02,x,p\n").run(spark)
    batch = batch_of(tmp_path, "again", "a,2024-01-02,x,p\n")
    _, report = batch.run(spark)
    assert report["rows"] == {"staged": 1, "inserted": 0, "updated": 0, "unchanged": 1}
    assert versions(batch.lake / "table") == [0, 1]


def test_an_empty_batch_creates_the_table_and_is_recorded(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "")
    _, report = batch.run(spark)
    assert report["rows"] == {"staged": 0, "inserted": 0, "updated": 0, "unchanged": 0}
    assert notes(spark, batch) == {}
    later = batch_of(tmp_path, "two", "")
    assert later.run(spark)[1]["rows"]["staged"] == 0


def test_jobs_that_run_again_answer_with_the_first_report(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n,,bad,p\n")
    prepared, committed = batch.run(spark)
    phases: list[str] = []
    assert batch.prepare(spark, attempt=2, on_phase=phases.append) == prepared
    assert batch.commit(spark, prepared, attempt=2) == committed
    assert phases == []
    assert versions(batch.lake / "table") == [0]


def test_a_crash_after_the_merge_is_found_in_the_history(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\nb,2024-01-02,y,p\n")
    prepared, first = batch.run(spark)
    batch_of(tmp_path, "two", "c,2024-01-02,z,p\n").run(spark)
    batch.report("commit").unlink()
    again = batch.commit(spark, prepared, attempt=2)
    assert again["table"] == {**first["table"], "recovered": True}
    assert again["rows"] == first["rows"]
    assert {name: first["files"][name] for name in ("added", "removed", "bytesAdded")} == again["files"]
    assert versions(batch.lake / "table") == [0, 1]


def test_an_error_after_the_commit_does_not_hide_the_commit(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    prepared = batch.prepare(spark)

    def write_then_die(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        write_first(*arguments, **options)
        raise ConnectionResetError("lost the answer")

    monkeypatch.setattr("headgate_spark.jobs.commit.write_first", write_then_die)
    report = batch.commit(spark, prepared)
    assert report["table"]["recovered"]
    assert report["rows"]["inserted"] == 1


def test_an_error_before_the_commit_is_the_failure(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    prepared = batch.prepare(spark)

    def die(*_: Any, **__: Any) -> None:  # noqa: ANN401
        raise RuntimeError("io.delta.exceptions.ConcurrentAppendException: another writer")

    monkeypatch.setattr("headgate_spark.jobs.commit.write_first", die)
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared)
    assert caught.value.kind == "conflict"
    assert json.loads((batch.folder / "commit.failure-1.json").read_text())["kind"] == "conflict"
    monkeypatch.undo()
    assert batch.commit(spark, prepared, attempt=2)["rows"]["inserted"] == 1


def test_a_crash_of_prepare_stages_again_and_quarantines_once(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n,2024-01-02,bad,p\n")
    first = batch.prepare(spark)
    batch.report("prepare").unlink()
    second = batch.prepare(spark, attempt=2)
    assert (first["staging"]["version"], second["staging"]["version"]) == (0, 1)
    assert len(quarantine(spark, batch)) == 1
    _, report = second, batch.commit(spark, first)
    assert report["rows"]["inserted"] == 1


def test_settings_hold_inside_their_block_only(spark: SparkSession) -> None:
    session = spark.newSession()

    def fail_inside() -> None:
        with settings(session, {"spark.databricks.delta.write.txnAppId": "x"}):
            assert session.conf.get("spark.databricks.delta.write.txnAppId") == "x"
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail_inside()
    assert session.conf.get("spark.databricks.delta.write.txnAppId", None) is None


@pytest.mark.parametrize(
    ("partition_by", "fixed", "scanned"),
    [
        pytest.param([], False, 1, id="key range"),
        pytest.param(["part"], False, 1, id="key range over partitions"),
        pytest.param(["part"], True, 1, id="partitions fixed"),
    ],
)
def test_a_merge_opens_only_files_that_can_hold_its_keys(
    spark: SparkSession, tmp_path: Path, partition_by: list[str], fixed: bool, scanned: int
) -> None:
    document = pipeline(partition_by, partitionsFixed=fixed)
    for name in ("a", "b", "c"):
        batch_of(tmp_path, name, f"{name}1,2024-01-01,x,{name}\n{name}9,2024-01-01,x,{name}\n", document).run(spark)
    _, report = batch_of(tmp_path, "again", "b3,2024-01-02,y,b\nb9,2024-01-02,y,b\n", document).run(spark)
    assert report["rows"] == {"staged": 2, "inserted": 1, "updated": 1, "unchanged": 0}
    assert (report["files"]["scanned"], report["files"]["scannedOf"]) == (scanned, 3)


def test_fixed_partitions_bound_the_scan_where_keys_do_not(spark: SparkSession, tmp_path: Path) -> None:
    document = pipeline(["part"], partitionsFixed=True)
    batch_of(tmp_path, "one", "a,2024-01-01,x,p\nm,2024-01-01,x,q\nz,2024-01-01,x,p\n,2024,x,\n", document).run(spark)
    _, report = batch_of(tmp_path, "two", "a,2024-01-02,y,p\nz,2024-01-02,y,p\n", document).run(spark)
    assert (report["files"]["scanned"], report["files"]["scannedOf"]) == (1, 2)


def test_jobs_in_threads_of_one_process_do_not_disturb_each_other(spark: SparkSession, tmp_path: Path) -> None:
    def run(number: int) -> tuple[Document, Document]:
        folder = tmp_path / f"lake {number}"
        folder.mkdir()
        document = pipeline()
        document["timezone"] = ("UTC", "Asia/Tokyo", "America/New_York")[number]
        document["transform"]["columns"] = [
            {"kind": "expression", "name": "zone", "expression": "current_timezone()"},
        ]
        return batch_of(
            folder, "one", "".join(f"k{n},2024-01-02,{number},p\n" for n in range(number + 1)), document
        ).run(spark)

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(run, range(3)))
    for number, (_, report) in enumerate(reports):
        rows = table(spark, tmp_path / f"lake {number}" / "lake" / "table")
        assert {row["zone"] for row in rows} == {("UTC", "Asia/Tokyo", "America/New_York")[number]}
        assert len(rows) == number + 1
        assert report["table"]["version"] == 0


def test_a_staging_table_that_is_gone_is_named(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    prepared = batch.prepare(spark)
    prepared["staging"]["version"] = 7
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared)
    assert (caught.value.kind, caught.value.type) == ("config", "StagingMissing")
    prepared["staging"] |= {"table": str(tmp_path / "nowhere"), "version": 0}
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared, attempt=2)
    assert caught.value.type == "StagingMissing"


def test_a_target_folder_that_holds_something_else_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    (batch.lake / "table").mkdir()
    (batch.lake / "table" / "notes.txt").write_text("mine")
    with pytest.raises(JobFailed) as caught:
        batch.run(spark)
    assert (caught.value.kind, caught.value.type) == ("config", "NotADeltaTable")


def test_the_history_entry_carries_run_digest_and_rows(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    batch.run(spark)
    newest = spark.sql(f"DESCRIBE HISTORY delta.`{batch.lake / 'table'}` LIMIT 1").collect()[0]
    metadata = json.loads(newest["userMetadata"])
    assert metadata["stepKey"] == f"test/table/{batch.digest}/commit"
    assert (metadata["run"], metadata["digest"], metadata["rows"], metadata["generation"]) == (
        "run/test",
        batch.digest,
        1,
        1,
    )


@pytest.mark.parametrize("target", [{}, {"partitionBy": ["part"]}, {"clusterBy": ["day"]}])
def test_a_first_batch_says_in_the_table_that_it_made_it(spark: SparkSession, tmp_path: Path, target: Document) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n", pipeline(**target))
    batch.run(spark)
    path = str(batch.lake / "table")
    schema = spark.read.format("delta").load(path).schema
    assert is_marked(path, table_properties(spark, path), schema.jsonValue())
    # no later batch loses it
    batch_of(tmp_path, "two", "a,2024-01-03,y,p\n", pipeline(**target)).run(spark)
    assert is_marked(path, table_properties(spark, path), spark.read.format("delta").load(path).schema.jsonValue())


ODD_PARTS = [
    "plain",
    "it's",
    'say "x"',
    "50%",
    "a/b",
    "a=b",
    "Größe 日本",
    "a b",
    "back\\slash",
    "a:b",
    "`tick`",
    "#?[x]",
]


@pytest.mark.parametrize("fixed", [False, True], ids=["rows may move", "partitions fixed"])
def test_odd_partition_values_are_found_again(spark: SparkSession, tmp_path: Path, fixed: bool) -> None:
    document = pipeline(["part"], partitionsFixed=fixed)

    def lines(note: str) -> str:
        quoted = ['"' + part.replace('"', '""') + '"' for part in ODD_PARTS] + [""]
        return "".join(f"k{n},2024-01-02,{note},{part}\n" for n, part in enumerate(quoted))

    batch_of(tmp_path, "one", lines("first"), document).run(spark)
    batch = batch_of(tmp_path, "two", lines("second"), document)
    _, report = batch.run(spark)
    rows = table(spark, batch.lake / "table")
    assert sorted((row["id"], row["note"], row["part"]) for row in rows if row["part"] is not None) == sorted(
        (f"k{n}", "second", part) for n, part in enumerate(ODD_PARTS)
    )
    assert [row["id"] for row in rows if row["part"] is None] == [f"k{len(ODD_PARTS)}"]
    assert report["rows"] == {"staged": 13, "inserted": 0, "updated": 13, "unchanged": 0}


def test_a_row_that_moves_to_another_partition_is_moved_not_doubled(spark: SparkSession, tmp_path: Path) -> None:
    document = pipeline(["part"])
    batch_of(tmp_path, "one", "a,2024-01-01,x,jan\nb,2024-01-01,x,jan\n", document).run(spark)
    batch = batch_of(tmp_path, "two", "a,2024-02-01,x,feb\n", document)
    _, report = batch.run(spark)
    assert sorted((row["id"], row["part"]) for row in table(spark, batch.lake / "table")) == [
        ("a", "feb"),
        ("b", "jan"),
    ]
    assert report["rows"]["updated"] == 1


@pytest.mark.parametrize("vectors", [False, True], ids=["files written again", "deletion vectors"])
def test_a_changed_row_leaves_the_file_of_the_others_where_it_is(
    spark: SparkSession, tmp_path: Path, vectors: bool
) -> None:
    document = pipeline(deletionVectors=vectors)
    lines = "".join(f"k{n},2024-01-02,first,p\n" for n in range(50))
    batch_of(tmp_path, "one", lines, document).run(spark)
    batch = batch_of(tmp_path, "two", "k7,2024-01-02,second,p\nnew,2024-01-02,second,p\n", document)
    _, report = batch.run(spark)
    assert report["rows"] == {"staged": 2, "inserted": 1, "updated": 1, "unchanged": 0}
    assert (report["files"]["removed"] == 0) == vectors
    found = notes(spark, batch)
    assert (len(found), found["k7"], found["k8"], found["new"]) == (51, "second", "first", "second")


def test_more_partitions_than_a_list_holds_still_merge_rightly(spark: SparkSession, tmp_path: Path) -> None:
    document = pipeline(["part"], partitionsFixed=True)
    lines = "".join(f"k{n},2024-01-02,{{}},p{n:03}\n" for n in range(130)) + "k999,2024-01-02,{},\n"
    batch_of(tmp_path, "one", lines.replace("{}", "first"), document).run(spark)
    batch = batch_of(tmp_path, "two", lines.replace("{}", "second"), document)
    _, report = batch.run(spark)
    assert report["rows"]["updated"] == 131
    assert set(notes(spark, batch).values()) == {"second"}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        pytest.param({"add": "extra"}, "extra string is not in the table", id="column added"),
        pytest.param({"drop": "note"}, "note string is only in the table", id="column dropped"),
        pytest.param({"type": "timestamp"}, "day is date in the table and timestamp in the batch", id="type changed"),
    ],
)
def test_another_shape_than_the_table_is_refused(
    spark: SparkSession, tmp_path: Path, changes: dict[str, str], difference: str
) -> None:
    batch_of(tmp_path, "one", "a,2024-01-02,x,p\n").run(spark)
    document = pipeline()
    if "add" in changes:
        document["transform"]["columns"] = [{"kind": "expression", "name": changes["add"], "expression": "'x'"}]
    if "drop" in changes:
        document["transform"]["select"] = ["id", "day", "part"]
    if "type" in changes:
        document["sources"][0]["columns"][1]["type"] = changes["type"]
    batch = batch_of(tmp_path, "two", "b,2024-01-02,x,p\n", document)
    with pytest.raises(JobFailed) as caught:
        batch.run(spark)
    assert (caught.value.kind, caught.value.type) == ("config", "TargetSchema")
    assert difference in str(caught.value.fields["differences"])
    assert versions(batch.lake / "table") == [0]


def test_keys_of_every_type_match_across_batches(spark: SparkSession, tmp_path: Path) -> None:
    """One key of them all: a row is found again only where each of its types finds its value again."""
    keys = {
        "int": ["-5", "0", "7"],
        "bigint": ["-9000000000", "1", "9000000000"],
        "decimal(10,2)": ["-1.50", "0.00", "99.99"],
        "date": ["2023-12-31", "2024-01-01", "2024-06-30"],
        # On the last Sunday of October the local hour 02:30 comes twice in Berlin.
        "timestamp": ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-10-27T01:30:00.123456Z"],
        "double": ["-0.5", "1.5", "1e300"],
        "boolean": ["true", "false", "true"],
    }
    names = [f"key_{index}" for index in range(len(keys))]
    declared = columns(**{name: f"{kind}!" for name, kind in zip(names, keys, strict=True)}, note="string")
    document = pipeline_of(csv_source("sales", declared, names)) | {"timezone": "Europe/Berlin"}
    path = tmp_path / "f.csv"
    reports = []
    for note in ("first", "second"):
        rows = [",".join([*values, note]) for values in zip(*keys.values(), strict=True)]
        path.write_text("\n".join([",".join([*names, "note"]), *rows]) + "\n")
        os.utime(path, (1_700_000_000, 1_700_000_000 + len(note)))
        reports.append(Batch(tmp_path / "lake", document, {"sales": [path]}).run(spark)[1])
    assert reports[0]["rows"]["inserted"] == 3
    assert reports[1]["rows"] == {"staged": 3, "inserted": 0, "updated": 3, "unchanged": 0}


def test_a_lake_folder_with_blanks_and_quotes_works(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "my `odd` lake's %20"
    folder.mkdir()
    batch = batch_of(folder, "one", "a,2024-01-02,x,p\n")
    batch.run(spark)
    batch.report("commit").unlink()
    prepared = batch.prepare(spark)
    assert batch.commit(spark, prepared, attempt=2)["table"]["recovered"]
    assert notes(spark, batch) == {"a": "x"}


def test_a_first_write_that_finds_a_table_is_done_again_as_a_merge(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = batch_of(tmp_path, "other", "a,2024-01-01,theirs,p\n")
    other.run(spark)
    batch = batch_of(tmp_path, "one", "a,2024-01-02,ours,p\n")
    prepared = batch.prepare(spark)
    # As if the table had come between the look and the write.
    monkeypatch.setattr("headgate_spark.jobs.commit.table_schema", lambda *_: None)
    monkeypatch.setattr("headgate_spark.jobs.commit.holds_files", lambda *_: False)
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared)
    assert caught.value.kind == "conflict"
    assert notes(spark, batch) == {"a": "theirs"}
    monkeypatch.undo()
    assert batch.commit(spark, prepared, attempt=2)["rows"]["updated"] == 1
    assert notes(spark, batch) == {"a": "ours"}


def test_a_first_write_that_was_killed_is_done_again_in_its_own_folder(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(tmp_path, "one", "a,2024-01-02,x,p\n")
    prepared = batch.prepare(spark)
    target = disk_of(batch.lake) / "table"

    def die_with_files_written(*_: Any, **__: Any) -> None:  # noqa: ANN401
        (target / "part-00000.snappy.parquet").write_bytes(b"half a file")
        raise ConnectionResetError("killed")

    monkeypatch.setattr("headgate_spark.jobs.commit.write_first", die_with_files_written)
    with pytest.raises(JobFailed):
        batch.commit(spark, prepared)
    monkeypatch.undo()
    assert batch.commit(spark, prepared, attempt=2)["rows"]["inserted"] == 1
    assert notes(spark, batch) == {"a": "x"}
    assert [path.name for path in target.iterdir() if path.name.startswith("_")] == ["_delta_log"]
