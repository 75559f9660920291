"""Who writes a local table is alone at it, in whatever process and home, and for no longer than it lives."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headgate_spark.errors import JobFailed
from headgate_spark.writer import only_writer

SPARK = Path(__file__).parents[2]
HOLDER = """
import sys
from headgate_spark.writer import only_writer
with only_writer(sys.argv[1], "run/other", lambda: None):
    print("has it", flush=True)
    sys.stdin.readline()
"""


class Holder:
    """Another process that holds the lock of a table until it is told otherwise, or dies."""

    def __init__(self, table: Path, home: str = "/other/home") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(table)],
            cwd=SPARK,
            env={**os.environ, "HEADGATE_HOME": home},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "has it\n"

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    log = tmp_path / "table" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").touch()
    return log.parent


@pytest.fixture
def holder(table: Path) -> Iterator[Holder]:
    other = Holder(table)
    yield other
    other.end()


def never() -> None:
    raise AssertionError("nobody else has it")


def refused(table: Path) -> JobFailed:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headgate_spark.writer.WAIT_SECONDS", 0.1)
        with pytest.raises(JobFailed) as caught, only_writer(str(table), "run/ours", lambda: None):
            pass
    return caught.value


def test_a_table_in_use_is_waited_for_and_then_told_with_who_has_it(table: Path, holder: Holder) -> None:
    # A paused process has it as much as one that works.
    holder.process.send_signal(signal.SIGSTOP)
    failure = refused(table)
    assert (failure.kind, failure.type) == ("conflict", "TableLocked")
    told = [failure.fields[name] for name in ("table", "pid", "home", "run", "host")]
    assert told == [str(table), str(holder.process.pid), "/other/home", "run/other", socket.gethostname()]
    assert str(holder.process.pid) in failure.message
    holder.process.send_signal(signal.SIGCONT)
    with only_writer(str(table), "run/ours", holder.leave):
        assert json.loads((table / "_delta_log" / "_headgate.lock").read_text())["pid"] == os.getpid()


def test_who_is_killed_leaves_the_table_to_others(table: Path, holder: Holder) -> None:
    assert refused(table).type == "TableLocked"
    holder.end()
    assert (table / "_delta_log" / "_headgate.lock").exists()
    with only_writer(str(table), "run/ours", never):
        pass


def test_a_cancel_ends_the_wait(table: Path, holder: Holder) -> None:
    class CancelledError(Exception):
        pass

    def cancelled() -> None:
        raise CancelledError

    with pytest.raises(CancelledError), only_writer(str(table), "run/ours", cancelled):
        pass


def test_nothing_is_left_of_it_and_other_tables_are_free(table: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    with only_writer(str(table), "run/ours", never), only_writer(str(tmp_path / "other"), "run/ours", never):
        assert (tmp_path / "_headgate" / "first-write-other.lock").exists()
        # Delta makes no table where anything lies.
        assert not (tmp_path / "other").exists()
    assert sorted(path for path in tmp_path.rglob("*") if path.name != "_headgate") == before


def test_one_at_a_time_though_each_takes_the_lock_away_with_it(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headgate_spark.writer._LOOK_SECONDS", 0.001)
    inside: list[int] = []
    seen: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with only_writer(str(table), "run/ours", lambda: None):
                inside.append(number)
                seen.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [1] * 80


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Between the opening of the lock's file and the lock, once."""
    lock = fcntl.flock
    pending = [happens]

    def late(fd: int, operation: int) -> None:
        if pending:
            pending.pop()()
        lock(fd, operation)

    monkeypatch.setattr("headgate_spark.writer.fcntl.flock", late)


def test_a_lock_that_its_last_holder_took_away_guards_nothing(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = table / "_delta_log" / "_headgate.lock"
    meanwhile(monkeypatch, lock.unlink)
    with only_writer(str(table), "run/ours", never):
        assert lock.exists()
        assert refused(table).type == "TableLocked"


def test_a_first_version_that_comes_meanwhile_moves_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "table" / "_delta_log"

    def made() -> None:
        log.mkdir(parents=True)
        (log / f"{0:020}.json").touch()

    meanwhile(monkeypatch, made)
    with only_writer(str(tmp_path / "table"), "run/ours", never):
        assert (log / "_headgate.lock").exists()


def test_after_a_first_write_the_lock_is_in_the_table(tmp_path: Path) -> None:
    first = Holder(tmp_path / "table")
    try:
        assert refused(tmp_path / "table").type == "TableLocked"

        def made() -> None:
            log = tmp_path / "table" / "_delta_log"
            log.mkdir(parents=True, exist_ok=True)
            (log / f"{0:020}.json").touch()

        # Who waited for a first write goes on where all others of the table look.
        with only_writer(str(tmp_path / "table"), "run/ours", made):
            assert refused(tmp_path / "table").fields["pid"] == str(os.getpid())
    finally:
        first.end()


def test_one_table_by_two_spellings_has_one_lock(tmp_path: Path, table: Path, holder: Holder) -> None:
    (tmp_path / "link").symlink_to(table)
    assert refused(tmp_path / "link").type == "TableLocked"
    assert refused(Path(f"{table}/../table")).type == "TableLocked"
    # Before its first version too, when the lock lies beside the folder.
    (tmp_path / "lake" / "new").mkdir(parents=True)
    (tmp_path / "new").symlink_to(tmp_path / "lake" / "new")
    with only_writer(str(tmp_path / "lake" / "new"), "run/ours", never):
        assert refused(tmp_path / "new").type == "TableLocked"


def test_what_a_holder_says_of_itself_is_data(table: Path, holder: Holder) -> None:
    lock = table / "_delta_log" / "_headgate.lock"
    lock.write_text(json.dumps({"host": "\x1b]0;title\x07", "pid": "9" * 10_000, "home": None, "run": ["\u202e"]}))
    failure = refused(table)
    assert failure.message.isprintable()
    assert (len(str(failure.fields["pid"])), failure.fields["home"]) == (200, "unknown")
    lock.write_text("no JSON")
    assert refused(table).fields["pid"] == "unknown"


def test_a_file_system_without_locks_is_written_all_the_same(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "not supported")

    monkeypatch.setattr("headgate_spark.writer.fcntl.flock", unsupported)
    with only_writer(str(table), "run/ours", never):
        pass


def test_an_object_store_has_no_lock() -> None:
    with only_writer("s3://bucket/table", "run/ours", never):
        pass
