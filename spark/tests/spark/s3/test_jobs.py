"""Jobs whose files, inputs and tables lie on S3 do what they do on a folder."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspark
import pytest
from pyspark.sql import DataFrame, SparkSession

from headgate_spark.delta.staging import write_staging
from headgate_spark.errors import JobFailed
from headgate_spark.io import files
from headgate_spark.io.hadoop import HadoopStore
from headgate_spark.runner import run_job
from tests.batch import Batch, base_of, columns, csv_source, pipeline_of
from tests.place import S3Path
from tests.spark.both_lines import test_maintain, test_promises, test_run
from tests.spark.both_lines.upkeep import Upkeep
from tests.spark.tables import table, versions

PACKAGE = Path(__file__).parents[3] / "headgate_spark"
NOTES = columns(id="string!", note="string")


def notes(lake: S3Path, *inputs: S3Path, **changes: Any) -> Batch:  # noqa: ANN401
    return Batch(lake / "lake", pipeline_of(csv_source("sales", NOTES, ["id"]), **changes), {"sales": inputs})


def one_file(lake: S3Path, name: str = "a.csv", text: str = "id,note\na,x\n") -> S3Path:
    path = lake / "raw" / name
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "case",
    [
        test_run.test_each_row_of_a_batch_meets_its_fate,
        test_run.test_a_commit_whose_report_was_lost_is_found_in_the_history,
        lambda spark, s3: test_run.test_a_second_batch_inserts_updates_and_leaves(spark, s3, {"deletionVectors": True}),
    ],
    ids=["fates", "lost report", "second batch"],
)
def test_a_batch_goes_from_its_files_to_the_table(
    case: Callable[[SparkSession, S3Path], None], spark: SparkSession, s3: S3Path
) -> None:
    case(spark, s3)


@pytest.mark.parametrize(
    "case",
    [
        test_maintain.test_compaction_touches_only_the_partitions_it_is_asked_for,
        test_maintain.test_lite_leaves_orphans_and_full_finds_them,
        test_promises.test_what_somebody_has_put_into_the_folder_is_not_deleted,
    ],
    ids=["compact", "vacuum", "strangers"],
)
def test_a_table_is_kept(case: Callable[[Upkeep], None], upkeep: Upkeep) -> None:
    case(upkeep)


def test_jobs_that_run_again_answer_with_the_first_report(spark: SparkSession, s3: S3Path) -> None:
    batch = notes(s3, one_file(s3))
    prepared, committed = batch.run(spark)
    assert committed["environment"]["s3LogStore"] == "headgate.ConditionalLogStore"
    assert batch.prepare(spark, attempt=2) == prepared
    # The final report, whoever made it, comes before what attempts have left.
    final = committed | {"attempt": 7}
    (batch.folder / "commit.report.json").write_text(json.dumps(final))
    assert batch.commit(spark, prepared, attempt=2) == final
    assert versions(batch.lake / "table") == [0]


def test_the_base_of_a_batch_is_read_from_the_log(spark: SparkSession, s3: S3Path) -> None:
    batch = notes(s3, one_file(s3))
    batch.run(spark)
    base = base_of(batch.lake / "table")
    second = notes(s3, one_file(s3, "b.csv", "id,note\nb,y\n")).planned_against(base)
    assert second.run(spark)[1]["warnings"] == []
    other = notes(s3, one_file(s3, "c.csv", "id,note\nc,z\n")).planned_against(base | {"commit": "0" * 16})
    prepared = other.prepare(spark)
    with pytest.raises(JobFailed, match="another history"):
        other.commit(spark, prepared)
    assert len(table(spark, batch.lake / "table")) == 2


def test_odd_names_are_read_and_told_as_people_write_them(spark: SparkSession, s3: S3Path) -> None:
    names = ["it's 100% é.csv", "a=1 #2?.csv", "x+y&z%20.csv", "[b]{c}*.csv"]
    paths = [one_file(s3, name, f"id,note\n{number},{number}\n,bad\n") for number, name in enumerate(names)]
    batch = notes(s3, *paths)
    batch.run(spark)
    assert {row["id"] for row in table(spark, batch.lake / "table")} == {"0", "1", "2", "3"}
    assert {row["file"] for row in table(spark, batch.quarantine)} == {str(path) for path in paths}


def test_a_file_written_again_is_refused_by_its_etag(spark: SparkSession, s3: S3Path) -> None:
    path = one_file(s3)
    batch = notes(s3, path)
    path.write_text("id,note\na,y\n")
    with pytest.raises(JobFailed, match="written again") as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.fields["file"]) == ("inputs-changed", str(path))
    path.unlink()
    with pytest.raises(JobFailed, match="is gone"):
        batch.prepare(spark, attempt=2)


def test_a_file_written_again_while_it_was_read_is_refused(
    spark: SparkSession, s3: S3Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one_file(s3)

    def change_afterwards(session: SparkSession, rows: DataFrame, location: str) -> int:
        version = write_staging(session, rows, location)
        path.write_text("id,note\na,y\n")
        return version

    monkeypatch.setattr("headgate_spark.jobs.prepare.write_staging", change_afterwards)
    batch = notes(s3, path)
    with pytest.raises(JobFailed, match="written again"):
        batch.prepare(spark)
    assert not batch.report("prepare").exists()


def test_a_client_that_tells_no_etag_is_not_trusted_to_notice(
    spark: SparkSession, s3: S3Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = notes(s3, one_file(s3))
    monkeypatch.setattr("headgate_spark.io.hadoop._etag", lambda _: None)
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("config", "UnwatchedInput")


def test_headers_and_looks_run_beside_each_other(
    spark: SparkSession, s3: S3Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [one_file(s3, f"{number}.csv", f"id,note\n{number},x\n") for number in range(40)]
    open_now, most = 0, 0
    real = HadoopStore.look

    def look(store: HadoopStore, location: str) -> object:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        try:
            return real(store, location)
        finally:
            open_now -= 1

    monkeypatch.setattr(HadoopStore, "look", look)
    found = list(files.each(paths, str, lambda path: files.look(str(path))))
    assert [each is not None and each.size for each in found] == [12] * 10 + [13] * 30
    assert 1 < most <= HadoopStore.at_once


def test_packed_and_wide_files_are_told_apart(spark: SparkSession, s3: S3Path, buckets: Path) -> None:
    text = one_file(s3, "plain.csv", "id,note\na,x\n")
    for packed in ("a.csv.gz", "a.csv.bz2"):
        options = {"compression": {"gz": "gzip", "bz2": "bzip2"}[packed.rpartition(".")[2]], "header": "true"}
        spark.read.option("header", "true").csv(str(text)).coalesce(1).write.options(**options).csv(str(s3 / packed))
    packed_files = [next((s3 / name).glob(f"*.{name.rpartition('.')[2]}")) for name in ("a.csv.gz", "a.csv.bz2")]
    batch = notes(s3, *packed_files)
    assert batch.run(spark)[0]["rows"]["read"] == 2


def test_a_target_folder_that_holds_something_else_is_refused(spark: SparkSession, s3: S3Path) -> None:
    batch = notes(s3, one_file(s3))
    prepared = batch.prepare(spark)
    (batch.lake / "table" / "precious.txt").write_text("precious")
    with pytest.raises(JobFailed) as caught:
        batch.commit(spark, prepared)
    assert caught.value.type == "NotADeltaTable"
    (batch.lake / "table" / "precious.txt").unlink()
    assert batch.commit(spark, prepared, attempt=2)["rows"]["inserted"] == 1


@pytest.mark.parametrize("location", ["s3://lake/none.json", "s3://no-such-bucket/request.json"])
def test_a_request_that_is_not_there_is_named(spark: SparkSession, s3: S3Path, location: str) -> None:
    with pytest.raises(JobFailed) as caught:
        run_job(spark, location)
    assert (caught.value.kind, caught.value.type) == ("config", "MissingRequest")


def test_spark_submit_runs_a_request_of_s3_from_a_package_of_one_file(s3: S3Path, tmp_path: Path) -> None:
    """As on a cluster: nothing of ours is installed there, and whoever submits sets Spark."""
    batch = notes(s3, one_file(s3))
    request = batch.prepare_request()
    package = tmp_path / "headgate_spark.zip"
    with zipfile.ZipFile(package, "w") as archive:
        for source in PACKAGE.rglob("*.py"):
            archive.write(source, str(source.relative_to(PACKAGE.parent)))
    entry = tmp_path / "job.py"
    entry.write_text("import sys\n\nfrom headgate_spark.__main__ import main\n\nsys.exit(main(sys.argv[1:]))\n")
    classpath = os.pathsep.join(map(str, sorted(Path(os.environ["HEADGATE_JARS"]).glob("*.jar"))))
    settings = {
        "spark.driver.extraClassPath": classpath,
        "spark.driver.memory": "512m",
        "spark.ui.enabled": "false",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": os.environ["AWS_ENDPOINT_URL_S3"],
        "spark.hadoop.fs.s3a.path.style.access": "true",
    }
    command = [str(Path(pyspark.__file__).parent / "bin" / "spark-submit"), "--master", "local[2]"]
    command += [part for name, value in settings.items() for part in ("--conf", f"{name}={value}")]
    elsewhere = {name: value for name, value in os.environ.items() if name not in ("HEADGATE_JARS", "PYTHONPATH")}
    done = subprocess.run(
        [*command, "--py-files", str(package), str(entry), request],
        cwd=tmp_path,
        env={**elsewhere, "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(batch.report("prepare").read_text())
    assert (report["rows"]["staged"], report["environment"]["s3LogStore"]) == (1, "of the platform")
