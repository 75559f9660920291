"""What all tests of this folder start from."""

import pytest
from pyspark.sql import SparkSession

from tests.place import S3Path
from tests.spark.both_lines.upkeep import Upkeep


@pytest.fixture
def upkeep(spark: SparkSession, s3: S3Path) -> Upkeep:
    return Upkeep(spark, s3)
