"""The commit job: one MERGE of a pinned staging version, its counts taken from the table's own history."""

from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.contract import (
    CommitReport,
    CommitRequest,
    CommitRows,
    CommittedFiles,
    TableVersion,
)
from headgate_spark.delta.history import Commit, find_commit
from headgate_spark.delta.merge import check_schema, merge
from headgate_spark.delta.scanned import files_scanned
from headgate_spark.delta.table import create_table, is_missing, last_commit, read_version, table_schema
from headgate_spark.errors import JobFailed
from headgate_spark.jobs.report import report_base
from headgate_spark.watch import Stopwatch


def _metric(commit: Commit, name: str) -> int:
    return int(commit.metrics.get(name, 0))


def _rows(request: CommitRequest, commit: Commit) -> CommitRows:
    inserted, updated = _metric(commit, "numTargetRowsInserted"), _metric(commit, "numTargetRowsUpdated")
    unchanged = request.staging.rows - inserted - updated
    if unchanged < 0 or _metric(commit, "numSourceRows") != request.staging.rows:
        raise JobFailed(
            kind="unknown",
            type="RowAccounting",
            message=f"Version {commit.version} of {request.target.table} merged "
            f"{_metric(commit, 'numSourceRows')} rows ({inserted} inserted, {updated} updated); "
            f"{request.staging.rows} were staged.",
            remedy="Compare the version with the staging table before another run; RESTORE it if rows are missing.",
            fields={"table": request.target.table, "version": commit.version, "staged": request.staging.rows},
        )
    return CommitRows(request.staging.rows, inserted, updated, unchanged)


def _staged(spark: SparkSession, request: CommitRequest) -> DataFrame:
    staging = request.staging
    try:
        return read_version(spark, staging.table, staging.version)
    except Exception as error:
        if not is_missing(error):
            raise
        raise JobFailed(
            kind="config",
            type="StagingMissing",
            message=f"Version {staging.version} of the staging table {staging.table} is gone.",
            remedy="Run the batch again from prepare, with a new generation.",
            fields={"table": staging.table, "version": staging.version},
            detail=str(error)[:1000],
        ) from error


def _check_created(spark: SparkSession, path: str) -> None:
    """CREATE TABLE IF NOT EXISTS takes any folder with files in it for the table and does nothing."""
    if table_schema(spark, path) is None:
        raise JobFailed(
            kind="config",
            type="NotADeltaTable",
            message=f"{path} holds files but no Delta table.",
            remedy="Point the target at a Delta table, or at a folder that does not exist yet.",
            fields={"table": path},
        )


def _merged(spark: SparkSession, request: CommitRequest) -> bool:
    """False when the step was in the table already, by this or an earlier attempt."""
    staged = _staged(spark, request)
    schema = table_schema(spark, request.target.table)
    into_empty = schema is None
    if schema is None:
        target = request.target
        create_table(
            spark,
            target.table,
            staged.schema,
            target.partition_by,
            target.cluster_by,
            deletion_vectors=target.deletion_vectors,
        )
        _check_created(spark, request.target.table)
    else:
        check_schema(staged.schema, schema, request.target.table)
    before = last_commit(spark)
    merge(spark, request, staged, into_empty=into_empty)
    return last_commit(spark) != before


def _recorded(spark: SparkSession, request: CommitRequest, failure: Exception | None) -> Commit:
    """What the history says of this step. Only it knows whether an exception came before or after the commit."""
    try:
        there = failure is None or table_schema(spark, request.target.table) is not None
        found = find_commit(spark, request.target.table, request.step_key, request.generation) if there else None
    except Exception as error:
        raise failure or error from error
    if found is not None:
        return found
    raise failure or JobFailed(
        kind="unknown",
        type="CommitNotFound",
        message=f"The MERGE into {request.target.table} ended without an error and without a version.",
        remedy="Report this with the job's request: the step is not in the table's history.",
        fields={"table": request.target.table, "stepKey": request.step_key},
    )


def commit(spark: SparkSession, request: CommitRequest, on_phase: Callable[[str], None]) -> CommitReport:
    """`spark` is a session of this job alone, in the pipeline's time zone."""
    watch = Stopwatch(on_phase)
    watch.phase("merge")
    failure: Exception | None = None
    try:
        merged = _merged(spark, request)
    except Exception as error:
        merged, failure = False, error
    watch.phase("check")
    found = _recorded(spark, request, failure)
    scan = files_scanned(spark, request.step_key) if merged else None
    return CommitReport(
        **report_base(spark, request, watch),
        job="commit",
        rows=_rows(request, found),
        table=TableVersion(request.target.table, found.version, recovered=not merged),
        files=CommittedFiles(
            added=_metric(found, "numTargetFilesAdded"),
            removed=_metric(found, "numTargetFilesRemoved"),
            bytes_added=_metric(found, "numTargetBytesAdded"),
            scanned_of=None if scan is None else scan.scanned_of,
            scanned=None if scan is None else scan.scanned,
        ),
    )
