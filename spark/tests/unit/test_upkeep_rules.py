"""Whose table it is and how long its old files stay: what upkeep may do, without Spark."""

from __future__ import annotations

import json

import pytest

from headgate_spark.delta.ownership import MARK, is_first_batch, is_marked, mark_of
from headgate_spark.delta.retention import DELETED_FILES, LOG, UnreadableRetention, parse_hours, settle

HERE = "/lake/orders"


@pytest.mark.parametrize(
    ("value", "hours"),
    [
        ("interval 30 days", 720),
        ("30 days", 720),
        ("INTERVAL 2 WEEKS", 336),
        ("interval 1 week 2 days", 216),
        ("interval 1 day 12 hours", 36),
        ("interval 36 hour", 36),
        ("interval 90 minutes", 1.5),
        ("interval 7200 seconds", 2),
        ("interval 0 seconds", 0),
    ],
)
def test_times_as_delta_takes_them(value: str, hours: float) -> None:
    assert parse_hours(DELETED_FILES, value) == pytest.approx(hours)


@pytest.mark.parametrize(
    "value", ["", "interval", "P3D", "30", "interval 1 month", "interval 2 years", "interval 1.5 days", "30 days or so"]
)
def test_a_time_that_cannot_be_read_is_told_and_never_guessed(value: str) -> None:
    with pytest.raises(UnreadableRetention):
        parse_hours(DELETED_FILES, value)


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("asked", [25, 192, 1000])
@pytest.mark.parametrize("files", [None, 1, 48, 192, 720, 5000])
@pytest.mark.parametrize("log", [None, 24, 720, 9000])
def test_nothing_is_ever_shortened(ours: bool, asked: int, files: int | None, log: int | None) -> None:
    properties = {name: f"interval {hours} hours" for name, hours in ((DELETED_FILES, files), (LOG, log)) if hours}
    settled = settle(properties, asked, ours=ours)
    for name, default in ((DELETED_FILES, 0 if ours else 168), (LOG, 720)):
        before = parse_hours(name, properties[name]) if name in properties else default
        if name in settled.changes:
            assert parse_hours(name, settled.changes[name]) > before
    after = {**properties, **settled.changes}
    promised = parse_hours(DELETED_FILES, after[DELETED_FILES]) if DELETED_FILES in after else 168
    # what VACUUM will obey is what is told, and enough for readers and jobs
    assert settled.hours == promised >= asked


def test_a_longer_promise_of_the_table_is_adopted() -> None:
    assert settle({DELETED_FILES: "interval 30 days"}, 192, ours=True) == settle(
        {DELETED_FILES: "interval 30 days"}, 192, ours=False
    )
    assert settle({DELETED_FILES: "interval 30 days"}, 192, ours=True).hours == 720


def test_the_log_is_as_long_as_the_files_and_otherwise_left_alone() -> None:
    assert settle({}, 1000, ours=True).changes == {DELETED_FILES: "interval 1000 hours", LOG: "interval 1000 hours"}
    assert LOG not in settle({LOG: "interval 90 days"}, 1000, ours=True).changes
    assert LOG not in settle({}, 192, ours=True).changes


def test_a_property_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(UnreadableRetention):
        settle({LOG: "for ever"}, 192, ours=True)


def columns(*marks: str | None) -> dict[str, object]:
    fields = [{"name": f"c{n}", "metadata": {} if mark is None else {MARK: mark}} for n, mark in enumerate(marks)]
    return {"type": "struct", "fields": fields}


@pytest.mark.parametrize(
    ("properties", "schema", "ours"),
    [
        ({}, columns(None, None), False),
        ({MARK: mark_of(HERE)}, columns(None), True),
        ({}, columns(mark_of(HERE), None), True),
        ({}, columns(None, mark_of(HERE)), True),
        # a clone, or what a query has selected into a table of its own
        ({MARK: mark_of("/lake/copied")}, columns(mark_of("/lake/copied")), False),
    ],
    ids=["nothing", "property", "column", "column beside others", "of another table"],
)
def test_the_mark_names_the_table(properties: dict[str, str], schema: dict[str, object], ours: bool) -> None:
    assert is_marked(HERE, properties, schema) is ours


def test_the_mark_is_one_for_all_spellings_of_a_store() -> None:
    assert mark_of("s3a://lake/orders/") == mark_of("s3://lake/orders")


def step(key: object, operation: str = "WRITE") -> dict[str, object]:
    return {"operation": operation, "userMetadata": json.dumps({"stepKey": key})}


@pytest.mark.parametrize(
    ("info", "ours"),
    [
        (step("orders/orders/0/commit"), True),
        (step("orders/orders/0/maintain"), False),
        (step("orders/orders/0/commit", "CLONE"), False),
        (step(5), False),
        ({"operation": "WRITE", "userMetadata": "by hand"}, False),
        ({"operation": "WRITE", "userMetadata": "[1]"}, False),
        ({"operation": "WRITE"}, False),
        (None, False),
    ],
)
def test_the_first_commit_tells_who_made_the_table(info: dict[str, object] | None, ours: bool) -> None:
    assert is_first_batch(info) is ours
