"""Rows that went aside, in the shape of the quarantine table: where from, why, and the row as it came."""

import json
from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame

from headgate_spark.transforms.fates import ASIDE, SOURCE
from headgate_spark.transforms.names import DETAIL, FATE, FILE, REASON, ROW, named, sql_string


def quarantine_rows(
    fated: DataFrame,
    paths: Mapping[str, Sequence[str]],
    stamp: Mapping[str, str],
    frozen_at: str,
) -> DataFrame:
    """`paths` are the files of each source by rank. The time is that of the freeze: another attempt writes the same."""
    # One text, however many files there are: as an array of literals it would be planned name by name.
    names = json.dumps({name: list(files) for name, files in paths.items()}, ensure_ascii=False)
    path = f"get(try_element_at(from_json({sql_string(names)}, 'map<string,array<string>>'), {SOURCE}), {FILE})"
    return fated.filter(f"{FATE} = '{ASIDE}'").selectExpr(
        *(named(sql_string(value), name) for name, value in stamp.items()),
        named(SOURCE, "source"),
        named(path, "file"),
        named(REASON, "reason"),
        named(DETAIL, "detail"),
        named(ROW, "row"),
        named(f"timestamp {sql_string(frozen_at)}", "quarantined_at"),
    )
