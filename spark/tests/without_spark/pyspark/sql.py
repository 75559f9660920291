"""A session whose jobs only last, over a connection to the stand-in for the JVM: its end breaks them as Py4J would."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

TASK_SECONDS = 0.1


@dataclass
class Stage:
    numTasks: int
    numCompletedTasks: int = 0


@dataclass
class SparkJob:
    group: str
    stage: Stage
    status: str = "RUNNING"
    stageIds: list[int] = field(default_factory=list)


class Gateway:
    def __init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", int(os.environ["PYSPARK_GATEWAY_PORT"])))
        self._socket.setblocking(False)

    def check(self) -> None:
        """Raises when the other side is gone."""
        try:
            if self._socket.recv(1) == b"":
                raise ConnectionResetError("the JVM is gone")
        except BlockingIOError:
            return


class SparkContext:
    def __init__(self) -> None:
        self._gateway = Gateway()
        self._jobs: list[SparkJob] = []
        self._cancelled: set[str] = set()
        self._changed = threading.Condition()
        self._thread = threading.local()
        scala = SimpleNamespace(cancelJobGroupAndFutureJobs=self._cancel, isStopped=self._is_stopped)
        self._jsc = SimpleNamespace(sc=lambda: scala)

    def setLogLevel(self, level: str) -> None:
        pass

    def setJobGroup(self, group: str, description: str, interruptOnCancel: bool = False) -> None:
        self._thread.group = group

    def statusTracker(self) -> Any:  # noqa: ANN401
        return SimpleNamespace(
            getJobIdsForGroup=lambda group: [n for n, job in enumerate(self._jobs) if job.group == group],
            getJobInfo=lambda number: self._jobs[number],
            getStageInfo=lambda number: self._jobs[number].stage,
        )

    def run(self, tasks: int) -> None:
        job = SparkJob(self._thread.group, Stage(tasks), stageIds=[len(self._jobs)])
        self._jobs.append(job)
        try:
            for _ in range(tasks):
                with self._changed:
                    self._changed.wait_for(lambda: job.group in self._cancelled, TASK_SECONDS)
                self._gateway.check()
                if job.group in self._cancelled:
                    raise RuntimeError(f"job group {job.group} was cancelled")
                job.stage.numCompletedTasks += 1
        finally:
            job.status = "ENDED"

    def _cancel(self, group: str) -> None:
        with self._changed:
            self._cancelled.add(group)
            self._changed.notify_all()

    def _is_stopped(self) -> bool:
        self._gateway.check()
        return False


class Frame:
    """Its only use is to be counted, which takes its time."""

    def __init__(self, context: SparkContext, tasks: int) -> None:
        self._context = context
        self._tasks = tasks

    def selectExpr(self, *_: str) -> Frame:
        return self

    def filter(self, _: str) -> Frame:
        return self

    def count(self) -> int:
        self._context.run(self._tasks)
        return 0


class SparkSession:
    version = "without Spark"
    builder: Builder

    def __init__(self) -> None:
        self.sparkContext = SparkContext()
        system = SimpleNamespace(getProperty=lambda _: "without Java")
        self._jvm = SimpleNamespace(java=SimpleNamespace(lang=SimpleNamespace(System=system)))

    def newSession(self) -> SparkSession:
        return self

    def range(self, start: int, end: int, step: int, partitions: int) -> Frame:
        return Frame(self.sparkContext, partitions)


class Builder:
    def appName(self, _: str) -> Builder:
        return self

    def config(self, _: str, __: str) -> Builder:
        return self

    def getOrCreate(self) -> SparkSession:
        return SparkSession()


SparkSession.builder = Builder()
