"""One resident per home, traces of dead ones, and the socket path. No Spark, no JVM."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from headgate_spark.resident.home import (
    ANNOUNCEMENT,
    END_NOTE,
    SOCKET_PATH_LIMIT,
    HomeTakenError,
    announce,
    claim_home,
    clean,
    is_ours,
    leave,
    listen,
    process_start,
    read_announcement,
    resident_bytes,
    socket_path_of,
)


def test_a_home_is_claimed_once(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    with pytest.raises(HomeTakenError, match="a process that is starting"):
        claim_home(tmp_path / "home", "two")
    announce(home, "/socket", {})
    with pytest.raises(HomeTakenError, match=f"process {os.getpid()}; one resident per home"):
        claim_home(tmp_path / "home", "two")
    os.close(home.lock_fd)
    assert claim_home(tmp_path / "home", "two").instance == "two"


def test_a_home_is_private_and_cleared_of_old_temporary_files(tmp_path: Path) -> None:
    (tmp_path / "home" / "resident-tmp" / "old").mkdir(parents=True)
    home = claim_home(tmp_path / "home", "one")
    assert list(home.temp.iterdir()) == []
    assert stat.S_IMODE(home.temp.stat().st_mode) == 0o700


def test_the_lock_outlives_its_process_in_a_child_that_keeps_it(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=(home.lock_fd,))
    os.close(home.lock_fd)
    with pytest.raises(HomeTakenError):
        claim_home(tmp_path / "home", "two")
    child.communicate()
    claim_home(tmp_path / "home", "two")


def test_the_announcement_tells_who_serves(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    assert not is_ours(home)
    announce(home, "/socket", {"python": "3"})
    announced = read_announcement(home.path)
    assert announced == {
        "pid": os.getpid(),
        "startedAt": process_start(os.getpid()),
        "instance": "one",
        "socket": "/socket",
        "versions": {"python": "3"},
    }
    assert is_ours(home)


def test_leaving_removes_every_trace_but_the_note(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    listener, path = listen(home)
    announce(home, path, {})
    leave(home, path, "asked to stop")
    clean(home)
    listener.close()
    assert sorted(file.name for file in home.path.iterdir()) == [END_NOTE, "resident.lock"]
    assert json.loads((home.path / END_NOTE).read_text())["reason"] == "asked to stop"


def test_leaving_touches_nothing_of_a_successor(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    successor = {"pid": 1, "instance": "two"}
    (home.path / ANNOUNCEMENT).write_text(json.dumps(successor))
    socket_path = home.path / "resident.sock"
    socket_path.touch()
    assert not is_ours(home)
    leave(home, str(socket_path), "late")
    assert read_announcement(home.path) == successor
    assert socket_path.exists()
    assert not (home.path / END_NOTE).exists()


def test_leaving_a_home_that_is_gone_does_not_bring_it_back(tmp_path: Path) -> None:
    home = claim_home(tmp_path / "home", "one")
    shutil.rmtree(home.path)
    assert not is_ours(home)
    leave(home, "/nowhere", "gone")
    clean(home)
    assert not home.path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"instance": "no pid"}'])
def test_a_damaged_announcement_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ANNOUNCEMENT).write_text(text)
    assert read_announcement(tmp_path) is None


def test_a_short_home_holds_its_socket(tmp_path: Path) -> None:
    assert socket_path_of(Path("/short/home")) == "/short/home/resident.sock"


def test_a_long_home_has_its_socket_in_a_private_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/tmp")
    home = claim_home(tmp_path / ("x" * 120) / "home", "one")
    listener, path = listen(home)
    try:
        assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
        assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
        assert path != socket_path_of(tmp_path / ("y" * 120) / "home")
    finally:
        listener.close()
        os.unlink(path)


def test_a_folder_that_others_may_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Path("/tmp") / f"hg-{os.getpid()}"
    open_folder = runtime / f"headgate-{os.getuid()}"
    open_folder.mkdir(parents=True)
    open_folder.chmod(0o777)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    try:
        assert not socket_path_of(tmp_path / ("x" * 120)).startswith(str(runtime))
    finally:
        shutil.rmtree(runtime)


def test_processes_of_one_id_are_told_apart_by_their_start() -> None:
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    started = process_start(child.pid)
    assert started is not None
    assert started == process_start(child.pid)
    assert started != process_start(os.getpid())
    child.communicate()
    assert process_start(child.pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="zombies are told from /proc")
def test_a_process_that_ended_uncollected_is_gone() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(child.pid) is None
    child.wait()


def test_memory_of_a_process() -> None:
    assert resident_bytes(os.getpid()) > 5_000_000
    assert resident_bytes(2**22 - 1) == 0
