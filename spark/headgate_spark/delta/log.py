"""Single commits of a table's log, read without Spark. Nothing where the log is not at hand: then Spark is asked."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from pyspark.sql import types as T

from headgate_spark.errors import JobFailed
from headgate_spark.files import read_text

Action = Mapping[str, Any]


def read_commit(path: str, version: int) -> list[Action] | None:
    """The actions of one version, in their order."""
    try:
        text = read_text(f"{path.rstrip('/')}/_delta_log/{version:020}.json")
    except JobFailed:
        return None
    return None if text is None else [json.loads(line) for line in text.splitlines() if line.strip()]


class WrittenFile(NamedTuple):
    # Relative to the table.
    path: str
    bytes: int


def written_files(path: str, version: int) -> list[WrittenFile] | None:
    """Those of a version that replaced everything: what it added is all there is."""
    actions = read_commit(path, version)
    if actions is None:
        return None
    adds = [action["add"] for action in actions if "add" in action]
    return [WrittenFile(unquote(add["path"]), int(add["size"])) for add in adds]


def written_schema(path: str, version: int) -> T.StructType | None:
    """Columns of the table, where this version set them."""
    for action in read_commit(path, version) or ():
        if "metaData" in action:
            return T.StructType.fromJson(json.loads(action["metaData"]["schemaString"]))
    return None


def commit_info(path: str, version: int) -> Action | None:
    """What the writer of the version says of it: `operationMetrics`, `userMetadata`, …"""
    return next((action["commitInfo"] for action in read_commit(path, version) or () if "commitInfo" in action), None)
