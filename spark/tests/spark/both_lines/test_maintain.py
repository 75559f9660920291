"""Upkeep of a table: the partitions asked for and no others, once per step, and never more deleted than allowed."""

import json

import pytest
from pyspark.sql import SparkSession

from headgate_spark.delta.partitions import partition_condition
from headgate_spark.errors import JobFailed
from tests.spark.both_lines.upkeep import Upkeep
from tests.spark.tables import versions

ODD = "it's 100% \\ a/b=c ü"


@pytest.mark.sample
def test_compaction_touches_only_the_partitions_it_is_asked_for(upkeep: Upkeep) -> None:
    for _ in range(3):
        upkeep.write(["a", ODD, None])
    before = upkeep.rows()
    report = upkeep.run("compact", "one", partitions=[{"part": ODD}, {"part": None}])
    assert report["files"] | {"bytesAdded": 0, "bytesRemoved": 0} == {
        "added": 2,
        "removed": 6,
        "bytesAdded": 0,
        "bytesRemoved": 0,
    }
    assert report["files"]["bytesRemoved"] > report["files"]["bytesAdded"] > 0
    assert (upkeep.live(), report["table"]["version"]) == (5, 3)
    assert upkeep.rows() == before


def test_nothing_to_compact_makes_no_version(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    report = upkeep.run("compact", "one")
    assert (report["files"]["added"], report["table"]["version"], versions(upkeep.path)) == (0, 0, [0])


def test_a_table_of_one_piece_is_clustered_as_a_whole(spark: SparkSession, upkeep: Upkeep) -> None:
    for start in (0, 5):
        upkeep.save(spark.range(start, start + 5).selectExpr("id", "id AS customer").coalesce(1))
    report = upkeep.run("zorder", "one", partitions=[{}])
    assert (report["files"]["removed"], upkeep.live()) == (2, 1)


@pytest.mark.sample
def test_clustering_is_found_and_not_done_again_after_a_crash(upkeep: Upkeep) -> None:
    for _ in range(2):
        upkeep.write(["a", "b"])
    first = upkeep.run("zorder", "one", partitions=[{"part": "a"}])
    again = upkeep.run("zorder", "one", attempt=2, partitions=[{"part": "a"}])
    assert (first["table"], again["table"]["recovered"]) == (again["table"] | {"recovered": False}, True)
    assert again["files"] == first["files"]
    assert versions(upkeep.path) == [0, 1, 2]


def test_the_commit_says_whose_it_is(spark: SparkSession, upkeep: Upkeep) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    upkeep.run("compact", "one")
    newest = spark.sql(f"DESCRIBE HISTORY delta.`{upkeep.table}` LIMIT 1").collect()[0]
    assert json.loads(newest["userMetadata"]) == {
        "stepKey": "one",
        "generation": 1,
        "run": "table//lake/customer_sales",
        "maintain": "compact",
    }


def test_vacuum_deletes_what_is_older_than_the_retention_and_nothing_else(spark: SparkSession, upkeep: Upkeep) -> None:
    for _ in range(2):
        upkeep.write(["a", "b", "c"])
    upkeep.run("compact", "old", partitions=[{"part": "a"}])
    upkeep.age(hours=200)
    upkeep.run("compact", "new", partitions=[{"part": "b"}])
    before = upkeep.rows()
    report = upkeep.run("vacuum-lite", "clean", retainHours=168)
    assert report["files"]["removed"] == 2
    assert report["files"]["bytesRemoved"] > 0
    # seven were live or young: one compacted file and two small ones of b, one of a, two of c
    assert len(upkeep.files()) == 6
    assert upkeep.rows() == before
    # a reader that stays on the version of before
    young = spark.read.format("delta").option("versionAsOf", 3).load(upkeep.table)
    assert young.count() == len(before)


@pytest.mark.parametrize(("hours", "removed"), [(24, 2), (1000, 0)], ids=["a day", "six weeks"])
def test_the_retention_asked_for_decides_and_not_the_week_of_delta(upkeep: Upkeep, hours: int, removed: int) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    upkeep.run("compact", "old")
    upkeep.age(hours=48 if removed else 400)
    assert upkeep.run("vacuum-full", "clean", retainHours=hours, vacuumCeiling=0.7)["files"]["removed"] == removed
    assert len(upkeep.files()) == 3 - removed


@pytest.mark.sample
def test_lite_leaves_orphans_and_full_finds_them(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    upkeep.write(["a"])
    orphan = upkeep.path / "part=a" / "part-99999-of-a-crashed-job.c000.snappy.parquet"
    orphan.write_bytes(b"half")
    upkeep.age(hours=200)
    assert upkeep.run("vacuum-lite", "lite")["files"]["removed"] == 0
    assert orphan.exists()
    assert upkeep.run("vacuum-full", "full")["files"]["removed"] == 1
    assert not orphan.exists()


def test_a_young_orphan_may_belong_to_a_running_job_and_stays(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    orphan = upkeep.path / "part=a" / "part-99999-of-a-running-job.c000.snappy.parquet"
    orphan.write_bytes(b"half")
    assert upkeep.run("vacuum-full", "full")["files"]["removed"] == 0
    assert orphan.exists()


def test_more_than_the_ceiling_is_held_and_nothing_is_deleted(upkeep: Upkeep) -> None:
    for _ in range(6):
        upkeep.write(["a"])
    upkeep.run("compact", "small")
    upkeep.age(hours=200)
    there = upkeep.files()
    with pytest.raises(JobFailed) as failed:
        upkeep.run("vacuum-lite", "clean", vacuumCeiling=0.5)
    assert (failed.value.type, failed.value.fields["files"], failed.value.fields["liveFiles"]) == (
        "VacuumCeiling",
        6,
        1,
    )
    assert upkeep.files() == there
    assert upkeep.run("vacuum-lite", "allowed", vacuumCeiling=0.9)["files"]["removed"] == 6


def test_lite_becomes_full_under_the_same_ceiling_where_the_log_has_lost_what_it_reads(upkeep: Upkeep) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    upkeep.run("compact", "small")
    upkeep.lose_log()
    assert versions(upkeep.path) == [3]
    with pytest.raises(JobFailed) as failed:
        upkeep.run("vacuum-lite", "held", vacuumCeiling=0.5)
    assert (failed.value.type, failed.value.fields["files"], len(upkeep.files())) == ("VacuumCeiling", 2, 3)
    before = upkeep.rows()
    report = upkeep.run("vacuum-lite", "clean", vacuumCeiling=0.7)
    assert (report["kind"], report["files"]["removed"]) == ("vacuum-full", 2)
    assert upkeep.done()[:2] == ["vacuum-full", "vacuum-full"]
    assert (upkeep.rows(), len(upkeep.files())) == (before, 1)


def test_the_retention_is_a_property_of_the_table_and_set_once(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    upkeep.run("vacuum-lite", "one", retainHours=1000)
    properties = upkeep.properties()
    assert properties["delta.deletedFileRetentionDuration"] == "interval 1000 hours"
    assert properties["delta.logRetentionDuration"] == "interval 1000 hours"
    made = versions(upkeep.path)
    upkeep.run("vacuum-lite", "two", retainHours=1000)
    assert upkeep.operations().count("SET TBLPROPERTIES") == 1
    assert len(versions(upkeep.path)) == len(made) + 2


@pytest.mark.parametrize("kind", ["compact", "vacuum-lite"])
def test_no_table_is_an_error_that_says_so(upkeep: Upkeep, kind: str) -> None:
    with pytest.raises(JobFailed) as failed:
        upkeep.run(kind, "one")
    assert failed.value.type == "TableNotFound"


def test_a_partition_of_another_layout_is_refused(spark: SparkSession) -> None:
    schema = spark.range(1).schema
    with pytest.raises(JobFailed) as failed:
        partition_condition([{"month": "2026-05"}], schema)
    assert failed.value.type == "UnknownPartition"
