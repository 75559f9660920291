"""The maintain job: one OPTIMIZE or VACUUM of one table, found in the table's history when it was done before."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from headgate_spark.delta.clustering import CUBE_SIZE, cluster_by
from headgate_spark.delta.history import Commit, find_commits, last_vacuum, newest_version
from headgate_spark.delta.partitions import partition_condition
from headgate_spark.delta.table import table_name, table_schema
from headgate_spark.delta.vacuum import check_ceiling, keep_for, look_ahead, vacuum
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
    """Makes the commit say whose it is and what was done."""
    metadata = {
        "stepKey": request.step_key,
        "generation": request.generation,
        "run": request.run,
        "maintain": request.kind,
    }
    return {"spark.databricks.delta.commitInfo.userMetadata": json.dumps(metadata, ensure_ascii=False)}


def _settings(request: MaintainRequest) -> Mapping[str, str]:
    size = request.file_size
    cube = request.cube_bytes
    cubes = {} if cube is None else {"threshold": cube, "targetCubeSize": int(cube * _TARGET_CUBE)}
    return {
        **_signature(request),
        "spark.databricks.delta.optimize.maxFileSize": str(size),
        "spark.databricks.delta.optimize.minFileSize": str(int(size * SMALL)),
        "spark.databricks.delta.optimize.maxDeletedRowsRatio": str(DELETED),
        "spark.databricks.delta.optimize.batchSize": str(_FILES_PER_COMMIT * size),
        **{f"{CUBE_SIZE}.{name}": str(value) for name, value in cubes.items()},
    }


def _schema(spark: SparkSession, request: MaintainRequest) -> T.StructType:
    schema = table_schema(spark, request.table)
    if schema is not None:
        return schema
    raise JobFailed(
        kind="config",
        type="TableNotFound",
        message=f"There is no Delta table at {request.table}.",
        remedy="Check the path. The first committed run of the pipeline makes the table.",
        fields={"table": request.table},
    )


def _optimize(spark: SparkSession, request: MaintainRequest, schema: T.StructType) -> None:
    if request.kind == "cluster":
        cluster_by(spark, request.table, request.cluster_by)
    condition = partition_condition(request.partitions, schema)
    where = "" if condition is None else f" WHERE {condition}"
    zorder = f" ZORDER BY ({', '.join(map(quoted, request.zorder_by))})" if request.kind == "zorder" else ""
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
    done = find_commits(spark, request.table, request.step_key, request.generation) if request.attempt > 1 else []
    if done:
        # A part of it, perhaps: the next look at the table finds the rest.
        return _report(spark, request, watch, done[0].version, _rewritten(done), recovered=True)
    schema = _schema(spark, request)
    before = newest_version(spark, request.table)
    watch.phase("optimize")
    _optimize(spark, request, schema)
    watch.phase("check")
    version = newest_version(spark, request.table)
    made = find_commits(spark, request.table, request.step_key, request.generation, version - before)
    return _report(spark, request, watch, version, _rewritten(made))


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
    """Safe to repeat: what an earlier attempt deleted is not found again."""
    watch.phase("look")
    _schema(spark, request)
    keep_for(spark, request.table, request.retain_hours)
    expected = look_ahead(spark, request.table, lite=request.kind == "vacuum-lite")
    check_ceiling(spark, request.table, expected.files, request.vacuum_ceiling)
    done = replace(request, kind="vacuum-lite" if expected.lite else "vacuum-full")
    watch.phase("vacuum")
    with settings(spark, _signature(done)):
        vacuum(spark, request.table, lite=expected.lite)
    watch.phase("check")
    ended = last_vacuum(spark, request.table)
    files = MaintainedFiles(added=0, removed=ended.files, bytes_added=0, bytes_removed=ended.bytes)
    return _report(spark, done, watch, ended.version, files)


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
