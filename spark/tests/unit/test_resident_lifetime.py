"""When a resident ends itself."""

from __future__ import annotations

import pytest

from headgate_spark.resident.lifetime import Activity, Limits, decide_end

LIMITS = Limits(idle=600, orphan=60, abandoned=3600)


def at(now: float, *, clients: int = 0, jobs: int = 0, alone: float = 0, used: float = 0) -> str | None:
    return decide_end(Activity(now, clients, jobs, alone, used), LIMITS)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("just started", at(59)),
        ("a client is there", at(599, clients=1)),
        ("a client is there and used it lately", at(5000, clients=1, used=4500)),
        ("the client went lately", at(5000, alone=4950, used=4700)),
        ("its last job ended lately", at(5000, alone=100, used=4950)),
        ("a client waits for a long job", at(1e6, clients=1, jobs=1)),
        ("nobody is there but a job runs", at(3599, jobs=1)),
        ("many clients came before, one is left", at(1e6, clients=1, jobs=1, alone=0)),
    ],
)
def test_it_stays(name: str, reason: str | None) -> None:
    assert reason is None, name


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (at(60), "nobody was connected for 60 s"),
        (at(160, alone=100, used=100), "nobody was connected for 60 s"),
        (at(600, clients=1), "idle for 600 s"),
        (at(3600, jobs=1), "nobody was connected for 3600 s while jobs ran"),
    ],
)
def test_it_ends(reason: str | None, expected: str) -> None:
    assert reason == expected
