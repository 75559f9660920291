"""Liquid clustering of a table: its columns, and the setting that says how much of it is written again."""

from collections.abc import Sequence

from pyspark.sql import SparkSession

from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.transforms.names import quoted

# `.threshold`: from this size on a z-cube is left alone. `.targetCubeSize`: that of new ones. Bytes; default 100 GiB.
CUBE_SIZE = "spark.databricks.delta.optimize.clustering.mergeStrategy.minCubeSize"


def cluster_by(spark: SparkSession, path: str, columns: Sequence[str]) -> None:
    """Sets the columns when they differ. What was clustered by others stays as it is until `OPTIMIZE … FULL`."""
    name = table_name(path)
    detail = spark.sql(f"DESCRIBE DETAIL {name}").collect()[0]
    if detail["partitionColumns"]:
        raise JobFailed(
            kind="config",
            type="PartitionedTable",
            message=f"{path} is partitioned by {', '.join(detail['partitionColumns'])}: it cannot be clustered.",
            remedy="Replace cluster_by in the pipeline file by zorder_by, or write the table anew without partitions.",
            fields={"table": path, "partitionBy": ", ".join(detail["partitionColumns"])},
        )
    if list(detail["clusteringColumns"]) != list(columns):
        spark.sql(f"ALTER TABLE {name} CLUSTER BY ({', '.join(map(quoted, columns))})")
