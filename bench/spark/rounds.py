"""The pipeline's own Spark code without Headgate around it: the limit that `npm run bench` compares a run with.

`python rounds.py REQUESTS_DIR WORK_DIR ROUNDS` runs prepare and commit of recorded requests ROUNDS times in one session,
each time into fresh folders, and prints one JSON line per round: {"round", "prepare", "commit", "total"} in seconds.
"""

import json
import sys
import time
from pathlib import Path

from headgate_spark.runner import run_job
from headgate_spark.session import build_local_session


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


def main(requests: Path, work: Path, rounds: int) -> None:
    spark = build_local_session()
    for number in range(1, rounds + 1):
        folder = work / f"round-{number}"
        folder.mkdir(parents=True)
        seconds = {}
        for job in ("prepare", "commit"):
            start = time.monotonic()
            run_job(spark, moved(requests, job, folder))
            seconds[job] = round(time.monotonic() - start, 3)
        print(json.dumps({"round": number, **seconds, "total": round(sum(seconds.values()), 3)}), flush=True)
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
