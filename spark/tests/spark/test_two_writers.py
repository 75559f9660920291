"""Several writers of one local table, ours and others: none takes away what another committed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import DELIVERY
from headgate_spark.writer import only_writer
from tests.batch import Batch, columns, csv_source, pipeline_of
from tests.spark.tables import table, versions

SPARK = Path(__file__).parents[2]
SHAPE = columns(id="string!", day="date", note="string")
LONG = 120.0


def batch_of(tmp_path: Path, name: str, note: str = "x") -> Batch:
    path = tmp_path / f"{name}.csv"
    path.write_text(f"id,day,note\n{name},2024-01-02,{note}\n", encoding="utf-8")
    return Batch(tmp_path / "lake", pipeline_of(csv_source("sales", SHAPE, ["id"])), {"sales": [path]})


def ids(spark: SparkSession, tmp_path: Path) -> list[str]:
    return sorted(row["id"] for row in table(spark, tmp_path / "lake" / "table"))


def until(seen: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONG
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def theirs(path: Path, name: str) -> None:
    unknown = pyarrow.array([None], pyarrow.string())
    rows = pyarrow.table({"id": [name], "day": [date(2024, 1, 1)], "note": ["theirs"], DELIVERY: unknown})
    write_deltalake(str(path), rows, mode="append")


@contextmanager
def process_of(request: str) -> Iterator["subprocess.Popen[bytes]"]:
    """One job in a Spark of its own, as another home would run it."""
    job = subprocess.Popen(
        [sys.executable, "-m", "headgate_spark", "--master", "local[1]", "--memory", "512m", request],
        cwd=SPARK,
        env={
            **os.environ,
            "HEADGATE_HOME": "/other/home",
            "PYSPARK_PYTHON": sys.executable,
            "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
        },
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield job
    finally:
        if job.poll() is None:
            os.killpg(job.pid, signal.SIGKILL)
        job.wait()


def test_two_commits_at_once_go_one_after_the_other(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "first").run(spark)
    batches = [batch_of(tmp_path, name) for name in ("a", "b")]
    prepared = [batch.prepare(spark) for batch in batches]
    with ThreadPoolExecutor(2) as pool:
        # None fails: the second one saw what the first had written.
        reports = list(pool.map(lambda batch, staged: batch.commit(spark, staged), batches, prepared))
    assert sorted(report["table"]["version"] for report in reports) == [1, 2]
    assert ids(spark, tmp_path) == ["a", "b", "first"]


def test_a_writer_that_is_paused_in_its_commit_takes_nothing_from_others(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headgate_spark.writer.WAIT_SECONDS", 0.2)
    lake = tmp_path / "lake" / "table"
    batch_of(tmp_path, "first").run(spark)
    paused, ours = batch_of(tmp_path, "paused"), batch_of(tmp_path, "ours")
    prepared = [batch.prepare(spark) for batch in (paused, ours)]
    before = set(lake.glob("*.parquet"))
    with process_of(paused.commit_request(prepared[0]["staging"])) as job:
        # Its rows are written, and its version is not, or has just been.
        until(lambda: set(lake.glob("*.parquet")) > before)
        os.killpg(job.pid, signal.SIGSTOP)
        with pytest.raises(JobFailed) as caught:
            ours.commit(spark, prepared[1])
        assert (caught.value.kind, caught.value.type) == ("conflict", "TableLocked")
        assert (caught.value.fields["pid"], caught.value.fields["home"]) == (str(job.pid), "/other/home")
        theirs(lake, "theirs")
        made = {path.name: path.read_bytes() for path in (lake / "_delta_log").glob("*.json")}
        os.killpg(job.pid, signal.SIGCONT)
        job.wait(LONG)
    # Either it went on behind the other version, or it gave way and runs again.
    if job.returncode != 0:
        assert paused.commit(spark, prepared[0], attempt=2)["rows"]["inserted"] == 1
    assert ours.commit(spark, prepared[1], attempt=2)["rows"]["inserted"] == 1
    assert {name: (lake / "_delta_log" / name).read_bytes() for name in made} == made
    assert ids(spark, tmp_path) == ["first", "ours", "paused", "theirs"]
    assert versions(lake) == [0, 1, 2, 3]


def test_rows_of_another_tool_that_come_in_between_stay(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headgate_spark.delta.merge import merge

    batch_of(tmp_path, "first").run(spark)
    batch = batch_of(tmp_path, "ours")
    prepared = batch.prepare(spark)
    lake = tmp_path / "lake" / "table"

    def merge_behind_theirs(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        theirs(lake, "theirs")
        merge(*arguments, **options)

    monkeypatch.setattr("headgate_spark.jobs.commit.merge", merge_behind_theirs)
    assert batch.commit(spark, prepared)["table"]["version"] == 2
    assert ids(spark, tmp_path) == ["first", "ours", "theirs"]


def test_other_readers_do_not_mind_the_lock(spark: SparkSession, tmp_path: Path) -> None:
    import duckdb
    from deltalake import DeltaTable

    batch_of(tmp_path, "first").run(spark)
    lake = tmp_path / "lake" / "table"
    with only_writer(str(lake), "run/ours", lambda: None):
        assert (lake / "_delta_log" / "_headgate.lock").exists()
        theirs(lake, "theirs")
        assert DeltaTable(str(lake)).version() == 1
        assert duckdb.connect().from_arrow(DeltaTable(str(lake)).to_pyarrow_table()).fetchall()
        assert ids(spark, tmp_path) == ["first", "theirs"]
        spark.sql(f"VACUUM delta.`{lake}`").collect()
        assert (lake / "_delta_log" / "_headgate.lock").exists()


def test_a_cancel_ends_the_wait_for_a_table(spark: SparkSession, tmp_path: Path) -> None:
    batch_of(tmp_path, "first").run(spark)
    batch = batch_of(tmp_path, "ours")
    prepared = batch.prepare(spark)

    def commit() -> JobFailed:
        spark.sparkContext.setJobGroup("waits", "waits", interruptOnCancel=True)
        with pytest.raises(JobFailed) as caught:
            batch.commit(spark, prepared)
        return caught.value

    with ThreadPoolExecutor(1) as pool, only_writer(str(tmp_path / "lake" / "table"), "run/other", lambda: None):
        waiting = pool.submit(commit)
        context: Any = spark.sparkContext
        context._jsc.sc().cancelJobGroupAndFutureJobs("waits")
        assert waiting.result(LONG).kind == "cancelled"
    assert ids(spark, tmp_path) == ["first"]
