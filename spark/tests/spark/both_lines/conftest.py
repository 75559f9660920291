"""What all tests of this folder start from."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.spark.both_lines.upkeep import Upkeep


@pytest.fixture
def upkeep(spark: SparkSession, tmp_path: Path) -> Upkeep:
    return Upkeep(spark, tmp_path)
