"""Counts rows on their way through a query, so that counting costs no second pass."""

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Observation

# Spark delivers right after the query; this only bounds a lost delivery.
_DELIVERY_SECONDS = 30.0


class _Watched(NamedTuple):
    observation: Observation
    rows: DataFrame
    counts: Mapping[str, Column]


class Counter:
    """Named counts at named places of one query. What Spark does not deliver is counted by a query of its own."""

    def __init__(self) -> None:
        self._watched: dict[str, _Watched] = {}
        self._id = uuid.uuid4().hex

    def watch(self, place: str, rows: DataFrame, counts: Mapping[str, Column]) -> DataFrame:
        observation = Observation(f"headgate-{self._id}-{place}")
        self._watched[place] = _Watched(observation, rows, counts)
        return rows.observe(observation, *(count.alias(name) for name, count in counts.items()))

    def delivered(self, place: str) -> dict[str, int] | None:
        """Counts of the query that ran; nothing when Spark cut the place out of the plan."""
        observation = self._watched[place].observation
        pool = ThreadPoolExecutor(max_workers=1)
        try:
            counts = pool.submit(lambda: observation.get).result(_DELIVERY_SECONDS)
        except Exception:
            return None
        finally:
            pool.shutdown(wait=False)
        return {name: int(count or 0) for name, count in counts.items()}

    def counted(self, place: str) -> dict[str, int]:
        """The same counts by a query of their own: exact whatever the plan of the first one was."""
        watched = self._watched[place]
        row = watched.rows.agg(*(count.alias(name) for name, count in watched.counts.items())).collect()[0]
        return {name: int(row[name] or 0) for name in watched.counts}


class NoCounter(Counter):
    """For queries that are built again, whose rows are counted already."""

    def watch(self, place: str, rows: DataFrame, counts: Mapping[str, Column]) -> DataFrame:
        return rows
