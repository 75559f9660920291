"""Text to typed values, never by guess or rounding: what cannot be read stays null and gets a named fault."""

import re
from typing import NamedTuple

from pyspark.sql import Column
from pyspark.sql import functions as F

UNREADABLE = "UnreadableValue"
OUT_OF_RANGE = "ValueOutOfRange"

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE_NUMBER = r"^[+-]?\d+(\.0*)?$"
_ISO_TIMESTAMP = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$"

TEXT_TYPES = ("string", *_INTEGERS, *_FLOATS, "boolean", "date", "timestamp")


class Parsed(NamedTuple):
    """A typed value, and the name of the fault given that text is there but no value."""

    value: Column
    fault: Column


def decimal_shape(type_name: str) -> tuple[int, int] | None:
    match = _DECIMAL.fullmatch(type_name)
    return (int(match[1]), int(match[2])) if match else None


def is_known_type(type_name: str) -> bool:
    return type_name in TEXT_TYPES or decimal_shape(type_name) is not None


def _range_fault(text: Column, pattern: str) -> Column:
    return F.when(text.rlike(pattern), F.lit(OUT_OF_RANGE)).otherwise(F.lit(UNREADABLE))


def _integer(text: Column, type_name: str) -> Parsed:
    # Spreadsheets write 17850.0 for 17850; a fraction other than zero is not an integer.
    whole = F.regexp_extract(text, r"^([+-]?\d+)\.0*$", 1)
    value = F.coalesce(text.try_cast(type_name), whole.try_cast(type_name))
    return Parsed(value, _range_fault(text, _WHOLE_NUMBER))


def _decimal(text: Column, type_name: str, precision: int, scale: int) -> Parsed:
    value = text.try_cast(type_name)
    wide = text.try_cast(f"decimal(38,{38 - (precision - scale)})")
    digits_lost = F.when(text.rlike("[eE]"), wide.isNull() | (wide != value)).otherwise(
        text.rlike(rf"\.\d{{{scale}}}\d*[1-9]")
    )
    fault = F.when(text.rlike(_NUMBER) & ~F.coalesce(digits_lost, F.lit(False)), F.lit(OUT_OF_RANGE))
    return Parsed(F.when(~digits_lost, value), F.coalesce(fault, F.lit(UNREADABLE)))


def _float(text: Column, type_name: str) -> Parsed:
    # Java reads `1d` and `1f` as numbers and 1e999 as infinity: neither is what the file says.
    number = text.try_cast(type_name)
    special = text.isin("NaN", "Infinity", "-Infinity")
    finite = text.rlike(_NUMBER) & ~F.abs(number).isin(float("inf"))
    return Parsed(F.when(special | finite, number), _range_fault(text, _NUMBER))


def _boolean(text: Column) -> Parsed:
    word = F.lower(text)
    value = F.when(word.isin("true", "t", "yes", "y", "1"), F.lit(True)).when(
        word.isin("false", "f", "no", "n", "0"), F.lit(False)
    )
    return Parsed(value, F.lit(UNREADABLE))


def _date(text: Column, pattern: str | None) -> Parsed:
    return Parsed(F.try_to_date(text, pattern or "yyyy-MM-dd"), F.lit(UNREADABLE))


def _timestamp(text: Column, pattern: str | None) -> Parsed:
    if pattern is not None:
        return Parsed(F.try_to_timestamp(text, F.lit(pattern)), F.lit(UNREADABLE))
    # Spark would read a bare `08:26` as that time today.
    return Parsed(F.when(text.rlike(_ISO_TIMESTAMP), text.try_cast("timestamp")), F.lit(UNREADABLE))


def parse_text(text: Column, type_name: str, pattern: str | None = None) -> Parsed:
    """`text` comes trimmed for every type but string, and null where the file says null."""
    decimal = decimal_shape(type_name)
    if decimal is not None:
        return _decimal(text, type_name, *decimal)
    if type_name in _INTEGERS:
        return _integer(text, type_name)
    if type_name in _FLOATS:
        return _float(text, type_name)
    if type_name == "boolean":
        return _boolean(text)
    if type_name == "date":
        return _date(text, pattern)
    if type_name == "timestamp":
        return _timestamp(text, pattern)
    return Parsed(text, F.lit(UNREADABLE))
