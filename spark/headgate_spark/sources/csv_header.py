"""Reads the header of a CSV file in the driver and places the declared columns in it, whatever their order."""

import bz2
import csv
import gzip
import io
import itertools
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import each, open_file
from headgate_spark.protocol import Column, CsvOptions, InputFile, JobWarning, Source

_GZIP = b"\x1f\x8b"
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")
_PACKED = (".gz", ".bz2")


def corrupt_input(file: InputFile, cause: str, detail: str = "") -> JobFailed:
    return JobFailed(
        kind="data",
        type="CorruptInput",
        message=f"{file.path} cannot be read: {cause}.",
        remedy="Ask for the file again, or take it out of the source's path.",
        fields={"file": file.path, "source": file.source},
        detail=detail,
    )


@contextmanager
def _open(file: InputFile) -> Iterator[io.BufferedReader]:
    with open_file(file.read_path) as raw:
        if file.read_path.endswith(".gz"):
            yield io.BufferedReader(gzip.GzipFile(fileobj=raw, mode="rb"))
            return
        if file.read_path.endswith(".bz2"):
            yield io.BufferedReader(bz2.BZ2File(raw, mode="rb"))
            return
        start = raw.peek(2)[:2]
        if start == _GZIP or start in _WIDE_MARKS:
            cause = "it is gzip data without .gz in its name" if start == _GZIP else "it is UTF-16 text"
            raise corrupt_input(file, cause)
        yield raw


def is_whole(file: InputFile) -> bool:
    """Whether a packed file can be read to its end. Reads it, so this is for finding out which of them failed."""
    if not file.read_path.endswith(_PACKED):
        return True
    try:
        with _open(file) as raw:
            while raw.read(1 << 20):
                pass
    except (EOFError, OSError, zlib.error):
        return False
    return True


def _is_row(line: str, comment: str | None) -> bool:
    text = line.strip()
    return text != "" and not (comment is not None and text.startswith(comment))


def _records(lines: Iterable[str], options: CsvOptions) -> Iterable[list[str]]:
    rows = itertools.dropwhile(lambda line: not _is_row(line, options.comment), lines)
    one_escape = options.escape == options.quote
    return csv.reader(
        rows if options.multiline else itertools.islice(rows, 1),
        delimiter=options.delimiter,
        quotechar=options.quote,
        doublequote=one_escape,
        escapechar=None if one_escape else options.escape,
    )


def read_header(file: InputFile, options: CsvOptions) -> tuple[str, ...] | None:
    """The trimmed cells of the first record; nothing for a file without one."""
    encoding = "utf-8-sig" if options.encoding == "utf-8" else options.encoding
    try:
        with _open(file) as raw, io.TextIOWrapper(raw, encoding=encoding, errors="replace") as text:
            first = next(iter(_records(text, options)), None)
    except (EOFError, gzip.BadGzipFile, csv.Error) as error:
        raise corrupt_input(file, str(error).rstrip("."), repr(error)) from error
    return None if first is None else tuple(cell.strip() for cell in first)


def read_headers(files: Sequence[InputFile], options: CsvOptions) -> list[tuple[str, ...] | None]:
    """In their order, many at once where each is a request."""
    return list(each(files, lambda file: file.read_path, lambda file: read_header(file, options)))


def _plain(name: str) -> str:
    return "".join(name.split()).replace("_", "").casefold()


def missing_column(file: InputFile, column: Column, found: Sequence[str]) -> JobFailed:
    near = next((name for name in found if _plain(name) == _plain(column.from_)), None)
    remedy = (
        f"The file writes it '{near}': declare the column with {{ from: {near} }}."
        if near is not None
        else "Add the column to the file, or rename it with { from: … } in the pipeline file."
    )
    return JobFailed(
        kind="data",
        type="MissingColumn",
        message=f"{file.path} has no column '{column.from_}', which source '{file.source}' declares.",
        remedy=remedy,
        fields={"file": file.path, "source": file.source, "column": column.from_},
    )


def read_columns(source: Source) -> tuple[Column, ...]:
    """The columns that come from the file."""
    return tuple(column for column in source.columns if column.expression is None)


def place_columns(source: Source, file: InputFile, header: Sequence[str]) -> tuple[int, ...]:
    """Position in the file of each column that is read."""
    counts = Counter(header)
    positions = []
    for column in read_columns(source):
        if counts[column.from_] == 0:
            raise missing_column(file, column, header)
        if counts[column.from_] > 1:
            raise JobFailed(
                kind="data",
                type="DuplicateHeader",
                message=f"{file.path} has {counts[column.from_]} columns named '{column.from_}'.",
                remedy="Give each column of the file its own name; which of them is meant cannot be told.",
                fields={"file": file.path, "source": file.source, "column": column.from_},
            )
        positions.append(header.index(column.from_))
    return tuple(positions)


def extra_columns(
    source: Source, file: InputFile, header: Sequence[str], action: str, more: int = 0
) -> JobWarning | None:
    """`more` files have the same header."""
    declared = {column.from_ for column in source.columns}
    extra = [name or "(no name)" for name in header if name not in declared]
    if not extra:
        return None
    message = f"{file.path} has columns that source '{source.name}' does not declare: {', '.join(extra)}"
    if action == "fail":
        raise JobFailed(
            kind="data",
            type="ExtraColumns",
            message=f"{message}.",
            remedy="Declare the columns, or set `extra_columns: warn` to read past them.",
            fields={"file": file.path, "source": source.name, "columns": ", ".join(extra)},
        )
    others = f"; {more} more with the same header" if more else ""
    return JobWarning(type="ExtraColumns", message=message + others)
