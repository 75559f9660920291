"""A scan of named files: paths taken literally, and for each row the rank of its file and its place in it."""

import re
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.contract import InputFile
from headgate_spark.errors import JobFailed
from headgate_spark.files import plain_location
from headgate_spark.transforms.names import BLOCK, FILE, SEQUENCE

_GLOB = re.compile(r"([\\*?\[\]{}])")


def _literal_path(file: InputFile) -> str:
    return _GLOB.sub(r"\\\1", file.read_path)


def _with_rank(spark: SparkSession, rows: DataFrame, files: Sequence[InputFile], ranks: Sequence[int]) -> DataFrame:
    if len(files) == 1:
        return rows.withColumn(FILE, F.lit(ranks[0]))
    rank_of = {plain_location(file.read_path): rank for file, rank in zip(files, ranks, strict=True)}
    found = {location: rank_of.get(plain_location(location)) for location in rows.inputFiles()}
    unknown = [location for location, rank in found.items() if rank is None]
    if unknown or len(found) != len(files):
        raise JobFailed(
            kind="config",
            type="UnreadableFileName",
            message=f"Spark lists {len(found)} of {len(files)} files of source '{files[0].source}'.",
            remedy="Set `extract: copy` on the source: copies get plain names.",
            fields={"source": files[0].source, "unknown": unknown[0] if unknown else None},
        )
    # A small join instead of a CASE over all names: its cost does not grow with files times rows.
    pairs = F.array(*(F.struct(F.lit(name).alias("name"), F.lit(rank).alias(FILE)) for name, rank in found.items()))
    table = spark.range(1).select(F.inline(pairs))
    # The same file is file:/x in one place of Spark and file:///x in the other.
    path = F.regexp_replace("_metadata.file_path", "^file:/+", "file:///")
    ranked = rows.withColumn("_hg_path", path).join(F.broadcast(table), F.col("_hg_path") == F.col("name"), "left")
    unknown_file = F.raise_error(F.concat(F.lit("no rank for input file "), "_hg_path")).cast("int")
    return ranked.withColumn(FILE, F.coalesce(FILE, unknown_file)).drop("_hg_path", "name")


def scan(
    spark: SparkSession,
    files: Sequence[InputFile],
    ranks: Sequence[int],
    load: Callable[[list[str]], DataFrame],
) -> DataFrame:
    """`load` gets literal paths; `recursiveFileLookup` in its options keeps folder names from becoming columns."""
    rows = load([_literal_path(file) for file in files])
    placed = rows.select(
        "*",
        "_metadata",
        F.col("_metadata.file_block_start").alias(BLOCK),
        F.monotonically_increasing_id().alias(SEQUENCE),
    )
    return _with_rank(spark, placed, files, ranks).drop("_metadata")
