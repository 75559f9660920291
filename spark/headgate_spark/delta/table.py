"""Names and creation of Delta tables by path, and the version that a write of this session made."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from headgate_spark.delta.ownership import MARK, mark_of
from headgate_spark.errors import JobFailed
from headgate_spark.io.files import holds_files, is_reached
from headgate_spark.transforms.names import quoted

_LAST_COMMIT = "spark.databricks.delta.lastCommitVersionInSession"


def table_name(path: str) -> str:
    return f"delta.{quoted(path)}"


def last_commit(spark: SparkSession) -> int | None:
    """Version of the last commit that this session made to any Delta table."""
    version = spark.conf.get(_LAST_COMMIT, None)
    return None if version is None else int(version)


def create_table(
    spark: SparkSession,
    path: str,
    schema: T.StructType,
    cluster_by: Sequence[str] = (),
    *,
    deletion_vectors: bool = False,
) -> None:
    """In a step of its own, before rows come: two first writes would race for version 0."""
    columns = ", ".join(f"{quoted(field.name)} {field.dataType.simpleString()}" for field in schema.fields)
    layout = f" CLUSTER BY ({', '.join(map(quoted, cluster_by))})" if cluster_by else ""
    properties = {MARK: mark_of(path)} | ({"delta.enableDeletionVectors": "true"} if deletion_vectors else {})
    pairs = ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())
    spark.sql(f"CREATE TABLE IF NOT EXISTS {table_name(path)} ({columns}) USING delta{layout} TBLPROPERTIES ({pairs})")


def marked(frame: DataFrame, path: str) -> DataFrame:
    """Rows for a first write that makes the table say who made it."""
    marks = {MARK: mark_of(path)}
    return frame.to(
        T.StructType(
            [
                T.StructField(field.name, field.dataType, field.nullable, {**field.metadata, **marks})
                for field in frame.schema
            ]
        )
    )


def table_properties(spark: SparkSession, path: str) -> dict[str, str]:
    return {row["key"]: row["value"] for row in spark.sql(f"SHOW TBLPROPERTIES {table_name(path)}").collect()}


_NO_TABLE = ("[PATH_NOT_FOUND", "[DELTA_PATH_DOES_NOT_EXIST", "[DELTA_TABLE_NOT_FOUND", "[DELTA_SCHEMA_NOT_SET")
_NO_VERSION = (
    "[DELTA_VERSION_NOT_FOUND",
    "[DELTA_VERSIONS_NOT_CONTIGUOUS",
    "[VERSION_NOT_FOUND",
    # Delta 3.3 has no name for it.
    "Cannot time travel Delta table to version",
)


def _has_no_table(error: Exception) -> bool:
    return any(condition in str(error) for condition in _NO_TABLE)


def is_missing(error: Exception) -> bool:
    """The error says that there is no such table, or no such version of it."""
    text = str(error)
    no_log = "FileNotFoundException" in text and "/_delta_log" in text
    return _has_no_table(error) or no_log or any(condition in text for condition in _NO_VERSION)


def table_schema(spark: SparkSession, path: str) -> T.StructType | None:
    """Nothing when there is no table yet."""
    # Where nothing lies, Spark takes a twentieth of a second to say so.
    if is_reached(path) and not holds_files(f"{path}/_delta_log"):
        return None
    try:
        return spark.read.format("delta").load(path).schema
    except Exception as error:
        if _has_no_table(error):
            return None
        raise


def read_version(spark: SparkSession, path: str, version: int) -> DataFrame:
    return spark.read.format("delta").option("versionAsOf", version).load(path)


def require_version(version: int | None, path: str) -> int:
    if version is not None:
        return version
    raise JobFailed(
        kind="unknown",
        type="UnknownVersion",
        message=f"Delta did not tell which version of {path} it wrote.",
        remedy="Use a Delta release that keeps the last commit version in the session (3.0 or newer).",
        fields={"table": path},
    )
