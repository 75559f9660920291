"""One source of a batch: its frozen files to typed rows, with whatever is worth a warning."""

from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import CsvOptions, InputFile, JobWarning, Source
from headgate_spark.sources.csv_header import read_columns
from headgate_spark.sources.read_csv import read_csv
from headgate_spark.sources.read_parquet import read_parquet
from headgate_spark.transforms.names import BLOCK, DETAIL, FILE, REASON, ROW, SEQUENCE, named
from headgate_spark.transforms.parse_text import TEXT_TYPES, is_known_type
from headgate_spark.transforms.type_columns import text_fields, type_columns


def _empty(spark: SparkSession, source: Source) -> DataFrame:
    texts = [named("cast(NULL AS string)", name) for name in (ROW, REASON, DETAIL)]
    places = [named("0L", name) for name in (BLOCK, SEQUENCE)]
    columns = [named(f"cast(NULL AS {spec.type})", spec.name) for spec in source.columns]
    return spark.range(0).selectExpr(*columns, *texts, *places, named("0", FILE))


def _check_types(source: Source) -> None:
    for spec in source.columns:
        if not is_known_type(spec.type):
            raise JobFailed(
                kind="config",
                type="UnsupportedType",
                message=f"Source '{source.name}' declares column '{spec.name}' as {spec.type}, which cannot be read.",
                remedy=f"Use {', '.join(TEXT_TYPES)} or decimal(p,s).",
                fields={"source": source.name, "column": spec.name, "declared": spec.type},
            )


def read_source(
    spark: SparkSession, source: Source, files: Sequence[InputFile], warnings: list[JobWarning]
) -> DataFrame:
    """The declared columns and REASON, DETAIL, ROW, FILE, BLOCK, SEQUENCE. `files` come oldest first."""
    _check_types(source)
    if not files:
        return _empty(spark, source)
    if source.format == "parquet":
        return read_parquet(spark, source, files)
    texts = read_csv(spark, source, files, warnings)
    if texts is None:
        return _empty(spark, source)
    nulls = (source.csv or CsvOptions()).nulls
    return type_columns(texts, source, text_fields(source, read_columns(source), nulls))
