"""From the sources of a batch to the row of the target: joins, derived columns, bins, or the pipeline's own query."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import (
    Bin,
    ColumnsTransform,
    Expression,
    InputFile,
    JobWarning,
    Join,
    Pipeline,
    Source,
    SqlTransform,
)
from headgate_spark.transforms.delivery import query_without_key, with_file
from headgate_spark.transforms.fates import KEPT, TOLD
from headgate_spark.transforms.names import FATE, FILE, OWN_PREFIX, column, named, quoted, sql_string

MATCHED = "matched"
# True for rows that may still reach the table.
LIVE = "_hg_live"
_WINDOW = re.compile(r"\bover\b")


def bin_text(spec: Bin) -> str:
    """Half-open ranges [a, b); total: below, between, above and null all have a label."""
    cases = "".join(
        f" WHEN ({spec.of}) < ({edge}) THEN {sql_string(label)}"
        for edge, label in zip(spec.edges, spec.labels, strict=False)
    )
    return (
        f"CASE WHEN ({spec.of}) IS NULL THEN {sql_string(spec.missing)}{cases} ELSE {sql_string(spec.labels[-1])} END"
    )


def _config(type_name: str, message: str, remedy: str, **fields: str) -> JobFailed:
    return JobFailed(kind="config", type=type_name, message=message, remedy=remedy, fields=fields)


def _own(source: str, name: str) -> str:
    return f"_hg_{source}.{name}"


def _check_names(pipeline: Pipeline, transform: ColumnsTransform, joined: Sequence[tuple[Source, Join | None]]) -> None:
    counts: Counter[str] = Counter()
    for source, join in joined:
        same = {key.right for key in join.on if key.left == key.right} if join is not None else set()
        counts.update(spec.name for spec in source.columns if spec.name not in same)
    for name, count in counts.items():
        if count > 1:
            holders = ", ".join(source.name for source, _ in joined if name in {spec.name for spec in source.columns})
            raise _config(
                "AmbiguousColumn",
                f"Column '{name}' comes from more than one source: {holders}.",
                f"Rename it in one of them: {{ other_name: {{ from: {name} }} }}.",
                column=name,
                sources=holders,
            )
    taken = {*counts, *(source.name for source, _ in joined)}
    for spec in transform.columns:
        if spec.name in taken:
            raise _config(
                "AmbiguousColumn",
                f"Derived column '{spec.name}' has the name of another column or of a source.",
                "Give the derived column a name of its own.",
                column=spec.name,
            )
        taken.add(spec.name)


def _check_reserved(names: Sequence[str]) -> None:
    """The jobs' own columns travel beside those of the pipeline, and one of them into the table."""
    for name in names:
        if name.casefold().startswith((OWN_PREFIX, "_headgate")):
            raise _config(
                "ReservedColumn",
                f"The transformed row has a column '{name}'; names that begin with {OWN_PREFIX} or _headgate are "
                "Headgate's own.",
                f"Give it another name: AS {name.lstrip('_')}.",
                column=name,
            )


def _check_unique(source: Source, join: Join) -> None:
    if not source.key or not set(source.key) <= {key.right for key in join.on}:
        raise _config(
            "JoinNotOnKey",
            f"The join with '{source.name}' does not use its whole key, so one row could find several.",
            f"Join on the key of '{source.name}' ({', '.join(source.key) or 'it has none'}).",
            source=source.name,
        )


def _joined_rows(
    transform: ColumnsTransform, joined: Sequence[tuple[Source, Join | None]], rows: Mapping[str, DataFrame]
) -> DataFrame:
    """Every driving row, and LIVE: it is kept, and found its row in every inner join."""
    (driving, _), *others = joined
    result = rows[driving.name].selectExpr(
        *(named(quoted(spec.name), _own(driving.name, spec.name)) for spec in driving.columns), *TOLD
    )
    live = [f"{FATE} = '{KEPT}'"]
    place = {spec.name: _own(driving.name, spec.name) for spec in driving.columns}
    for source, join in others:
        if join is None:
            continue
        right = rows[source.name].selectExpr(
            *(named(quoted(spec.name), _own(source.name, spec.name)) for spec in source.columns),
            named("true", _own(source.name, MATCHED)),
        )
        keys = [column(place[key.left]) == column(_own(source.name, key.right)) for key in join.on]
        result = result.join(right, keys, "left")
        if join.how == "inner":
            live.append(f"{quoted(_own(source.name, MATCHED))} IS NOT NULL")
        for spec in source.columns:
            place.setdefault(spec.name, _own(source.name, spec.name))
    return result.selectExpr("*", named(" AND ".join(live), LIVE))


def _views(joined: Sequence[tuple[Source, Join | None]], result: DataFrame) -> DataFrame:
    """Each column under its plain name, and each source as a struct, so that `price` and `sales.price` both work."""
    plain: dict[str, str] = {}
    structs = []
    for source, join in joined:
        fields = [f"{sql_string(spec.name)}, {quoted(_own(source.name, spec.name))}" for spec in source.columns]
        if join is not None:
            fields.append(f"'{MATCHED}', coalesce({quoted(_own(source.name, MATCHED))}, false)")
        structs.append(named(f"named_struct({', '.join(fields)})", source.name))
        for spec in source.columns:
            plain.setdefault(spec.name, named(quoted(_own(source.name, spec.name)), spec.name))
    return result.selectExpr(*plain.values(), *structs, *TOLD, LIVE)


