"""The maintain job: one OPTIMIZE or VACUUM of one table, found in the table's history when it was done before."""

import json
from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import SparkSession

from headgate_spark.contract import (
    MaintainedFiles,
    MaintainReport,
    MaintainRequest,
    TableVersion,
)
from headgate_spark.delta.history import Commit, find_commit, last_vacuum, newest_version
from headgate_spark.delta.partitions import partition_condition
from headgate_spark.delta.table import last_commit, table_name, table_schema
from headgate_spark.delta.vacuum import check_ceiling, keep_for, vacuum
from headgate_spark.errors import JobFailed
from headgate_spark.health.measure import SMALL
from headgate_spark.jobs.report import report_base
from headgate_spark.session import settings
from headgate_spark.transforms.names import quoted
from headgate_spark.watch import Stopwatch


def _settings(request: MaintainRequest) -> Mapping[str, str]:
    metadata = {
        "stepKey": request.step_key,
        "generation": request.generation,
        "run": request.run,
        "maintain": request.kind,
    }
    return {
        "spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata, ensure_ascii=False),
        "spark.databricks.delta.optimize.maxFileSize": str(request.target_file_bytes),
        "spark.databricks.delta.optimize.minFileSize": str(int(request.target_file_bytes * SMALL)),
    }


def _optimize(spark: SparkSession, request: MaintainRequest) -> None:
    schema = table_schema(spark, request.table)
    if schema is None:
        raise _no_table(request)
    condition = partition_condition(request.partitions, schema)
    where = "" if condition is None else f" WHERE {condition}"
    zorder = _zorder(request.zorder_by) if request.kind == "zorder" else ""
    spark.sql(f"OPTIMIZE {table_name(request.table)}{where}{zorder}").collect()


def _zorder(columns: Sequence[str]) -> str:
    """Nothing for a table with liquid clustering: it knows its columns itself."""
    return f" ZORDER BY ({', '.join(map(quoted, columns))})" if columns else ""


def _no_table(request: MaintainRequest) -> JobFailed:
    return JobFailed(
        kind="config",
        type="TableNotFound",
        message=f"There is no Delta table at {request.table}.",
        remedy="Check the path. The first committed run of the pipeline makes the table.",
        fields={"table": request.table},
    )


def _metric(found: Commit | None, name: str) -> int:
    return 0 if found is None else int(found.metrics.get(name, 0))


def _report(
    spark: SparkSession,
    request: MaintainRequest,
    watch: Stopwatch,
    table: TableVersion,
    files: MaintainedFiles,
) -> MaintainReport:
    return MaintainReport(
        **report_base(spark, request, watch),
        job="maintain",
        kind=request.kind,
        table=table,
        files=files,
    )


def _rewrite(spark: SparkSession, request: MaintainRequest, watch: Stopwatch) -> MaintainReport:
    """ZORDER writes everything again each time, so what an attempt did before it died must be found."""
    watch.phase("look")
    # The first attempt of a step cannot have been there before, and a search to the start of the history costs.
    done = find_commit(spark, request.table, request.step_key, request.generation) if request.attempt > 1 else None
    if done is not None:
        return _report(spark, request, watch, TableVersion(request.table, done.version, True), _rewritten(done))
    watch.phase("optimize")
    before = last_commit(spark)
    _optimize(spark, request)
    watch.phase("check")
    # An OPTIMIZE that finds nothing to do makes no version.
    made = (
        find_commit(spark, request.table, request.step_key, request.generation)
        if last_commit(spark) != before
        else None
    )
    version = newest_version(spark, request.table) if made is None else made.version
    return _report(spark, request, watch, TableVersion(request.table, version, False), _rewritten(made))


def _rewritten(commit: Commit | None) -> MaintainedFiles:
    return MaintainedFiles(
        added=_metric(commit, "numAddedFiles"),
        removed=_metric(commit, "numRemovedFiles"),
        bytes_added=_metric(commit, "numAddedBytes"),
        bytes_removed=_metric(commit, "numRemovedBytes"),
    )


def _vacuum(spark: SparkSession, request: MaintainRequest, watch: Stopwatch) -> MaintainReport:
    """Safe to repeat: what an earlier attempt deleted is not found again."""
    watch.phase("look")
    if table_schema(spark, request.table) is None:
        raise _no_table(request)
    keep_for(spark, request.table, request.retain_hours)
    lite = request.kind == "vacuum-lite"
    check_ceiling(spark, request.table, lite=lite, ceiling=request.vacuum_ceiling)
    watch.phase("vacuum")
    vacuum(spark, request.table, lite=lite)
    watch.phase("check")
    ended = last_vacuum(spark, request.table)
    files = MaintainedFiles(added=0, removed=ended.files, bytes_added=0, bytes_removed=ended.bytes)
    return _report(spark, request, watch, TableVersion(request.table, ended.version, False), files)


def maintain(spark: SparkSession, request: MaintainRequest, on_phase: Callable[[str], None]) -> MaintainReport:
    """`spark` is a session of this job alone."""
    watch = Stopwatch(on_phase)
    run = _vacuum if request.kind in ("vacuum-lite", "vacuum-full") else _rewrite
    with settings(spark, _settings(request)):
        return run(spark, request, watch)
