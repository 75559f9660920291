"""A table that gets old and untidy as tests want it, and maintain jobs on it."""

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.delta.table import marked
from headgate_spark.runner import run_job
from tests.batch import golden
from tests.place import Place, disk_of

HOUR = 3600


class Upkeep:
    """A partitioned table of small files, and maintain jobs on it."""

    def __init__(self, spark: SparkSession, folder: Place) -> None:
        self.spark = spark
        self.table = str(folder / "table")
        # Its files as the disk has them.
        self.path = disk_of(folder) / "table"
        self.folder = folder

    def write(self, parts: Sequence[str | None], rows: int = 20) -> None:
        """One file per partition."""
        frame = self.spark.range(rows).select(
            F.col("id"),
            (F.col("id") * 7 % rows).alias("customer"),
            F.explode(F.array(*(F.lit(part).cast("string") for part in parts))).alias("part"),
        )
        self.save(frame.coalesce(1), "part")

    def save(self, frame: DataFrame, *partition_by: str) -> None:
        """The first one makes the table as a first batch does."""
        ours = marked(frame, self.table) if not self.path.exists() else frame
        ours.write.format("delta").mode("append").partitionBy(*partition_by).save(self.table)

    def run(self, kind: str, step: str, *, attempt: int = 1, **changes: object) -> dict[str, Any]:
        request = golden("maintain.request.json") | {
            "stepKey": step,
            "attempt": attempt,
            "reportPath": str(self.folder / f"{step}.{attempt}.report.json"),
            "failurePath": str(self.folder / f"{step}.{attempt}.failure.json"),
            "table": self.table,
            "kind": kind,
            "partitions": [],
            "zorderBy": ["customer"],
            "adopt": False,
            "version": 0,
            **changes,
        }
        place = self.folder / f"{step}.{attempt}.request.json"
        place.write_text(json.dumps(request), encoding="utf-8")
        return run_job(self.spark, str(place))

    def files(self) -> list[Path]:
        """All data files on disk, those of old versions too."""
        return sorted(file for file in self.path.rglob("*.parquet") if file.parent.name != "_delta_log")

    def live(self) -> int:
        return len(self.spark.read.format("delta").load(self.table).inputFiles())

    def rows(self) -> list[tuple[Any, ...]]:
        frame = self.spark.read.format("delta").load(self.table)
        return sorted((tuple(row) for row in frame.collect()), key=str)

    def age(self, hours: float) -> None:
        """Makes all files and log entries look that old."""
        then = time.time() - hours * HOUR
        for file in self.path.rglob("*"):
            os.utime(file, (then, then))
        for commit in (self.path / "_delta_log").glob("*.json"):
            actions = [json.loads(line) for line in commit.read_text().splitlines()]
            for action in actions:
                info, removed = action.get("commitInfo"), action.get("remove")
                for entry, name in ((info, "timestamp"), (info, "inCommitTimestamp"), (removed, "deletionTimestamp")):
                    if entry and name in entry:
                        entry[name] = int(entry[name] - hours * HOUR * 1000)
            commit.write_text("".join(json.dumps(action) + "\n" for action in actions))
            commit.with_name(f".{commit.name}.crc").unlink(missing_ok=True)
            os.utime(commit, (then, then))
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]

    def lose_log(self) -> None:
        """Makes Delta clean the log as it does month by month: only the newest commit stays, and it too gets old."""
        self.age(hours=40 * 24)
        self.spark.sql(f"ALTER TABLE delta.`{self.table}` SET TBLPROPERTIES ('delta.checkpointInterval' = '1')")
        self.age(hours=200)

    def properties(self) -> dict[str, str]:
        found = self.spark.sql(f"SHOW TBLPROPERTIES delta.`{self.table}`").collect()
        return {row["key"]: row["value"] for row in found}

    def operations(self) -> list[str]:
        """Newest first."""
        return [row["operation"] for row in self.spark.sql(f"DESCRIBE HISTORY delta.`{self.table}`").collect()]

    def done(self) -> list[str | None]:
        """What the commits say of the upkeep that made them, newest first."""
        history = self.spark.sql(f"DESCRIBE HISTORY delta.`{self.table}`").collect()
        return [json.loads(row["userMetadata"] or "{}").get("maintain") for row in history]
