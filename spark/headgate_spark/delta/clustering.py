"""Liquid clustering of a table: its columns, and the setting that says how much of it is written again."""

from collections.abc import Sequence

from pyspark.sql import Row, SparkSession

from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.transforms.names import quoted

# `.threshold`: from this size on a z-cube is left alone. `.targetCubeSize`: that of new ones. Bytes; default 100 GiB.
CUBE_SIZE = "spark.databricks.delta.optimize.clustering.mergeStrategy.minCubeSize"


def _detail(spark: SparkSession, path: str) -> Row:
    return spark.sql(f"DESCRIBE DETAIL {table_name(path)}").collect()[0]


def refuse_clustered(spark: SparkSession, path: str) -> None:
    """OPTIMIZE of such a table is a clustering, by columns and with a reach that nobody asked for here."""
    columns = ", ".join(_detail(spark, path)["clusteringColumns"] or ())
    if columns:
        raise JobFailed(
            kind="config",
            type="ClusteredTable",
            message=f"{path} is clustered by {columns}, and the pipeline file does not say so: it is left as it is.",
            remedy=f"Set cluster_by: [{columns}] in the pipeline file, or take the columns from the table.",
            fields={"table": path, "clusterBy": columns},
        )


def cluster_by(spark: SparkSession, path: str, columns: Sequence[str], *, ours: bool) -> None:
    """Sets the columns when they differ and Headgate made the table.

    What was clustered by others stays as it is until `OPTIMIZE … FULL`. The first columns make the table one that
    only writers with the table feature `clustering` can write.
    """
    detail = _detail(spark, path)
    if detail["partitionColumns"]:
        raise JobFailed(
            kind="config",
            type="PartitionedTable",
            message=f"{path} is partitioned by {', '.join(detail['partitionColumns'])}: it cannot be clustered.",
            remedy="Replace cluster_by in the pipeline file by zorder_by, or write the table anew without partitions.",
            fields={"table": path, "partitionBy": ", ".join(detail["partitionColumns"])},
        )
    found = list(detail["clusteringColumns"] or ())
    if found == list(columns):
        return
    if not ours:
        raise JobFailed(
            kind="config",
            type="OtherClustering",
            message=f"{path} is clustered by {', '.join(found) or 'nothing'}, not by {', '.join(columns)}, "
            "and Headgate did not make it.",
            remedy="Give cluster_by the columns of the table, or let its owner set them: ALTER TABLE … CLUSTER BY (…).",
            fields={"table": path, "clusterBy": ", ".join(found), "wanted": ", ".join(columns)},
        )
    spark.sql(f"ALTER TABLE {table_name(path)} CLUSTER BY ({', '.join(map(quoted, columns))})")
