"""Parquet files to the declared columns by name: one scan per distinct file schema, drift refused before reading."""

from collections.abc import Callable, Sequence
from functools import partial, reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from headgate_spark.classify import classify
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import Column, InputFile, Source
from headgate_spark.sources.csv_header import corrupt_input, missing_column, read_columns
from headgate_spark.sources.frozen import alike
from headgate_spark.sources.scan import scan
from headgate_spark.transforms.convert_value import convert_value
from headgate_spark.transforms.names import BLOCK, DETAIL, FILE, REASON, ROW, SEQUENCE, named, quoted
from headgate_spark.transforms.type_columns import Field, found_name, settle_nulls, text_name, type_columns


def _load(spark: SparkSession, schema: T.StructType | None, paths: list[str]) -> DataFrame:
    reader = spark.read.option("recursiveFileLookup", "true")
    return (reader if schema is None else reader.schema(schema)).parquet(*paths)


class _Schemas:
    """What Spark said of files of a shape, which a shape decides: a process that lives on asks once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[str, T.StructType] = {}

    def of(self, file: InputFile, read: Callable[[], T.StructType]) -> T.StructType:
        if file.shape is None:
            return read()
        schema = self._known.pop(file.shape, None) or read()
        # Put last again: the one that nobody asked for longest goes first.
        self._known[file.shape] = schema
        while len(self._known) > self._most:
            self._known.pop(next(iter(self._known)), None)
        return schema


_SCHEMAS = _Schemas(most=200)


def _file_schema(spark: SparkSession, file: InputFile) -> T.StructType:
    if file.size == 0:
        raise corrupt_input(file, "it is empty, and a Parquet file never is")
    try:
        return scan(spark, [file], [0], partial(_load, spark, None)).drop(FILE, BLOCK, SEQUENCE).schema
    except Exception as error:
        failure = classify(error)
        if failure.kind not in ("data", "unknown"):
            raise
        raise corrupt_input(file, "it is not a readable Parquet file", failure.detail) from error


def _column_type(file: InputFile, declared: Column, found: T.DataType) -> JobFailed:
    return JobFailed(
        kind="data",
        type="ColumnType",
        message=f"{file.path} holds '{declared.from_}' as {found.simpleString()}; "
        f"source '{file.source}' declares {declared.type}.",
        remedy=f"Declare a type that {found.simpleString()} turns into without loss, or write the file anew.",
        fields={
            "file": file.path,
            "source": file.source,
            "column": declared.from_,
            "found": found.simpleString(),
            "declared": declared.type,
        },
    )


def _field(index: int, declared: Column, found: T.DataType, file: InputFile) -> Field:
    parsed = convert_value(found_name(index), found, declared.type, declared.format)
    if parsed is None:
        raise _column_type(file, declared, found)
    raw = text_name(index)
    text = isinstance(found, T.StringType) and declared.type != "string"
    return Field(declared, settle_nulls(raw, declared.type, ()) if text else raw, parsed.value, parsed.fault)


def _read_group(
    spark: SparkSession, source: Source, files: Sequence[InputFile], ranks: Sequence[int], schema: T.StructType
) -> DataFrame:
    declared = read_columns(source)
    types = {field.name: field.dataType for field in schema.fields}
    for spec in declared:
        if spec.from_ not in types:
            raise missing_column(files[0], spec, list(types))
    fields = [_field(index, spec, types[spec.from_], files[0]) for index, spec in enumerate(declared)]
    needed = T.StructType([field for field in schema.fields if field.name in {spec.from_ for spec in declared}])
    rows = scan(spark, files, ranks, partial(_load, spark, needed))
    as_json = f"to_json(struct({', '.join(map(quoted, needed.names))}), map('ignoreNullFields', 'false'))"
    raw = rows.selectExpr(
        *(FILE, BLOCK, SEQUENCE),
        named(as_json, ROW),
        named("cast(NULL AS string)", REASON),
        named("cast(NULL AS string)", DETAIL),
        *(named(quoted(spec.from_), text_name(index)) for index, spec in enumerate(declared)),
    )
    return type_columns(raw, source, fields)


def read_parquet(spark: SparkSession, source: Source, files: Sequence[InputFile]) -> DataFrame:
    """Typed rows as `type_columns` leaves them. `files` come oldest first."""
    groups: dict[str, tuple[T.StructType, list[int]]] = {}
    for ranks in alike(files):
        schema = _SCHEMAS.of(files[ranks[0]], partial(_file_schema, spark, files[ranks[0]]))
        groups.setdefault(schema.json(), (schema, []))[1].extend(ranks)
    frames = [
        _read_group(spark, source, [files[rank] for rank in ranks], ranks, schema) for schema, ranks in groups.values()
    ]
    return reduce(DataFrame.unionByName, frames)
