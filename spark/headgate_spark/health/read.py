"""Reads a table's log from its newest commit back, as far as decisions of today need it, whatever number that is.

Files to delete are told by the commits since the VACUUM before the last, in time: of a table with a commit each minute
these are thousands. What lies further back is searched for VACUUMs alone, in commits so small that they may be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from headgate_spark.answer import filesystem_of
from headgate_spark.delta.entry import json_object
from headgate_spark.health.log import DeltaLog, LoggedCommit, parse_commit

_COMMIT = re.compile(r"^(\d{20})\.json$")
# Read in any case: they tell which files a clustering wrote and which rows are deleted.
LEAST_COMMITS = 1000
# So many take half a minute from a store. What more would tell is not known then.
MOST_COMMITS = 20_000
_MOST_SEARCHED = 100_000
# A VACUUM adds no file, so its commit holds a line of a few hundred bytes.
_SMALL_BYTES = 8192
_AT_ONCE = 16
_CHUNK = 500


@dataclass(frozen=True)
class Reach:
    """Milliseconds since 1970."""

    # Start of the window whose bytes are summed.
    window: float
    # A full VACUUM before it is as good as none.
    full: float
    # Age from which removed files are deleted.
    retain_ms: float


@dataclass(frozen=True)
class _Entry:
    version: int
    name: str
    size: int
    # Nothing where the store does not tell.
    modified_ms: float | None


class LogFolder:
    """`table` is a path or URI. One listing, and a read for each commit that is asked for."""

    def __init__(self, table: str) -> None:
        self._filesystem, root = filesystem_of(table)
        self._path = f"{root.rstrip('/')}/_delta_log"
        infos = self._filesystem.get_file_info(fs.FileSelector(self._path))
        self.sizes = {info.base_name: int(info.size) for info in infos if info.type == fs.FileType.File}
        entries = [
            _Entry(
                int(match[1]), info.base_name, int(info.size), None if info.mtime_ns is None else info.mtime_ns / 1e6
            )
            for info in infos
            if info.type == fs.FileType.File and (match := _COMMIT.match(info.base_name)) is not None
        ]
        self.newest_first = sorted(entries, key=lambda entry: -entry.version)

    def text(self, name: str) -> str:
        with self._filesystem.open_input_stream(f"{self._path}/{name}") as stream:
            return str(stream.read().decode("utf-8"))

    def texts(self, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, str | None]]:
        """In chunks, many at once. Nothing for a commit that log clean-up has taken away meanwhile."""

        def text(entry: _Entry) -> str | None:
            try:
                return self.text(entry.name)
            except FileNotFoundError:
                return None

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for start in range(0, len(entries), _CHUNK):
                chunk = entries[start : start + _CHUNK]
                yield from zip(chunk, pool.map(text, chunk), strict=True)

    def creation(self) -> Mapping[str, Any] | None:
        """`commitInfo` of version 0, which is its first line: the files of a first load may be many."""
        name = f"{0:020}.json"
        if name not in self.sizes:
            return None
        with self._filesystem.open_input_stream(f"{self._path}/{name}") as stream:
            line = stream.read(1 << 20).partition(b"\n")[0]
        info = json_object(line.decode("utf-8", "replace")).get("commitInfo")
        return info if isinstance(info, Mapping) else None

    def commits_since_checkpoint(self) -> int:
        checkpoint = -1
        if "_last_checkpoint" in self.sizes:
            checkpoint = int(json_object(self.text("_last_checkpoint")).get("version", -1))
        return (self.newest_first[0].version if self.newest_first else -1) - checkpoint


class _Reader:
    """Newest first; what one part of the log tells decides how much of the next is read."""

    def __init__(self, folder: LogFolder, reach: Reach) -> None:
        self._folder = folder
        self._reach = reach
        self._left = folder.newest_first
        self.commits: list[LoggedCommit] = []
        self._searched: list[LoggedCommit] = []
        # The last VACUUM of any kind, and the last full one.
        self._last: LoggedCommit | None = None
        self._full: LoggedCommit | None = None

    def _note(self, commit: LoggedCommit) -> None:
        if commit.ended_vacuum is None:
            return
        self._last = self._last or commit
        if commit.ended_vacuum == "full":
            self._full = self._full or commit

    def _is_read_to(self, before: float) -> bool:
        return not self._left or (len(self.commits) > 0 and self.commits[-1].time_ms < before)

    def _read_on(self, most: int, before: float | None) -> None:
        """Up to so many in all, and no further than to a commit of before this time."""
        if before is not None and self._is_read_to(before):
            return
        wanted = self._left[: max(0, most - len(self.commits))]
        taken = 0
        for entry, text in self._folder.texts(wanted):
            taken += 1
            if text is None:
                continue
            self.commits.append(parse_commit(entry.version, text))
            self._note(self.commits[-1])
            if before is not None and self.commits[-1].time_ms < before:
                break
        self._left = self._left[taken:]

    def _search(self, created_ms: float | None) -> None:
        """Finds the last VACUUM, and the last full one, among commits that were not read."""
        cannot_be_due = created_ms is not None and created_ms > self._reach.full
        small = [
            entry
            for entry in self._left[:_MOST_SEARCHED]
            if entry.size <= _SMALL_BYTES and (entry.modified_ms is None or entry.modified_ms >= self._reach.full)
        ]
        for entry, text in self._folder.texts(small):
            if self._full is not None or (cannot_be_due and self._last is not None):
                break
            if text is not None and '"VACUUM END"' in text:
                self._searched.append(parse_commit(entry.version, text))
                self._note(self._searched[-1])

    def _needed(self) -> float | None:
        """Earlier commits tell of no file that is still to be deleted; nothing: that is not known."""
        return None if self._last is None else self._last.time_ms - self._reach.retain_ms

    def read(self, created_ms: float | None) -> DeltaLog:
        self._read_on(LEAST_COMMITS, None)
        self._read_on(MOST_COMMITS, self._reach.window)
        self._search(created_ms)
        needed = self._needed()
        self._read_on(MOST_COMMITS, needed)
        known = not self._left or (needed is not None and self._is_read_to(needed))
        read = {commit.version for commit in self.commits}
        sizes = self._folder.sizes
        return DeltaLog(
            commits=tuple(reversed(self.commits)),
            files=len(sizes),
            bytes=sum(sizes.values()),
            commits_since_checkpoint=self._folder.commits_since_checkpoint(),
            vacuums=tuple(commit for commit in reversed(self._searched) if commit.version not in read),
            unread=0 if known else len(self._left),
        )


def read_log(folder: LogFolder, reach: Reach, created_ms: float | None = None) -> DeltaLog:
    """`created_ms`: when the table was made, where that is known."""
    return _Reader(folder, reach).read(created_ms)
