"""The prepare job: the frozen files of a batch to staged rows and quarantine, every row accounted for."""

from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.accounting import (
    Counts,
    bin_counts,
    count_rows,
    expectation_results,
    null_keys,
    prepare_rows,
    quarantine_counts,
    repeated_sources,
    source_rows,
)
from headgate_spark.classify import classify
from headgate_spark.contract import parse_manifest
from headgate_spark.delta.fit import find_fit
from headgate_spark.delta.staging import put_aside, read_written, staged_rows, staged_schema, write_staging
from headgate_spark.delta.table import table_schema
from headgate_spark.errors import JobFailed
from headgate_spark.io.files import read_text
from headgate_spark.jobs.report import report_base
from headgate_spark.plan import build_plan, trustworthy
from headgate_spark.protocol import (
    AsideReason,
    InputFile,
    JobWarning,
    Manifest,
    Pipeline,
    PrepareReport,
    PrepareRequest,
    SqlTransform,
    Staging,
)
from headgate_spark.reasons import aside_reasons
from headgate_spark.sources.frozen import by_age, check_names, check_unchanged, name_input
from headgate_spark.sources.read import read_source
from headgate_spark.transforms.names import column
from headgate_spark.transforms.quarantine_rows import quarantine_rows
from headgate_spark.watch import Stopwatch

Files = Mapping[str, Sequence[InputFile]]


def _manifest(request: PrepareRequest) -> Manifest:
    text = read_text(request.manifest_path)
    if text is None:
        raise JobFailed(
            kind="config",
            type="MissingManifest",
            message=f"There is no manifest at {request.manifest_path}.",
            remedy="Run the pipeline again: it freezes a new batch.",
            fields={"manifest": request.manifest_path},
        )
    manifest = parse_manifest(text)
    if manifest.digest != request.digest:
        raise JobFailed(
            kind="config",
            type="DigestMismatch",
            message=f"The manifest is of batch {manifest.digest}, the request of batch {request.digest}.",
            remedy="Run the pipeline again: it freezes a new batch.",
            fields={"manifest": manifest.digest, "request": request.digest},
        )
    return manifest


def _files_by_source(pipeline: Pipeline, manifest: Manifest) -> Files:
    strangers = {file.source for file in manifest.files} - {source.name for source in pipeline.sources}
    if strangers:
        raise JobFailed(
            kind="config",
            type="UnknownSource",
            message=f"The manifest has files of sources that the pipeline lacks: {', '.join(sorted(strangers))}.",
            remedy="Run the pipeline again: it freezes a new batch.",
            fields={"sources": ", ".join(sorted(strangers))},
        )
    return {
        source.name: by_age([file for file in manifest.files if file.source == source.name])
        for source in pipeline.sources
    }


def _check_target_keys(request: PrepareRequest, fated: DataFrame, counts: Counts) -> None:
    """Rows of the target are unique by construction unless a query made them or the key is not the source's."""
    target, transform = request.pipeline.target, request.pipeline.transform
    names = ", ".join(target.key)
    missing = null_keys(counts)
    if missing > 0:
        raise JobFailed(
            kind="data",
            type="NullTargetKey",
            message=f"{missing} transformed rows have no value in the key of the target ({names}).",
            remedy="Leave such rows out in the transform, or send them to quarantine with an expectation.",
            fields={"key": names, "rows": missing},
        )
    driving = next(source for source in request.pipeline.sources if source.name == transform.from_)
    if not isinstance(transform, SqlTransform) and driving.key and set(driving.key) <= set(target.key):
        return
    key = [column(name) for name in target.key]
    repeated = staged_rows(fated).groupBy(*key).count().filter("count > 1").limit(1).collect()
    if repeated:
        example = ", ".join(f"{name}={repeated[0][name]}" for name in target.key)
        raise JobFailed(
            kind="data",
            type="DuplicateTargetKey",
            message=f"Several transformed rows have the same key of the target: {example}.",
            remedy="Make the key of the target unique in the transform, or add the columns that tell the rows apart.",
            fields={"key": names, "example": example, "rows": int(repeated[0]["count"])},
        )


def _check_table(spark: SparkSession, pipeline: Pipeline, fated: DataFrame) -> None:
    """Columns are known before any row is read; what the table would refuse at the end is refused here."""
    table = table_schema(spark, pipeline.target.table)
    if table is not None:
        find_fit(spark, pipeline.name, pipeline.target, staged_schema(fated), table)


def prepare(spark: SparkSession, request: PrepareRequest, on_phase: Callable[[str], None]) -> PrepareReport:
    """`spark` is a session of this job alone, in the pipeline's time zone."""
    watch = Stopwatch(on_phase)
    watch.phase("read")
    manifest = _manifest(request)
    files = _files_by_source(request.pipeline, manifest)
    check_names(manifest.files)
    check_unchanged(manifest.files)
    try:
        return _prepared(spark, request, manifest, files, watch)
    except Exception as error:
        failure = name_input(classify(error), manifest.files)
        raise failure from (error.__cause__ if failure is error else error)


def _prepared(
    spark: SparkSession, request: PrepareRequest, manifest: Manifest, files: Files, watch: Stopwatch
) -> PrepareReport:
    warnings: list[JobWarning] = []
    read = {
        source.name: read_source(spark, source, files[source.name], warnings) for source in request.pipeline.sources
    }
    trusted = trustworthy(request.pipeline)
    while True:
        fated_rows = build_plan(spark, request.pipeline, read, files, trusted, warnings)
        _check_table(spark, request.pipeline, fated_rows)
        watch.phase("stage")
        version = write_staging(spark, fated_rows, request.staging_table)
        check_unchanged(manifest.files)
        watch.phase("count")
        fated = read_written(spark, request.staging_table, version)
        counts = count_rows(fated, request.pipeline)
        repeated = repeated_sources(counts)
        if not repeated:
            break
        trusted -= repeated
    rows = prepare_rows(request.pipeline, counts)
    _check_target_keys(request, fated, counts)
    quarantine = quarantine_counts(counts)
    reasons: Mapping[str, tuple[AsideReason, ...]] = {}
    if quarantine:
        watch.phase("quarantine")
        paths = {name: [file.path for file in group] for name, group in files.items()}
        reasons = aside_reasons(fated, request.pipeline.sources, paths)
        stamp = {"digest": request.digest, "run": request.run}
        aside = quarantine_rows(fated, paths, stamp, manifest.frozen_at)
        put_aside(aside, request)
    return PrepareReport(
        **report_base(spark, request, watch, warnings),
        job="prepare",
        sources=source_rows(request.pipeline, counts, reasons),
        rows=rows,
        quarantine=quarantine,
        expectations=expectation_results(request.pipeline, counts),
        bins=bin_counts(request.pipeline, counts),
        staging=Staging(table=request.staging_table, version=version, rows=rows.staged),
    )
