"""Typed values of a file to the declared type: widened or checked, never rounded; None where that makes no sense."""

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headgate_spark.transforms.parse_text import OUT_OF_RANGE, UNREADABLE, Parsed, decimal_shape, parse_text

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")


def _to_number(value: Column, found: T.DataType, declared: str) -> Parsed:
    converted = value.try_cast(declared)
    if declared in _FLOATS:
        return Parsed(converted, F.lit(OUT_OF_RANGE))
    if isinstance(found, T.IntegralType):
        return Parsed(converted, F.lit(OUT_OF_RANGE))
    # Back in the type of the file the value must be the same, or digits were lost on the way.
    same = converted.cast(found.simpleString()) == value
    return Parsed(F.when(same, converted), F.when(converted.isNull(), F.lit(OUT_OF_RANGE)).otherwise(F.lit(UNREADABLE)))


def _is_number(declared: str) -> bool:
    return declared in (*_INTEGERS, *_FLOATS) or decimal_shape(declared) is not None


def convert_value(value: Column, found: T.DataType, declared: str, pattern: str | None) -> Parsed | None:
    if isinstance(found, T.StringType):
        return parse_text(value, declared, pattern)
    if found.simpleString() == declared:
        return Parsed(value, F.lit(UNREADABLE))
    if isinstance(found, T.NumericType):
        if _is_number(declared):
            return _to_number(value, found, declared)
        # A float as text shows digits that nobody wrote: 17850.0 for the identity 17850.
        exact = isinstance(found, T.IntegralType | T.DecimalType)
        return Parsed(value.cast("string"), F.lit(UNREADABLE)) if declared == "string" and exact else None
    if isinstance(found, T.DateType | T.TimestampType | T.TimestampNTZType):
        if declared in ("string", "date", "timestamp"):
            return Parsed(value.cast(declared), F.lit(UNREADABLE))
        return None
    if isinstance(found, T.BooleanType) and declared == "string":
        return Parsed(value.cast("string"), F.lit(UNREADABLE))
    return None
