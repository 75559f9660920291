"""What is told of a table without Spark, of one on S3: by the keys and the address of the environment alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from headgate_spark import data_files, show
from headgate_spark.delta.table import marked
from headgate_spark.health import __main__ as health
from tests.place import S3Path

Ask = Callable[..., list[Any]]


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Ask:
    def answer(main: Callable[[list[str]], int], *arguments: str) -> list[Any]:
        capsys.readouterr()
        assert main(list(arguments)) == 0
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return answer


@pytest.fixture
def table(spark: SparkSession, s3: S3Path) -> S3Path:
    path = s3 / "table"
    for _ in range(2):
        rows = spark.range(5).selectExpr("id", "concat('a b=', id % 2) AS part").coalesce(1)
        frame = marked(rows, str(path)) if not path.exists() else rows
        frame.write.format("delta").mode("append").partitionBy("part").save(str(path))
    return path


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_readers_without_spark_read_it(table: S3Path, buckets: Path, ask: Ask, scheme: str) -> None:
    place = f"{scheme}{str(table).removeprefix('s3')}/"
    head, *rows = ask(show.main, place, "--where", "id = 3")
    assert (head["totalRows"], head["version"], [row["id"] for row in rows]) == (10, 1, [3, 3])
    aims = ("--file-size", "1000", "--window-hours", "1", "--retain-hours", "1")
    told = ask(health.main, place, *aims)[0]
    assert (told["madeHere"], told["version"], told["files"]) == (True, 1, 4)
    data = sorted(table.disk.rglob("part-*.parquet"))
    data[0].unlink()
    data[1].write_bytes(b"cut")
    found = ask(data_files.main, place)[0]
    assert (found["files"], found["wrong"]) == (4, 2)
    assert {wrong["found"] for wrong in found["shown"]} == {None, 3}
