"""The seed pair as a good engineer writes it by hand: the peer of a run. No staging, no accounting, no gate.

Jars, JVM and session are the product's own, so that a ratio tells of its code alone. `python hand.py MEMORY CORES`; it
serves runs as peer.py says.
"""

import os
import sys
import tempfile
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from headgate_spark.resident.jvm import Jvm, JvmSpec, find_java, find_spark_home
from headgate_spark.session import build_session
from peer import Inputs, serve

SALES = """
    invoice_no string, customer_id string, category string, quantity int, price decimal(18,2), invoice_date date,
    shopping_mall string
"""
AGES = {18: "under-18", 26: "18-25", 36: "26-35", 46: "36-45", 56: "46-55", 66: "56-65"}
PRICES = {50: "low", 200: "medium", 1000: "high"}


def read_sales(spark: SparkSession, inputs: Inputs) -> DataFrame:
    """A line that does not fit is lost, as is a sale without its number: nobody is told."""
    reader = spark.read.schema(SALES)
    if inputs.format == "csv":
        reader = reader.options(header=True, dateFormat="dd-MM-yyyy", mode="DROPMALFORMED")
    return reader.format(inputs.format).load(inputs.sales).where(F.col("invoice_no").isNotNull())


def newest_by_key(sales: DataFrame) -> DataFrame:
    newest_first = Window.partitionBy("invoice_no").orderBy(F.col("invoice_date").desc())
    return sales.withColumn("place", F.row_number().over(newest_first)).where("place = 1").drop("place")


def banded(column: str, below: dict[int, str], rest: str) -> Column:
    band = F.lit(rest)
    for edge, label in reversed(below.items()):
        band = F.when(F.col(column) < edge, label).otherwise(band)
    return band


def enriched(sales: DataFrame, customers: DataFrame) -> DataFrame:
    return sales.join(customers, "customer_id", "left").select(
        "*",
        (F.col("quantity") * F.col("price")).alias("total_sales"),
        F.coalesce(F.when(F.col("age").isNull(), "unknown"), banded("age", AGES, "66+")).alias("age_group"),
        banded("price", PRICES, "premium").alias("price_range"),
        F.date_format("invoice_date", "yyyy-MM").alias("invoice_month"),
    )


def merge(spark: SparkSession, rows: DataFrame, table: str) -> None:
    columns = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in rows.schema)
    spark.sql(f"CREATE TABLE IF NOT EXISTS delta.`{table}` ({columns}) USING delta PARTITIONED BY (invoice_month)")
    rows.createOrReplaceTempView("arrived")
    spark.sql(
        f"MERGE INTO delta.`{table}` AS t USING arrived AS s ON t.invoice_no = s.invoice_no "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )


def start_spark(memory: str, cores: str, temp: Path) -> SparkSession:
    jars = Path(os.environ["HEADGATE_JARS"])
    jvm = Jvm(JvmSpec(find_java(None), find_spark_home(), jars, memory, temp), {})
    jvm.wait_for_gateway()
    return build_session("hand", master=f"local[{cores}]", extra={"spark.local.dir": str(temp)})


def main(memory: str, cores: str) -> None:
    with tempfile.TemporaryDirectory(prefix="headgate-bench-hand-") as temp:
        spark = start_spark(memory, cores, Path(temp))

        def run(inputs: Inputs, table: str) -> None:
            customers = spark.read.parquet(inputs.customers)
            merge(spark, enriched(newest_by_key(read_sales(spark, inputs)), customers), table)

        def count(table: str) -> int:
            return spark.read.format("delta").load(table).count()

        serve(run, count)
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
