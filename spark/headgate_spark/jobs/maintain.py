"""The maintain job: one OPTIMIZE or VACUUM of one table, found in the table's history when it was done before."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from headgate_spark.delta.clustering import CUBE_SIZE, cluster_by, refuse_clustered
from headgate_spark.delta.entry import USER_METADATA
from headgate_spark.delta.history import Commit, Vacuumed, find_rewrites, find_vacuum, newest_version
from headgate_spark.delta.log import commit_info
from headgate_spark.delta.ownership import is_first_batch, is_marked, not_adopted
from headgate_spark.delta.partitions import partition_condition
from headgate_spark.delta.table import table_name, table_properties, table_schema
from headgate_spark.delta.vacuum import check_ceiling, check_strangers, keep_for, look_ahead, vacuum
from headgate_spark.errors import JobFailed
from headgate_spark.health.aims import DELETED, SMALL
from headgate_spark.jobs.report import report_base
from headgate_spark.protocol import MaintainedFiles, MaintainReport, MaintainRequest, TableVersion
from headgate_spark.session import settings
from headgate_spark.transforms.names import quoted
from headgate_spark.watch import Stopwatch

# Commits of a long OPTIMIZE, in files of the target size: a crash loses one of them, not all.
_FILES_PER_COMMIT = 16
# As between Delta's own defaults for the two.
_TARGET_CUBE = 1.5


def _signature(request: MaintainRequest) -> Mapping[str, str]:
    """Makes the commit say whose it is and what was done: of the work itself only, for it proves the step."""
    metadata = {
        "stepKey": request.step_key,
        "generation": request.generation,
        "run": request.run,
        "maintain": request.kind,
    }
    return {USER_METADATA: json.dumps(metadata, ensure_ascii=False)}


def _beside(request: MaintainRequest) -> Mapping[str, str]:
    """Of what is set before the work: whoever asks the history for the step must not find it."""
    return {USER_METADATA: json.dumps({"before": request.step_key, "run": request.run}, ensure_ascii=False)}


def _settings(request: MaintainRequest) -> Mapping[str, str]:
    size = request.file_size
    cube = request.cube_bytes
    cubes = {} if cube is None else {"threshold": cube, "targetCubeSize": int(cube * _TARGET_CUBE)}
    return {
        "spark.databricks.delta.optimize.maxFileSize": str(size),
        "spark.databricks.delta.optimize.minFileSize": str(int(size * SMALL)),
        "spark.databricks.delta.optimize.maxDeletedRowsRatio": str(DELETED),
        "spark.databricks.delta.optimize.batchSize": str(_FILES_PER_COMMIT * size),
        **{f"{CUBE_SIZE}.{name}": str(value) for name, value in cubes.items()},
    }


@dataclass(frozen=True)
class _Table:
    schema: T.StructType
    properties: Mapping[str, str]
    # Headgate made it.
    ours: bool


def _open(spark: SparkSession, request: MaintainRequest) -> _Table:
    """Refuses a table that is not there, and one that is not ours to keep."""
    table = request.table
    schema = table_schema(spark, table)
    if schema is None:
        raise JobFailed(
            kind="config",
            type="TableNotFound",
            message=f"There is no Delta table at {table}.",
            remedy="Check the path. The first committed run of the pipeline makes the table.",
            fields={"table": table},
        )
    properties = table_properties(spark, table)
    ours = is_marked(table, properties, schema.jsonValue()) or is_first_batch(commit_info(table, 0))
    if not ours and request.adopt is not True:
        raise not_adopted(table)
    return _Table(schema, properties, ours)


def _optimize(spark: SparkSession, request: MaintainRequest, table: _Table) -> None:
    if request.kind == "cluster":
        with settings(spark, _beside(request)):
            cluster_by(spark, request.table, request.cluster_by, ours=table.ours)
    else:
        refuse_clustered(spark, request.table)
    condition = partition_condition(request.partitions, table.schema)
    where = "" if condition is None else f" WHERE {condition}"
    zorder = f" ZORDER BY ({', '.join(map(quoted, request.zorder_by))})" if request.kind == "zorder" else ""
    with settings(spark, _signature(request)):
        spark.sql(f"OPTIMIZE {table_name(request.table)}{where}{zorder}").collect()


def _report(
    spark: SparkSession,
    request: MaintainRequest,
    watch: Stopwatch,
    version: int,
    files: MaintainedFiles,
    *,
    recovered: bool = False,
) -> MaintainReport:
    return MaintainReport(
        **report_base(spark, request, watch),
        job="maintain",
        kind=request.kind,
        table=TableVersion(path=request.table, version=version, recovered=recovered),
        files=files,
    )


def _rewrite(spark: SparkSession, request: MaintainRequest, watch: Stopwatch) -> MaintainReport:
    """ZORDER writes everything again each time, so what an attempt did before it died must be found."""
    watch.phase("look")
    # The first attempt of a step cannot have been there before, and a search to the start of the history costs.
    table = _open(spark, request)
    before = newest_version(spark, request.table)
    step = (request.step_key, request.generation)
    done = find_rewrites(spark, request.table, *step, _since_plan(request, before)) if request.attempt > 1 else []
    if done:
        # A part of it, perhaps: the next look at the table finds the rest.
        return _report(spark, request, watch, done[0].version, _rewritten(done), recovered=True)
    watch.phase("optimize")
    _optimize(spark, request, table)
    watch.phase("check")
    version = newest_version(spark, request.table)
    made = find_rewrites(spark, request.table, *step, version - before)
    return _report(spark, request, watch, version, _rewritten(made))


def _since_plan(request: MaintainRequest, newest: int) -> int | None:
    """How many commits may hold the step's own: a history of years is not read for those of a minute ago."""
    return None if request.version is None else max(0, newest - request.version)


