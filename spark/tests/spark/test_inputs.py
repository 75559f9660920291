"""A retry sees what the first attempt saw, or the batch is refused."""

import os
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from headgate_spark.delta.staging import write_staging
from headgate_spark.errors import JobFailed
from tests.batch import Batch, columns, csv_source, pipeline_of


def batch_of(tmp_path: Path) -> tuple[Batch, Path]:
    path = tmp_path / "f.csv"
    path.write_text("id,note\na,x\n")
    pipeline = pipeline_of(csv_source("sales", columns(id="string!", note="string"), ["id"]))
    return Batch(tmp_path / "lake", pipeline, {"sales": [path]}), path


def test_a_file_changed_after_the_freeze_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch, path = batch_of(tmp_path)
    path.write_text("id,note\na,changed\n")
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("inputs-changed", "InputChanged")
    assert caught.value.fields["file"] == str(path)


def test_a_deleted_file_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch, path = batch_of(tmp_path)
    path.unlink()
    with pytest.raises(JobFailed, match="is gone") as caught:
        batch.prepare(spark)
    assert caught.value.kind == "inputs-changed"


def test_a_file_changed_while_it_was_read_is_refused(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, path = batch_of(tmp_path)

    def change_afterwards(session: SparkSession, rows: DataFrame, location: str) -> int:
        version = write_staging(session, rows, location)
        os.utime(path, (1, 1))
        return version

    monkeypatch.setattr("headgate_spark.jobs.prepare.write_staging", change_afterwards)
    with pytest.raises(JobFailed, match="written again"):
        batch.prepare(spark)
    assert not batch.report("prepare").exists()


def test_a_manifest_of_another_batch_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch, _ = batch_of(tmp_path)
    digest, batch.digest = batch.digest, "0" * 32
    batch.write_manifest()
    batch.digest = digest
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert caught.value.type == "DigestMismatch"


def test_files_of_an_unknown_source_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch, _ = batch_of(tmp_path)
    batch.files[0]["source"] = "other"
    batch.write_manifest()
    with pytest.raises(JobFailed, match="other") as caught:
        batch.prepare(spark)
    assert caught.value.type == "UnknownSource"


def test_a_missing_manifest_is_named(spark: SparkSession, tmp_path: Path) -> None:
    batch, _ = batch_of(tmp_path)
    (batch.folder / "manifest.json").unlink()
    with pytest.raises(JobFailed, match="no manifest") as caught:
        batch.prepare(spark)
    assert caught.value.kind == "config"
