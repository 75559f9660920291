"""Runs one job by its request: finds the recorded result, or does the work and records what came of it."""

import json
from collections.abc import Callable
from typing import Any, assert_never

from pyspark.sql import SparkSession

from headgate_spark.classify import classify
from headgate_spark.contract import attempt_report, failure_document, parse_report, parse_request, to_json
from headgate_spark.errors import JobFailed
from headgate_spark.io.files import read_text, replace
from headgate_spark.jobs.commit import commit
from headgate_spark.jobs.maintain import maintain
from headgate_spark.jobs.prepare import prepare
from headgate_spark.protocol import CommitRequest, JobReport, JobRequest, MaintainRequest, PrepareRequest
from headgate_spark.session import job_session
from headgate_spark.writer import only_writer


def _ignore(_: str) -> None:
    return None


def _recorded(request: JobRequest) -> dict[str, Any] | None:
    """The report of this step: the final one, else what this attempt or one before it has left. One of an earlier
    generation does not count."""
    attempts = (attempt_report(request.report_path, attempt) for attempt in range(1, request.attempt + 1))
    for path in (request.report_path, *attempts):
        text = read_text(path)
        report = None if text is None else _own_report(request, path, text)
        if report is not None:
            return report
    return None


def _own_report(request: JobRequest, path: str, text: str) -> dict[str, Any] | None:
    report = parse_report(text)
    if report.step_key != request.step_key:
        raise JobFailed(
            kind="config",
            type="ForeignReport",
            message=f"{path} is the report of step {report.step_key}, not of {request.step_key}.",
            remedy="Give each step its own report path.",
            fields={"report": path, "found": report.step_key, "expected": request.step_key},
        )
    return to_json(report) if report.generation >= request.generation else None


def _record(request: JobRequest, report: dict[str, Any]) -> dict[str, Any]:
    """Under the name of this attempt: which one is final is for the worker, whose store creates a file once."""
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    replace(attempt_report(request.report_path, request.attempt), text)
    return report


def _work(spark: SparkSession, request: JobRequest, on_phase: Callable[[str], None]) -> JobReport:
    def waits() -> None:
        on_phase("wait")
        # Spark refuses a job of a group that was cancelled: so a cancel ends the wait.
        spark.range(1).count()

    match request:
        case PrepareRequest():
            return prepare(job_session(spark, request.pipeline.timezone), request, on_phase)
        case CommitRequest():
            with only_writer(request.target.table, request.run, waits):
                return commit(job_session(spark, request.timezone), request, on_phase)
        case MaintainRequest():
            with only_writer(request.table, request.run, waits):
                return maintain(job_session(spark, "UTC"), request, on_phase)
        case _:
            assert_never(request)


def read_request(request_path: str) -> JobRequest:
    try:
        text = read_text(request_path)
    except Exception as error:
        raise classify(error) from error
    if text is None:
        raise JobFailed(
            kind="config",
            type="MissingRequest",
            message=f"There is no job request at {request_path}.",
            remedy="Pass the path of a request file that the worker wrote.",
            fields={"request": request_path},
        )
    return parse_request(text)


def run_job(spark: SparkSession, request_path: str, on_phase: Callable[[str], None] = _ignore) -> dict[str, Any]:
    """As `run_request`; a request that cannot be read has no failure path and is only raised."""
    return run_request(spark, read_request(request_path), on_phase)


def run_request(spark: SparkSession, request: JobRequest, on_phase: Callable[[str], None] = _ignore) -> dict[str, Any]:
    """The report as it travels. Raises JobFailed after writing it to the failure path."""
    try:
        recorded = _recorded(request)
        if recorded is not None:
            return recorded
        return _record(request, to_json(_work(spark, request, on_phase)))
    except Exception as error:
        failure = classify(error)
        text = json.dumps(failure_document(request, failure), ensure_ascii=False, indent=2) + "\n"
        replace(request.failure_path, text)
        # Raised from itself a failure would lose what caused it.
        raise failure from (error.__cause__ if failure is error else error)