def _rewritten(commits: Sequence[Commit]) -> MaintainedFiles:
    def total(metric: str) -> int:
        return sum(int(commit.metrics.get(metric, 0)) for commit in commits)

    return MaintainedFiles(
        added=total("numAddedFiles"),
        removed=total("numRemovedFiles"),
        bytes_added=total("numAddedBytes"),
        bytes_removed=total("numRemovedBytes"),
    )


def _vacuum(spark: SparkSession, request: MaintainRequest, watch: Stopwatch) -> MaintainReport:
    """Safe to repeat where an attempt died in it: what that deleted is not found again."""
    watch.phase("look")
    path = request.table
    table = _open(spark, request)
    step = (request.step_key, request.generation)
    if request.attempt > 1:
        done = find_vacuum(spark, path, *step, _since_plan(request, newest_version(spark, path)))
        if done is not None:
            return _vacuumed(spark, request, watch, done, recovered=True)
    with settings(spark, _beside(request)):
        keep_for(spark, path, table.properties, request.retain_hours, ours=table.ours)
    expected = look_ahead(spark, path, lite=request.kind == "vacuum-lite")
    if not expected.lite:
        check_strangers(path, expected)
    check_ceiling(spark, path, expected.files, request.vacuum_ceiling)
    before = newest_version(spark, path)
    watch.phase("vacuum")
    with settings(spark, _signature(replace(request, kind="vacuum-lite" if expected.lite else "vacuum-full"))):
        vacuum(spark, path, lite=expected.lite)
    watch.phase("check")
    ended = find_vacuum(spark, path, *step, newest_version(spark, path) - before)
    if ended is None:
        raise JobFailed(
            kind="unknown",
            type="VacuumNotRecorded",
            message=f"VACUUM of {path} ended without an error and without a version that says so.",
            remedy="Report this with the job's request. What it deleted was older than the table's retention.",
            fields={"table": path, "stepKey": request.step_key},
        )
    return _vacuumed(spark, request, watch, ended)


def _vacuumed(
    spark: SparkSession, request: MaintainRequest, watch: Stopwatch, done: Vacuumed, *, recovered: bool = False
) -> MaintainReport:
    files = MaintainedFiles(added=0, removed=done.files, bytes_added=0, bytes_removed=done.bytes)
    as_done = replace(request, kind="vacuum-full" if done.full else "vacuum-lite")
    return _report(spark, as_done, watch, done.version, files, recovered=recovered)


def maintain(spark: SparkSession, request: MaintainRequest, on_phase: Callable[[str], None]) -> MaintainReport:
    """`spark` is a session of this job alone."""
    watch = Stopwatch(on_phase)
    with settings(spark, _settings(request)):
        match request.kind:
            case "vacuum-lite" | "vacuum-full":
                return _vacuum(spark, request, watch)
            case "compact" | "zorder" | "cluster":
                return _rewrite(spark, request, watch)
            case unknown:
                assert_never(unknown)
