"""Table health from the log: real tables by delta-rs for the reading, made-up logs for the sums."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from headgate_spark.health import __main__ as program
from headgate_spark.health.aims import Aims
from headgate_spark.health.log import Added, DeltaLog, LoggedCommit, Removed, Values, parse_commit
from headgate_spark.health.measure import LiveFile, Standing, overlap_depth, table_health
from headgate_spark.health.read import LogFolder, Reach, read_log
from headgate_spark.health.savings import ingested_bytes
from headgate_spark.protocol import FileSum, TableHealth, TableRetention

HOUR = 3_600_000
NOW = 1000 * HOUR
AIMS = Aims(file_size=100, window_hours=24, retain_hours=48)
STANDING = Standing(made_here=True, created_ms=500 * HOUR, retention=TableRetention(hours=48))
MAY: Values = (("month", "2026-05"),)
JUNE: Values = (("month", "2026-06"),)


def commit(
    version: int,
    operation: str,
    *,
    ago: float = 1,
    added: Sequence[Added] = (),
    removed: Sequence[Removed] = (),
    parameters: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> LoggedCommit:
    time = int(NOW - ago * HOUR)
    return LoggedCommit(
        version, time, operation, parameters or {}, metrics or {}, metadata or {}, tuple(added), tuple(removed)
    )


def ingest(version: int, path: str, values: Values, size: int = 10, ago: float = 1) -> LoggedCommit:
    return commit(version, "WRITE", added=[Added(path, values, size, data_change=True)], ago=ago)


def zorder(version: int, path: str, values: Values, size: int = 10) -> LoggedCommit:
    parameters = {"zOrderBy": '["customer"]'}
    return commit(version, "OPTIMIZE", added=[Added(path, values, size, False)], parameters=parameters)


def measured(commits: Sequence[LoggedCommit], files: Sequence[LiveFile] = ()) -> TableHealth:
    return table_health("/t", 9, files, DeltaLog(tuple(commits), 3, 300, 2), AIMS, STANDING, NOW)


def test_files_of_one_clustering_are_a_cube_until_they_are_written_again() -> None:
    def clustered(version: int, cube: str, paths: Sequence[str]) -> LoggedCommit:
        added = [Added(path, (), 10, data_change=False, cube=cube) for path in paths]
        return commit(version, "OPTIMIZE", added=added, parameters={"clusterBy": '["customer"]'})

    log = [ingest(1, "a", ()), clustered(2, "one", ["b", "c"]), clustered(3, "two", ["d", "e"]), ingest(4, "f", ())]
    (table,) = measured(log, [LiveFile(path, (), 10) for path in ("b", "d", "e", "f")]).partitions
    assert table.cubes == (FileSum(files=1, bytes=10), FileSum(files=2, bytes=20))
    assert (table.unclustered_files, table.unclustered_bytes) == (1, 10)


def test_a_table_without_cubes_tells_of_none() -> None:
    (table,) = measured([ingest(1, "a", ())], [LiveFile("a", (), 10)]).partitions
    assert table.cubes is None


def test_a_new_deletion_vector_leaves_the_file_what_it_is() -> None:
    def line(kind: str, path: str, **more: object) -> str:
        action = {"path": path, "partitionValues": {}, "size": 90, "dataChange": True, "deletionTimestamp": NOW - HOUR}
        return json.dumps({kind: action | more})

    metrics = {"numOutputRows": "10", "numTargetRowsInserted": "5", "numTargetRowsUpdated": "5"}
    info = {"timestamp": NOW - HOUR, "operation": "MERGE", "operationMetrics": metrics}
    vector = {"storageType": "u", "cardinality": 5}
    lines = [
        json.dumps({"commitInfo": info}),
        line("add", "old", deletionVector=vector),
        line("remove", "old"),
        line("add", "new", size=7),
    ]
    merge = parse_commit(2, "\n".join(lines))
    table = measured([zorder(1, "old", (), 90), merge], [LiveFile("old", (), 90, rows=100), LiveFile("new", (), 7)])
    assert (table.held.files, table.window.ingested_bytes) == (0, 7)
    (whole,) = table.partitions
    assert (whole.unclustered_files, whole.unclustered_bytes, whole.deleted_rows) == (1, 7, 5)


def test_a_file_of_which_more_than_a_fifth_is_deleted_is_worth_compacting() -> None:
    def with_vector(version: int, path: str, deleted: int) -> LoggedCommit:
        return commit(version, "DELETE", added=[Added(path, MAY, 90, data_change=True, deleted=deleted)])

    log = [ingest(1, "a", MAY, 90), ingest(2, "b", MAY, 90), with_vector(3, "a", 20), with_vector(4, "b", 21)]
    (may,) = measured(log, [LiveFile(path, MAY, 90, rows=100) for path in ("a", "b")]).partitions
    assert (may.small_files, may.small_bytes, may.rows, may.deleted_rows) == (1, 90, 159, 41)


def test_small_files_are_those_under_three_quarters_of_the_target() -> None:
    files = [LiveFile("a", MAY, 74), LiveFile("b", MAY, 75), LiveFile("c", JUNE, 10)]
    may, june = measured([], files).partitions
    assert (may.values, may.files, may.bytes, may.small_files, may.small_bytes) == ({"month": "2026-05"}, 2, 149, 1, 74)
    assert (june.small_files, june.small_bytes) == (1, 10)


def test_a_partition_counts_the_ingests_that_passed_it_by() -> None:
    log = [ingest(1, "a", MAY), ingest(2, "b", JUNE), ingest(3, "c", JUNE), zorder(4, "d", MAY)]
    may, june = measured(log, [LiveFile("d", MAY, 10), LiveFile("c", JUNE, 10)]).partitions
    assert (may.ingests_since_write, june.ingests_since_write) == (2, 0)


def test_files_after_the_last_clustering_are_unclustered() -> None:
    log = [ingest(1, "a", MAY), zorder(2, "b", MAY), ingest(3, "c", MAY, 30), ingest(4, "d", JUNE)]
    may, june = measured(log, [LiveFile("b", MAY, 50), LiveFile("c", MAY, 30), LiveFile("d", JUNE, 10)]).partitions
    assert (may.unclustered_files, may.unclustered_bytes) == (1, 30)
    assert (june.unclustered_files, june.unclustered_bytes) == (1, 10)


def test_compaction_does_not_cluster() -> None:
    compaction = commit(2, "OPTIMIZE", added=[Added("b", MAY, 10, False)], parameters={"zOrderBy": "[]"})
    (may,) = measured([ingest(1, "a", MAY), compaction], [LiveFile("b", MAY, 10)]).partitions
    assert may.unclustered_files == 1


def test_files_older_than_the_log_are_judged_by_their_ranges() -> None:
    apart = [LiveFile(f"a{n}", MAY, 10, n * 10, n * 10 + 9) for n in range(6)]
    mixed = [LiveFile(f"b{n}", JUNE, 10, 0, 60) for n in range(6)]
    may, june = measured([], [*apart, *mixed]).partitions
    assert (may.unclustered_files, june.unclustered_files) == (0, 6)


@pytest.mark.parametrize(
    ("ranges", "depth"),
    [
        ([(0, 9), (10, 19), (20, 29)], 1.0),
        ([(0, 9), (0, 9), (0, 9)], 3.0),
        ([(0, 9), (9, 19)], 2.0),
        ([(0, 9), (None, None)], 2.0),
        ([(None, None)], None),
        ([], None),
    ],
)
def test_overlap_depth(ranges: list[tuple[int | None, int | None]], depth: float | None) -> None:
    assert overlap_depth([LiveFile(str(n), MAY, 1, low, high) for n, (low, high) in enumerate(ranges)]) == depth


def test_a_merge_ingests_only_the_share_of_new_and_changed_rows() -> None:
    metrics = {"numOutputRows": "100", "numTargetRowsInserted": "5", "numTargetRowsUpdated": "15"}
    merge = commit(1, "MERGE", added=[Added("a", MAY, 1000, True)], metrics=metrics)
    assert ingested_bytes(merge) == 200
    assert ingested_bytes(ingest(2, "b", MAY, 70)) == 70
    assert ingested_bytes(commit(3, "DELETE", added=[Added("c", MAY, 50, data_change=True)])) == 0


def test_the_window_sums_what_came_in_and_what_was_written_again() -> None:
    log = [ingest(1, "a", MAY, 500, ago=25), ingest(2, "b", MAY, 70), zorder(3, "c", MAY, 40)]
    window = measured(log).window
    assert (window.ingests, window.ingested_bytes, window.rewritten_bytes) == (1, 70, 40)


def gone(path: str, ago: float, size: int = 10) -> Removed:
    return Removed(path, (), size, int(NOW - ago * HOUR))


def test_held_are_removed_files_and_expired_those_past_the_retention() -> None:
    log = [commit(1, "MERGE", ago=1, removed=[gone("a", 49), gone("b", 47)])]
    health = measured(log)
    assert (health.held, health.expired) == (FileSum(files=2, bytes=20), FileSum(files=1, bytes=10))


def test_what_the_last_vacuum_deleted_is_held_no_longer() -> None:
    log = [
        commit(1, "MERGE", ago=70, removed=[gone("a", 70), gone("b", 55)]),
        commit(2, "VACUUM END", ago=10, parameters={"status": "COMPLETED"}, metadata={"maintain": "vacuum-lite"}),
    ]
    health = measured(log)
    # ten hours ago the retention of 48 hours began 58 hours before now
    assert health.held == FileSum(files=1, bytes=10)
    assert (health.last_vacuum.lite, health.last_vacuum.full) == ("1970-02-11T06:00:00.000Z", None)


def test_a_file_that_a_restore_brought_back_is_no_file_of_an_old_version() -> None:
    log = [
        commit(1, "MERGE", ago=70, removed=[gone("a", 70), gone("b", 70)]),
        commit(2, "RESTORE", ago=60, added=[Added("a", (), 10, data_change=True)], removed=[gone("c", 60)]),
    ]
    health = measured(log, [LiveFile("a", (), 10)])
    assert (health.held.files, health.expired.files) == (2, 2)


def test_a_vacuum_that_failed_or_is_not_ours() -> None:
    failed = commit(1, "VACUUM END", ago=9, parameters={"status": "FAILED"})
    assert measured([failed]).last_vacuum.full is None
    foreign = commit(2, "VACUUM END", ago=8, parameters={"status": "COMPLETED"})
    assert measured([failed, foreign]).last_vacuum.full is not None


def test_metadata_that_is_not_an_object_is_nobodys() -> None:
    text = json.dumps({"commitInfo": {"timestamp": 5, "operation": "WRITE", "userMetadata": "hand made"}})
    assert parse_commit(3, text).metadata == {}


def test_a_text_in_a_commit_may_hold_line_ends_of_other_alphabets() -> None:
    text = json.dumps(
        {"commitInfo": {"operation": "MERGE", "userMetadata": "{}", "note": "a\u2028b\x85c"}}, ensure_ascii=False
    )
    assert parse_commit(3, text + "\n").operation == "MERGE"


def _write(path: Path, rows: int, day: date) -> None:
    data = pa.table({"day": [day] * rows, "customer": [f"C{n}" for n in range(rows)]})
    write_deltalake(path, data, mode="append", partition_by=["day"])


def test_a_real_table_is_measured_from_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table"
    _write(table, 5, date(2026, 5, 1))
    _write(table, 7, date(2026, 5, 2))
    _write(table, 3, date(2026, 5, 2))
    arguments = [
        str(table),
        "--file-size=1000000",
        "--window-hours=24",
        "--retain-hours=168",
        "--ordered-by=customer",
    ]
    assert program.main(arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(part["values"], part["files"]) for part in answer["partitions"]] == [
        ({"day": "2026-05-01"}, 1),
        ({"day": "2026-05-02"}, 2),
    ]
    assert answer["bytes"] == sum(
        add["size_bytes"] for add in pa.table(DeltaTable(table).get_add_actions()).to_pylist()
    )
    assert [part["ingestsSinceWrite"] for part in answer["partitions"]] == [2, 0]
    assert answer["partitions"][1]["overlapDepth"] == 2
    assert answer["log"]["commitsSinceCheckpoint"] == 3
    assert answer["window"]["ingests"] == 3


def test_compaction_by_another_engine_counts_as_rewriting(tmp_path: Path) -> None:
    table = tmp_path / "table"
    _write(table, 5, date(2026, 5, 1))
    _write(table, 7, date(2026, 5, 1))
    DeltaTable(table).optimize.compact()
    log = read_log(LogFolder(str(table)), Reach(window=0, full=0, retain_ms=0))
    health = table_health(str(table), 2, [], log, Aims(10**6, 24, 168), STANDING, log.commits[-1].time_ms + 1)
    assert health.window.rewritten_bytes > 0
    assert health.held.files == 2


def test_no_table_is_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [str(tmp_path), "--file-size=1", "--window-hours=1", "--retain-hours=1"]
    assert program.main(arguments) == 1
    assert json.loads(capsys.readouterr().out)["type"] == "TableNotFound"


def test_wrong_arguments_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--file-size=1"]) == 2
    assert json.loads(capsys.readouterr().out)["type"] == "BadArguments"
