"""Single commits of a table's log, read without Spark. Nothing where the log is not at hand: then Spark is asked."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from pyspark.sql import types as T

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import read_text

Action = Mapping[str, Any]


def read_commit(path: str, version: int) -> list[Action] | None:
    """The actions of one version, in their order."""
    try:
        text = read_text(f"{path.rstrip('/')}/_delta_log/{version:020}.json")
    except JobFailed:
        return None
    return None if text is None else [json.loads(line) for line in text.splitlines() if line.strip()]


class Written(NamedTuple):
    """A version that replaced everything: what it added is all there is."""

    # Relative to the table.
    files: tuple[str, ...]
    bytes: int
    # Where this version set the columns.
    schema: T.StructType | None


def read_written(path: str, version: int) -> Written | None:
    actions = read_commit(path, version)
    if actions is None:
        return None
    adds = [action["add"] for action in actions if "add" in action]
    schemas = [action["metaData"]["schemaString"] for action in actions if "metaData" in action]
    return Written(
        files=tuple(unquote(add["path"]) for add in adds),
        bytes=sum(int(add["size"]) for add in adds),
        schema=T.StructType.fromJson(json.loads(schemas[0])) if schemas else None,
    )


def commit_info(path: str, version: int) -> Action | None:
    """What the writer of the version says of it: `operationMetrics`, `userMetadata`, …"""
    return next((action["commitInfo"] for action in read_commit(path, version) or () if "commitInfo" in action), None)
