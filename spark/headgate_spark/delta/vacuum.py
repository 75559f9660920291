"""VACUUM by the table's own property, looked at before it deletes."""

from collections.abc import Mapping
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.delta.retention import Retention, UnreadableRetention, settle
from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.session import settings

_SETTINGS = {
    # Delta deletes one file after another in the driver unless it is told otherwise.
    "spark.databricks.delta.vacuum.parallelDelete.enabled": "true",
    # On s3 Delta does not log VACUUM by itself; the log is our only memory of it, and the keeper the only writer.
    "spark.databricks.delta.vacuum.logging.enabled": "true",
}
# Names that writers of Delta give: rows, deletion vectors, checksums of a disk; and folders, which have no ending.
_OF_DELTA = r"(\.parquet|\.bin|\.crc|=[^/]*|^[^.]*)$"
_NAMED = 3


def keep_for(spark: SparkSession, path: str, properties: Mapping[str, str], asked: int, *, ours: bool) -> Retention:
    """Lengthens what the table promises where it is too short: since Delta 4.1 a RETAIN in the command does nothing."""
    try:
        retention = settle(properties, asked, ours=ours)
    except UnreadableRetention as error:
        raise JobFailed(
            kind="config",
            type="UnreadableRetention",
            message=f"{path}: {error}, so nothing is deleted.",
            remedy="Set the table property to a time such as 'interval 30 days' (ALTER TABLE … SET TBLPROPERTIES).",
            fields={"table": path, "property": error.name, "value": error.value},
        ) from error
    if retention.changes:
        pairs = ", ".join(f"'{key}' = '{value}'" for key, value in retention.changes.items())
        spark.sql(f"ALTER TABLE {table_name(path)} SET TBLPROPERTIES ({pairs})")
    return retention


def _command(path: str, *, lite: bool) -> str:
    return f"VACUUM {table_name(path)} {'LITE' if lite else 'FULL'}"


def _dry_run(spark: SparkSession, path: str, *, lite: bool) -> DataFrame:
    return spark.sql(f"{_command(path, lite=lite)} DRY RUN")


class Expected(NamedTuple):
    lite: bool
    files: int
    # Those that no writer of Delta made, some of them.
    strange: tuple[str, ...]


def _expect(files: DataFrame, *, lite: bool) -> Expected:
    name = F.element_at(F.split(F.col("path"), "/"), -1)
    strange = F.when(~name.rlike(_OF_DELTA), F.col("path"))
    row = files.agg(F.count(F.lit(1)), F.slice(F.array_sort(F.collect_set(strange)), 1, _NAMED)).collect()[0]
    return Expected(lite, int(row[0]), tuple(row[1]))


def look_ahead(spark: SparkSession, path: str, *, lite: bool) -> Expected:
    """What would go, and whether LITE still can: commits it has not read may have left the log."""
    try:
        return _expect(_dry_run(spark, path, lite=lite), lite=lite)
    except Exception as error:
        if not lite or "[DELTA_CANNOT_VACUUM_LITE]" not in str(error):
            raise
        return _expect(_dry_run(spark, path, lite=False), lite=False)


def check_strangers(path: str, expected: Expected) -> None:
    """A full VACUUM deletes whatever old file lies in the folder: what somebody has put there is not ours to delete."""
    if expected.strange:
        raise JobFailed(
            kind="config",
            type="StrangeFiles",
            message=f"VACUUM would delete files of {path} that Delta did not write: {', '.join(expected.strange)}.",
            remedy="Move them out of the table's folder, or into a folder in it whose name begins with _.",
            fields={"table": path, "files": ", ".join(expected.strange)},
        )


def check_ceiling(spark: SparkSession, path: str, files: int, ceiling: float) -> None:
    """More than the ceiling is more than upkeep explains: a person decides."""
    live = int(spark.sql(f"DESCRIBE DETAIL {table_name(path)}").collect()[0]["numFiles"])
    share = files / (files + live) if files else 0.0
    if share > ceiling:
        raise JobFailed(
            kind="config",
            type="VacuumCeiling",
            message=f"VACUUM would delete {files} files of {path}, {share:.0%} of all; the ceiling is {ceiling:.0%}.",
            remedy="Look at what happened to the table. If it is right, run `headgate maintain` with a higher ceiling.",
            fields={"table": path, "files": files, "liveFiles": live, "share": round(share, 4), "ceiling": ceiling},
        )


def vacuum(spark: SparkSession, path: str, *, lite: bool) -> None:
    with settings(spark, _SETTINGS):
        spark.sql(_command(path, lite=lite)).collect()
