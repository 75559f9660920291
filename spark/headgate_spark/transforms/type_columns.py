"""From fields of a file to typed columns of a source: every row keeps its place, a bad one gets reason and detail."""

from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headgate_spark.pipeline import Column as Declared
from headgate_spark.pipeline import Source
from headgate_spark.transforms.csv_fields import EMPTY
from headgate_spark.transforms.names import BLOCK, DETAIL, FILE, REASON, ROW, SEQUENCE, column
from headgate_spark.transforms.parse_text import OUT_OF_RANGE, parse_text

_CARRIED = (ROW, FILE, BLOCK, SEQUENCE, REASON, DETAIL)


class Field(NamedTuple):
    """How one declared column comes out of the frame: the source value, the typed value, the fault if typed is null."""

    declared: Declared
    found: Column
    value: Column
    fault: Column


class Fault(NamedTuple):
    when: Column
    reason: Column
    detail: Column


def text_name(index: int) -> str:
    return f"_hg_text_{index}"


def found_name(index: int) -> str:
    return f"_hg_found_{index}"


def fault_name(index: int) -> str:
    return f"_hg_fault_{index}"


def settle_nulls(text: Column, type_name: str, nulls: Sequence[str]) -> Column:
    """What the file means by null becomes null; a quoted empty field stays an empty string in a string column."""
    if type_name == "string":
        kept = F.when(~text.isin(*nulls), text) if nulls else text
        return F.when(kept == EMPTY, F.lit("")).otherwise(kept)
    trimmed = F.trim(text)
    return F.when(~trimmed.isin("", EMPTY, *nulls), trimmed)


def text_fields(source: Source, declared: Sequence[Declared], nulls: Sequence[str]) -> list[Field]:
    fields = []
    for index, spec in enumerate(declared):
        text = settle_nulls(F.col(text_name(index)), spec.type, nulls)
        value, fault = parse_text(F.col(found_name(index)), spec.type, spec.format)
        fields.append(Field(spec, text, value, fault))
    return fields


def _value_detail(field: Field, index: int) -> Column:
    shown = F.substring(F.col(found_name(index)).cast("string"), 1, 200)
    verb = F.when(F.col(fault_name(index)) == OUT_OF_RANGE, F.lit("' does not fit ")).otherwise(F.lit("' is not "))
    pattern = f" ({field.declared.format})" if field.declared.format is not None else ""
    return F.concat(F.lit(f"{field.declared.name}: '"), shown, verb, F.lit(field.declared.type + pattern))


def _with_faults(rows: DataFrame, faults: Sequence[Fault]) -> DataFrame:
    """The first fault of a row is its reason; one that it already has stands."""
    if not faults:
        return rows
    reason = F.coalesce(F.col(REASON), *(F.when(fault.when, fault.reason) for fault in faults))
    detail = F.coalesce(F.col(DETAIL), *(F.when(fault.when, fault.detail) for fault in faults))
    return rows.withColumns({REASON: reason, DETAIL: detail})


def _typed(rows: DataFrame, fields: Sequence[Field]) -> tuple[DataFrame, list[Fault]]:
    """The declared columns, and what is wrong with them but not yet their row's reason."""
    # One select per step: Spark then computes each typed value once, however often the faults look at it.
    found = [field.found.alias(found_name(index)) for index, field in enumerate(fields)]
    settled = rows.select(*_CARRIED, *found)
    values = [field.value.alias(field.declared.name) for field in fields]
    typed = settled.select(*_CARRIED, *(F.col(found_name(index)) for index in range(len(fields))), *values)
    unreadable = [
        F.when(F.col(found_name(index)).isNotNull() & column(field.declared.name).isNull(), field.fault).alias(
            fault_name(index)
        )
        for index, field in enumerate(fields)
    ]
    faults = [F.col(fault_name(index)) for index in range(len(fields))]
    return typed.select("*", *unreadable), [
        Fault(fault.isNotNull(), fault, _value_detail(field, index))
        for index, (field, fault) in enumerate(zip(fields, faults, strict=True))
    ]


def _computed(rows: DataFrame, source: Source) -> DataFrame:
    for spec in source.columns:
        if spec.expression is not None:
            # A row that is already bad holds values in wrong places: its expressions must not end the job.
            value = F.when(F.col(REASON).isNull(), F.expr(spec.expression).cast(spec.type))
            rows = rows.withColumn(spec.name, value)
    return rows


def _missing(source: Source) -> list[Fault]:
    return [
        Fault(
            column(spec.name).isNull(),
            F.lit("NullKey" if spec.name in source.key else "MissingValue"),
            F.lit(f"{spec.name}: no value"),
        )
        for spec in source.columns
        if spec.required or spec.name in source.key
    ]


def type_columns(rows: DataFrame, source: Source, fields: Sequence[Field]) -> DataFrame:
    """The declared columns of the source, and REASON, DETAIL, ROW, FILE, BLOCK, SEQUENCE beside them."""
    typed, faults = _typed(rows, fields)
    if any(spec.expression is not None for spec in source.columns):
        typed, faults = _computed(_with_faults(typed, faults), source), []
    complete = _with_faults(typed, [*faults, *_missing(source)])
    return complete.select(*(column(spec.name) for spec in source.columns), *_CARRIED)
