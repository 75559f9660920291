"""CSV files to text fields by name: one scan per distinct header, so that column order never matters."""

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.protocol import CsvOptions, InputFile, JobWarning, Source
from headgate_spark.sources.csv_header import extra_columns, place_columns, read_columns, read_headers
from headgate_spark.sources.frozen import alike
from headgate_spark.sources.scan import scan
from headgate_spark.transforms.csv_fields import (
    LINE,
    check_records,
    field_name,
    field_options,
    field_schema,
    split_lines,
)
from headgate_spark.transforms.names import named
from headgate_spark.transforms.type_columns import text_name

# Characters that no text holds: with them as delimiter and quote Spark's CSV reader yields whole decoded lines.
_NO_DELIMITER = "\ufdd0"
_NO_QUOTE = "\ufdd1"


class _Layout(NamedTuple):
    width: int
    positions: tuple[int, ...]


def _layout(
    source: Source,
    file: InputFile,
    header: tuple[str, ...] | None,
    more: int,
    options: CsvOptions,
    warnings: list[JobWarning],
) -> _Layout | None:
    if header is None:
        warnings.append(JobWarning(type="EmptyFile", message=f"{file.path} is empty: it has not even a header"))
        return None
    positions = place_columns(source, file, header)
    extra = extra_columns(source, file, header, options.extra_columns, more)
    if extra is not None:
        warnings.append(extra)
    return _Layout(len(header), positions)


def _layouts(
    source: Source, files: Sequence[InputFile], options: CsvOptions, warnings: list[JobWarning]
) -> dict[_Layout, list[int]]:
    """Ranks of the files by what they look like."""
    if not options.header:
        width = len(read_columns(source))
        return {_Layout(width, tuple(range(width))): list(range(len(files)))}
    layouts: dict[_Layout, list[int]] = {}
    groups = alike(files)
    headers = read_headers([files[ranks[0]] for ranks in groups], options)
    for ranks, header in zip(groups, headers, strict=True):
        layout = _layout(source, files[ranks[0]], header, len(ranks) - 1, options, warnings)
        if layout is not None:
            layouts.setdefault(layout, []).extend(ranks)
    return layouts


def _common_options(options: CsvOptions) -> dict[str, str]:
    chosen = {
        "header": str(options.header).lower(),
        "encoding": options.encoding,
        "recursiveFileLookup": "true",
    }
    return chosen | ({"comment": options.comment} if options.comment is not None else {})


def _lines(spark: SparkSession, paths: list[str], options: CsvOptions) -> DataFrame:
    line_options = {"sep": _NO_DELIMITER, "quote": _NO_QUOTE, "escape": _NO_QUOTE, "mode": "PERMISSIVE"}
    reader = spark.read.options(**_common_options(options), **line_options)
    return reader.schema(f"`{LINE}` string").csv(paths)


def _records(spark: SparkSession, paths: list[str], options: CsvOptions, width: int) -> DataFrame:
    reader = spark.read.options(**_common_options(options), **field_options(options), multiLine="true")
    return reader.schema(field_schema(width)).csv(paths)


def _read_group(
    spark: SparkSession, files: Sequence[InputFile], ranks: Sequence[int], options: CsvOptions, layout: _Layout
) -> DataFrame:
    if options.multiline:
        records = scan(spark, files, ranks, lambda paths: _records(spark, paths, options, layout.width))
        fields = check_records(records, layout.width, layout.positions)
    else:
        lines = scan(spark, files, ranks, lambda paths: _lines(spark, paths, options))
        if not options.header:
            others = [name for name in lines.columns if name != LINE]
            lines = lines.selectExpr(*others, named(f"regexp_replace({LINE}, '^\ufeff', '')", LINE))
        fields = split_lines(lines, options, layout.width, layout.positions)
    renamed = {field_name(position): text_name(index) for index, position in enumerate(layout.positions)}
    return fields.withColumnsRenamed(renamed)


def read_csv(
    spark: SparkSession, source: Source, files: Sequence[InputFile], warnings: list[JobWarning]
) -> DataFrame | None:
    """Text columns in the order of the declared ones. `files` come oldest first; nothing when all are empty."""
    options = source.csv or CsvOptions()
    layouts = _layouts(source, files, options, warnings)
    frames = [
        _read_group(spark, [files[rank] for rank in ranks], ranks, options, layout) for layout, ranks in layouts.items()
    ]
    return reduce(DataFrame.unionByName, frames) if frames else None
