"""What a cluster must have installed for the jobs: pyspark, and no library of our local tools."""

import subprocess
import sys
from pathlib import Path

SPARK = Path(__file__).parents[2]


def test_the_jobs_start_where_only_pyspark_is_installed() -> None:
    hidden = "import sys; sys.modules |= dict.fromkeys(('deltalake', 'duckdb', 'pyarrow'))"
    program = [sys.executable, "-c", f"{hidden}; import headgate_spark.runner"]
    done = subprocess.run(program, cwd=SPARK, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
