"""From the sources of a batch to the row of the target: joins, derived columns, bins, or the pipeline's own query."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.errors import JobFailed
from headgate_spark.pipeline import Bin, ColumnsTransform, Expression, Join, Pipeline, Source, SqlTransform
from headgate_spark.transforms.names import FILE, column, quoted

MATCHED = "matched"
_CARRIED = f"from{FILE}"


def bin_column(spec: Bin) -> Column:
    """Half-open ranges [a, b); total: below, between, above and null all have a label."""
    value = F.expr(spec.of)
    chain = F.when(value.isNull(), F.lit(spec.missing))
    for edge, label in zip(spec.edges, spec.labels, strict=False):
        chain = chain.when(value < F.expr(edge), F.lit(label))
    return chain.otherwise(F.lit(spec.labels[-1]))


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
    (driving, _), *others = joined
    result = rows[driving.name].select(
        *(column(spec.name).alias(_own(driving.name, spec.name)) for spec in driving.columns),
        F.col(FILE).alias(_CARRIED),
    )
    place = {spec.name: _own(driving.name, spec.name) for spec in driving.columns}
    for source, join in others:
        if join is None:
            continue
        right = rows[source.name].select(
            *(column(spec.name).alias(_own(source.name, spec.name)) for spec in source.columns),
            F.lit(True).alias(_own(source.name, MATCHED)),
        )
        keys = [column(place[key.left]) == column(_own(source.name, key.right)) for key in join.on]
        result = result.join(right, keys, join.how)
        for spec in source.columns:
            place.setdefault(spec.name, _own(source.name, spec.name))
    return result


def _views(joined: Sequence[tuple[Source, Join | None]], result: DataFrame) -> DataFrame:
    """Each column under its plain name, and each source as a struct, so that `price` and `sales.price` both work."""
    plain: dict[str, Column] = {}
    structs = []
    for source, join in joined:
        fields = [column(_own(source.name, spec.name)).alias(spec.name) for spec in source.columns]
        if join is not None:
            fields.append(F.coalesce(column(_own(source.name, MATCHED)), F.lit(False)).alias(MATCHED))
        structs.append(F.struct(*fields).alias(source.name))
        for spec in source.columns:
            plain.setdefault(spec.name, column(_own(source.name, spec.name)).alias(spec.name))
    return result.select(*plain.values(), *structs, F.col(_CARRIED).alias(FILE))


def _text(spec: Bin | Expression) -> str:
    """All that the column is made of, so that names of other columns can be looked for in it."""
    parts = (spec.of, *spec.edges) if isinstance(spec, Bin) else (spec.expression,)
    return " ".join(parts).replace("``", "`").casefold()


def _derive(rows: DataFrame, transform: ColumnsTransform) -> DataFrame:
    """Columns that do not build on each other come in one step: Spark looks at the whole plan again for each."""
    together: dict[str, Column] = {}
    for spec in transform.columns:
        if any(name.casefold() in _text(spec) for name in together):
            rows, together = rows.withColumns(together), {}
        together[spec.name] = bin_column(spec) if isinstance(spec, Bin) else F.expr(spec.expression)
    return rows.withColumns(together) if together else rows


def _by_columns(pipeline: Pipeline, transform: ColumnsTransform, rows: Mapping[str, DataFrame]) -> DataFrame:
    sources = {source.name: source for source in pipeline.sources}
    joined: list[tuple[Source, Join | None]] = [(sources[transform.from_], None)]
    for join in transform.joins:
        _check_unique(sources[join.source], join)
        joined.append((sources[join.source], join))
    _check_names(pipeline, transform, joined)
    return _derive(_views(joined, _joined_rows(transform, joined, rows)), transform)


def _by_query(
    spark: SparkSession, pipeline: Pipeline, transform: SqlTransform, rows: Mapping[str, DataFrame]
) -> DataFrame:
    for source in pipeline.sources:
        names = [column(spec.name) for spec in source.columns]
        rows[source.name].select(*names).createOrReplaceTempView(quoted(source.name))
    return spark.sql(transform.sql).withColumn(FILE, F.lit(None).cast("int"))


def transform_rows(spark: SparkSession, pipeline: Pipeline, rows: Mapping[str, DataFrame]) -> DataFrame:
    """All columns that expectations may name, and FILE; `target_columns` says which of them the target takes."""
    if isinstance(pipeline.transform, SqlTransform):
        return _by_query(spark, pipeline, pipeline.transform, rows)
    return _by_columns(pipeline, pipeline.transform, rows)


def target_columns(pipeline: Pipeline, transformed: DataFrame) -> tuple[str, ...]:
    """Columns of the target in order; what the target needs and does not get is an error of the pipeline."""
    transform = pipeline.transform
    hidden = {FILE}
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
