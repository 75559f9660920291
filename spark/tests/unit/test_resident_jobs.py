"""Which job runs when, and what a step key finds."""

from __future__ import annotations

import pytest

from headgate_spark.resident.jobs import REMEMBERED, Job, JobTable, Submission


def submission(step: str = "p/t/d/commit", attempt: int = 1) -> Submission:
    return Submission(step, "commit", attempt, "/request", "/report", "/failure")


@pytest.fixture
def changes() -> list[str]:
    return []


@pytest.fixture
def table(changes: list[str]) -> JobTable:
    return JobTable(2, lambda job: changes.append(f"{job.number} {job.phase}"))


def started(table: JobTable) -> list[int]:
    jobs = table.startable()
    for job in jobs:
        table.start(job)
    return [job.number for job in jobs]


def test_an_open_step_is_one_job_whatever_the_attempt(table: JobTable) -> None:
    first = table.submit(submission(), "a")
    assert table.submit(submission(), "a") is first
    started(table)
    assert table.submit(submission(attempt=2), "a") is first


@pytest.mark.parametrize("error", [None, "broken"])
def test_an_ended_step_is_a_new_job(table: JobTable, error: str | None) -> None:
    first = table.submit(submission(), "a")
    started(table)
    table.finish(first, error)
    assert table.submit(submission(), "a") is not first


def test_at_most_so_many_at_once_oldest_first(table: JobTable) -> None:
    jobs = [table.submit(submission(f"s{n}"), f"t{n}") for n in range(4)]
    assert started(table) == [1, 2]
    assert started(table) == []
    table.finish(jobs[1], None)
    assert started(table) == [3]


def test_jobs_on_one_table_never_run_together_and_keep_their_order(table: JobTable) -> None:
    jobs = [table.submit(submission(f"s{n}"), name) for n, name in enumerate("aaab")]
    assert started(table) == [1, 4]
    table.finish(jobs[3], None)
    assert started(table) == []
    table.finish(jobs[0], None)
    assert started(table) == [2]


def test_a_queued_job_that_is_cancelled_ends_at_once_and_lets_the_next_one_by(table: JobTable) -> None:
    table.submit(submission("s1"), "a")
    waiting = table.submit(submission("s2"), "a")
    started(table)
    assert table.cancel(waiting)
    assert waiting.state == "cancelled"
    assert started(table) == []


def test_a_running_job_that_is_cancelled_ends_when_its_work_ends(table: JobTable) -> None:
    job = table.submit(submission(), "a")
    started(table)
    assert not table.cancel(job)
    assert job.open
    table.finish(job, "cancelled by Spark")
    assert job.state == "cancelled"


def test_a_cancelled_job_that_finished_its_work_has_succeeded(table: JobTable) -> None:
    job = table.submit(submission(), "a")
    started(table)
    table.cancel(job)
    table.finish(job, None)
    assert job.state == "succeeded"


def test_find_prefers_the_open_job_then_the_attempt(table: JobTable) -> None:
    first = table.submit(submission(attempt=1), "a")
    started(table)
    assert table.find("p/t/d/commit", 7) is first
    table.finish(first, "broken")
    assert table.find("p/t/d/commit", 1) is first
    assert table.find("p/t/d/commit", 2) is None
    second = table.submit(submission(attempt=2), "a")
    assert table.find("p/t/d/commit", 1) is second
    assert table.find("other") is None


def test_changes_are_told_once_each_and_none_after_the_end(table: JobTable, changes: list[str]) -> None:
    job = table.submit(submission(), "a")
    started(table)
    table.report_phase(job, "read")
    table.report_phase(job, "read")
    table.report_tasks(job, 1, 2)
    table.report_tasks(job, 1, 2)
    table.finish(job, None)
    table.report_phase(job, "late")
    table.report_tasks(job, 2, 2)
    assert changes == ["1 starting", "1 read", "1 read", "1 succeeded"]


def test_ended_jobs_are_forgotten_in_time_open_ones_never(table: JobTable) -> None:
    held = table.submit(submission("held"), "held")
    started(table)
    jobs: list[Job] = []
    for n in range(REMEMBERED + 5):
        jobs.append(table.submit(submission(f"s{n}"), f"t{n}"))
        started(table)
        table.finish(jobs[-1], None)
    table.submit(submission("last"), "last")
    assert table.find("s0") is None
    assert table.find(f"s{REMEMBERED + 4}") is jobs[-1]
    assert table.find("held") is held


def test_a_submission_says_which_field_is_wrong() -> None:
    good = {
        "stepKey": "s",
        "job": "commit",
        "attempt": 1,
        "requestPath": "/q",
        "reportPath": "/r",
        "failurePath": "/f",
        "more": "is left out",
    }
    assert Submission.parse(good).stepKey == "s"
    with pytest.raises(ValueError, match=r"submission\.attempt: expected int"):
        Submission.parse({**good, "attempt": "1"})
    with pytest.raises(ValueError, match=r"submission\.reportPath: expected str"):
        Submission.parse({**good, "reportPath": None})
    with pytest.raises(ValueError, match="expected an object"):
        Submission.parse("s")
