"""From fields of a file to typed columns of a source: every row keeps its place, a bad one gets reason and detail."""

from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame

from headgate_spark.protocol import Column as Declared
from headgate_spark.protocol import Source
from headgate_spark.transforms.csv_fields import EMPTY
from headgate_spark.transforms.names import BLOCK, DETAIL, FILE, REASON, ROW, SEQUENCE, named, quoted, sql_string
from headgate_spark.transforms.parse_text import OUT_OF_RANGE, UNREADABLE, parse_text

NULL_KEY = "NullKey"
MISSING_VALUE = "MissingValue"
# Their detail begins with the name of the column that they are about.
_OF_A_COLUMN = (UNREADABLE, OUT_OF_RANGE, NULL_KEY, MISSING_VALUE)
# Between the value and the type that it does not have.
_VERBS = {OUT_OF_RANGE: "does not fit", UNREADABLE: "is not"}

_CARRIED = (ROW, FILE, BLOCK, SEQUENCE, REASON, DETAIL)


class Field(NamedTuple):
    """SQL of how one declared column comes out of the frame: the source value, the typed value, the fault if that is
    null."""

    declared: Declared
    found: str
    value: str
    fault: str


class Fault(NamedTuple):
    """SQL of a condition, and of the reason and the detail where it holds."""

    when: str
    reason: str
    detail: str


def text_name(index: int) -> str:
    return f"_hg_text_{index}"


def found_name(index: int) -> str:
    return f"_hg_found_{index}"


def fault_name(index: int) -> str:
    return f"_hg_fault_{index}"


def settle_nulls(text: str, type_name: str, nulls: Sequence[str]) -> str:
    """What the file means by null becomes null; a quoted empty field stays an empty string in a string column."""
    if type_name == "string":
        listed = ", ".join(map(sql_string, nulls))
        kept = f"CASE WHEN NOT {text} IN ({listed}) THEN {text} END" if nulls else text
        return f"CASE WHEN {kept} = '{EMPTY}' THEN '' ELSE {kept} END"
    listed = ", ".join(map(sql_string, ("", EMPTY, *nulls)))
    return f"CASE WHEN NOT trim({text}) IN ({listed}) THEN trim({text}) END"


def text_fields(source: Source, declared: Sequence[Declared], nulls: Sequence[str]) -> list[Field]:
    fields = []
    for index, spec in enumerate(declared):
        value, fault = parse_text(found_name(index), spec.type, spec.format)
        fields.append(Field(spec, settle_nulls(text_name(index), spec.type, nulls), value, fault))
    return fields


def declared_text(spec: Declared) -> str:
    return spec.type if spec.format is None else f"{spec.type} {spec.format}"


def _before_value(spec: Declared) -> str:
    return f"{spec.name}: '"


def _after_value(spec: Declared, reason: str) -> str:
    pattern = f" ({spec.format})" if spec.format is not None else ""
    return f"' {_VERBS[reason]} {spec.type}{pattern}"


def _value_detail(field: Field, index: int) -> str:
    shown = f"substring(cast({found_name(index)} AS string), 1, 200)"
    too_great, other = (sql_string(_after_value(field.declared, reason)) for reason in (OUT_OF_RANGE, UNREADABLE))
    end = f"CASE WHEN {fault_name(index)} = '{OUT_OF_RANGE}' THEN {too_great} ELSE {other} END"
    return f"concat({sql_string(_before_value(field.declared))}, {shown}, {end})"


def column_in(reason: str, detail: str) -> str:
    """SQL of the column that a row went aside for; null where it is no single one."""
    reasons = ", ".join(map(sql_string, _OF_A_COLUMN))
    return f"CASE WHEN {reason} IN ({reasons}) THEN substring_index({detail}, ': ', 1) END"


def value_in(detail: str, spec: Declared) -> str | None:
    """The value that a sentence of `_value_detail` quotes."""
    begin = _before_value(spec)
    for end in (_after_value(spec, reason) for reason in _VERBS):
        if detail.startswith(begin) and detail.endswith(end):
            return detail[len(begin) : -len(end)]
    return None


def _with_faults(rows: DataFrame, faults: Sequence[Fault]) -> DataFrame:
    """The first fault of a row is its reason; one that it already has stands."""
    if not faults:
        return rows
    others = [quoted(name) for name in rows.columns if name not in (REASON, DETAIL)]
    reasons = " ".join(f"WHEN {fault.when} THEN {fault.reason}" for fault in faults)
    details = " ".join(f"WHEN {fault.when} THEN {fault.detail}" for fault in faults)
    reasoned = rows.selectExpr(
        *others, DETAIL, named(f"CASE WHEN {REASON} IS NOT NULL THEN {REASON} {reasons} END", REASON)
    )
    # Only bad rows need a detail, and they are few.
    detail = f"CASE WHEN {REASON} IS NULL OR {DETAIL} IS NOT NULL THEN {DETAIL} {details} END"
    return reasoned.selectExpr(*others, REASON, named(detail, DETAIL))


def _typed(rows: DataFrame, fields: Sequence[Field]) -> tuple[DataFrame, list[Fault]]:
    """The declared columns, and what is wrong with them but not yet their row's reason."""
    # One select per step: Spark then computes each typed value once, however often the faults look at it.
    settled = rows.selectExpr(*_CARRIED, *(named(field.found, found_name(index)) for index, field in enumerate(fields)))
    typed = settled.selectExpr(
        *_CARRIED,
        *(found_name(index) for index in range(len(fields))),
        *(named(field.value, field.declared.name) for field in fields),
    )
    unreadable = [
        named(
            f"CASE WHEN {found_name(index)} IS NOT NULL AND {quoted(field.declared.name)} IS NULL "
            f"THEN {field.fault} END",
            fault_name(index),
        )
        for index, field in enumerate(fields)
    ]
    return typed.selectExpr("*", *unreadable), [
        Fault(f"{fault_name(index)} IS NOT NULL", fault_name(index), _value_detail(field, index))
        for index, field in enumerate(fields)
    ]


def _computed(rows: DataFrame, source: Source) -> DataFrame:
    for spec in source.columns:
        if spec.expression is not None:
            # A row that is already bad holds values in wrong places: its expressions must not end the job.
            value = f"CASE WHEN {REASON} IS NULL THEN cast(({spec.expression}) AS {spec.type}) END"
            others = [quoted(name) for name in rows.columns if name != spec.name]
            rows = rows.selectExpr(*others, named(value, spec.name))
    return rows


def _missing(source: Source) -> list[Fault]:
    return [
        Fault(
            f"{quoted(spec.name)} IS NULL",
            sql_string(NULL_KEY if spec.name in source.key else MISSING_VALUE),
            sql_string(f"{spec.name}: no value"),
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
    return complete.selectExpr(*(quoted(spec.name) for spec in source.columns), *_CARRIED)
