"""When the content of a row came: the delivery of its file, found by the rank of the file among those of its source."""

import json
from collections.abc import Sequence

from pyspark.sql import DataFrame

from headgate_spark.protocol import InputFile, JobWarning, Source
from headgate_spark.transforms.names import FILE, column, named, quoted, sql_string

_KEY = "_hg_key_"


def delivery_of(files: Sequence[InputFile]) -> str:
    """SQL of the delivery of a row. `files` come oldest first. A row that nobody can trace to its file is as new as the
    newest one: it may stand for rows of several."""
    deliveries = [file.delivery for file in files]
    newest = "cast(NULL AS string)" if not deliveries or deliveries[-1] is None else sql_string(deliveries[-1])
    if len(set(deliveries)) <= 1:
        return newest
    # One text, however many files there are, which Spark reads once.
    listed = f"from_json({sql_string(json.dumps(deliveries))}, 'array<string>')"
    return f"CASE WHEN {FILE} IS NULL THEN {newest} ELSE get({listed}, {FILE}) END"


def with_file(result: DataFrame, driving: DataFrame, source: Source) -> DataFrame | None:
    """Rows of a query with FILE, by the key of the driving source; nothing where the query leaves it out or changes it.
    The key is unique among kept rows, so none is multiplied."""
    found = {field.name.casefold(): field for field in result.schema.fields}
    kinds = {field.name: field.dataType for field in driving.schema.fields}
    keys = [(name, found.get(name.casefold())) for name in source.key]
    if not keys or any(field is None or field.dataType != kinds[name] for name, field in keys):
        return None
    ranked = driving.selectExpr(*(named(quoted(name), f"{_KEY}{index}") for index, name in enumerate(source.key)), FILE)
    matches = [column(field.name) == column(f"{_KEY}{index}") for index, (_, field) in enumerate(keys) if field]
    return result.join(ranked, matches, "left").selectExpr(*map(quoted, result.columns), FILE)


def query_without_key(source: Source) -> JobWarning:
    key = ", ".join(source.key) or "none"
    return JobWarning(
        type="DeliveryUnknown",
        message=f"The query does not return the key of '{source.name}' ({key}) as it was read, so a row cannot be "
        "traced to its file: all rows count as delivered with the newest file of the batch",
    )