def _text(spec: Bin | Expression) -> str:
    """All that the column is made of, so that names of other columns can be looked for in it."""
    parts = (spec.of, *spec.edges) if isinstance(spec, Bin) else (spec.expression,)
    return " ".join(parts).replace("``", "`").casefold()


def _derived(spec: Bin | Expression) -> str:
    """Only for live rows: values of the others are in wrong places, and what they raise must not end the job."""
    value = bin_text(spec) if isinstance(spec, Bin) else spec.expression
    return named(f"CASE WHEN {LIVE} THEN ({value}) END", spec.name)


def _derive(rows: DataFrame, transform: ColumnsTransform) -> DataFrame:
    """Columns that do not build on each other come in one step: Spark looks at the whole plan again for each."""
    together: dict[str, str] = {}
    for spec in transform.columns:
        if any(name.casefold() in _text(spec) for name in together):
            rows, together = rows.selectExpr("*", *together.values()), {}
        together[spec.name] = _derived(spec)
    return rows.selectExpr("*", *together.values()) if together else rows


def _by_columns(pipeline: Pipeline, transform: ColumnsTransform, rows: Mapping[str, DataFrame]) -> DataFrame:
    sources = {source.name: source for source in pipeline.sources}
    joined: list[tuple[Source, Join | None]] = [(sources[transform.from_], None)]
    for join in transform.joins:
        _check_unique(sources[join.source], join)
        joined.append((sources[join.source], join))
    _check_names(pipeline, transform, joined)
    _check_reserved([spec.name for source, _ in joined for spec in source.columns])
    _check_reserved([spec.name for spec in transform.columns])
    views = _views(joined, _joined_rows(transform, joined, rows))
    return _derive(views if follows_rows(pipeline) else views.filter(LIVE), transform)


def _by_query(
    spark: SparkSession,
    pipeline: Pipeline,
    transform: SqlTransform,
    rows: Mapping[str, DataFrame],
    files: Sequence[InputFile],
    warnings: list[JobWarning],
) -> DataFrame:
    for source in pipeline.sources:
        names = [quoted(spec.name) for spec in source.columns]
        rows[source.name].selectExpr(*names).createOrReplaceTempView(quoted(source.name))
    result = spark.sql(transform.sql)
    _check_reserved(result.columns)
    driving = next(source for source in pipeline.sources if source.name == transform.from_)
    file = "cast(NULL AS int)"
    if len({one.delivery for one in files}) > 1:
        placed = with_file(result, rows[driving.name], driving)
        if placed is None:
            warnings.append(query_without_key(driving))
        else:
            result, file = placed, FILE
    untold = [named("cast(NULL AS string)", name) for name in TOLD if name != FILE]
    others = [quoted(name) for name in result.columns if name != FILE]
    return result.selectExpr(*others, *untold, named(file, FILE), named("true", LIVE))


def follows_rows(pipeline: Pipeline) -> bool:
    """Is each row of the result made from one row of the driving source alone? Then all rows can pass through it.

    A window looks at rows around it, which must then be live ones only.
    """
    if isinstance(pipeline.transform, SqlTransform):
        return False
    texts = [*map(_text, pipeline.transform.columns), *(rule.check.casefold() for rule in pipeline.expectations)]
    return not any(map(_WINDOW.search, texts))


def transform_rows(
    spark: SparkSession,
    pipeline: Pipeline,
    rows: Mapping[str, DataFrame],
    files: Sequence[InputFile],
    warnings: list[JobWarning],
) -> DataFrame:
    """All columns that expectations may name, TOLD and LIVE; `target_columns` says which of them the target takes.

    `rows` of joined sources are kept ones; those of the driving source may be all where the transform follows rows.
    `files` are those of the driving source.
    """
    if isinstance(pipeline.transform, SqlTransform):
        return _by_query(spark, pipeline, pipeline.transform, rows, files, warnings)
    return _by_columns(pipeline, pipeline.transform, rows)


def target_columns(pipeline: Pipeline, transformed: DataFrame) -> tuple[str, ...]:
    """Columns of the target in order; what the target needs and does not get is an error of the pipeline."""
    transform = pipeline.transform
    hidden = {*TOLD, LIVE}
    if isinstance(transform, ColumnsTransform):
        hidden |= {transform.from_, *(join.source for join in transform.joins)}
        chosen = transform.select or tuple(name for name in transformed.columns if name not in hidden)
    else:
        chosen = tuple(name for name in transformed.columns if name not in hidden)
    known = set(transformed.columns)
    for name in (*chosen, *pipeline.target.key, *pipeline.target.partition_by):
        if name not in known or name not in chosen:
            raise _config(
                "MissingTargetColumn",
                f"The transformed row has no column '{name}', which the target needs.",
                "Select it in the transform, or change key and partition_by of the target.",
                column=name,
                available=", ".join(name for name in transformed.columns if name not in hidden),
            )
    return chosen
