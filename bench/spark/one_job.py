"""One job in one process, as a scheduler starts it: `one_job.py REQUESTS_DIR WORK_DIR prepare|commit`."""

import sys
from pathlib import Path

from rounds import moved

from headgate_spark.runner import run_job
from headgate_spark.session import build_local_session

if __name__ == "__main__":
    requests, work, job = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    work.mkdir(parents=True, exist_ok=True)
    spark = build_local_session()
    run_job(spark, moved(requests, job, work))
    spark.stop()
