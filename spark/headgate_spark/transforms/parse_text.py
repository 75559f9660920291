"""Text to typed values, never by guess or rounding: what cannot be read stays null and gets a named fault.

All of it is SQL text: a plan of some hundred expressions costs one call to the JVM each where it is built from columns.
"""

import re
from typing import NamedTuple

from headgate_spark.transforms.names import sql_string

UNREADABLE = "UnreadableValue"
OUT_OF_RANGE = "ValueOutOfRange"

_INTEGERS = ("tinyint", "smallint", "int", "bigint")
_FLOATS = ("float", "double")
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_WHOLE_NUMBER = r"^[+-]?\d+(\.0*)?$"
_WITHOUT_FRACTION = r"^([+-]?\d+)\.0*$"
_ISO_TIMESTAMP = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?$"

TEXT_TYPES = ("string", *_INTEGERS, *_FLOATS, "boolean", "date", "timestamp")


class Parsed(NamedTuple):
    """SQL of a typed value, and of the name of the fault given that text is there but no value."""

    value: str
    fault: str


def fault_text(name: str) -> str:
    return sql_string(name)


def decimal_shape(type_name: str) -> tuple[int, int] | None:
    match = _DECIMAL.fullmatch(type_name)
    return (int(match[1]), int(match[2])) if match else None


def is_known_type(type_name: str) -> bool:
    return type_name in TEXT_TYPES or decimal_shape(type_name) is not None


def _matches(text: str, pattern: str) -> str:
    return f"{text} RLIKE {sql_string(pattern)}"


def _range_fault(text: str, pattern: str) -> str:
    return f"CASE WHEN {_matches(text, pattern)} THEN '{OUT_OF_RANGE}' ELSE '{UNREADABLE}' END"


def _integer(text: str, type_name: str) -> Parsed:
    # Spreadsheets write 17850.0 for 17850; a fraction other than zero is not an integer.
    whole = f"regexp_extract({text}, {sql_string(_WITHOUT_FRACTION)}, 1)"
    value = f"coalesce(try_cast({text} AS {type_name}), try_cast({whole} AS {type_name}))"
    return Parsed(value, _range_fault(text, _WHOLE_NUMBER))


def _decimal(text: str, type_name: str, precision: int, scale: int) -> Parsed:
    value = f"try_cast({text} AS {type_name})"
    wide = f"try_cast({text} AS decimal(38,{38 - (precision - scale)}))"
    # The usual number has no exponent and not too many digits: no regular expression for it.
    exponent = f"contains({text}, 'e') OR contains({text}, 'E')"
    short = f"instr({text}, '.') = 0 OR length({text}) - instr({text}, '.') <= {scale}"
    beyond = _matches(text, rf"\.\d{{{scale}}}\d*[1-9]")
    digits_lost = (
        f"(CASE WHEN {exponent} THEN ({wide} IS NULL OR {wide} != {value}) WHEN {short} THEN false ELSE {beyond} END)"
    )
    fault = (
        f"CASE WHEN {_matches(text, _NUMBER)} AND NOT coalesce({digits_lost}, false) THEN '{OUT_OF_RANGE}' "
        f"ELSE '{UNREADABLE}' END"
    )
    return Parsed(f"CASE WHEN NOT {digits_lost} THEN {value} END", fault)


def _float(text: str, type_name: str) -> Parsed:
    # Java reads `1d` and `1f` as numbers and 1e999 as infinity: neither is what the file says.
    number = f"try_cast({text} AS {type_name})"
    special = f"{text} IN ('NaN', 'Infinity', '-Infinity')"
    finite = f"({_matches(text, _NUMBER)} AND NOT abs({number}) = double('Infinity'))"
    return Parsed(f"CASE WHEN {special} OR {finite} THEN {number} END", _range_fault(text, _NUMBER))


def _boolean(text: str) -> Parsed:
    word = f"lower({text})"
    value = (
        f"CASE WHEN {word} IN ('true', 't', 'yes', 'y', '1') THEN true "
        f"WHEN {word} IN ('false', 'f', 'no', 'n', '0') THEN false END"
    )
    return Parsed(value, fault_text(UNREADABLE))


def _date(text: str, pattern: str | None) -> Parsed:
    # What Spark 4 calls try_to_date.
    value = f"cast(try_to_timestamp({text}, {sql_string(pattern or 'yyyy-MM-dd')}) AS date)"
    return Parsed(value, fault_text(UNREADABLE))


def _timestamp(text: str, pattern: str | None) -> Parsed:
    if pattern is not None:
        return Parsed(f"try_to_timestamp({text}, {sql_string(pattern)})", fault_text(UNREADABLE))
    # Spark would read a bare `08:26` as that time today.
    value = f"CASE WHEN {_matches(text, _ISO_TIMESTAMP)} THEN try_cast({text} AS timestamp) END"
    return Parsed(value, fault_text(UNREADABLE))


def parse_text(text: str, type_name: str, pattern: str | None = None) -> Parsed:
    """`text` is the SQL name of a column: trimmed for every type but string, and null where the file says null."""
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
    return Parsed(text, fault_text(UNREADABLE))
