"""Warms the JVM with the real jobs on a small sample while nobody needs Spark, so that the first user does not wait."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Protocol

from headgate_spark.contract import attempt_report
from headgate_spark.resident.home import say

ROWS = 4_000
# Each round costs the machine ten seconds of work and more.
MIN_ROUNDS, MAX_ROUNDS = 3, 6
# A round that takes more than this share of the best before it has brought too little to try another.
WORTH = 0.85
QUIET_SECONDS = 1.0
FROZEN_AT = "2026-01-01T00:00:00.000Z"
MAX_ERRORS = 2


class Background(Protocol):
    """What warming needs of the engine."""

    def run_in_background(self, group: str, request_path: str) -> Future[None]: ...

    def cancel(self, group: str) -> Future[None]: ...


def is_warm(rounds: list[float]) -> bool:
    """The last round brought nothing, or enough were tried."""
    if len(rounds) < MIN_ROUNDS:
        return False
    return len(rounds) >= MAX_ROUNDS or rounds[-1] > min(rounds[:-1]) * WORTH


class Warmup:
    """At most one round at a time; a round gives way at once when a job arrives, and is begun again later."""

    def __init__(self, folder: Path, enabled: bool = True) -> None:
        self._folder = folder
        self._enabled = enabled
        self._running: str | None = None
        self._paused = False
        self._step = 0
        self.rounds: list[float] = []
        self.warmed = False

    @property
    def seconds(self) -> float:
        return sum(self.rounds)

    async def run(self, engine: Background, is_quiet: Callable[[], bool]) -> None:
        if not self._enabled:
            return
        errors = 0
        try:
            await asyncio.to_thread(write_sample, self._folder)
            while not is_warm(self.rounds) and errors < MAX_ERRORS:
                await _wait_for(is_quiet)
                self._paused = False
                try:
                    self.rounds.append(await self._round(engine))
                except _GaveWayError:
                    continue
                except Exception as error:
                    errors += 1
                    say(f"warm-up failed: {error}")
            self.warmed = errors < MAX_ERRORS
            say(f"warm-up rounds: {[round(seconds, 2) for seconds in self.rounds]} s")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def pause(self, engine: Background) -> None:
        """A job is waiting: whatever runs here ends with its present stage."""
        self._paused = True
        if self._running is not None:
            engine.cancel(self._running)

    async def _round(self, engine: Background) -> float:
        number = len(self.rounds)
        started = time.monotonic()
        for job in ("prepare", "commit"):
            self._step += 1
            group = f"warm-up-{self._step}"
            request = write_request(self._folder, job, number, self._step)
            self._running = group
            try:
                if self._paused:
                    raise _GaveWayError
                await asyncio.wrap_future(engine.run_in_background(group, str(request)))
            except Exception as error:
                raise (_GaveWayError if self._paused else error) from None
            finally:
                self._running = None
        return time.monotonic() - started


class _GaveWayError(Exception):
    """A job arrived while warming."""


async def _wait_for(is_quiet: Callable[[], bool]) -> None:
    """After a job, quiet for a while: between two jobs of a run there is only a moment."""
    if is_quiet():
        return
    since: float | None = None
    while since is None or time.monotonic() - since < QUIET_SECONDS:
        await asyncio.sleep(0.1)
        if not is_quiet():
            since = None
        elif since is None:
            since = time.monotonic()


def write_sample(folder: Path) -> None:
    """Input files of the shape people start with."""
    from headgate_spark.sample import Plan, write_customers, write_sales

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    plan = Plan(rows=ROWS, customers=ROWS, seed=1)
    write_customers(plan, folder / "customers.parquet")
    write_sales(plan, folder / "sales.csv", 1, {"base": ROWS, "bad-number": 3, "orphan": 3, "duplicate-changed": 3})


def write_request(folder: Path, job: str, number: int, step: int) -> Path:
    """A request of the real protocol: a digest per round, one target for all, so that later rounds update."""
    digest = f"{step - 1 if job == 'commit' else step:032x}"
    batch = folder / digest
    batch.mkdir(exist_ok=True)
    common = {
        "protocol": 1,
        "job": job,
        "stepKey": f"warm-up/warm_up/{digest}/{job}",
        "generation": 1,
        "attempt": 1,
        "run": "warm-up",
        "digest": digest,
        "reportPath": str(batch / f"{job}.report.json"),
        "failurePath": str(batch / f"{job}.failure-1.json"),
    }
    if job == "prepare":
        files = [_file(folder, "sales", "sales.csv"), _file(folder, "customers", "customers.parquet")]
        manifest = {"protocol": 1, "pipeline": "warm-up", "digest": digest, "frozenAt": FROZEN_AT, "files": files}
        (batch / "manifest.json").write_text(json.dumps(manifest), "utf-8")
        request = {
            **common,
            "pipeline": _pipeline(folder, number),
            "manifestPath": str(batch / "manifest.json"),
            "stagingTable": str(batch / "staging"),
            "quarantineTable": str(folder / "quarantine"),
        }
    else:
        left = attempt_report(str(batch / "prepare.report.json"), 1)
        report = json.loads(Path(left).read_text("utf-8"))
        request = {
            **common,
            "pipeline": "warm-up",
            "target": _pipeline(folder, number)["target"],
            "latestBy": "invoice_date",
            "timezone": "UTC",
            "staging": report["staging"],
        }
    path = batch / f"{job}.request.json"
    path.write_text(json.dumps(request), "utf-8")
    return path


def _file(folder: Path, source: str, name: str) -> dict[str, Any]:
    import hashlib

    path = folder / name
    content = path.read_bytes()
    return {
        "source": source,
        "path": str(path),
        "readPath": str(path),
        "size": len(content),
        "modifiedMs": path.stat().st_mtime_ns / 1e6,
        "etag": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "delivery": FROZEN_AT,
    }


def _columns(*declared: str) -> list[dict[str, Any]]:
    columns = []
    for text in declared:
        name, _, kind = text.partition(" ")
        kind, _, pattern = kind.partition(" ")
        column: dict[str, Any] = {"name": name, "from": name, "type": kind.rstrip("!"), "required": kind.endswith("!")}
        columns.append({**column, "format": pattern} if pattern else column)
    return columns


def _pipeline(folder: Path, number: int) -> dict[str, Any]:
    """The shape of the seed pipeline. The factor changes every row from round to round: the MERGE has work to do."""
    total = f"quantity * price * {number + 1}"
    return {
        "name": "warm-up",
        "sources": [
            {
                "name": "sales",
                "path": str(folder / "sales.csv"),
                "format": "csv",
                "arrives": "new-files",
                "columns": _columns(
                    "invoice_no string!",
                    "customer_id string!",
                    "category string",
                    "quantity int",
                    "price decimal(18,2)",
                    "invoice_date date dd-MM-yyyy",
                    "shopping_mall string",
                ),
                "key": ["invoice_no"],
                "latestBy": "invoice_date",
                "csv": {
                    "delimiter": ",",
                    "quote": '"',
                    "escape": '"',
                    "header": True,
                    "encoding": "utf-8",
                    "nulls": [],
                    "multiline": False,
                    "trim": False,
                    "extraColumns": "warn",
                },
                "extract": "in-place",
            },
            {
                "name": "customers",
                "path": str(folder / "customers.parquet"),
                "format": "parquet",
                "arrives": "snapshot",
                "columns": _columns("customer_id string!", "gender string", "age int", "payment_method string"),
                "key": ["customer_id"],
                "extract": "in-place",
            },
        ],
        "transform": {
            "kind": "columns",
            "from": "sales",
            "joins": [{"source": "customers", "on": [{"left": "customer_id", "right": "customer_id"}], "how": "left"}],
            "columns": [
                {"kind": "expression", "name": "total_sales", "expression": total},
                {
                    "kind": "bin",
                    "name": "age_group",
                    "of": "age",
                    "edges": ["18", "66"],
                    "labels": ["under-18", "18-65", "66+"],
                    "missing": "unknown",
                },
                {
                    "kind": "expression",
                    "name": "invoice_month",
                    "expression": "date_format(invoice_date, 'yyyy')",
                },
            ],
        },
        "expectations": [
            {"name": "positive", "check": "quantity > 0 and price > 0", "action": "quarantine"},
            {"name": "known", "check": "customers.matched", "action": "warn"},
        ],
        "target": {
            "table": str(folder / "target"),
            "key": ["invoice_no"],
            "partitionBy": ["invoice_month"],
            "zorderBy": [],
            "clusterBy": [],
            "partitionsFixed": False,
            "deletionVectors": False,
        },
        "maintenance": {
            "optimize": "off",
            "fileSize": 0,
            "compactFrom": 0,
            "clusterAbove": 0,
            "closedAfter": 0,
            "rewriteBudget": 0,
            "windowHours": 0,
            "vacuumRetainHours": 0,
            "vacuumCeiling": 0,
            "vacuumFullEveryDays": 0,
        },
        "runtime": "local",
        "timezone": "UTC",
        "gateWaitSeconds": 0,
        "state": str(folder),
        "definitionDigest": "0" * 32,
    }
