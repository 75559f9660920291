"""A scan of named files: paths taken literally, and for each row the rank of its file and its place in it."""

import json
import re
from collections.abc import Callable, Sequence
from zlib import crc32

from pyspark.sql import DataFrame, SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import location_of, plain_location
from headgate_spark.protocol import InputFile
from headgate_spark.transforms.names import BLOCK, FILE, SEQUENCE, named, sql_string

_GLOB = re.compile(r"([\\*?\[\]{}])")
_LOCAL = re.compile("^file:/+")


def _spellings(location: str) -> set[str]:
    """The same file is file:/x in one place of Spark and file:///x in the other."""
    return {location, _LOCAL.sub("file:/", location), _LOCAL.sub("file:///", location)}


def _literal_path(file: InputFile) -> str:
    return _GLOB.sub(r"\\\1", file.read_path)


def _with_rank(spark: SparkSession, rows: DataFrame, files: Sequence[InputFile], ranks: Sequence[int]) -> DataFrame:
    if len(files) == 1:
        return rows.selectExpr("*", named(str(ranks[0]), FILE))
    rank_of = {plain_location(file.read_path): rank for file, rank in zip(files, ranks, strict=True)}
    listed = rows.inputFiles()
    found = {uri: rank_of[location_of(uri)] for uri in listed if location_of(uri) in rank_of}
    unknown = [uri for uri in listed if uri not in found]
    if unknown or len(listed) != len(files):
        raise JobFailed(
            kind="config",
            type="UnreadableFileName",
            message=f"Spark lists {len(listed)} of {len(files)} files of source '{files[0].source}'.",
            remedy="Set `extract: copy` on the source: copies get plain names.",
            fields={"source": files[0].source, "unknown": unknown[0] if unknown else None},
        )
    # Looked up by checksum: the cost of a row does not grow with the number of files, and no join is needed. One text
    # instead of a literal per name: each of those is planned.
    buckets: list[dict[str, int]] = [{} for _ in found]
    for location, rank in found.items():
        for spelling in _spellings(location):
            buckets[crc32(spelling.encode()) % len(buckets)][spelling] = rank
    table = f"from_json({sql_string(json.dumps(buckets, ensure_ascii=False))}, 'array<map<string,int>>')"
    bucket = f"get({table}, cast(crc32(cast(_metadata.file_path AS binary)) % {len(buckets)} AS int))"
    known = f"try_element_at({bucket}, _metadata.file_path)"
    unknown_path = "cast(raise_error(concat('no rank for input file ', _metadata.file_path)) AS int)"
    return rows.selectExpr("*", named(f"coalesce({known}, {unknown_path})", FILE))


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
