"""A scan of named files: paths taken literally, and for each row the rank of its file and its place in it."""

import json
import re
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headgate_spark.contract import InputFile
from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import plain_location
from headgate_spark.transforms.names import BLOCK, FILE, SEQUENCE, named, quoted, sql_string

_GLOB = re.compile(r"([\\*?\[\]{}])")


def _literal_path(file: InputFile) -> str:
    return _GLOB.sub(r"\\\1", file.read_path)


def _with_rank(spark: SparkSession, rows: DataFrame, files: Sequence[InputFile], ranks: Sequence[int]) -> DataFrame:
    if len(files) == 1:
        return rows.selectExpr("*", named(str(ranks[0]), FILE))
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
    # A small join instead of a CASE over all names: its cost does not grow with files times rows. And one text instead
    # of a literal per name: each of those is planned.
    names = sql_string(json.dumps(found, ensure_ascii=False))
    table = spark.range(1).selectExpr(f"explode(from_json({names}, 'map<string,int>')) AS (name, {FILE})")
    # The same file is file:/x in one place of Spark and file:///x in the other.
    path = "regexp_replace(_metadata.file_path, '^file:/+', 'file:///')"
    ranked = rows.selectExpr("*", named(path, "_hg_path")).join(
        F.broadcast(table), F.col("_hg_path") == F.col("name"), "left"
    )
    known = f"coalesce({FILE}, cast(raise_error(concat('no rank for input file ', _hg_path)) AS int))"
    carried = [quoted(name) for name in rows.columns]
    return ranked.selectExpr(*carried, named(known, FILE))


def scan(
    spark: SparkSession,
    files: Sequence[InputFile],
    ranks: Sequence[int],
    load: Callable[[list[str]], DataFrame],
) -> DataFrame:
    """`load` gets literal paths; `recursiveFileLookup` in its options keeps folder names from becoming columns."""
    rows = load([_literal_path(file) for file in files])
    placed = rows.selectExpr(
        "*",
        "_metadata",
        named("_metadata.file_block_start", BLOCK),
        named("monotonically_increasing_id()", SEQUENCE),
    )
    return _with_rank(spark, placed, files, ranks).drop("_metadata")
