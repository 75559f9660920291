"""Writes what prepare leaves behind: the rows of a batch with their fate, and those that went aside."""

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from headgate_spark.delta import log
from headgate_spark.delta.table import last_commit, read_version, require_version
from headgate_spark.io.files import holds_files
from headgate_spark.protocol import DELIVERY, PrepareRequest
from headgate_spark.transforms.fates import STAGED
from headgate_spark.transforms.names import FATE, OWN_PREFIX, named, quoted, sql_string


def write_staging(spark: SparkSession, rows: DataFrame, path: str) -> int:
    """A new version of the batch's own table; its number pins exactly these rows."""
    # To replace nothing costs a fifth of a second more than to write where nothing is.
    first = not holds_files(path)
    writer = rows.write.format("delta").partitionBy(FATE)
    # Nobody looks for single rows in it: statistics of its columns would be made for nothing.
    writer = writer.option("delta.dataSkippingNumIndexedCols", "0")
    (writer.mode("error") if first else writer.mode("overwrite").option("overwriteSchema", "true")).save(path)
    return require_version(last_commit(spark), path)


def read_written(spark: SparkSession, path: str, version: int) -> DataFrame:
    """The rows of a version that `write_staging` made. Where the log is at hand, from the very files that it lists:
    the state of a Delta table costs more to make up than the rows of a small batch to read."""
    written = log.read_written(path, version)
    if written is None or not written.files or written.schema is None:
        return read_version(spark, path, version)
    files = (f"{path}/{file}" for file in written.files)
    return spark.read.schema(written.schema).option("basePath", path).parquet(*files)


def staged_rows(fated: DataFrame) -> DataFrame:
    """What is to go to the table, in its columns."""
    names = [quoted(field.name) for field in staged_schema(fated)]
    # Staged before rows knew when they came.
    unknown = [] if DELIVERY in fated.columns else [named("cast(NULL AS string)", DELIVERY)]
    # Staged before rows were written with their fate: all of them were good.
    return (fated.filter(f"{FATE} = '{STAGED}'") if FATE in fated.columns else fated).selectExpr(*names, *unknown)


def staged_schema(fated: DataFrame) -> T.StructType:
    """The columns of it, as far as `fated` has them."""
    return T.StructType([field for field in fated.schema.fields if not field.name.startswith(OWN_PREFIX)])


def put_aside(rows: DataFrame, request: PrepareRequest) -> None:
    """Once per step and generation, however often the job runs. Of two first ones at a time one runs again.

    A later generation of a batch stands in the place of the earlier one, so that its digest finds each row once."""
    path = request.quarantine_table
    options = {"txnAppId": request.step_key, "txnVersion": str(request.generation)}
    writer = rows.write.format("delta").options(**options)
    if request.generation > 1 and holds_files(path):
        writer.mode("overwrite").option("replaceWhere", f"digest = {sql_string(request.digest)}").save(path)
    else:
        writer.mode("append").save(path)
