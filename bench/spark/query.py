"""One selective query before and after upkeep, for `npm run bench`.

`python query.py make BEFORE AFTER` writes a table of many appends in no order, twice; `python query.py ask BEFORE
AFTER` prints for each {"files", "scanned", "seconds"}: files of the table, files that the query opened, median seconds.
"""

import json
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headgate_spark.sample import CATEGORIES, FIRST_CUSTOMER
from headgate_spark.session import build_session

# Appends by month: the second month is what closes the first.
APPENDS = {"2025-01": 60, "2025-02": 3}
ROWS, CUSTOMERS = 50_000, 20_000
WANTED = 20


def make(spark: SparkSession, path: Path) -> None:
    """A file per append, each with all customers and categories in it."""
    categories = F.array(*(F.lit(category) for category in CATEGORIES))
    for month, appends in APPENDS.items():
        for number in range(appends):
            rows = spark.range(ROWS).select(
                F.concat(F.lit(f"I{month}-{number}-"), "id").alias("invoice_no"),
                F.concat(F.lit("C"), F.floor(F.rand() * CUSTOMERS).cast("int") + FIRST_CUSTOMER).alias("customer_id"),
                F.element_at(categories, F.floor(F.rand() * len(CATEGORIES)).cast("int") + 1).alias("category"),
                F.round(F.rand() * 1000, 2).alias("total_sales"),
                F.lit(month).alias("invoice_month"),
            )
            rows.coalesce(1).write.format("delta").mode("append").partitionBy("invoice_month").save(str(path))


def leaves(plan: Any) -> Any:  # noqa: ANN401
    return plan.collectLeaves().apply(0)


def ask(spark: SparkSession, path: Path) -> dict[str, float]:
    # one plan from start to end, so that the scan can be asked what it read
    spark.conf.set("spark.sql.adaptive.enabled", "false")
    table = spark.read.format("delta").load(str(path))
    scanned, seconds = [], []
    for number in range(WANTED):
        customer = f"C{FIRST_CUSTOMER + number * 991 % CUSTOMERS}"
        wanted = table.where(
            (F.col("invoice_month") == "2025-01")
            & (F.col("customer_id") == customer)
            & (F.col("category") == CATEGORIES[number % len(CATEGORIES)])
        )
        start = time.monotonic()
        query = wanted.agg(F.sum("total_sales"))
        query.collect()
        seconds.append(time.monotonic() - start)
        scan = leaves(query._jdf.queryExecution().executedPlan())
        scanned.append(scan.metrics().apply("numFiles").value())
    # the first queries compile what the later ones use
    return {
        "files": len(table.inputFiles()),
        "scanned": statistics.mean(scanned),
        "seconds": round(statistics.median(seconds[5:]), 3),
    }


def main(command: str, before: Path, after: Path) -> None:
    spark = build_session(master="local[*]", memory="2g")
    if command == "make":
        make(spark, before)
        shutil.copytree(before, after)
    else:
        sys.stdout.write(json.dumps([ask(spark, before), ask(spark, after)]) + "\n")
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
