"""One life of a resident: serves clients, starts and ends jobs, warms Spark, and ends when it should.

Runs on one thread with an event loop; whatever reaches the JVM is left to the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any

from headgate_spark.resident.engine import Engine, table_of
from headgate_spark.resident.home import Home, is_ours, resident_bytes, say
from headgate_spark.resident.jobs import Job, JobTable, Submission
from headgate_spark.resident.jvm import Jvm
from headgate_spark.resident.lifetime import Activity, Limits, decide_end
from headgate_spark.resident.protocol import Client, RequestRefusedError, converse
from headgate_spark.resident.warmup import Warmup

TICK_SECONDS = 1.0
PROGRESS_SECONDS = 0.25
PROTOCOL = 1


class Resident:
    """Everything one process serves; `run` returns the reason why it ended."""

    def __init__(self, home: Home, jvm: Jvm, engine: Engine, limits: Limits, parallel: int, warmup: Warmup) -> None:
        self._home = home
        self._jvm = jvm
        self._engine = engine
        self._limits = limits
        self._warmup = warmup
        self._jobs = JobTable(parallel, self._changed)
        self._clients: set[Client] = set()
        self._watchers: dict[int, set[Client]] = {}
        self._ended: dict[int, asyncio.Event] = {}
        self._versions = {"python": ".".join(map(str, sys.version_info[:3]))}
        self._ready = False
        self._started = self._used_at = self._alone_since = time.monotonic()
        self._end: asyncio.Future[str]
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, listener: socket.socket) -> str:
        loop = asyncio.get_running_loop()
        self._end = loop.create_future()
        server = await asyncio.start_unix_server(self._serve, sock=listener)
        background = [
            asyncio.create_task(self._watch_clock()),
            asyncio.create_task(self._watch_jvm()),
            asyncio.create_task(self._start_spark()),
            asyncio.create_task(self._poll_progress()),
        ]
        try:
            return await self._end
        finally:
            server.close()
            for task in background:
                task.cancel()

    def end(self, reason: str) -> None:
        """First reason wins; what comes later is a consequence of it."""
        if not self._end.done():
            self._end.set_result(reason)

    async def hang_up(self) -> None:
        """To a watcher an open job is now lost, not cancelled: nobody asked for that. The JVM ends it."""
        for client in list(self._clients):
            await client.close()

    async def _start_spark(self) -> None:
        try:
            versions = await asyncio.wrap_future(self._engine.start())
        except Exception as error:
            self.end(f"Spark did not start: {error}")
            return
        self._versions = {**self._versions, **versions}
        self._ready = True
        say(f"ready after {time.monotonic() - self._started:.2f} s")
        self._start_jobs()
        await self._warmup.run(self._engine, lambda: not self._jobs.open_jobs())

    async def _watch_jvm(self) -> None:
        while self._jvm.process.poll() is None:
            await asyncio.sleep(0.1)
        self.end(self._jvm.exit_reason())

    async def _watch_clock(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if not is_ours(self._home):
                self.end(f"{self._home.path} is gone or belongs to another process")
            now = time.monotonic()
            open_jobs = len(self._jobs.open_jobs())
            activity = Activity(now, len(self._clients), open_jobs, self._alone_since, self._used_at)
            reason = decide_end(activity, self._limits)
            if reason is not None:
                self.end(reason)

    async def _poll_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            for job in self._jobs.open_jobs():
                if job.state == "running" and self._watchers.get(job.number):
                    # A JVM that is gone is noticed elsewhere.
                    with contextlib.suppress(Exception):
                        done, total = await asyncio.wrap_future(self._engine.tasks(_group(job)))
                        self._jobs.report_tasks(job, done, total)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(writer)
        self._clients.add(client)
        try:
            await converse(client, reader, self._handle)
        finally:
            self._clients.discard(client)
            for watchers in self._watchers.values():
                watchers.discard(client)
            if not self._clients:
                self._alone_since = time.monotonic()

    async def _handle(self, client: Client, request: dict[str, Any]) -> object:
        match request.get("op"):
            case "hello":
                return self._hello()
            case "stats":
                return self._stats()
            case "stop":
                self.end("asked to stop")
                return None
            case "release":
                return self._release()
            case "submit" | "find" | "watch" | "cancel" as op if not self._end.done():
                self._used_at = time.monotonic()
                return await self._handle_job(op, client, request)
            case "submit" | "find" | "watch" | "cancel":
                raise RequestRefusedError("Ending", "this process is ending; connect to its successor")
            case op:
                raise RequestRefusedError("UnknownOperation", f"no operation {op!r} in protocol {PROTOCOL}")

    async def _handle_job(self, op: str, client: Client, request: dict[str, Any]) -> object:
        if op == "submit":
            return self._submit(Submission.parse(request.get("submission"))).view()
        job = self._jobs.find(str(request.get("stepKey")), request.get("attempt"))
        if op == "find" or job is None:
            return None if job is None else job.view()
        if op == "watch":
            self._watch(client, job)
        elif job.open:
            await self._cancel(job)
        return job.view()

    def _release(self) -> dict[str, bool]:
        """A client goes for good: without work and other clients nothing is left to live for."""
        unused = not self._jobs.open_jobs() and len(self._clients) <= 1
        if unused:
            self.end("released by its last client")
        return {"stopping": unused}

    def _hello(self) -> dict[str, Any]:
        return {
            "protocol": PROTOCOL,
            "instance": self._home.instance,
            "pid": os.getpid(),
            "ready": self._ready,
            "versions": self._versions,
        }

    def _stats(self) -> dict[str, Any]:
        jobs = self._jobs.open_jobs()
        return {
            **self._hello(),
            "javaPid": self._jvm.process.pid,
            "pythonBytes": resident_bytes(os.getpid()),
            "javaBytes": resident_bytes(self._jvm.process.pid),
            "uptimeSeconds": time.monotonic() - self._started,
            "clients": len(self._clients),
            "running": sum(job.state == "running" for job in jobs),
            "queued": sum(job.state == "queued" for job in jobs),
            "warmed": self._warmup.warmed,
            "warmupSeconds": self._warmup.seconds,
        }

    def _submit(self, submission: Submission) -> Job:
        job = self._jobs.submit(submission, table_of(submission.requestPath, submission.stepKey))
        if job.number not in self._ended and job.open:
            self._ended[job.number] = asyncio.Event()
            self._warmup.pause(self._engine)
            self._start_jobs()
        return job

    def _start_jobs(self) -> None:
        if not self._ready or self._end.done():
            return
        loop = asyncio.get_running_loop()
        for job in self._jobs.startable():
            self._jobs.start(job)
            on_phase = _on_loop(loop, self._jobs.report_phase, job)
            self._later(self._run(job, self._engine.run(_group(job), job.submission.requestPath, on_phase)))

    async def _run(self, job: Job, running: Future[None]) -> None:
        error: Exception | None = None
        try:
            await asyncio.wrap_future(running)
        except Exception as raised:
            error = raised
        await self._finish(job, error)

    async def _finish(self, job: Job, error: Exception | None) -> None:
        if error is not None and not self._end.done() and not await asyncio.wrap_future(self._engine.is_alive()):
            await asyncio.wait([asyncio.create_task(self._watch_jvm())], timeout=5)
            self.end("Spark stopped inside its JVM")
        if error is not None and self._end.done():
            # Not the job failed, its process did: watchers learn that from the broken connection.
            self._watchers.pop(job.number, None)
        self._jobs.finish(job, None if error is None else f"{type(error).__name__}: {error}")
        self._engine.forget(_group(job))
        self._start_jobs()

    async def _cancel(self, job: Job) -> None:
        """Returns when the job is terminal."""
        ended = self._ended[job.number]
        if not self._jobs.cancel(job):
            self._engine.cancel(_group(job))
        await ended.wait()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch(self, client: Client, job: Job) -> None:
        self._watchers.setdefault(job.number, set()).add(client)
        self._tell(job, client)

    def _changed(self, job: Job) -> None:
        for client in list(self._watchers.get(job.number, ())):
            self._tell(job, client)
        if not job.open:
            self._used_at = time.monotonic()
            self._watchers.pop(job.number, None)
            ended = self._ended.pop(job.number, None)
            if ended is not None:
                ended.set()

    def _tell(self, job: Job, client: Client) -> None:
        client.send({"event": "progress" if job.open else "done", "stepKey": job.submission.stepKey, "job": job.view()})


def _group(job: Job) -> str:
    return f"job-{job.number}"


def _on_loop(loop: asyncio.AbstractEventLoop, report: Callable[[Job, str], None], job: Job) -> Callable[[str], None]:
    def on_phase(phase: str) -> None:
        loop.call_soon_threadsafe(report, job, phase)

    return on_phase
