"""The prepare query as a whole: sources to rows with their fate, each written once. Builds, never runs."""

from collections.abc import Collection, Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.protocol import DELIVERY, Bin, ColumnsTransform, InputFile, JobWarning, Pipeline
from headgate_spark.transforms.check_rows import BROKEN, broken_detail, check_rows, failed_name
from headgate_spark.transforms.delivery import delivery_of
from headgate_spark.transforms.fates import (
    ASIDE,
    KEPT,
    ROWS,
    SOURCE,
    STAGED,
    UNJOINED,
    judge_rows,
    summarize_fates,
    summarize_trusted,
    trust_keys,
)
from headgate_spark.transforms.names import DETAIL, FATE, FILE, REASON, ROW, named, quoted, sql_string
from headgate_spark.transforms.transform_rows import LIVE, follows_rows, target_columns, transform_rows

# Inputs up to this size, unpacked where that is known, are sent to every task instead of being shuffled.
BROADCAST_BYTES = 16_000_000


def bin_name(index: int) -> str:
    """The label of a row in a bin, whether or not the target takes it."""
    return f"_hg_bin_{index}"


def bins_of(pipeline: Pipeline) -> list[Bin]:
    transform = pipeline.transform
    return (
        [spec for spec in transform.columns if isinstance(spec, Bin)] if isinstance(transform, ColumnsTransform) else []
    )


def _size(files: Sequence[InputFile]) -> int:
    """Parquet packs three to ten times; what text becomes in memory is near what it is on disk."""
    return sum(file.unpacked_bytes or file.size for file in files)


def _shared(rows: DataFrame, name: str) -> DataFrame:
    """Rows that two branches of the plan use. The count is read by nobody: it keeps Spark from pruning the branches
    apart, so that both use one shuffle, and from pushing a filter below the parsing that it depends on."""
    return rows.observe(f"headgate-{name}", F.count(F.lit(1)).alias("rows"))


def _fated(rows: DataFrame, pipeline: Pipeline, columns: tuple[str, ...], files: Sequence[InputFile]) -> DataFrame:
    """The last word on each row that went through the transform."""
    rules = pipeline.expectations
    fate = (
        f"CASE WHEN {BROKEN} IS NOT NULL THEN '{ASIDE}' WHEN {LIVE} THEN '{STAGED}' "
        f"WHEN {FATE} = '{KEPT}' THEN '{UNJOINED}' ELSE {FATE} END"
    )
    as_json = f"to_json(struct({', '.join(map(quoted, columns))}), map('ignoreNullFields', 'false'))"

    def broken_or(value: str, name: str) -> str:
        return named(f"CASE WHEN {BROKEN} IS NOT NULL THEN {value} ELSE {name} END", name)

    return rows.selectExpr(
        *map(quoted, columns),
        named(delivery_of(files), DELIVERY),
        *(named(quoted(spec.name), bin_name(index)) for index, spec in enumerate(bins_of(pipeline))),
        *(failed_name(index) for index in range(len(rules))),
        named(fate, FATE),
        broken_or(BROKEN, REASON),
        broken_or(broken_detail(rules), DETAIL),
        broken_or(as_json, ROW),
        FILE,
        named(sql_string(pipeline.transform.from_), SOURCE),
        named("1L", ROWS),
    )


def build_plan(
    spark: SparkSession,
    pipeline: Pipeline,
    read: Mapping[str, DataFrame],
    files: Mapping[str, Sequence[InputFile]],
    trusted: Collection[str],
    warnings: list[JobWarning],
) -> DataFrame:
    """Rows with the columns of the target, and those that tell what became of each. `files` are those of each source
    by rank.

    `trusted` are sources whose keys are taken to be unique, which saves sorting them. The rows tell if they are not:
    their fate is then REPEATED, and the plan has to be made again without that trust."""
    driving = pipeline.transform.from_
    whole = follows_rows(pipeline)
    summaries, rows = [], {}
    for source in pipeline.sources:
        name = source.name
        if whole and name == driving:
            rows[name] = judge_rows(read[name], source)
            continue
        if name in trusted:
            judged = trust_keys(read[name], source)
            summary = summarize_trusted(judged, source)
        else:
            judged = _shared(judge_rows(read[name], source), name)
            summary = summarize_fates(judged)
        summaries.append(summary.selectExpr("*", named(sql_string(name), SOURCE)))
        kept = judged.filter(f"{FATE} = '{KEPT}'")
        rows[name] = F.broadcast(kept) if name != driving and _size(files[name]) <= BROADCAST_BYTES else kept
    transformed = transform_rows(spark, pipeline, rows, files[driving], warnings)
    columns = target_columns(pipeline, transformed)
    checked = check_rows(transformed, pipeline.expectations, LIVE)
    parts = [_fated(checked, pipeline, columns, files[driving]), *summaries]
    return reduce(lambda left, right: left.unionByName(right, allowMissingColumns=True), parts)


def trustworthy(pipeline: Pipeline) -> set[str]:
    """Joined sources whose keys may be taken to be unique at first: mostly they are, for they are keys."""
    if not follows_rows(pipeline):
        return set()
    return {source.name for source in pipeline.sources if source.key} - {pipeline.transform.from_}
