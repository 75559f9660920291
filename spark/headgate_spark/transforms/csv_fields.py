"""Cuts a CSV line into its fields and says what is wrong with a line that does not have the declared shape."""

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headgate_spark.pipeline import CsvOptions
from headgate_spark.transforms.names import DETAIL, REASON, ROW

LINE = "_hg_line"
_CORRUPT = "_hg_corrupt"
# Stands for a quoted empty field until nulls are settled: a noncharacter, so no text holds it.
EMPTY = "\ufdd2"
_REPLACED = "\ufffd"
_NUL = "\x00"


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


def _count_text(line: Column, options: CsvOptions, width: int) -> Column:
    """Rare rows only: how many fields the line has, delimiters inside quotes left out."""
    quote, delimiter = _char(options.quote), _char(options.delimiter)
    bare = F.regexp_replace(line, f"{quote}[^{quote}]*{quote}", "")
    count = F.regexp_count(bare, F.lit(delimiter)) + 1
    trouble = F.when(count > width, F.lit("too many")).otherwise(F.lit("too few"))
    return F.concat(trouble, F.lit(" fields: "), count.cast("string"), F.lit(f" instead of {width}"))


def _characters(text: Column) -> tuple[Column, Column]:
    nul, invalid = text.contains(_NUL), text.contains(_REPLACED)
    reason = F.when(nul, F.lit("NulByte")).when(invalid, F.lit("InvalidEncoding"))
    return reason, F.when(nul, F.lit("the row holds a NUL byte")).when(
        invalid, F.lit("the row holds bytes that are not text in the declared encoding")
    )


def split_lines(lines: DataFrame, options: CsvOptions, width: int, positions: Sequence[int]) -> DataFrame:
    """One column per position that is needed, beside what the lines carry; REASON and DETAIL tell a bad line."""
    line = F.col(LINE)
    carried = [F.col(name) for name in lines.columns if name != LINE]
    cut = lines.select(line, *carried, F.from_csv(line, field_schema(width), field_options(options)).alias("_hg_cut"))
    reason, detail = _characters(line)
    broken = line.contains(options.quote) & ~line.rlike(well_formed_pattern(options))
    wrong_count = F.col(f"_hg_cut.{_CORRUPT}").isNotNull()
    reason = F.coalesce(
        reason,
        F.when(broken, F.lit("MalformedQuotes")).when(wrong_count, F.lit("WrongFieldCount")),
    )
    detail = F.coalesce(
        detail,
        F.when(broken, F.lit("a quoted field is not closed on its line")).when(
            wrong_count, _count_text(line, options, width)
        ),
    )
    fields = [F.col(f"_hg_cut.{field_name(position)}") for position in positions]
    return cut.select(*carried, line.alias(ROW), reason.alias(REASON), detail.alias(DETAIL), *fields)


def check_records(records: DataFrame, width: int, positions: Sequence[int]) -> DataFrame:
    """The same for records that may hold line breaks, which Spark has cut already."""
    names = [field_name(position) for position in range(width)]
    carried = [F.col(name) for name in records.columns if name not in (*names, _CORRUPT)]
    corrupt = F.col(_CORRUPT)
    text = F.coalesce(corrupt, F.concat_ws(" ", *names))
    reason, detail = _characters(text)
    wrong_count = F.when(corrupt.isNotNull(), F.lit("WrongFieldCount"))
    count_text = F.when(corrupt.isNotNull(), F.lit(f"the record does not have {width} fields"))
    row = F.coalesce(corrupt, F.to_json(F.array(*names)))
    return records.select(
        *carried,
        F.regexp_replace(row, EMPTY, "").alias(ROW),
        F.coalesce(reason, wrong_count).alias(REASON),
        F.coalesce(detail, count_text).alias(DETAIL),
        *(F.col(field_name(position)) for position in positions),
    )
