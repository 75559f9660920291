"""A version of a table on S3 that is there stays what it is, whichever driver wrote it and however close the race."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from headgate_spark.classify import classify
from headgate_spark.errors import JobFailed
from headgate_spark.log_store import LOG_STORES
from tests.place import S3Path
from tests.spark.stores import made_stores, write, write_lines
from tests.spark.tables import table, versions

RACES = 40


@pytest.fixture(scope="module")
def stores(spark: SparkSession) -> JavaObject:
    return made_stores(spark)


@pytest.fixture
def version(s3: S3Path) -> S3Path:
    """The next one of a log that is there."""
    (s3 / f"{6:020}.json").write_text("before\n")
    return s3 / f"{7:020}.json"


def write_overtaken(spark: SparkSession, stores: JavaObject, store: JavaObject, version: S3Path, theirs: str) -> bool:
    """Writes `ours` while another driver writes a version of its own, after the look and before the put."""
    return write_lines(spark, store, version, stores.overtaken("ours", str(version), theirs))


@pytest.mark.parametrize("scheme", ["s3", "s3a", "s3n"])
def test_delta_writes_the_log_of_tables_on_s3_with_it(spark: SparkSession, s3: S3Path, scheme: str) -> None:
    assert spark.conf.get(f"spark.delta.logStore.{scheme}.impl") == LOG_STORES["s3"]
    path = str(s3 / "table").replace("s3:", f"{scheme}:")
    for _ in range(2):
        spark.range(3).write.format("delta").mode("append").save(path)
    assert versions(s3 / "table") == [0, 1]
    assert spark.read.format("delta").load(path).count() == 6


def test_of_two_writers_of_a_version_exactly_one_wins(spark: SparkSession, s3: S3Path, stores: JavaObject) -> None:
    (s3 / "log").mkdir()
    (s3 / "log" / "a").write_text("the folder is there")
    won = [list(each) for each in stores.race(stores.conditional(), stores.conditional(), str(s3 / "log"), RACES)]
    assert sorted(won[0] + won[1]) == list(range(RACES))
    for writer, own in enumerate(won):
        assert {(s3 / "log" / f"{number:020}.json").read_text() for number in own} <= {f"{writer}\n"}


def test_who_is_overtaken_between_look_and_put_loses(spark: SparkSession, version: S3Path, stores: JavaObject) -> None:
    assert not write_overtaken(spark, stores, stores.conditional(), version, "theirs")
    assert version.read_text() == "theirs"


def test_deltas_own_store_replaces_what_came_after_its_look(
    spark: SparkSession, version: S3Path, stores: JavaObject
) -> None:
    """Why it is not used."""
    assert write_overtaken(spark, stores, stores.deltasOnS3(), version, "theirs")
    assert version.read_text() == "ours\n"


def test_a_put_whose_answer_was_lost_is_ours(spark: SparkSession, version: S3Path, stores: JavaObject) -> None:
    """To S3 it is as if another one had written the very same."""
    assert write_overtaken(spark, stores, stores.conditional(), version, "ours\n")
    assert version.read_text() == "ours\n"


def test_what_fails_before_the_end_leaves_no_version(spark: SparkSession, version: S3Path, stores: JavaObject) -> None:
    with pytest.raises(Py4JJavaError, match="no more lines"):
        write_lines(spark, stores.conditional(), version, stores.failing())
    assert not version.exists()


def test_a_table_that_is_gone_is_not_made_again_by_a_late_writer(
    spark: SparkSession,
    s3: S3Path,
    stores: JavaObject,
) -> None:
    with pytest.raises(Py4JJavaError, match="FileNotFoundException"):
        write(spark, stores.conditional(), s3 / "gone" / "_delta_log" / f"{7:020}.json", "ours")


def test_a_client_without_conditional_puts_writes_nothing(
    spark: SparkSession,
    version: S3Path,
    stores: JavaObject,
) -> None:
    off = {"fs.s3a.create.conditional.enabled": "false", "fs.s3.impl.disable.cache": "true"}
    with pytest.raises(Py4JJavaError, match="Conditional Writes Unavailable"):
        write(spark, stores.conditional(), version, "ours", settings=off)
    assert not version.exists()


def test_two_merges_at_a_time_both_count_or_one_is_told_of_the_other(spark: SparkSession, s3: S3Path) -> None:
    path = s3 / "table"
    spark.range(10).write.format("delta").save(str(path))
    both = Barrier(2)

    def merge(number: int) -> JobFailed | None:
        session = spark.newSession()
        session.range(10 + number, 11 + number).createOrReplaceTempView("new")
        both.wait()
        try:
            session.sql(
                f"MERGE INTO delta.`{path}` t USING new n ON t.id = n.id WHEN NOT MATCHED THEN INSERT *"
            ).collect()
        except Exception as error:
            return classify(error)
        return None

    with ThreadPoolExecutor(2) as pool:
        failures = [failure for failure in pool.map(merge, range(2)) if failure is not None]
    assert {(failure.kind, failure.type) for failure in failures} <= {("conflict", "ConcurrentWrite")}
    assert len(table(spark, path)) == 12 - len(failures)
