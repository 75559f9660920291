"""The pipeline's own jobs in one process of their own, as a scheduler starts them: the cold peer of a warm run.

`spark-submit submit.py REQUESTS WORK JOB…` runs recorded requests (prepare, commit) one after the other; what they
write goes to WORK.
"""

import json
import sys
from pathlib import Path

from headgate_spark.runner import run_job
from headgate_spark.session import build_session


def moved(requests: Path, job: str, folder: Path) -> str:
    """A copy of the recorded request whose places all lie in `folder`."""
    request = json.loads((requests / f"{job}.request-1.json").read_text())
    request["reportPath"] = str(folder / f"{job}.report.json")
    request["failurePath"] = str(folder / f"{job}.failure.json")
    if job == "prepare":
        request["stagingTable"] = str(folder / "staging")
        request["quarantineTable"] = str(folder / "quarantine")
    else:
        request["staging"]["table"] = str(folder / "staging")
        request["target"]["table"] = str(folder / "table")
    path = folder / f"{job}.request.json"
    path.write_text(json.dumps(request))
    return str(path)


def main(requests: Path, work: Path, jobs: list[str]) -> None:
    work.mkdir(parents=True, exist_ok=True)
    spark = build_session(master="local[*]")
    for job in jobs:
        run_job(spark, moved(requests, job, work))
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
