"""Upkeep never harms: tables of others, longer promises, strange files, and marks that prove the work alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark.delta.table import marked
from headgate_spark.errors import JobFailed
from tests.spark.both_lines.upkeep import Upkeep
from tests.spark.tables import versions

DELETED_FILES = "delta.deletedFileRetentionDuration"
LOG = "delta.logRetentionDuration"
KINDS = ["compact", "zorder", "cluster", "vacuum-lite", "vacuum-full"]


def set_property(upkeep: Upkeep, name: str, value: str) -> None:
    upkeep.spark.sql(f"ALTER TABLE delta.`{upkeep.table}` SET TBLPROPERTIES ('{name}' = '{value}')")


def foreign(upkeep: Upkeep, writes: int = 2) -> None:
    """A table that somebody else has made."""
    for _ in range(writes):
        rows = upkeep.spark.range(20).selectExpr("id", "id % 7 AS customer").coalesce(1)
        rows.write.format("delta").mode("append").save(upkeep.table)


def test_a_table_of_others_is_not_touched(upkeep: Upkeep) -> None:
    foreign(upkeep)
    there, made = upkeep.files(), versions(upkeep.path)
    for kind in KINDS:
        with pytest.raises(JobFailed) as failed:
            upkeep.run(kind, kind, clusterBy=["customer"])
        assert failed.value.type == "TableNotAdopted"
    assert (upkeep.files(), versions(upkeep.path)) == (there, made)


@pytest.mark.sample
def test_an_adopted_table_is_compacted_and_keeps_what_it_promises(upkeep: Upkeep) -> None:
    foreign(upkeep)
    set_property(upkeep, DELETED_FILES, "interval 30 days")
    set_property(upkeep, LOG, "interval 90 days")
    promised = upkeep.properties()
    assert upkeep.run("compact", "one", adopt=True)["files"]["removed"] == 2
    upkeep.age(hours=20 * 24)
    for kind in ("vacuum-lite", "vacuum-full"):
        assert upkeep.run(kind, kind, adopt=True, retainHours=192, vacuumCeiling=1)["files"]["removed"] == 0
    assert (len(upkeep.files()), upkeep.properties()) == (3, promised)
    upkeep.age(hours=31 * 24)
    assert upkeep.run("vacuum-lite", "due", adopt=True, retainHours=192, vacuumCeiling=1)["files"]["removed"] == 2


def test_a_table_of_others_keeps_the_week_that_delta_promises_for_it(upkeep: Upkeep) -> None:
    foreign(upkeep)
    upkeep.run("compact", "one", adopt=True)
    upkeep.age(hours=100)
    report = upkeep.run("vacuum-full", "clean", adopt=True, retainHours=25, vacuumCeiling=1)
    assert (report["files"]["removed"], DELETED_FILES in upkeep.properties()) == (0, False)


@pytest.mark.parametrize("kind", ["vacuum-lite", "vacuum-full"])
def test_a_longer_promise_holds_on_a_table_of_ours_too(spark: SparkSession, upkeep: Upkeep, kind: str) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    set_property(upkeep, DELETED_FILES, "interval 30 days")
    before = upkeep.rows()
    upkeep.run("compact", "one")
    upkeep.age(hours=20 * 24)
    assert upkeep.run(kind, "clean", retainHours=25, vacuumCeiling=1)["files"]["removed"] == 0
    old = spark.read.format("delta").option("versionAsOf", 2).load(upkeep.table)
    assert (old.count(), upkeep.properties()[DELETED_FILES]) == (len(before), "interval 30 days")


def test_a_shorter_promise_becomes_as_long_as_a_job_may_take(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    set_property(upkeep, DELETED_FILES, "interval 1 hour")
    upkeep.run("vacuum-lite", "clean", retainHours=48)
    assert upkeep.properties()[DELETED_FILES] == "interval 48 hours"


def test_a_promise_that_nobody_can_read_ends_the_job(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    lines = (upkeep.path / "_delta_log" / f"{0:020}.json").read_text()
    broken = json.dumps({DELETED_FILES: "for ever"})
    text = lines.replace('"configuration":{}', f'"configuration":{broken}')
    (upkeep.path / "_delta_log" / f"{0:020}.json").write_text(text)
    (upkeep.path / "_delta_log" / f".{0:020}.json.crc").unlink(missing_ok=True)
    (upkeep.path / "_delta_log" / f"{0:020}.crc").unlink(missing_ok=True)
    (upkeep.path / "_delta_log" / f".{0:020}.crc.crc").unlink(missing_ok=True)
    upkeep.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    with pytest.raises(JobFailed) as failed:
        upkeep.run("vacuum-full", "clean")
    assert (failed.value.type, failed.value.fields["value"]) == ("UnreadableRetention", "for ever")


@pytest.mark.sample
def test_what_somebody_has_put_into_the_folder_is_not_deleted(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    notes = upkeep.path / "README.md"
    notes.write_text("keep me")
    (upkeep.path / "part=a" / "june.csv").write_text("keep me")
    (upkeep.path / "empty").mkdir()
    upkeep.age(hours=400)
    with pytest.raises(JobFailed) as failed:
        upkeep.run("vacuum-full", "clean", vacuumCeiling=1)
    assert failed.value.type == "StrangeFiles"
    assert "README.md" in str(failed.value.fields["files"])
    assert "june.csv" in str(failed.value.fields["files"])
    assert "empty" not in str(failed.value.fields["files"])
    assert notes.exists()
    assert upkeep.run("vacuum-lite", "lite")["files"]["removed"] == 0


def test_others_columns_of_clustering_stay(spark: SparkSession, upkeep: Upkeep) -> None:
    foreign(upkeep)
    with pytest.raises(JobFailed) as failed:
        upkeep.run("cluster", "one", adopt=True, clusterBy=["customer"])
    assert (failed.value.type, versions(upkeep.path)) == ("OtherClustering", [0, 1])
    spark.sql(f"ALTER TABLE delta.`{upkeep.table}` CLUSTER BY (id)")
    for kind in ("compact", "zorder"):
        with pytest.raises(JobFailed) as failed:
            upkeep.run(kind, kind, adopt=True)
        assert failed.value.type == "ClusteredTable"
    assert upkeep.operations()[0] == "CLUSTER BY"


def test_a_clone_and_a_selection_of_our_table_are_not_ours(spark: SparkSession, upkeep: Upkeep, tmp_path: Path) -> None:
    upkeep.write(["a"])
    other = Upkeep(spark, tmp_path / "other")
    other.folder.mkdir()
    spark.read.format("delta").load(upkeep.table).write.format("delta").save(str(other.path))
    with pytest.raises(JobFailed) as failed:
        other.run("compact", "one")
    assert failed.value.type == "TableNotAdopted"


DIED = "the process has died"


def dies_at(monkeypatch: pytest.MonkeyPatch, command: str) -> Callable[[], None]:
    real = SparkSession.sql

    def sql(self: SparkSession, query: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        if query.startswith(command):
            raise RuntimeError(DIED)
        return real(self, query, *args, **kwargs)

    monkeypatch.setattr(SparkSession, "sql", sql)
    return monkeypatch.undo


@pytest.mark.sample
def test_a_step_that_died_after_it_set_the_columns_is_done_all_the_same(
    spark: SparkSession, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        upkeep.save(spark.range(20).selectExpr("id", "id % 7 AS customer").coalesce(1))
    lives = dies_at(monkeypatch, "OPTIMIZE")
    with pytest.raises(JobFailed, match=DIED):
        upkeep.run("cluster", "one", clusterBy=["customer"], version=1)
    lives()
    assert upkeep.operations()[0] == "CLUSTER BY"
    for attempt in (2, 3):
        report = upkeep.run("cluster", "one", attempt=attempt, clusterBy=["customer"], version=1)
        assert (report["table"]["recovered"], report["files"]["removed"]) == (attempt == 3, 2)
    assert upkeep.live() == 1


def test_a_step_that_died_after_it_set_the_retention_is_done_all_the_same(
    upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    upkeep.run("compact", "small")
    upkeep.age(hours=200)
    lives = dies_at(monkeypatch, "VACUUM")
    with pytest.raises(JobFailed, match=DIED):
        upkeep.run("vacuum-lite", "clean", version=2)
    lives()
    assert upkeep.operations()[0] == "SET TBLPROPERTIES"
    reports = [upkeep.run("vacuum-lite", "clean", attempt=attempt, vacuumCeiling=1, version=2) for attempt in (2, 3)]
    assert [report["table"]["recovered"] for report in reports] == [False, True]
    # the third attempt deletes nothing and tells what the second one did
    assert reports[0]["files"] == reports[1]["files"]
    assert (reports[0]["files"]["removed"], reports[1]["kind"]) == (2, "vacuum-lite")
    assert upkeep.operations().count("VACUUM END") == 1


def test_what_others_commit_meanwhile_does_not_hide_what_was_deleted(
    upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        upkeep.write(["a"])
    upkeep.run("compact", "small")
    upkeep.age(hours=200)
    real = SparkSession.sql

    def sql(self: SparkSession, query: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        answer = real(self, query, *args, **kwargs)
        if query.startswith("VACUUM") and not query.endswith("DRY RUN"):
            upkeep.write(["a"])
        return answer

    monkeypatch.setattr(SparkSession, "sql", sql)
    report = upkeep.run("vacuum-lite", "clean", vacuumCeiling=1)
    assert (report["files"]["removed"], report["table"]["version"]) == (2, 5)


def test_a_marked_column_stays_marked_through_changes_of_the_table(spark: SparkSession, upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    spark.sql(f"ALTER TABLE delta.`{upkeep.table}` ADD COLUMN (more string)")
    spark.sql(f"ALTER TABLE delta.`{upkeep.table}` ALTER COLUMN id COMMENT 'number'")
    upkeep.run("compact", "one")
    fields = spark.read.format("delta").load(upkeep.table).schema
    wanted = marked(spark.range(1), upkeep.table).schema[0].metadata
    assert wanted.items() <= fields["id"].metadata.items()
