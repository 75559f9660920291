"""Typed values of a file to the declared type: widened or checked, never rounded; None where that makes no sense."""

from pyspark.sql import types as T

from headgate_spark.transforms.parse_text import (
    OUT_OF_RANGE,
    UNREADABLE,
    Parsed,
    decimal_shape,
    fault_text,
    parse_text,
)

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")


def _to_number(value: str, found: T.DataType, declared: str) -> Parsed:
    converted = f"try_cast({value} AS {declared})"
    if declared in _FLOATS or isinstance(found, T.IntegralType):
        return Parsed(converted, fault_text(OUT_OF_RANGE))
    # Back in the type of the file the value must be the same, or digits were lost on the way.
    same = f"cast({converted} AS {found.simpleString()}) = {value}"
    fault = f"CASE WHEN {converted} IS NULL THEN '{OUT_OF_RANGE}' ELSE '{UNREADABLE}' END"
    return Parsed(f"CASE WHEN {same} THEN {converted} END", fault)


def _is_number(declared: str) -> bool:
    return declared in (*_INTEGERS, *_FLOATS) or decimal_shape(declared) is not None


def convert_value(value: str, found: T.DataType, declared: str, pattern: str | None) -> Parsed | None:
    """`value` is the SQL name of the column that holds what the file says."""
    unreadable = fault_text(UNREADABLE)
    if isinstance(found, T.StringType):
        return parse_text(value, declared, pattern)
    if found.simpleString() == declared:
        return Parsed(value, unreadable)
    if isinstance(found, T.NumericType):
        if _is_number(declared):
            return _to_number(value, found, declared)
        # A float as text shows digits that nobody wrote: 17850.0 for the identity 17850.
        exact = isinstance(found, T.IntegralType | T.DecimalType)
        return Parsed(f"cast({value} AS string)", unreadable) if declared == "string" and exact else None
    if isinstance(found, T.DateType | T.TimestampType | T.TimestampNTZType):
        if declared in ("string", "date", "timestamp"):
            return Parsed(f"cast({value} AS {declared})", unreadable)
        return None
    if isinstance(found, T.BooleanType) and declared == "string":
        return Parsed(f"cast({value} AS string)", unreadable)
    return None
