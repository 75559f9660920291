"""Builds the Spark session of a process and the private one of each job. Most Spark settings are named here."""

import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

_DELTA: Mapping[str, str] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# Without Hadoop's native library its own local file system starts a `chmod` process for every file that it makes.
_LOCAL_FILES: Mapping[str, str] = {
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
}

# Small tables on one machine: few tasks, no listing jobs of thousands of tasks, no web server.
_LOCAL: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    # Many small files on a disk at hand: to open one costs next to nothing, and to list them is quicker than a job.
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "10000",
    "spark.sql.files.openCostInBytes": "65536",
    # A prepare and a commit make about a hundred generated classes. With the default of 100 each run would push out
    # those of the last one, and Java would compile everything anew for every run.
    "spark.sql.codegen.cache.maxEntries": "2000",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}

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


def _jar_settings(jars: str | None) -> dict[str, str]:
    """Nothing when the runtime brings its own Delta (EMR, Databricks)."""
    if not jars:
        return {}
    classpath = os.pathsep.join(str(jar) for jar in sorted(Path(jars).glob("*.jar")))
    paths = {"spark.driver.extraClassPath": classpath, "spark.executor.extraClassPath": classpath}
    return {**paths, **_DELTA, **_LOCAL_FILES}


def build_session(
    name: str = "headgate",
    *,
    master: str | None = None,
    memory: str | None = None,
    java_options: str | None = None,
    ui: bool = False,
    extra: Mapping[str, str] | None = None,
) -> SparkSession:
    """The session of this process. Without `master` the runtime's own settings (spark-submit) decide."""
    settings = {"spark.ui.enabled": str(ui).lower(), **_SEMANTICS, **_CLIENT}
    settings |= _jar_settings(os.environ.get("HEADGATE_JARS"))
    if master is not None:
        settings |= {"spark.master": master, **_LOCAL}
    if memory is not None:
        settings["spark.driver.memory"] = memory
    if java_options is not None:
        settings["spark.driver.extraJavaOptions"] = java_options
    builder = SparkSession.builder.appName(name)
    for key, value in (settings | dict(extra or {})).items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Rows that do not fit are ours to report; Spark's warnings about headers and sizes only hide real errors.
    spark.sparkContext.setLogLevel(os.environ.get("HEADGATE_SPARK_LOG", "ERROR"))
    return spark


def build_local_session(*, cores: int | None = None, memory: str | None = None) -> SparkSession:
    """A session on this machine, as `python -m headgate_spark` uses it."""
    return build_session(
        master=f"local[{cores or '*'}]",
        memory=memory or os.environ.get("HEADGATE_SPARK_MEMORY", "2g"),
        java_options=os.environ.get("HEADGATE_JAVA_OPTIONS"),
    )


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


def _delta_version(jvm: Any) -> str | None:  # noqa: ANN401
    try:
        return str(getattr(getattr(jvm.io.delta, "package$"), "MODULE$").VERSION())
    except Exception:
        return None


def environment(spark: SparkSession) -> dict[str, str]:
    """Versions of what ran the job; Java and Delta only where the JVM is at hand."""
    versions = {"spark": spark.version, "python": platform.python_version()}
    jvm = getattr(spark, "_jvm", None)
    if jvm is not None:
        versions["java"] = str(jvm.java.lang.System.getProperty("java.version"))
        delta = _delta_version(jvm)
        if delta is not None:
            versions["delta"] = delta
    return versions
