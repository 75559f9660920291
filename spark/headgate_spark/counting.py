"""Counts rows on their way through a query, so that counting costs no second pass."""

import time
import uuid
from collections.abc import Mapping
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

# Spark delivers all counts of a query at once, right after it. A place that it cut out of the plan is never delivered,
# and waiting for it in Spark would never end.
_DELIVERY_SECONDS = 5.0
_TOGETHER_SECONDS = 0.25
_POLL_SECONDS = 0.005


class _Watched(NamedTuple):
    observation: Observation
    rows: DataFrame
    counts: Mapping[str, Column]


def _has_arrived(observation: Observation) -> bool:
    """Over Spark Connect the counts come with the result, and there is nothing to ask."""
    java = getattr(observation, "_jo", None)
    return java is None or bool(java.future().isCompleted())


class Counter:
    """Named counts at named places of one query. What Spark does not deliver is counted by a query of its own."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._id = uuid.uuid4().hex
        self._until: float | None = None
        self._together = False

    def watch(self, place: str, rows: DataFrame, counts: Mapping[str, Column]) -> DataFrame:
        observation = Observation(f"headgate-{self._id}-{place}")
        self._watched[place] = _Watched(observation, rows, counts)
        return rows.observe(observation, *(count.alias(name) for name, count in counts.items()))

    def delivered(self, place: str) -> dict[str, int] | None:
        """Counts of the query that ran; nothing when Spark cut the place out of the plan."""
        observation = self._watched[place].observation
        while not _has_arrived(observation):
            if time.monotonic() > self._deadline():
                return None
            time.sleep(_POLL_SECONDS)
        try:
            counts = observation.get
        except Exception:
            # Arrived without a row: the plan of an empty input keeps no place to count at.
            return None
        return {name: int(count or 0) for name, count in counts.items()}

    def _deadline(self) -> float:
        """Of all places together: near as soon as one of them has arrived."""
        if self._until is None:
            self._until = time.monotonic() + _DELIVERY_SECONDS
        if not self._together and any(_has_arrived(watched.observation) for watched in self._watched.values()):
            self._together = True
            self._until = min(self._until, time.monotonic() + _TOGETHER_SECONDS)
        return self._until

    def counted(self, place: str) -> dict[str, int]:
        """The same counts by a query of their own: exact whatever the plan of the first one was."""
        watched = self._watched[place]
        row = watched.rows.agg(*(count.alias(name) for name, count in watched.counts.items())).collect()[0]
        return {name: int(row[name] or 0) for name in watched.counts}


class NoCounter(Counter):
    """For queries that are built again, whose rows are counted already."""

    def watch(self, place: str, rows: DataFrame, counts: Mapping[str, Column]) -> DataFrame:
        # Nobody reads this count. It keeps Spark from pushing a filter on a reason below the parsing that gives it,
        # which would parse each line once per mention.
        return rows.observe(f"headgate-{self._id}-{place}", F.count(F.lit(1)).alias("rows"))
