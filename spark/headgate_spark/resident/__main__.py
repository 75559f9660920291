"""`python -m headgate_spark.resident --home <dir>`: one resident per home, from its lock to its last trace."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import uuid
from pathlib import Path

from headgate_spark.resident.archive import with_archive
from headgate_spark.resident.engine import Engine
from headgate_spark.resident.home import HomeTakenError, announce, claim_home, clean, leave, listen, say
from headgate_spark.resident.jvm import Jvm, JvmError, JvmSpec, find_java, find_spark_home
from headgate_spark.resident.lifetime import Limits
from headgate_spark.resident.server import Resident
from headgate_spark.resident.warmup import Warmup

EXIT_TAKEN = 75
JVM_STOP_SECONDS = 10.0
RUNNER = "headgate_spark.runner:run_job"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m headgate_spark.resident", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="state folder this process serves; made when missing")
    parser.add_argument("--memory", default="2g", help="heap of the JVM")
    parser.add_argument("--idle-seconds", type=float, default=600, help="ends after so long without a request")
    parser.add_argument("--orphan-seconds", type=float, default=60, help="ends after so long without a client")
    parser.add_argument("--abandoned-seconds", type=float, default=3600, help="the same while jobs still run")
    parser.add_argument("--parallel", type=int, default=2, help="jobs at once")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 2, help="tasks at once")
    parser.add_argument("--cache", type=Path, help="folder of the class-data archive")
    parser.add_argument("--java", help="the java program; default JAVA_HOME, then PATH")
    parser.add_argument("--no-warm-up", action="store_true", help="do not run the jobs on a sample after the start")
    parser.add_argument("--runner", default=RUNNER, help="module:function that runs one job")
    return parser


def main() -> int:
    options = _parser().parse_args()
    instance = str(uuid.uuid4())
    try:
        home = claim_home(options.home.absolute(), instance)
    except HomeTakenError as error:
        print(f"resident: {error}", file=sys.stderr)
        return EXIT_TAKEN
    # Whoever waits for a table that this process writes is told so.
    os.environ["HEADGATE_HOME"] = str(home.path)
    listener, socket_path = listen(home)
    jars = os.environ.get("HEADGATE_JARS")
    try:
        spec = JvmSpec(
            find_java(options.java), find_spark_home(), Path(jars) if jars else None, options.memory, home.temp
        )
        # The JVM holds the lock too: no successor starts before the last of this life is gone.
        jvm = Jvm(with_archive(spec, options.cache), {}, keep_open=(home.lock_fd,))
    except (JvmError, OSError) as error:
        print(f"resident: {error}", file=sys.stderr)
        leave(home, socket_path, str(error))
        clean(home)
        return 1
    announce(home, socket_path, {"python": ".".join(map(str, sys.version_info[:3]))})
    engine = Engine(
        jvm,
        instance=instance,
        cores=options.cores,
        parallel=options.parallel,
        temp=str(home.temp),
        runner=options.runner,
    )
    limits = Limits(options.idle_seconds, options.orphan_seconds, options.abandoned_seconds)
    warmup = Warmup(home.temp / "warm-up", enabled=not options.no_warm_up)
    resident = Resident(home, jvm, engine, limits, options.parallel, warmup)

    async def live() -> str:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, resident.end, f"ended by {number.name}")
        reason = await resident.run(listener)
        say(f"ends: {reason}")
        # Before the goodbye to clients: they look for a successor, or for the reason, when we hang up.
        with contextlib.suppress(OSError):
            leave(home, socket_path, reason)
        await resident.hang_up()
        return reason

    asyncio.run(live())
    jvm.stop(JVM_STOP_SECONDS)
    clean(home)
    # Threads may hang in calls to a JVM that is gone: they must not hold this process.
    os._exit(0 if jvm.process.returncode in (0, 143) else 1)


if __name__ == "__main__":
    sys.exit(main())
