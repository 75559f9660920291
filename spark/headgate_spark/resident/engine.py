"""Runs jobs on Spark: the session, a thread and a job group per job, progress, cancellation. Knows no protocol.

Every call that reaches the JVM happens on a thread of this file, never on the one that serves the socket.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from headgate_spark.io.locations import scheme_of
from headgate_spark.resident.jvm import Jvm

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OnPhase = Callable[[str], None]
Runner = Callable[["SparkSession", str, OnPhase], object]


def load_runner(name: str) -> Runner:
    """The function `module:function` that runs one job."""
    module, _, function = name.partition(":")
    runner: Runner = getattr(importlib.import_module(module), function)
    return runner


def table_of(request_path: str, step_key: str) -> str:
    """The target table a request works on; the request itself where it cannot be read: the job will say why.

    A request in a store is not waited for: the table's name in the step stands for it, and tables that share a name
    take turns."""
    if scheme_of(request_path) != "file":
        return f"{scheme_of(request_path)}:{step_key.partition('/')[2].partition('/')[0]}"
    try:
        with open(request_path, encoding="utf-8") as file:
            request = json.load(file)
        pipeline = request.get("pipeline")
        target = pipeline["target"] if isinstance(pipeline, dict) else request.get("target", request)
        return str(target["table"])
    except (OSError, ValueError, LookupError, AttributeError, TypeError):
        return request_path


class Engine:
    """One Spark session and the threads that use it. They live as long as the process: each has its twin in the JVM."""

    def __init__(self, jvm: Jvm, *, instance: str, cores: int, parallel: int, temp: str, runner: str) -> None:
        self._jvm = jvm
        self._instance = instance
        self._cores = cores
        self._temp = temp
        self._runner_name = runner
        self._spark: SparkSession | None = None
        self._runner: Runner | None = None
        self._jobs = ThreadPoolExecutor(parallel, thread_name_prefix="job")
        self._control = ThreadPoolExecutor(1, thread_name_prefix="control")
        self._background = ThreadPoolExecutor(1, thread_name_prefix="background")
        # Finished Spark jobs by group: their task counts never change again.
        self._counted: dict[str, dict[int, int]] = {}

    def start(self) -> Future[dict[str, str]]:
        """Connects and builds the session; the result is the versions of what runs."""
        return self._control.submit(self._start)

    def _start(self) -> dict[str, str]:
        self._jvm.wait_for_gateway()
        from headgate_spark import session

        self._spark = session.build_session(master=f"local[{self._cores}]", extra={"spark.local.dir": self._temp})
        self._runner = load_runner(self._runner_name)
        jvm: Any = self._spark._jvm
        return {"spark": self._spark.version, "java": str(jvm.java.lang.System.getProperty("java.version"))}

    def run(self, group: str, request_path: str, on_phase: OnPhase) -> Future[None]:
        return self._jobs.submit(self._run, group, request_path, on_phase)

    def run_in_background(self, group: str, request_path: str) -> Future[None]:
        """On a thread of its own, so that it never takes a job's place."""
        return self._background.submit(self._run, group, request_path, lambda _: None)

    def _run(self, group: str, request_path: str, on_phase: OnPhase) -> None:
        spark, runner = self._ready()
        spark.sparkContext.setJobGroup(self._name(group), group, interruptOnCancel=True)
        runner(spark.newSession(), request_path, on_phase)

    def cancel(self, group: str) -> Future[None]:
        """Ends the Spark jobs of a group, and those it would still start."""
        return self._control.submit(self._cancel, group)

    def _cancel(self, group: str) -> None:
        spark, _ = self._ready()
        context: Any = spark.sparkContext
        context._jsc.sc().cancelJobGroupAndFutureJobs(self._name(group))

    def tasks(self, group: str) -> Future[tuple[int, int]]:
        """Tasks of a group so far: done and known."""
        return self._control.submit(self._tasks, group)

    def _tasks(self, group: str) -> tuple[int, int]:
        spark, _ = self._ready()
        tracker = spark.sparkContext.statusTracker()
        counted = self._counted.setdefault(group, {})
        done = total = 0
        for job_id in tracker.getJobIdsForGroup(self._name(group)):
            if job_id in counted:
                continue
            job = tracker.getJobInfo(job_id)
            if job is None:
                continue
            stages = [stage for stage in map(tracker.getStageInfo, job.stageIds) if stage is not None]
            finished = sum(stage.numCompletedTasks for stage in stages)
            if job.status == "RUNNING":
                done += finished
                total += sum(stage.numTasks for stage in stages)
            else:
                # Stages whose result another job left behind are skipped: their tasks never count.
                counted[job_id] = finished
        settled = sum(counted.values())
        return done + settled, total + settled

    def is_alive(self) -> Future[bool]:
        """Whether Spark still answers and would take another job."""
        return self._control.submit(self._is_alive)

    def _is_alive(self) -> bool:
        spark, _ = self._ready()
        context: Any = spark.sparkContext
        try:
            return not context._jsc.sc().isStopped()
        except Exception:
            return False

    def forget(self, group: str) -> None:
        self._control.submit(self._counted.pop, group, None)

    def _ready(self) -> tuple[SparkSession, Runner]:
        if self._spark is None or self._runner is None:
            raise RuntimeError("Spark is not ready")
        return self._spark, self._runner

    def _name(self, group: str) -> str:
        return f"{self._instance}/{group}"
