"""What differs between the places where jobs run: this machine, a cluster with its own Delta, no JVM at hand.

Everything else of a session is the same everywhere, see `session`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from headgate_spark.io.locations import S3_SCHEMES
from headgate_spark.io.s3 import s3_place
from headgate_spark.log_store import require_log_stores

_DELTA: Mapping[str, str] = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# Without Hadoop's native library its own local file system starts a `chmod` process for every file that it makes.
_LOCAL_FILES: Mapping[str, str] = {
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
}

# Our Hadoop's client of S3. A table is called `s3://` everywhere, which Hadoop knows as `s3a` alone.
_S3_FILES: Mapping[str, str] = {
    **{f"spark.hadoop.fs.{scheme}.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem" for scheme in S3_SCHEMES},
    **{f"spark.hadoop.fs.AbstractFileSystem.{scheme}.impl": "org.apache.hadoop.fs.s3a.S3A" for scheme in S3_SCHEMES},
    # The chain of every AWS tool, which finds keys by itself: none is in a setting, where logs and web pages show it.
    "spark.hadoop.fs.s3a.aws.credentials.provider": (
        "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider"
    ),
    # A small file is read from its begin to its end; the threads and connections are for one machine.
    "spark.hadoop.fs.s3a.threads.max": "16",
    "spark.hadoop.fs.s3a.connection.maximum": "64",
    # What is uploaded waits in memory: parts of a small file are not worth a file on the disk.
    "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
    "spark.hadoop.fs.s3a.multipart.size": "32M",
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
    "spark.ui.enabled": "false",
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
    # Delta's own stores would replace a version that another writer made in the same moment.
    stores = {f"spark.delta.logStore.{scheme}.impl": name for scheme, name in require_log_stores(Path(jars)).items()}
    return {**paths, **_DELTA, **_LOCAL_FILES, **_S3_FILES, **_s3_settings(), **stores, **local}


def _s3_settings() -> Mapping[str, str]:
    place = s3_place()
    endpoint = {"endpoint": place.endpoint, "path.style.access": "true"} if place.endpoint else {}
    region = {"endpoint.region": place.region} if place.region else {}
    return {f"spark.hadoop.fs.s3a.{name}": value for name, value in (endpoint | region).items()}


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
    versions = {
        "java": str(jvm.java.lang.System.getProperty("java.version")),
        "hadoop": str(jvm.org.apache.hadoop.util.VersionInfo.getVersion()),
    }
    try:
        versions["delta"] = str(getattr(getattr(jvm.io.delta, "package$"), "MODULE$").VERSION())
    except Exception:
        # A Delta that does not tell it.
        return versions
    return versions
