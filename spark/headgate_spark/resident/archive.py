"""The class-data archive (AppCDS) that makes a JVM start faster: where it lies, when it fits, and how it is made.

An archive that does not fit is skipped by Java without harm; making one must never disturb a resident.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from headgate_spark.resident.jvm import MODULE_FLAGS, TUNING_FLAGS, Jvm, JvmSpec, find_java, find_spark_home

PREFIX = "spark-"
SUFFIX = ".jsa"


def archive_path(spec: JvmSpec, cache: Path) -> Path:
    """Named after all that Java compares: the Java itself, the jars in their order, the flags."""
    digest = hashlib.sha256()
    java = Path(os.path.realpath(spec.java))
    release = java.parent.parent / "release"
    digest.update(f"{java}\n{release.read_text('utf-8') if release.exists() else ''}".encode())
    digest.update("\n".join((*TUNING_FLAGS, *MODULE_FLAGS)).encode())
    for entry in spec.classpath():
        status = os.stat(entry)
        digest.update(f"{entry}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return cache / f"{PREFIX}{digest.hexdigest()[:16]}{SUFFIX}"


def with_archive(spec: JvmSpec, cache: Path | None) -> JvmSpec:
    """The same JVM, started from its archive when there is one."""
    if cache is None:
        return spec
    path = archive_path(spec, cache)
    if not path.exists():
        return spec
    flags = (f"-XX:SharedArchiveFile={path}", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off")
    return replace(spec, archive_flags=flags)


def make_archive(spec: JvmSpec, cache: Path) -> Path | None:
    """Makes the archive unless it is there or being made. Returns its path when it is there afterwards."""
    path = archive_path(spec, cache)
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{PREFIX}archive.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        if not path.exists():
            partial = path.with_name(f".{path.name}.part")
            partial.unlink(missing_ok=True)
            # The quick compiler alone: this life is short, and how it was compiled is not archived.
            flags = (f"-XX:ArchiveClassesAtExit={partial}", "-XX:TieredStopAtLevel=1", "-Xlog:cds=off")
            _run_once(replace(spec, archive_flags=flags))
            if not partial.exists():
                return None
            os.replace(partial, path)
        for other in cache.glob(f"{PREFIX}*{SUFFIX}"):
            if other != path:
                other.unlink(missing_ok=True)
    return path


def _run_once(spec: JvmSpec) -> None:
    """Loads the classes of the real jobs once; Java writes the archive when it ends by itself."""
    from headgate_spark.resident.engine import load_runner
    from headgate_spark.resident.warmup import write_request, write_sample
    from headgate_spark.session import build_session

    jvm = Jvm(spec, {})
    try:
        jvm.wait_for_gateway()
        spark = build_session(master="local[2]", extra={"spark.local.dir": str(spec.temp)})
        run_job = load_runner("headgate_spark.runner:run_job")
        folder = spec.temp / "warm-up"
        write_sample(folder)
        for number in range(2):
            for job in ("prepare", "commit"):
                step = 2 * number + (1 if job == "prepare" else 2)
                run_job(spark.newSession(), str(write_request(folder, job, number, step)), lambda _: None)
        spark.stop()
    finally:
        jvm.stop(seconds=180)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m headgate_spark.resident.archive", description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="folder that keeps the archive")
    parser.add_argument("--java")
    options = parser.parse_args(arguments)
    os.nice(10)
    with tempfile.TemporaryDirectory(prefix="headgate-archive-") as temp:
        jars = os.environ.get("HEADGATE_JARS")
        spec = JvmSpec(find_java(options.java), find_spark_home(), Path(jars) if jars else None, "1g", Path(temp))
        path = make_archive(spec, options.cache)
    print(f"class-data archive: {path or 'being made by another process'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
