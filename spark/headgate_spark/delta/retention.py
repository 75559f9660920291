"""How long VACUUM leaves files of old versions: as asked, or as the table promises if that is longer. No Spark."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

DELETED_FILES = "delta.deletedFileRetentionDuration"
LOG = "delta.logRetentionDuration"
# Delta's own, hours, where a table has no property.
_DEFAULTS: Mapping[str, float] = {DELETED_FILES: 7 * 24, LOG: 30 * 24}

_UNITS: Mapping[str, float] = {
    "week": 168,
    "day": 24,
    "hour": 1,
    "minute": 1 / 60,
    "second": 1 / 3600,
    "millisecond": 1 / 3.6e6,
    "microsecond": 1 / 3.6e9,
}
_PART = re.compile(r"\s*([+-]?\d+)\s*([a-z]+?)s?(?=\s|$)")


class UnreadableRetention(ValueError):
    def __init__(self, name: str, value: str) -> None:
        super().__init__(f"{name} is {value!r}, which is no time that can be read")
        self.name = name
        self.value = value


@dataclass(frozen=True)
class Retention:
    """In hours."""

    hours: float
    # By the table's own property; nothing where it has none.
    promised: float | None
    # Properties that have to be set before a VACUUM: each lengthens what is there, or says it for the first time.
    changes: Mapping[str, str]


def parse_hours(name: str, value: str) -> float:
    """As Delta writes and takes it: `interval 1 week 2 days`, with or without the first word."""
    text = value.strip().lower()
    rest = text.removeprefix("interval")
    position, hours = 0, 0.0
    while part := _PART.match(rest, position):
        if part[2] not in _UNITS:
            break
        hours += int(part[1]) * _UNITS[part[2]]
        position = part.end()
    if position == 0 or rest[position:].strip() or hours < 0:
        raise UnreadableRetention(name, value)
    return hours


def _interval(hours: float) -> str:
    return f"interval {math.ceil(hours)} hours"


def settle(properties: Mapping[str, str], asked: float, *, ours: bool) -> Retention:
    """`ours`: Headgate made the table, so nobody was promised Delta's default."""

    def told(name: str) -> float | None:
        return parse_hours(name, properties[name]) if name in properties else None

    promised, log = told(DELETED_FILES), told(LOG)
    least = promised if promised is not None else 0.0 if ours else _DEFAULTS[DELETED_FILES]
    hours = max(asked, least)
    changes: dict[str, str] = {}
    if hours > least:
        changes[DELETED_FILES] = _interval(hours)
        # Delta refuses a log that ends before its files do.
        if hours > (_DEFAULTS[LOG] if log is None else log):
            changes[LOG] = _interval(hours)
    return Retention(hours, promised, changes)
