"""A version of a local table that is there stays what it is, whoever wrote it and however close the race."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from headgate_spark.classify import classify
from headgate_spark.errors import JobFailed
from headgate_spark.log_store import LOG_STORES
from tests.spark.stores import made_stores, write
from tests.spark.tables import table


@pytest.fixture(scope="module")
def stores(spark: SparkSession) -> JavaObject:
    return made_stores(spark)


@pytest.mark.sample
def test_delta_writes_the_log_of_local_tables_with_it(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "table"
    for _ in range(2):
        spark.range(3).write.format("delta").mode("append").save(str(path))
    assert spark.conf.get("spark.delta.logStore.file.impl") == LOG_STORES["file"]
    log = path / "_delta_log"
    assert [(log / f"{version:020}.json").is_file() for version in range(3)] == [True, True, False]
    # Hadoop's sums beside the versions are what Delta's own store leaves.
    assert [file.name for file in log.iterdir() if file.name.endswith((".json.crc", ".tmp"))] == []


@pytest.mark.sample
@pytest.mark.parametrize(
    ("kinds", "count"), [("ours ours", 1_000), ("ours deltas", 100), ("withoutLinks withoutLinks", 300)]
)
def test_of_two_writers_of_a_version_exactly_one_wins(
    spark: SparkSession,
    tmp_path: Path,
    stores: JavaObject,
    kinds: str,
    count: int,
) -> None:
    one, two = (getattr(stores, kind)() for kind in kinds.split())
    won = [list(versions) for versions in stores.race(one, two, str(tmp_path), count)]
    if kinds == "ours deltas":
        # Delta's store may take what was ours: that is why it is not used. Ours takes nothing.
        won = [[version for version in won[0] if version not in won[1]], won[1]]
    assert sorted(won[0] + won[1]) == list(range(count))
    for writer, versions in enumerate(won):
        assert {(tmp_path / f"{version:020}.json").read_text() for version in versions} <= {f"{writer}\n"}
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".tmp"] == []


@pytest.mark.parametrize("kind", ["overtaken", "overtakenWithoutLinks"])
def test_who_is_overtaken_between_draft_and_name_loses(
    spark: SparkSession,
    tmp_path: Path,
    stores: JavaObject,
    kind: str,
) -> None:
    path = tmp_path / f"{7:020}.json"
    assert not write(spark, getattr(stores, kind)(), path, "ours")
    assert path.read_text() == "theirs\n"
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_link_whose_answer_was_lost_is_ours(spark: SparkSession, tmp_path: Path, stores: JavaObject) -> None:
    path = tmp_path / f"{7:020}.json"
    assert write(spark, stores.lostAnswer(), path, "ours")
    assert path.read_text() == "ours\n"


def test_who_dies_before_the_name_leaves_no_version(
    spark: SparkSession,
    tmp_path: Path,
    stores: JavaObject,
) -> None:
    with pytest.raises(Py4JJavaError, match="before it has a name"):
        write(spark, stores.dying(), tmp_path / f"{7:020}.json", "ours")
    assert list(tmp_path.iterdir()) == []


def test_odd_names_are_written_where_they_belong(
    spark: SparkSession,
    tmp_path: Path,
    stores: JavaObject,
) -> None:
    folder = tmp_path / "my `odd` lake's %20 #1"
    folder.mkdir()
    path = folder / f"{0:020}.json"
    assert write(spark, stores.ours(), path, '{"a":"ü"}', '{"b":2}')
    assert path.read_bytes() == '{"a":"ü"}\n{"b":2}\n'.encode()


def test_who_may_read_the_files_may_read_the_log(spark: SparkSession, tmp_path: Path, stores: JavaObject) -> None:
    for number, (mask, mode) in enumerate({"022": 0o644, "027": 0o640, "002": 0o664}.items()):
        path = tmp_path / f"{number:020}.json"
        assert write(spark, stores.ours(), path, "ours", settings={"fs.permissions.umask-mode": mask})
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_table_that_went_away_is_no_place_for_a_version(
    spark: SparkSession, tmp_path: Path, stores: JavaObject
) -> None:
    with pytest.raises(Py4JJavaError, match="FileNotFoundException"):
        write(spark, stores.ours(), tmp_path / "gone" / "_delta_log" / f"{7:020}.json", "ours")


def test_two_merges_at_once_end_as_one_commit_and_one_conflict(spark: SparkSession, tmp_path: Path) -> None:
    """As they would without the lock: in another tool, or on another machine."""
    path = tmp_path / "table"
    spark.range(10).write.format("delta").save(str(path))
    together = Barrier(2)

    def merge(_: int) -> JobFailed | None:
        together.wait()
        try:
            spark.sql(
                f"MERGE INTO delta.`{path}` t USING (SELECT id + 5 AS id FROM range(10)) s ON t.id = s.id "
                "WHEN MATCHED AND s.id < 8 THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
            )
        except Exception as error:
            return classify(error)
        return None

    with ThreadPoolExecutor(2) as pool:
        failures = [failure for failure in pool.map(merge, range(2)) if failure is not None]
    # One may have ended before the other began to read.
    assert [(failure.kind, failure.type) for failure in failures] in ([("conflict", "ConcurrentWrite")], [])
    assert sorted(row["id"] for row in table(spark, path)) == list(range(15))


def test_a_sum_of_a_version_that_was_taken_away_does_not_spoil_the_next(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "table"
    spark.range(3).write.format("delta").save(str(path))
    spark.range(3).write.format("delta").mode("append").save(str(path))
    log = path / "_delta_log"
    (log / f"{1:020}.json").unlink()
    for sums in log.glob("*.crc"):
        sums.unlink()
    (log / f".{1:020}.json.crc").write_bytes(b"crc\0\0\0\2\0\1\2\3\4")
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    spark.range(5).write.format("delta").mode("append").save(str(path))
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    assert spark.read.format("delta").load(str(path)).count() == 8


def test_a_version_without_content_is_read_over(spark: SparkSession, tmp_path: Path) -> None:
    """What a crash may leave where the file system has no links."""
    path = tmp_path / "table"
    spark.range(3).write.format("delta").save(str(path))
    (path / "_delta_log" / f"{1:020}.json").touch()
    spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]
    spark.range(5).write.format("delta").mode("append").save(str(path))
    assert spark.read.format("delta").load(str(path)).count() == 8
