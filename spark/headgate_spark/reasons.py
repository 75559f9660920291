"""Why rows went aside: the commonest reasons of each source, with one row that has it. Asked only where some did."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headgate_spark.protocol import AsideReason, AsideSample, Source
from headgate_spark.transforms.csv_fields import fields_in
from headgate_spark.transforms.fates import ASIDE, ROWS, SOURCE
from headgate_spark.transforms.names import DETAIL, FATE, FILE, REASON, ROW, named
from headgate_spark.transforms.type_columns import column_in, declared_text, value_in

# Reasons that are told of one source.
TOLD_REASONS = 5
# Characters of a row, a sentence and a value that are told. Behind them lies the quarantine.
_LONGEST = 200
# A sentence that is to be taken apart must be whole: it quotes a value of up to 200 characters.
_WHOLE = 1000


class _Told(NamedTuple):
    source: str
    reason: str
    column: str | None
    rows: int
    file: int | None
    row: str
    detail: str


def _ask(fated: DataFrame) -> list[_Told]:
    row = f"substring(coalesce({ROW}, ''), 1, {_LONGEST})"
    detail = f"substring(coalesce({DETAIL}, ''), 1, {_WHOLE})"
    aside = fated.filter(f"{FATE} = '{ASIDE}'").selectExpr(
        named(SOURCE, "source"),
        named(REASON, "reason"),
        named(column_in(REASON, DETAIL), "column"),
        ROWS,
        # The least of them is the same one in every attempt.
        named(f"struct({FILE} AS file, {row} AS row, {detail} AS detail)", "sample"),
    )
    grouped = aside.groupBy("source", "reason", "column").agg(
        F.expr(named(f"sum({ROWS})", "rows")), F.expr(named("min(sample)", "sample"))
    )
    return [
        _Told(
            source=found["source"],
            reason=str(found["reason"]),
            column=found["column"],
            rows=int(found["rows"]),
            file=found["sample"]["file"],
            row=found["sample"]["row"],
            detail=found["sample"]["detail"],
        )
        for found in grouped.collect()
    ]


def _reason(told: _Told, source: Source, files: Sequence[str]) -> AsideReason:
    spec = next((spec for spec in source.columns if spec.name == told.column), None)
    value = None if spec is None else value_in(told.detail, spec)
    fields = fields_in(told.detail)
    return AsideReason(
        reason=told.reason,
        rows=told.rows,
        column=told.column,
        declared=None if spec is None else declared_text(spec),
        sample=AsideSample(
            file=files[told.file] if told.file is not None and told.file < len(files) else None,
            row=told.row,
            detail=told.detail[:_LONGEST],
            value=None if value is None else value[:_LONGEST],
            fields=None if fields is None else fields.found,
            width=None if fields is None else fields.wanted,
        ),
    )


def aside_reasons(
    fated: DataFrame, sources: Sequence[Source], paths: Mapping[str, Sequence[str]]
) -> dict[str, tuple[AsideReason, ...]]:
    """By source, the commonest first. `paths` are the files of each source by rank."""
    told = sorted(_ask(fated), key=lambda one: (-one.rows, one.reason, one.column or ""))
    return {
        source.name: tuple(
            _reason(one, source, paths.get(source.name, ())) for one in told if one.source == source.name
        )[:TOLD_REASONS]
        for source in sources
    }
