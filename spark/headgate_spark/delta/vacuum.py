"""VACUUM by the table's own property, looked at before it deletes."""

from typing import NamedTuple

from pyspark.sql import SparkSession

from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.session import settings

_RETENTION = "delta.deletedFileRetentionDuration"
_LOG_RETENTION = "delta.logRetentionDuration"
# Delta's own default, hours: versions older than it may leave the log.
_LOG_HOURS = 30 * 24
_SETTINGS = {
    # Delta deletes one file after another in the driver unless it is told otherwise.
    "spark.databricks.delta.vacuum.parallelDelete.enabled": "true",
    # On s3 Delta does not log VACUUM by itself; the log is our only memory of it, and the keeper the only writer.
    "spark.databricks.delta.vacuum.logging.enabled": "true",
}


def keep_for(spark: SparkSession, path: str, hours: int) -> None:
    """Sets the table property when it differs: since Delta 4.1 a RETAIN in the command counts for nothing."""
    name = table_name(path)
    found = {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES {name}").collect()}
    wanted = {_RETENTION: f"interval {hours} hours"}
    if hours > _LOG_HOURS:
        wanted[_LOG_RETENTION] = f"interval {hours} hours"
    changes = {key: value for key, value in wanted.items() if found.get(key) != value}
    if changes:
        pairs = ", ".join(f"'{key}' = '{value}'" for key, value in changes.items())
        spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({pairs})")


def _command(path: str, *, lite: bool) -> str:
    return f"VACUUM {table_name(path)} {'LITE' if lite else 'FULL'}"


def _dry_run(spark: SparkSession, path: str, *, lite: bool) -> int:
    return spark.sql(f"{_command(path, lite=lite)} DRY RUN").count()


class Expected(NamedTuple):
    lite: bool
    files: int


def look_ahead(spark: SparkSession, path: str, *, lite: bool) -> Expected:
    """How many files would go, and whether LITE still can: commits it has not read may have left the log."""
    try:
        return Expected(lite, _dry_run(spark, path, lite=lite))
    except Exception as error:
        if not lite or "[DELTA_CANNOT_VACUUM_LITE]" not in str(error):
            raise
        return Expected(False, _dry_run(spark, path, lite=False))


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
