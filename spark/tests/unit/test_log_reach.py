"""How far back a log is read: what is due does not hang on a number of commits, and what is not read is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from headgate_spark.health import read
from headgate_spark.health.aims import Aims
from headgate_spark.health.log import DeltaLog
from headgate_spark.health.measure import Standing, table_health
from headgate_spark.health.read import LogFolder, Reach, read_log
from headgate_spark.protocol import TableHealth, TableRetention

HOUR = 3_600_000
NOW = 2_000_000 * HOUR / 4
DAY = 24


class Log:
    """A commit every ten minutes: each adds a file and removes the one before."""

    def __init__(self, folder: Path, commits: int, per_hour: int = 6) -> None:
        self.folder = folder / "table" / "_delta_log"
        self.folder.mkdir(parents=True)
        self.per_hour = per_hour
        self.newest = commits - 1
        for version in range(commits):
            file = {"partitionValues": {}, "size": 10, "dataChange": True}
            removed = {"path": f"f{version - 1}", "deletionTimestamp": self.time(version), **file}
            self.write(version, {"operation": "MERGE"}, {"add": {"path": f"f{version}", **file}}, {"remove": removed})

    def time(self, version: int) -> int:
        return int(NOW - (self.newest - version) * HOUR / self.per_hour)

    def hours_ago(self, hours: float) -> int:
        return self.newest - int(hours * self.per_hour)

    def write(self, version: int, info: dict[str, object], *actions: dict[str, object]) -> None:
        lines = [{"commitInfo": {"timestamp": self.time(version), **info}}, *actions]
        place = self.folder / f"{version:020}.json"
        place.write_text("\n".join(map(json.dumps, lines)))
        os.utime(place, (self.time(version) / 1000,) * 2)

    def vacuum(self, hours: float, mode: str = "vacuum-full", status: str = "COMPLETED") -> None:
        metadata = json.dumps({"maintain": mode})
        ended = {"operationParameters": {"status": status}, "userMetadata": metadata}
        self.write(self.hours_ago(hours), {"operation": "VACUUM END", **ended})

    def read(self, *, retain: float = 8 * DAY, created_ago: float = 400 * DAY) -> DeltaLog:
        reach = Reach(window=NOW - 7 * DAY * HOUR, full=NOW - 30 * DAY * HOUR, retain_ms=retain * HOUR)
        return read_log(LogFolder(str(self.folder.parent)), reach, NOW - created_ago * HOUR)

    def health(self) -> TableHealth:
        standing = Standing(True, NOW - 400 * DAY * HOUR, TableRetention(hours=8 * DAY))
        return table_health("/t", self.newest, [], self.read(), Aims(100, 7 * DAY, 8 * DAY), standing, NOW)


def test_files_expire_also_where_a_thousand_commits_are_a_week(tmp_path: Path) -> None:
    log = Log(tmp_path, 6 * DAY * 12)
    log.vacuum(26, "vacuum-lite")
    health = log.health()
    # those of 26 hours: removed before the files of the last eight days, after those that the last VACUUM deleted
    assert 6 * 25 < health.expired.files <= 6 * 26
    assert health.log.unread == 0


def test_the_window_of_the_budget_is_a_week_whatever_comes_in_it(tmp_path: Path) -> None:
    log = Log(tmp_path, 6 * DAY * 9)
    assert log.health().window.ingests == pytest.approx(6 * DAY * 7, abs=1)


def test_the_last_full_vacuum_is_found_behind_thousands_of_commits(tmp_path: Path) -> None:
    log = Log(tmp_path, 6 * DAY * 20)
    log.vacuum(19 * DAY)
    log.vacuum(12, "vacuum-lite")
    found = log.read()
    assert [commit.ended_vacuum for commit in found.vacuums] == ["full"]
    # the commits between the two tell of files that are deleted already
    assert len(found.commits) < 6 * DAY * 10
    assert log.health().last_vacuum.full is not None


def test_a_vacuum_that_came_to_no_end_is_not_taken_for_one(tmp_path: Path) -> None:
    log = Log(tmp_path, 6 * DAY * 20)
    log.vacuum(19 * DAY, status="FAILED")
    assert log.read().vacuums == ()


def test_what_is_too_much_to_read_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LEAST_COMMITS", 50)
    monkeypatch.setattr(read, "MOST_COMMITS", 200)
    log = Log(tmp_path, 500)
    log.vacuum(5, "vacuum-lite")
    assert (len(log.read(retain=1).commits), log.read(retain=1).unread) == (200, 0)
    assert (len(log.read(retain=60).commits), log.read(retain=60).unread) == (200, 300)


def test_without_any_vacuum_all_of_a_short_log_is_read(tmp_path: Path) -> None:
    log = Log(tmp_path, 1500)
    assert (len(log.read().commits), log.read().unread) == (1500, 0)


def test_a_young_table_is_not_searched_for_a_full_vacuum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path, 6 * DAY * 20)
    log.vacuum(19 * DAY)
    log.vacuum(1, "vacuum-lite")
    assert log.read(created_ago=20 * DAY).vacuums == ()


def test_a_commit_that_is_cleaned_away_while_the_log_is_read_is_no_error(tmp_path: Path) -> None:
    log = Log(tmp_path, 10)
    folder = LogFolder(str(log.folder.parent))
    (log.folder / f"{0:020}.json").unlink()
    assert len(read_log(folder, Reach(0, 0, 0)).commits) == 9
