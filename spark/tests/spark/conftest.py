"""One Spark session for all tests of this folder."""

import os
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from headgate_spark.session import build_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    assert os.environ.get("HEADGATE_JARS"), "set HEADGATE_JARS to the folder with the Delta jars (npm run check:spark)"
    warehouse = tmp_path_factory.mktemp("warehouse")
    session = build_session(
        "headgate-tests",
        master="local[2]",
        memory="1g",
        java_options="-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        extra={"spark.sql.warehouse.dir": str(warehouse), "spark.local.dir": str(warehouse)},
    )
    yield session
    session.stop()
