"""Cuts a CSV line into its fields and says what is wrong with a line that does not have the declared shape."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame

from headgate_spark.protocol import CsvOptions
from headgate_spark.transforms.names import DETAIL, REASON, ROW, named, sql_string

LINE = "_hg_line"
_CORRUPT = "_hg_corrupt"
# The fields of a line with quotes, cut by Spark's CSV parser, and of one without, cut at its delimiters.
_PARSED = "_hg_parsed"
_SPLIT = "_hg_split"
# Stands for a quoted empty field until nulls are settled: a noncharacter, so no text holds it.
EMPTY = "\ufdd2"
_REPLACED = "\ufffd"


def field_name(position: int) -> str:
    return f"_hg_field_{position}"


def field_schema(width: int) -> str:
    names = [field_name(position) for position in range(width)]
    return ", ".join(f"`{name}` string" for name in [*names, _CORRUPT])


def field_options(options: CsvOptions) -> dict[str, str]:
    return {
        "mode": "PERMISSIVE",
        "columnNameOfCorruptRecord": _CORRUPT,
        "sep": options.delimiter,
        "quote": options.quote,
        "escape": options.escape,
        "emptyValue": EMPTY,
        "ignoreLeadingWhiteSpace": str(options.trim).lower(),
        "ignoreTrailingWhiteSpace": str(options.trim).lower(),
    }


def _char(text: str) -> str:
    return "".join(f"\\x{{{ord(char):x}}}" for char in text)


def well_formed_pattern(options: CsvOptions) -> str:
    """Every quoted field closes on this line, right before a delimiter or the end (java.util.regex)."""
    quote, escape, delimiter = _char(options.quote), _char(options.escape), _char(options.delimiter)
    blank = r"[ \t]*+" if options.trim else ""
    inner = quote + quote if options.escape == options.quote else escape + "."
    plain = f"[^{quote}]*+" if options.escape == options.quote else f"[^{quote}{escape}]*+"
    quoted = f"{blank}{quote}{plain}(?:{inner}{plain})*+{quote}{blank}"
    unquoted = f"{blank}(?!{quote})(?:(?!{delimiter}).)*+"
    field = f"(?:{quoted}(?={delimiter}|$)|{unquoted})"
    return f"(?s)^{field}(?:{delimiter}{field})*+$"


def _split_pattern(delimiter: str) -> str:
    """Of one character, so that Java splits without a regular expression."""
    return re.escape(delimiter) if len(delimiter) == 1 else _char(delimiter)


def _count_text(options: CsvOptions, width: int) -> str:
    """Rare rows only: how many fields the line has, delimiters inside quotes left out."""
    quote, delimiter = _char(options.quote), _char(options.delimiter)
    bare = f"regexp_replace({LINE}, {sql_string(f'{quote}[^{quote}]*{quote}')}, '')"
    count = f"regexp_count({bare}, {sql_string(delimiter)}) + 1"
    trouble = f"CASE WHEN {count} > {width} THEN 'too many' ELSE 'too few' END"
    return f"concat({trouble}, ' fields: ', cast({count} AS string), ' instead of {width}')"


class FieldCount(NamedTuple):
    found: int
    wanted: int


def fields_in(detail: str) -> FieldCount | None:
    """What the sentence of `_count_text` says."""
    match = re.fullmatch(r"too (?:many|few) fields: (\d+) instead of (\d+)", detail)
    return FieldCount(int(match[1]), int(match[2])) if match else None


class _Trouble(NamedTuple):
    """SQL of what is wrong with a line, in the order in which the first one that holds decides."""

    when: str
    reason: str
    detail: str


def _told(rows: DataFrame, troubles: Sequence[_Trouble]) -> DataFrame:
    """Adds REASON and DETAIL. The latter only looks at rows that have the former, which are few."""
    reason = " ".join(f"WHEN {trouble.when} THEN '{trouble.reason}'" for trouble in troubles)
    detail = " ".join(f"WHEN '{trouble.reason}' THEN {trouble.detail}" for trouble in troubles)
    reasoned = rows.selectExpr("*", named(f"CASE {reason} END", REASON))
    return reasoned.selectExpr(
        "*", named(f"CASE WHEN {REASON} IS NOT NULL THEN CASE {REASON} {detail} END END", DETAIL)
    )


def _characters(text: str) -> list[_Trouble]:
    return [
        _Trouble(f"contains({text}, '\\u0000')", "NulByte", "'the row holds a NUL byte'"),
        _Trouble(
            f"contains({text}, '{_REPLACED}')",
            "InvalidEncoding",
            "'the row holds bytes that are not text in the declared encoding'",
        ),
    ]


def split_lines(lines: DataFrame, options: CsvOptions, width: int, positions: Sequence[int]) -> DataFrame:
    """One column per position that is needed, beside what the lines carry; REASON and DETAIL tell a bad line."""
    carried = [name for name in lines.columns if name != LINE]
    # The parser costs three times what splitting does, and only quotes need it (or blanks that are to go).
    needs_parser = "true" if options.trim else f"contains({LINE}, {sql_string(options.quote)})"
    arguments = ", ".join(f"'{name}', {sql_string(value)}" for name, value in field_options(options).items())
    parsed = f"from_csv({LINE}, '{field_schema(width)}', map({arguments}))"
    split = f"split({LINE}, {sql_string(_split_pattern(options.delimiter))}, -1)"
    cut = lines.selectExpr(
        LINE,
        *carried,
        named(f"CASE WHEN {needs_parser} THEN {parsed} END", _PARSED),
        named(f"CASE WHEN NOT {needs_parser} THEN {split} END", _SPLIT),
    )
    broken = f"contains({LINE}, {sql_string(options.quote)}) AND NOT {LINE} RLIKE " + sql_string(
        well_formed_pattern(options)
    )
    told = _told(
        cut,
        [
            *_characters(LINE),
            _Trouble(broken, "MalformedQuotes", "'a quoted field is not closed on its line'"),
            _Trouble(
                f"{_PARSED}.{_CORRUPT} IS NOT NULL OR size({_SPLIT}) != {width}",
                "WrongFieldCount",
                _count_text(options, width),
            ),
        ],
    )
    fields = (
        named(
            f"CASE WHEN {_SPLIT} IS NULL THEN {_PARSED}.{field_name(position)} "
            f"ELSE nullif(get({_SPLIT}, {position}), '') END",
            field_name(position),
        )
        for position in positions
    )
    return told.selectExpr(*carried, named(LINE, ROW), REASON, DETAIL, *fields)


def check_records(records: DataFrame, width: int, positions: Sequence[int]) -> DataFrame:
    """The same for records that may hold line breaks, which Spark has cut already."""
    names = [field_name(position) for position in range(width)]
    carried = [name for name in records.columns if name not in (*names, _CORRUPT)]
    row = f"coalesce({_CORRUPT}, to_json(array({', '.join(names)})))"
    told = _told(
        records,
        [
            *_characters(f"coalesce({_CORRUPT}, concat_ws(' ', {', '.join(names)}))"),
            _Trouble(f"{_CORRUPT} IS NOT NULL", "WrongFieldCount", f"'the record does not have {width} fields'"),
        ],
    )
    return told.selectExpr(
        *carried,
        named(f"regexp_replace({row}, '{EMPTY}', '')", ROW),
        REASON,
        DETAIL,
        *(field_name(position) for position in positions),
    )
