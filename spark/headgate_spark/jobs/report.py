"""The part of a report that is the same for every job: whose it is, how long it took, what ran it."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from pyspark.sql import SparkSession

from headgate_spark.protocol import PROTOCOL, JobRequest, JobWarning
from headgate_spark.session import environment
from headgate_spark.watch import Stopwatch


class ReportBase(TypedDict):
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    digest: str
    warnings: tuple[JobWarning, ...]
    seconds: Mapping[str, float]
    environment: Mapping[str, str]


def report_base(
    spark: SparkSession, request: JobRequest, watch: Stopwatch, warnings: Sequence[JobWarning] = ()
) -> ReportBase:
    """Stops the watch: nothing of the job comes after its report."""
    watch.stop()
    return {
        "protocol": PROTOCOL,
        "step_key": request.step_key,
        "generation": request.generation,
        "attempt": request.attempt,
        "digest": request.digest,
        "warnings": tuple(warnings),
        "seconds": watch.seconds,
        "environment": environment(spark),
    }
