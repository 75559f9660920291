"""The jobs of one resident: which wait, which run, how they ended. Owned by one thread; knows nothing of Spark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
TERMINAL: frozenset[State] = frozenset({"succeeded", "failed", "cancelled"})
# Ended jobs are remembered for watchers that come late; their reports are the lasting truth.
REMEMBERED = 200


@dataclass(frozen=True)
class Submission:
    """One attempt at one step, with the names of the wire."""

    stepKey: str
    job: str
    attempt: int
    requestPath: str
    reportPath: str
    failurePath: str

    @staticmethod
    def parse(value: object) -> Submission:
        if not isinstance(value, dict):
            raise ValueError("submission: expected an object")
        for field in fields(Submission):
            expected = int if field.name == "attempt" else str
            if not isinstance(value.get(field.name), expected):
                raise ValueError(f"submission.{field.name}: expected {expected.__name__}")
        return Submission(**{field.name: value[field.name] for field in fields(Submission)})


@dataclass
class Job:
    """A submission and its fate."""

    number: int
    submission: Submission
    # Jobs on one table never run at the same time.
    table: str
    state: State = "queued"
    phase: str = "queued"
    tasks_done: int = 0
    tasks_total: int = 0
    cancelled: bool = False
    error: str | None = None

    @property
    def open(self) -> bool:
        return self.state not in TERMINAL

    def view(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "submission": asdict(self.submission),
            "state": self.state,
            "phase": self.phase,
            "tasksDone": self.tasks_done,
            "tasksTotal": self.tasks_total,
            "error": self.error,
        }


class JobTable:
    """First come, first served, at most `parallel` at once and one per table."""

    def __init__(self, parallel: int, changed: Callable[[Job], None]) -> None:
        self._parallel = parallel
        self._changed = changed
        self._jobs: dict[int, Job] = {}
        self._next = 1

    def submit(self, submission: Submission, table: str) -> Job:
        """A step that is open is that job, whatever the attempt; otherwise a new job."""
        current = self.find(submission.stepKey)
        if current is not None and current.open:
            return current
        job = Job(self._next, submission, table)
        self._next += 1
        self._jobs[job.number] = job
        self._forget()
        return job

    def find(self, step_key: str, attempt: int | None = None) -> Job | None:
        """The open job of the step, else its latest one, of that attempt where one is named."""
        of_step = [job for job in self._jobs.values() if job.submission.stepKey == step_key]
        for job in reversed(of_step):
            if job.open or attempt is None or job.submission.attempt == attempt:
                return job
        return None

    def open_jobs(self) -> list[Job]:
        return [job for job in self._jobs.values() if job.open]

    def startable(self) -> list[Job]:
        """Queued jobs that may run now, oldest first."""
        running = [job for job in self.open_jobs() if job.state == "running"]
        busy = {job.table for job in running}
        free = self._parallel - len(running)
        chosen: list[Job] = []
        for job in self.open_jobs():
            if len(chosen) < free and job.state == "queued" and job.table not in busy:
                chosen.append(job)
            # Also the queued ones: a later job must not overtake an earlier one on its table.
            busy.add(job.table)
        return chosen

    def start(self, job: Job) -> None:
        job.state, job.phase = "running", "starting"
        self._changed(job)

    def report_phase(self, job: Job, phase: str) -> None:
        if job.open and job.phase != phase:
            job.phase = phase
            self._changed(job)

    def report_tasks(self, job: Job, done: int, total: int) -> None:
        if job.open and (job.tasks_done, job.tasks_total) != (done, total):
            job.tasks_done, job.tasks_total = done, total
            self._changed(job)

    def cancel(self, job: Job) -> bool:
        """Marks the job; True when it never ran and has so ended."""
        job.cancelled = True
        if job.state != "queued":
            return False
        self._end(job, "cancelled")
        return True

    def finish(self, job: Job, error: str | None) -> None:
        """A job that was told to stop and yet finished its work has succeeded."""
        job.error = error
        if error is None:
            self._end(job, "succeeded")
        else:
            self._end(job, "cancelled" if job.cancelled else "failed")

    def _end(self, job: Job, state: State) -> None:
        job.state = job.phase = state
        self._changed(job)

    def _forget(self) -> None:
        ended = [number for number, job in self._jobs.items() if not job.open]
        for number in ended[:-REMEMBERED]:
            del self._jobs[number]
