"""A job for tests of the resident: a Spark job whose length and end the request decides. Reports like a commit."""

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
    tasks, milliseconds = int(request.get("tasks", 1)), int(request.get("taskMs", 0))
    frame = spark.range(0, tasks, 1, tasks)
    slept = frame.selectExpr(f"java_method('java.lang.Thread', 'sleep', cast({milliseconds} as bigint) + id * 0) as nap")
    slept.filter("nap is null").count()
    if request.get("crash"):
        raise RuntimeError("crashed without a trace")
    if "failure" in request:
        document = json.loads((GOLDEN / "failure.json").read_text("utf-8"))
        names = {"stepKey": request["stepKey"], "attempt": request["attempt"], "type": request["failure"]}
        Path(request["failurePath"]).write_text(json.dumps({**document, **names}), "utf-8")
        raise RuntimeError(request["failure"])
    report = json.loads((GOLDEN / "commit.report.json").read_text("utf-8"))
    names = {name: request[name] for name in ("stepKey", "attempt", "digest")}
    Path(request["reportPath"]).write_text(json.dumps({**report, **names}), "utf-8")
