"""Log stores of Delta for tests: made in the JVM of the session, called as Delta calls them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from headgate_spark.log_store import LOG_STORES


def made_stores(spark: SparkSession) -> JavaObject:
    jvm: Any = spark._jvm
    compiler = jvm.org.codehaus.janino.SimpleCompiler()
    compiler.setParentClassLoader(jvm.java.lang.Class.forName(LOG_STORES["file"]).getClassLoader())
    compiler.cook((Path(__file__).parent / "both_lines" / "Stores.java").read_text("utf-8"))
    made = compiler.getClassLoader().loadClass("tests.Stores").getConstructors()[0]
    gateway: Any = spark.sparkContext._gateway
    arguments = gateway.new_array(jvm.java.lang.Object, 1)
    arguments[0] = spark._jsc.hadoopConfiguration()
    return made.newInstance(arguments)


def write(
    spark: SparkSession,
    store: JavaObject,
    path: object,
    *lines: str,
    settings: Mapping[str, str] | None = None,
) -> bool:
    """False when the version was there."""
    jvm: Any = spark._jvm
    actions = jvm.java.util.ArrayList()
    for line in lines:
        actions.add(line)
    return write_lines(spark, store, path, actions.iterator(), settings)


def write_lines(
    spark: SparkSession,
    store: JavaObject,
    path: object,
    lines: JavaObject,
    settings: Mapping[str, str] | None = None,
) -> bool:
    """From an iterator of Java."""
    jvm: Any = spark._jvm
    configuration = jvm.org.apache.hadoop.conf.Configuration(spark._jsc.hadoopConfiguration())
    for name, value in (settings or {}).items():
        configuration.set(name, value)
    try:
        store.write(jvm.org.apache.hadoop.fs.Path(str(path)), lines, False, configuration)
    except Py4JJavaError as error:
        # The very class that Delta takes for a lost race.
        if error.java_exception.getClass().getName() != "java.nio.file.FileAlreadyExistsException":
            raise
        return False
    return True
