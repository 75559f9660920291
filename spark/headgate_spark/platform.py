"""What differs between the places where jobs run: this machine, a cluster with its own Delta, no JVM at hand.

Everything else of a session is the same everywhere, see `session`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from headgate_spark.log_store import require_log_store

_DELTA: Mapping[str, str] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# Delta's own log of local tables would replace a version that another writer made in the same moment.
_LOG_STORE = "spark.delta.logStore.file.impl"

# Without Hadoop's native library its own local file system starts a `chmod` process for every file that it makes.
_LOCAL_FILES: Mapping[str, str] = {
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
    # A table is called `s3://` everywhere; EMR reads that by itself, plain Hadoop as `s3a`.
    "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
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
    # What outlives a few young collections is not looked at again before the heap is full, job after job: a resident
    # JVM would grow to all that it may have. A full collection takes a quarter of a second.
    "spark.cleaner.periodicGC.interval": "30s",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}


def place_settings(master: str | None) -> Mapping[str, str]:
    """Of the place that starts the session: `HEADGATE_JARS` names the folder of Delta where nobody else brings it, a
    `master` is a machine of ours. Without both the runtime's own settings decide (spark-submit, EMR, Databricks)."""
    local = {} if master is None else {"spark.master": master, **_LOCAL}
    jars = os.environ.get("HEADGATE_JARS")
    if not jars:
        return local
    classpath = os.pathsep.join(str(jar) for jar in sorted(Path(jars).glob("*.jar")))
    paths = {"spark.driver.extraClassPath": classpath, "spark.executor.extraClassPath": classpath}
    return {**paths, **_DELTA, **_LOCAL_FILES, _LOG_STORE: require_log_store(Path(jars)), **local}


def jvm_of(spark: SparkSession) -> Any | None:  # noqa: ANN401
    """Nothing over Spark Connect: what needs it does without, or says so."""
    try:
        return spark._jvm
    except Exception:
        return None


def set_log_level(spark: SparkSession, level: str) -> None:
    """Over Spark Connect the logs belong to the server."""
    if jvm_of(spark) is not None:
        spark.sparkContext.setLogLevel(level)


def jvm_versions(spark: SparkSession) -> dict[str, str]:
    """Versions that only the JVM can tell."""
    jvm = jvm_of(spark)
    if jvm is None:
        return {}
    versions = {"java": str(jvm.java.lang.System.getProperty("java.version"))}
    try:
        versions["delta"] = str(getattr(getattr(jvm.io.delta, "package$"), "MODULE$").VERSION())
    except Exception:
        # A Delta that does not tell it.
        return versions
    return versions
