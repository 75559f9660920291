"""Warming gives way to jobs, ends when it brings nothing more, and leaves nothing. No Spark here."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import Future
from pathlib import Path

import pytest

from headgate_spark.contract import attempt_report, parse_manifest, parse_request
from headgate_spark.resident import warmup
from headgate_spark.resident.warmup import MAX_ROUNDS, MIN_ROUNDS, Warmup, is_warm, write_request, write_sample


class StandIn:
    """Ends each job at once and leaves its report, unless told to hold or to fail."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.held: Future[None] | None = None
        self.hold_next = False
        self.error: Exception | None = None

    def run_in_background(self, group: str, request_path: str) -> Future[None]:
        request = json.loads(Path(request_path).read_text())
        self.begun.append(request["job"])
        future: Future[None] = Future()
        if self.hold_next:
            self.held, self.hold_next = future, False
        elif self.error is not None:
            future.set_exception(self.error)
        else:
            report = {"staging": {"table": request.get("stagingTable"), "version": 0, "rows": 1}}
            Path(attempt_report(request["reportPath"], 1)).write_text(json.dumps(report))
            future.set_result(None)
        return future

    def cancel(self, group: str) -> Future[None]:
        if self.held is not None:
            self.held.set_exception(RuntimeError("cancelled"))
            self.held = None
        done: Future[None] = Future()
        done.set_result(None)
        return done


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warmup, "QUIET_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([], False),
        ([9.0, 9.0], False),
        ([9.0, 3.0, 2.9], True),
        ([9.0, 3.0, 2.0], False),
        ([9.0, 3.0, 2.0, 4.0], True),
        ([9.0 / 2**n for n in range(MAX_ROUNDS - 1)], False),
        ([9.0 / 2**n for n in range(MAX_ROUNDS)], True),
    ],
)
def test_it_ends_when_rounds_get_no_faster(rounds: list[float], expected: bool) -> None:
    assert is_warm(rounds) is expected


def test_it_runs_both_jobs_until_warm_and_removes_its_files(tmp_path: Path) -> None:
    engine, warming = StandIn(), Warmup(tmp_path / "warm")
    asyncio.run(warming.run(engine, lambda: True))
    assert warming.warmed
    assert engine.begun == ["prepare", "commit"] * len(warming.rounds)
    assert len(warming.rounds) >= MIN_ROUNDS
    assert not (tmp_path / "warm").exists()


def test_it_does_not_begin_while_jobs_wait(tmp_path: Path) -> None:
    async def check() -> None:
        engine, warming, quiet = StandIn(), Warmup(tmp_path / "warm"), asyncio.Event()
        running = asyncio.create_task(warming.run(engine, quiet.is_set))
        await asyncio.sleep(0.3)
        assert engine.begun == []
        quiet.set()
        await running
        assert warming.warmed

    asyncio.run(check())


def test_it_gives_way_to_a_job_and_goes_on_later(tmp_path: Path) -> None:
    async def check() -> None:
        engine, warming, quiet = StandIn(), Warmup(tmp_path / "warm"), asyncio.Event()
        engine.hold_next = True
        quiet.set()
        running = asyncio.create_task(warming.run(engine, quiet.is_set))
        while engine.held is None:
            await asyncio.sleep(0.01)
        quiet.clear()
        warming.pause(engine)
        await asyncio.sleep(0.3)
        assert engine.begun == ["prepare"]
        quiet.set()
        await running
        assert engine.begun[1:3] == ["prepare", "commit"]
        assert warming.warmed

    asyncio.run(check())


def test_it_gives_up_when_the_jobs_fail(tmp_path: Path) -> None:
    engine, warming = StandIn(), Warmup(tmp_path / "warm")
    engine.error = RuntimeError("broken")
    asyncio.run(warming.run(engine, lambda: True))
    assert not warming.warmed
    assert not (tmp_path / "warm").exists()


def test_it_can_be_left_out(tmp_path: Path) -> None:
    engine, warming = StandIn(), Warmup(tmp_path / "warm", enabled=False)
    asyncio.run(warming.run(engine, lambda: True))
    assert (engine.begun, warming.warmed) == ([], False)


def test_its_requests_are_those_of_the_real_protocol(tmp_path: Path) -> None:
    write_sample(tmp_path)
    prepare = parse_request(write_request(tmp_path, "prepare", 0, 1).read_text())
    assert prepare.job == "prepare"
    manifest = parse_manifest(Path(prepare.manifest_path).read_text())
    assert [Path(file.read_path).stat().st_size for file in manifest.files] == [file.size for file in manifest.files]
    report = {"staging": {"table": prepare.staging_table, "version": 0, "rows": 4000}}
    Path(attempt_report(prepare.report_path, 1)).write_text(json.dumps(report))
    commit = parse_request(write_request(tmp_path, "commit", 0, 2).read_text())
    assert commit.job == "commit"
    assert commit.digest == prepare.digest
