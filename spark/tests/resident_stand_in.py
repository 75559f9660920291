"""A job for tests of the resident: it lasts and ends as its request says, and reports like its kind of job."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GOLDEN = Path(__file__).parents[2] / "test" / "golden"


def run_job(spark: SparkSession, request_path: str, on_phase: Callable[[str], None]) -> None:
    request: dict[str, Any] = json.loads(Path(request_path).read_text("utf-8"))
    with open(f"{request['reportPath']}.runs", "a", encoding="utf-8") as runs:
        runs.write(f"{os.getpid()}\n")
    on_phase("sleeping")
    nap(spark, tasks=1)
    while request.get("hold") and not os.path.exists(f"{request_path}.go"):
        nap(spark, tasks=4)
    if request.get("crash"):
        raise RuntimeError("crashed without a trace")
    if "failure" in request:
        document = json.loads((GOLDEN / "failure.json").read_text("utf-8"))
        names = {"stepKey": request["stepKey"], "attempt": request["attempt"], "type": request["failure"]}
        Path(request["failurePath"]).write_text(json.dumps({**document, **names}), "utf-8")
        raise RuntimeError(request["failure"])
    report = json.loads((GOLDEN / f"{request['job']}.report.json").read_text("utf-8"))
    names = {name: request[name] for name in ("stepKey", "attempt", "digest")}
    Path(request["reportPath"]).write_text(json.dumps({**report, **names}), "utf-8")


def nap(spark: SparkSession, tasks: int) -> None:
    """One Spark job whose tasks take a tenth of a second each."""
    frame = spark.range(0, tasks, 1, tasks)
    slept = frame.selectExpr("java_method('java.lang.Thread', 'sleep', cast(100 as bigint) + id * 0) as nap")
    slept.filter("nap is null").count()
