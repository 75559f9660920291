"""Builds the Spark session of a process and the private one of each job. Most Spark settings are named here."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyspark.sql import SparkSession

from headgate_spark.platform import jvm_versions, place_settings, set_log_level

# What decides results: the same on every runtime.
_SEMANTICS: Mapping[str, str] = {
    "spark.sql.ansi.enabled": "true",
    # Without it Spark knows eight charsets and refuses windows-1252.
    "spark.sql.legacy.javaCharsets": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    "spark.sql.parquet.enableVectorizedReader": "true",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.caseSensitive": "false",
}

# Quiet and quick: no stack capture for every column expression.
_CLIENT: Mapping[str, str] = {"spark.python.sql.dataFrameDebugging.enabled": "false"}


def build_session(
    name: str = "headgate",
    *,
    master: str | None = None,
    memory: str | None = None,
    java_options: str | None = None,
    extra: Mapping[str, str] | None = None,
) -> SparkSession:
    """The session of this process. Without `master` the runtime's own settings (spark-submit) decide."""
    settings = {**_SEMANTICS, **_CLIENT, **place_settings(master)}
    if memory is not None:
        settings["spark.driver.memory"] = memory
    if java_options is not None:
        settings["spark.driver.extraJavaOptions"] = java_options
    builder = SparkSession.builder.appName(name)
    for key, value in (settings | dict(extra or {})).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Rows that do not fit are ours to report; Spark's warnings about headers and sizes only hide real errors.
    set_log_level(spark, os.environ.get("HEADGATE_SPARK_LOG", "ERROR"))
    return spark


def job_session(spark: SparkSession, timezone: str) -> SparkSession:
    """A session of its own for one job: settings and temp views of jobs in other threads stay out of it."""
    session: SparkSession = spark.newSession()
    for key, value in {**_SEMANTICS, "spark.sql.session.timeZone": timezone}.items():
        session.conf.set(key, value)
    return session


@contextmanager
def settings(spark: SparkSession, values: Mapping[str, str]) -> Iterator[None]:
    """Settings that hold inside the block only, whatever happens in it."""
    try:
        for key, value in values.items():
            spark.conf.set(key, value)
        yield
    finally:
        for key in values:
            spark.conf.unset(key)


def environment(spark: SparkSession) -> dict[str, str]:
    """What ran the job: versions, and what wrote the log of tables on S3, on which it rests that none is replaced."""
    store = spark.conf.get("spark.delta.logStore.s3.impl", None) or "of the platform"
    return {"spark": spark.version, "python": platform.python_version(), "s3LogStore": store, **jvm_versions(spark)}
