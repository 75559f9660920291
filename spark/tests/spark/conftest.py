"""One Spark session for all tests of this folder, and the places where their tables lie."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headgate_spark.session import build_session
from tests.place import S3Path
from tests.s3_server import JARS, KEYS, free_port, s3_server


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    """Of the server, which is started for the first test that wants it; the session must know it before."""
    port = free_port()
    with pytest.MonkeyPatch.context() as environment:
        here = {"AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}", "AWS_REGION": "us-east-1", **KEYS}
        for name, value in here.items():
            environment.setenv(name, value)
        yield port


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory, s3_port: int) -> Iterator[SparkSession]:
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


@pytest.fixture(scope="session")
def buckets(tmp_path_factory: pytest.TempPathFactory, s3_port: int) -> Iterator[Path]:
    """The folder that an S3 server of these tests serves."""
    if not os.environ.get(JARS):
        pytest.skip(f"set {JARS} to the folder with the jars of the S3 server, as npm test does")
    with s3_server(tmp_path_factory.mktemp("s3"), s3_port) as folder:
        yield folder


@pytest.fixture
def s3(buckets: Path, spark: SparkSession, tmp_path: Path) -> S3Path:
    """A folder of this test alone."""
    return S3Path(buckets, f"lake/{tmp_path.name}")
