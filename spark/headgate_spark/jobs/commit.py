"""The commit job: a pinned staging version into its table, in one version that tells its counts."""

from collections.abc import Callable

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.delta.base import check_base
from headgate_spark.delta.fit import Fit, find_fit
from headgate_spark.delta.history import Commit, commit_at, find_commit
from headgate_spark.delta.merge import merge, write_anew, write_first
from headgate_spark.delta.scanned import FilesScanned, files_scanned
from headgate_spark.delta.staging import read_written, staged_rows
from headgate_spark.delta.table import is_missing, last_commit, read_version, table_name, table_schema
from headgate_spark.delta.unique import is_proven
from headgate_spark.errors import JobFailed
from headgate_spark.io.files import holds_files, read_text, remove, replace
from headgate_spark.jobs.report import report_base
from headgate_spark.protocol import (
    DELIVERY,
    CommitReport,
    CommitRequest,
    CommitRows,
    CommittedFiles,
    JobWarning,
    TableVersion,
)
from headgate_spark.watch import Stopwatch


def _metric(commit: Commit, *names: str) -> int:
    """The first of these that the version has; a MERGE and a plain write call the same thing by other names."""
    return next((int(commit.metrics[name]) for name in names if name in commit.metrics), 0)


def _rows(request: CommitRequest, commit: Commit, warnings: list[JobWarning]) -> CommitRows:
    """As the version tells them. The rows are in the table: numbers that do not add up are told, and undo nothing."""
    staged = request.staging.rows
    if "numSourceRows" in commit.metrics:
        seen, inserted = _metric(commit, "numSourceRows"), _metric(commit, "numTargetRowsInserted")
    else:
        seen = inserted = _metric(commit, "numOutputRows")
    updated = _metric(commit, "numTargetRowsUpdated")
    unchanged = staged - inserted - updated
    if unchanged < 0 or seen != staged:
        warnings.append(
            JobWarning(
                type="RowAccounting",
                message=f"Version {commit.version} of {request.target.table} tells of {seen} rows "
                f"({inserted} inserted, {updated} updated); {staged} were staged",
            )
        )
    return CommitRows(staged=staged, inserted=inserted, updated=updated, unchanged=max(unchanged, 0))


def _staged(spark: SparkSession, request: CommitRequest, read: Callable[..., DataFrame]) -> DataFrame:
    staging = request.staging
    try:
        return staged_rows(read(spark, staging.table, staging.version))
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


def _mark(path: str) -> str:
    """Says that a first write has begun in a free folder: files there are then its own, whatever became of it.

    It lies beside the folder, for Delta makes no table by SQL where anything lies.
    """
    parent, _, name = path.rstrip("/").rpartition("/")
    return f"{parent}/_headgate/first-write-{name}"


def _claim(path: str) -> None:
    """A first write takes any folder for its own, whatever lies in it."""
    if read_text(_mark(path)) is not None:
        return
    if holds_files(path):
        raise JobFailed(
            kind="config",
            type="NotADeltaTable",
            message=f"{path} holds files but no Delta table.",
            remedy="Point the target at a Delta table, or at a folder that does not exist yet.",
            fields={"table": path},
        )
    replace(_mark(path), "The first batch of this table is being written. Safe to remove once there is a _delta_log.\n")


def _warn_of(fit: Fit, table: str) -> list[JobWarning]:
    if fit.anew:
        message = f"{table} had no rows and other columns than the batch: it has those of the batch now"
        return [JobWarning(type="SchemaReplaced", message=message)]
    if fit.delivery:
        return []
    add = f"ALTER TABLE {table_name(table)} ADD COLUMNS ({DELIVERY} STRING)"
    return [
        JobWarning(
            type="NoDeliveryColumn",
            message=f"{table} was not made by this pipeline and has no column {DELIVERY}: of two versions "
            f"of a row that `latest_by` does not tell apart the one that is committed last wins. To change that: {add}",
        )
    ]


