"""Liquid clustering: columns by the pipeline file, full z-cubes left alone, long OPTIMIZEs in several commits."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.delta.table import create_table
from headgate_spark.errors import JobFailed
from tests.spark.both_lines.upkeep import Upkeep
from tests.spark.tables import versions

FILE = 100_000


def rows(spark: SparkSession, number: int) -> DataFrame:
    """About 70 bytes a row, in no order of `customer`."""
    return spark.range(number).select(
        "id", (F.col("id") * 7919 % 1000).alias("customer"), F.sha2(F.rand().cast("string"), 256).alias("text")
    )


def append(upkeep: Upkeep, number: int) -> None:
    """One file."""
    upkeep.save(rows(upkeep.spark, number).coalesce(1))


def cluster(upkeep: Upkeep, step: str) -> dict[str, Any]:
    return upkeep.run("cluster", step, clusterBy=["customer"], zorderBy=[], fileSize=FILE, cubeBytes=4 * FILE)


def cubes(path: Path) -> list[int]:
    """Sizes of the z-cubes by the log, ascending, bytes."""
    live: dict[str, tuple[str | None, int]] = {}
    for commit in sorted((path / "_delta_log").glob("*.json")):
        for action in map(json.loads, commit.read_text().splitlines()):
            if "add" in action:
                tags = action["add"].get("tags") or {}
                live[action["add"]["path"]] = (tags.get("ZCUBE_ID"), action["add"]["size"])
            elif "remove" in action:
                live.pop(action["remove"]["path"], None)
    names = {cube for cube, _ in live.values() if cube is not None}
    return sorted(sum(size for cube, size in live.values() if cube == name) for name in names)


def clustering_columns(spark: SparkSession, path: Path) -> list[str]:
    return list(spark.sql(f"DESCRIBE DETAIL delta.`{path}`").collect()[0]["clusteringColumns"])


def test_a_table_is_made_with_its_cluster_columns(spark: SparkSession, upkeep: Upkeep) -> None:
    create_table(spark, upkeep.table, rows(spark, 1).schema, cluster_by=["customer", "id"])
    assert clustering_columns(spark, upkeep.path) == ["customer", "id"]


@pytest.mark.sample
def test_a_table_made_without_columns_gets_those_of_the_pipeline_file_once(spark: SparkSession, upkeep: Upkeep) -> None:
    append(upkeep, 1000)
    cluster(upkeep, "one")
    assert clustering_columns(spark, upkeep.path) == ["customer"]
    made = versions(upkeep.path)
    append(upkeep, 1000)
    cluster(upkeep, "two")
    # the rows and one OPTIMIZE, no second ALTER TABLE
    assert len(versions(upkeep.path)) == len(made) + 2


def test_a_cube_that_is_large_enough_is_not_written_again(spark: SparkSession, upkeep: Upkeep) -> None:
    for _ in range(3):
        append(upkeep, 2500)
    before = upkeep.rows()
    first = cluster(upkeep, "one")
    assert (first["files"]["removed"], upkeep.rows()) == (3, before)
    (cube,) = cubes(upkeep.path)
    assert cube > 4 * FILE
    append(upkeep, 1000)
    append(upkeep, 1000)
    second = cluster(upkeep, "two")
    assert second["files"]["removed"] == 2
    assert cubes(upkeep.path)[-1] == cube


@pytest.mark.sample
def test_a_cube_that_is_too_small_is_written_again_with_what_is_new(spark: SparkSession, upkeep: Upkeep) -> None:
    for number in (1000, 1000):
        append(upkeep, number)
    cluster(upkeep, "one")
    assert len(cubes(upkeep.path)) == 1
    append(upkeep, 1000)
    cluster(upkeep, "two")
    (cube,) = cubes(upkeep.path)
    assert cube > 2 * FILE


def test_a_partitioned_table_is_refused_before_anything_is_written(upkeep: Upkeep) -> None:
    upkeep.write(["a"])
    with pytest.raises(JobFailed) as failed:
        cluster(upkeep, "one")
    assert (failed.value.type, failed.value.fields["partitionBy"]) == ("PartitionedTable", "part")
    assert versions(upkeep.path) == [0]


def test_a_long_optimize_commits_as_it_goes_and_reports_the_sum(spark: SparkSession, upkeep: Upkeep) -> None:
    upkeep.save(rows(spark, 4800).repartition(80))
    before, there = upkeep.rows(), len(versions(upkeep.path))
    size = sum(file.stat().st_size for file in upkeep.files())
    # a commit takes 16 files of the target, and a file of it two or three of these
    target = size // 80 * 3
    report = upkeep.run("compact", "one", zorderBy=[], fileSize=target)
    commits = len(versions(upkeep.path)) - there
    assert commits > 1
    assert report["table"]["version"] == versions(upkeep.path)[-1]
    assert report["files"]["removed"] - report["files"]["added"] == 80 - upkeep.live()
    again = upkeep.run("compact", "one", attempt=2, zorderBy=[], fileSize=target)
    assert (again["table"]["recovered"], again["files"]) == (True, report["files"])
    assert upkeep.rows() == before
