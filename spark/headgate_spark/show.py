"""Rows of a Delta table as JSON lines, read with delta-rs: no Spark, no JVM. Never writes.

First line: the table and the columns of the answer; then one object per row. Decimals, dates and times are text.
An error is one JSON object {type, message, remedy}; exit code 1: the table cannot be read, 2: the request is wrong.
"""

from __future__ import annotations

import argparse
import datetime
import decimal
import itertools
import math
import os
import re
import resource
import stat
import sys
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError

from headgate_spark.answer import JsonParser, TableError, first_line, open_table, print_answer

# Greater whole numbers lose digits in JavaScript.
SAFE_INTEGER = 2**53 - 1
TYPE_NAMES = {
    "string_view": "string",
    "large_string": "string",
    "int8": "tinyint",
    "int16": "smallint",
    "int32": "int",
    "int64": "bigint",
    "bool": "boolean",
    "date32[day]": "date",
    "binary_view": "binary",
    "timestamp[us, tz=UTC]": "timestamp",
    "timestamp[us]": "timestamp_ntz",
}

QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
FORBIDDEN = re.compile(
    r"\b(into|insert|update|delete|merge|copy|create|drop|alter|attach|install|pragma)\b", re.IGNORECASE
)


def build_query(columns: list[str] | None, where: str | None, limit: int) -> str:
    """The query for a plain look at rows; the table is called `t`."""
    chosen = "*" if columns is None else ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    condition = f" WHERE ({where})" if where else ""
    return f"SELECT {chosen} FROM t{condition} LIMIT {limit}"


def demand_select(query: str) -> str:
    """The one query that it is; anything that could write, or read another place, is refused.

    The first word decides what a statement is, so nothing may stand before it. Comments are refused where they are
    seen: DataFusion nests them, and what one reader takes for a comment another may run.
    """
    text = re.sub(r";\s*\Z", "", query.strip())
    bare = QUOTED.sub("''", text)
    if not re.match(r"[\s(]*(select|with|values)\b", text, re.IGNORECASE):
        problem = "it does not start with SELECT, WITH or VALUES"
    elif "--" in bare or "/*" in bare:
        problem = "it holds a comment"
    elif ";" in bare:
        problem = "it holds a ;"
    elif word := FORBIDDEN.search(bare):
        problem = f"it holds the word {word[0]}"
    else:
        return text
    raise TableError(
        "BadQuery",
        f"The query is not run: {problem}.",
        'Write one SELECT over the table t, without comments; a column of such a name goes in quotes: "into".',
        2,
    )


def write_no_files() -> None:
    """From here on this process can make no file longer: a query that finds a way to write fails."""
    if not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def run_query(table: DeltaTable, query: str) -> Iterator[Any]:
    """Batches of the answer; an empty one first, so that its columns are known."""
    # column names mean what they say: Delta keeps their case, so must the query
    builder = QueryBuilder({"datafusion.sql_parser.enable_ident_normalization": "false"}).register("t", table)
    try:
        reader = pa.RecordBatchReader.from_stream(builder.execute(query))
        yield pa.RecordBatch.from_pylist([], schema=reader.schema)
        yield from reader
    except DeltaError as error:
        raise TableError(
            "BadQuery",
            f"The query cannot be run: {first_line(error)}",
            "The table is called t; name columns as the table does, case included. Only SELECT is allowed.",
            2,
        ) from error
    # delta-rs raises a bare Exception when a running query fails
    except Exception as error:
        raise TableError(
            "QueryFailed",
            f"The query failed while it read the table: {first_line(error)}",
            "Check the values the query computes with, and that no data file of the table was removed.",
            1,
        ) from error


def to_json(value: object) -> object:
    """A value as JSON can carry it without loss."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return str(value)


def type_name(data_type: pa.DataType) -> str:
    """An Arrow type by the name Spark SQL gives it, where it has one."""
    text = str(data_type)
    match = re.fullmatch(r"decimal\d+\((\d+), (\d+)\)", text)
    return f"decimal({match[1]},{match[2]})" if match else TYPE_NAMES.get(text, text)


def show(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """The head, then the rows."""
    table = open_table(options.table, options.version)
    # DeltaTable.count() overlooks deletion vectors
    total = sum(batch.column(0)[0].as_py() for batch in run_query(table, "SELECT count(*) FROM t") if batch.num_rows)
    start = time.monotonic()
    query = demand_select(options.sql or build_query(options.columns, options.where, options.limit))
    batches = run_query(table, query)
    schema = next(batches).schema
    first = next(batches, None)
    seconds = time.monotonic() - start
    yield {
        "table": options.table,
        "version": table.version(),
        "totalRows": total,
        "files": len(table.file_uris()),
        "seconds": round(seconds, 4),
        "columns": [{"name": field.name, "type": type_name(field.type)} for field in schema],
    }
    left = options.limit
    for batch in batches if first is None else itertools.chain([first], batches):
        for row in batch.slice(0, left).to_pylist():
            yield {name: to_json(value) for name, value in row.items()}
        left -= min(left, batch.num_rows)
        if left == 0:
            return


def _parse_count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of 0 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = JsonParser(prog="python -m headgate_spark.show", description=__doc__)
    parser.add_argument("table", help="path or URI of the Delta table")
    parser.add_argument("--version", type=_parse_count, help="default: the newest")
    parser.add_argument("--limit", type=_parse_count, default=20, help="most rows to show; default 20")
    parser.add_argument("--columns", type=lambda text: text.split(","), help="names with commas between; default all")
    parser.add_argument("--where", help="SQL condition on the rows")
    parser.add_argument("--sql", help="a whole SELECT; the table is called t")
    return parser


def _options(arguments: list[str] | None) -> argparse.Namespace:
    options = _parser().parse_args(arguments)
    if options.sql and (options.where or options.columns):
        raise TableError("BadArguments", "--sql does not go with --where or --columns", "Put them in the query.", 2)
    return options


def main(arguments: list[str] | None = None) -> int:
    """Prints the lines; returns the exit code."""
    return print_answer(lambda: show(_options(arguments)))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    write_no_files()
    sys.exit(main())
