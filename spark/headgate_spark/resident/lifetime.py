"""Decides when a resident ends itself. Pure: times come in, a reason or None comes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Seconds. `idle`: nobody asked for anything; `orphan`: nobody is connected; `abandoned`: and jobs still run."""

    idle: float = 600
    orphan: float = 60
    abandoned: float = 3600


@dataclass(frozen=True)
class Activity:
    """What happened, on a clock that never goes back."""

    now: float
    clients: int
    open_jobs: int
    # When the last client left; the start before the first one came.
    alone_since: float
    # Last submit, find, watch or cancel, or end of a job.
    used_at: float


def decide_end(activity: Activity, limits: Limits) -> str | None:
    alone = activity.now - activity.alone_since if activity.clients == 0 else 0.0
    unused = activity.now - activity.used_at
    if activity.open_jobs > 0:
        if alone >= limits.abandoned and activity.clients == 0:
            return f"nobody was connected for {limits.abandoned:g} s while jobs ran"
        return None
    # A job that ended after its client went gives that client's successor the full time to come.
    if activity.clients == 0 and min(alone, unused) >= limits.orphan:
        return f"nobody was connected for {limits.orphan:g} s"
    if unused >= limits.idle:
        return f"idle for {limits.idle:g} s"
    return None
