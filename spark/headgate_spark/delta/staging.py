"""Writes what prepare leaves behind: the staged rows of a batch, and the rows that went aside."""

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.delta.table import create_table, last_commit, require_version


def write_staging(spark: SparkSession, rows: DataFrame, path: str) -> int:
    """A new version of the batch's own table; its number pins exactly these rows."""
    rows.write.format("delta").mode("overwrite").option("overwriteSchema", "true").save(path)
    return require_version(last_commit(spark), path)


def append_quarantine(spark: SparkSession, rows: DataFrame, path: str, step_key: str, generation: int) -> None:
    """Once per step and generation, however often the job runs."""
    create_table(spark, path, rows.schema)
    options = {"txnAppId": step_key, "txnVersion": str(generation)}
    rows.write.format("delta").mode("append").options(**options).save(path)
