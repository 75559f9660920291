"""Whose table it is: Headgate keeps what it has made, and what others have made only when told to. No Spark."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from headgate_spark.delta.entry import json_object
from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import one_name

# A table property where SQL makes the table, else metadata of its columns: a DataFrame takes only Delta's own ones.
MARK = "headgate.table"
_SHOWN = 16
_COPIES = ("CLONE", "CONVERT")


def mark_of(table: str) -> str:
    """Names the place: properties and columns travel with a clone, and with what a query selects into another table."""
    return hashlib.sha256(one_name(table).encode()).hexdigest()[:_SHOWN]


def _marks(properties: Mapping[str, str], schema: Mapping[str, Any]) -> Iterator[object]:
    yield properties.get(MARK)
    for field in schema.get("fields", ()):
        yield (field.get("metadata") or {}).get(MARK)


def is_marked(table: str, properties: Mapping[str, str], schema: Mapping[str, Any]) -> bool:
    return mark_of(table) in _marks(properties, schema)


def is_first_batch(creation: Mapping[str, Any] | None) -> bool:
    """By `commitInfo` of version 0, while the log has it: builds before the mark left their step there."""
    if creation is None or str(creation.get("operation", "")).startswith(_COPIES):
        return False
    return str(json_object(creation.get("userMetadata")).get("stepKey", "")).endswith("/commit")


def not_adopted(table: str) -> JobFailed:
    return JobFailed(
        kind="config",
        type="TableNotAdopted",
        message=f"Headgate did not make {table}, so upkeep leaves it alone.",
        remedy="If its owner agrees, set `maintenance: { adopt: true }` in the pipeline file.",
        fields={"table": table},
    )
