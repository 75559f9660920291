"""One entry of a Delta log as text: its actions, and what writers leave in it as JSON. No Spark, no I/O."""

import json
from collections.abc import Mapping
from typing import Any

Action = Mapping[str, Any]

# The setting by which a writer leaves a text of its own in the entry.
USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


def actions_of(entry: str) -> list[Action]:
    """In their order. Not by `splitlines`: a text in JSON may hold line ends of other alphabets."""
    return [json.loads(line) for line in entry.split("\n") if line.strip()]


def json_object(text: object) -> Mapping[str, Any]:
    """As of `userMetadata`, where anybody writes anything: empty for all that is no JSON object."""
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