def _written(spark: SparkSession, request: CommitRequest, warnings: list[JobWarning]) -> int | None:
    """The version that was made; nothing when the step was in the table already, by this or an earlier attempt."""
    before = last_commit(spark)
    path = request.target.table
    schema = table_schema(spark, path)
    since = check_base(spark, path, request.base, there=schema is not None, warnings=warnings)
    if schema is not None:
        # A Delta table as source, which MERGE need not copy first.
        staged = _staged(spark, request, read_version)
        fit = find_fit(spark, request.pipeline, request.target, staged.schema, schema)
        _change(spark, request, staged, fit, unique=is_proven(request.target, since))
        warnings.extend(_warn_of(fit, path))
    else:
        _claim(path)
        write_first(spark, request, _staged(spark, request, read_written))
    remove(_mark(path))
    after = last_commit(spark)
    return None if after == before else after


def _change(spark: SparkSession, request: CommitRequest, staged: DataFrame, fit: Fit, *, unique: bool) -> None:
    if fit.anew:
        write_anew(spark, request, staged)
    else:
        merge(spark, request, staged, fit, unique=unique)


def _recorded(spark: SparkSession, request: CommitRequest, written: int | None, failure: Exception | None) -> Commit:
    """What the history says of this step. Only it knows whether an exception came before or after the commit."""
    table = request.target.table
    try:
        if written is not None:
            found = commit_at(table, written, request.step_key, request.generation)
            if found is not None:
                return found
        there = failure is None or table_schema(spark, table) is not None
        found = find_commit(spark, table, request.step_key, request.generation) if there else None
    except Exception as error:
        raise failure or error from error
    if found is not None and not found.restored_over:
        return found
    if found is not None:
        raise failure or _restored_over(request, found)
    raise failure or JobFailed(
        kind="unknown",
        type="CommitNotFound",
        message=f"The MERGE into {request.target.table} ended without an error and without a version.",
        remedy="Report this with the job's request: the step is not in the table's history.",
        fields={"table": request.target.table, "stepKey": request.step_key},
    )


def _restored_over(request: CommitRequest, found: Commit) -> JobFailed:
    """Delta knows the step and would not write it a second time; a batch under another digest is another step."""
    path = request.target.table
    return JobFailed(
        kind="inputs-changed",
        type="CommitRestored",
        message=f"This batch was committed as version {found.version} of {path}, and the table was then restored to a "
        "version before it: its rows are not in the table. Nothing was written.",
        remedy="Run the pipeline again: it freezes the files as a new batch.",
        fields={"table": path, "version": found.version, "stepKey": request.step_key},
    )


def _scanned(spark: SparkSession, request: CommitRequest, commit: Commit) -> FilesScanned | None:
    """A first write looks at no file of the table: there is none."""
    return files_scanned(spark, request.step_key) if "numSourceRows" in commit.metrics else FilesScanned(0, 0)


def commit(spark: SparkSession, request: CommitRequest, on_phase: Callable[[str], None]) -> CommitReport:
    """`spark` is a session of this job alone, in the pipeline's time zone."""
    watch = Stopwatch(on_phase)
    watch.phase("merge")
    failure: Exception | None = None
    written: int | None = None
    warnings: list[JobWarning] = []
    try:
        written = _written(spark, request, warnings)
    except Exception as error:
        failure = error
    watch.phase("check")
    found = _recorded(spark, request, written, failure)
    recovered = written is None
    rows = _rows(request, found, warnings)
    scan = None if recovered else _scanned(spark, request, found)
    return CommitReport(
        **report_base(spark, request, watch, warnings),
        job="commit",
        rows=rows,
        table=TableVersion(path=request.target.table, version=found.version, recovered=recovered),
        files=CommittedFiles(
            added=_metric(found, "numTargetFilesAdded", "numFiles"),
            removed=_metric(found, "numTargetFilesRemoved"),
            bytes_added=_metric(found, "numTargetBytesAdded", "numOutputBytes"),
            scanned_of=None if scan is None else scan.scanned_of,
            scanned=None if scan is None else scan.scanned,
        ),
    )
