"""Single commits of a table's log, read without Spark. Nothing where the log is not at hand: then Spark is asked."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

from pyspark.sql import types as T

from headgate_spark.delta.entry import Action, actions_of, json_object
from headgate_spark.io.files import is_reached, read_text


def is_at_hand(path: str) -> bool:
    """Where it is, a version that is not found is not in the log."""
    return is_reached(path)


def _entry(path: str, version: int) -> str | None:
    return read_text(f"{path.rstrip('/')}/_delta_log/{version:020}.json") if is_at_hand(path) else None


def read_commit(path: str, version: int) -> list[Action] | None:
    """The actions of one version, in their order."""
    entry = _entry(path, version)
    return None if entry is None else actions_of(entry)


class LoggedVersion(NamedTuple):
    """What one version says of itself."""

    version: int
    operation: str
    metadata: Action
    # Delta's own id of the table, where this version sets columns or properties.
    table_id: str | None
    # It holds rows that were not there before, or not as they are now.
    changes_rows: bool
    # 16 hex digits of the SHA-256 over its bytes.
    fingerprint: str


def read_logged(path: str, version: int) -> LoggedVersion | None:
    entry = _entry(path, version)
    if entry is None:
        return None
    actions = actions_of(entry)
    info: Action = next((action["commitInfo"] for action in actions if "commitInfo" in action), {})
    return LoggedVersion(
        version=version,
        operation=str(info.get("operation") or ""),
        metadata=json_object(info.get("userMetadata")),
        table_id=next((action["metaData"]["id"] for action in actions if "metaData" in action), None),
        changes_rows=any(action["add"].get("dataChange", True) for action in actions if "add" in action),
        fingerprint=hashlib.sha256(entry.encode()).hexdigest()[:16],
    )


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


def _files(actions: Sequence[Action], kind: str) -> list[str]:
    """Each with the deletion vector that takes rows of it away."""
    found = (action[kind] for action in actions if kind in action)
    vectors = ((file, file.get("deletionVector") or {}) for file in found)
    return [json.dumps([file["path"], vector.get("pathOrInlineDv"), vector.get("offset")]) for file, vector in vectors]


def version_restored(path: str, restore: int) -> int | None:
    """Where a RESTORE by time led, which only who knows the zone of its session can read from it: undone step by step
    from there, the newest version with the files that it left. Nothing where the log does not reach so far."""
    difference: Counter[str] = Counter()
    for version in range(restore, -1, -1):
        if version < restore and not any(difference.values()):
            return version
        actions = read_commit(path, version)
        if actions is None:
            return None
        difference.update(_files(actions, "add"))
        difference.subtract(_files(actions, "remove"))
    return None
