"""What single versions of a log tell without Spark, and which of them the newest rows descend from."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from headgate_spark.delta.history import descends_from
from headgate_spark.delta.log import read_commit, read_logged


def write(table: Path, version: int, *actions: dict[str, Any]) -> bytes:
    log = table / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    content = "".join(json.dumps(action, ensure_ascii=False) + "\n" for action in actions).encode()
    (log / f"{version:020}.json").write_bytes(content)
    return content


def test_a_version_tells_what_was_done_by_whom_and_its_fingerprint(tmp_path: Path) -> None:
    info = {"operation": "MERGE", "userMetadata": '{"stepKey": "a\u2028b"}'}
    content = write(tmp_path, 3, {"commitInfo": info}, {"metaData": {"id": "x"}}, {"add": {"dataChange": True}})
    logged = read_logged(str(tmp_path), 3)
    assert logged is not None
    assert (logged.version, logged.operation, logged.table_id, logged.changes_rows) == (3, "MERGE", "x", True)
    assert logged.metadata == {"stepKey": "a\u2028b"}
    assert logged.fingerprint == hashlib.sha256(content).hexdigest()[:16]
    assert read_logged(str(tmp_path), 4) is None


def test_line_ends_count_in_a_fingerprint(tmp_path: Path) -> None:
    write(tmp_path, 0, {"commitInfo": {}})
    file = tmp_path / "_delta_log" / f"{0:020}.json"
    plain = read_logged(str(tmp_path), 0)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    other = read_logged(str(tmp_path), 0)
    assert plain is not None
    assert other is not None
    assert plain.fingerprint != other.fingerprint == hashlib.sha256(file.read_bytes()).hexdigest()[:16]


@pytest.mark.parametrize("metadata", [None, "", "no json", "[1]", 7])
def test_metadata_that_is_no_object_is_empty(tmp_path: Path, metadata: object) -> None:
    write(tmp_path, 0, {"commitInfo": {"userMetadata": metadata}})
    logged = read_logged(str(tmp_path), 0)
    assert logged is not None
    assert logged.metadata == {}


def test_upkeep_changes_no_rows(tmp_path: Path) -> None:
    write(tmp_path, 0, {"commitInfo": {"operation": "OPTIMIZE"}}, {"add": {"dataChange": False}}, {"remove": {}})
    logged = read_logged(str(tmp_path), 0)
    assert logged is not None
    assert not logged.changes_rows


def test_a_log_that_is_not_at_hand_tells_nothing() -> None:
    assert read_logged("dbfs:/lake/table", 0) is None
    assert read_commit("dbfs:/lake/table", 0) is None


def history(*restores: str | None) -> list[Any]:
    """Newest first; a text is the version that a RESTORE named."""
    rows: list[Any] = [
        {"version": version, "operation": "MERGE" if to is None else "RESTORE", "operationParameters": {"version": to}}
        for version, to in enumerate(restores)
    ]
    return rows[::-1]


@pytest.mark.parametrize(
    ("restores", "descendants"),
    [
        pytest.param((None, None, None), {0, 1, 2}, id="no restore"),
        pytest.param((None, None, None, "1"), {0, 1, 3}, id="one"),
        pytest.param((None, None, None, "1", None), {0, 1, 3, 4}, id="and on from there"),
        pytest.param((None, None, None, "1", None, "2"), {0, 1, 2, 5}, id="undone"),
        pytest.param((None, None, None, "0", "2", "3"), {0, 3, 5}, id="undone and done again"),
    ],
)
def test_versions_between_a_restore_and_its_aim_are_left_out(
    restores: tuple[str | None, ...], descendants: set[int]
) -> None:
    rows = history(*restores)
    assert {version for version in range(len(rows)) if descends_from(rows, version, "/nowhere")} == descendants


def by_time(version: int) -> Any:  # noqa: ANN401
    return {"version": version, "operation": "RESTORE", "operationParameters": {"version": None, "timestamp": "…"}}


def test_where_a_restore_by_time_led_is_told_by_the_files(tmp_path: Path) -> None:
    marked = {"path": "a", "deletionVector": {"pathOrInlineDv": "x", "offset": 1}}
    write(tmp_path, 0, {"add": {"path": "a"}})
    write(tmp_path, 1, {"add": {"path": "b"}})
    write(tmp_path, 2, {"remove": {"path": "a"}}, {"add": marked})
    write(tmp_path, 3, {"remove": {"path": "b"}}, {"remove": marked}, {"add": {"path": "c"}})
    write(tmp_path, 4, {"remove": {"path": "c"}}, {"add": {"path": "a"}}, {"add": {"path": "b"}})
    rows = [by_time(4), *history(None, None, None, None)]
    assert [version for version in range(5) if descends_from(rows, version, str(tmp_path))] == [0, 1, 4]


def test_where_the_log_does_not_tell_it_nothing_before_it_counts() -> None:
    rows = [by_time(2), *history(None, None)]
    assert [version for version in range(3) if descends_from(rows, version, "/nowhere")] == [2]


def test_a_restore_to_itself_leads_in_no_circle() -> None:
    assert not descends_from(history(None, None, "2"), 1, "/nowhere")


def test_a_version_below_what_was_looked_at_is_not_known() -> None:
    assert not descends_from(history(None, None, None)[:1], 0, "/nowhere")
    assert not descends_from([], 0, "/nowhere")
