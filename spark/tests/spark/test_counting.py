"""Counting in passing: exact counts with the write, no endless wait for what Spark cut away, no thread left behind."""

import threading
import time

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from headgate_spark.counting import Counter


def total() -> dict[str, Column]:
    return {"total": F.count(F.lit(1))}


def test_counts_arrive_with_the_query_that_ran(spark: SparkSession) -> None:
    counter = Counter()
    counter.watch("all", spark.range(1000), total()).write.format("noop").mode("overwrite").save()
    assert counter.delivered("all") == {"total": 1000}


def test_a_place_that_never_ran_is_given_up_soon_and_can_be_counted(spark: SparkSession) -> None:
    counter = Counter()
    counter.watch("cut", spark.range(7), total())
    counter.watch("all", spark.range(1000), total()).write.format("noop").mode("overwrite").save()
    start, threads = time.monotonic(), threading.active_count()
    assert counter.delivered("cut") is None
    assert counter.counted("cut") == {"total": 7}
    assert time.monotonic() - start < 5
    assert threading.active_count() == threads
