"""How the JVM is found and started, and which archive fits it. Starts no Spark."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from headgate_spark.resident.archive import archive_path, with_archive
from headgate_spark.resident.jvm import Jvm, JvmError, JvmSpec, find_java, find_spark_home


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def spec(tmp_path: Path) -> JvmSpec:
    """A Java that waits until its stdin is closed, as the gateway does."""
    for jar in ("spark/jars/spark-core.jar", "delta/delta.jar"):
        (tmp_path / jar).parent.mkdir(parents=True)
        (tmp_path / jar).write_text(jar)
    (tmp_path / "temp").mkdir()
    java = program(tmp_path / "jdk" / "bin" / "java", "exec cat")
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="17.0.1"')
    return JvmSpec(str(java), tmp_path / "spark", tmp_path / "delta", "1g", tmp_path / "temp")


def test_a_java_that_was_named_is_not_replaced_by_another() -> None:
    with pytest.raises(JvmError, match="/nowhere/java is not a program"):
        find_java("/nowhere/java")


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = program(tmp_path / "home" / "bin" / "java", "true")
    other = program(tmp_path / "path" / "java", "true")
    monkeypatch.setenv("PATH", str(other.parent))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java(None) == str(ours)
    monkeypatch.delenv("JAVA_HOME")
    assert find_java(None) == str(other)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JvmError, match="install Java"):
        find_java(None)


def test_spark_is_found_where_pyspark_is_installed() -> None:
    assert list((find_spark_home() / "jars").glob("spark-core_*.jar"))


def test_the_heap_is_bounded_and_delta_comes_first(spec: JvmSpec) -> None:
    command = spec.command({"spark.a": "b"})
    assert "-Xmx1g" in command
    assert "-Dspark.a=b" in command
    classpath = command[command.index("-cp") + 1].split(os.pathsep)
    assert [Path(entry).name for entry in classpath] == ["delta.jar", "spark-core.jar"]


def test_spark_without_jars_is_told(spec: JvmSpec) -> None:
    with pytest.raises(JvmError, match="no Spark jars"):
        replace(spec, spark_home=spec.temp).classpath()


def test_the_jvm_ends_when_its_stdin_is_closed(spec: JvmSpec) -> None:
    jvm = Jvm(spec, {})
    assert jvm.process.poll() is None
    jvm.stop(10)
    assert jvm.process.returncode == 0


def test_a_jvm_that_does_not_end_is_ended(spec: JvmSpec, tmp_path: Path) -> None:
    stubborn = program(tmp_path / "stubborn", "exec sleep 600")
    jvm = Jvm(replace(spec, java=str(stubborn)), {})
    jvm.stop(0.1)
    assert jvm.process.returncode == -signal.SIGKILL


def test_a_jvm_that_ends_before_it_is_ready_is_told_with_its_code(spec: JvmSpec, tmp_path: Path) -> None:
    for code, text in ((1, "see resident.log"), (3, "out of memory")):
        broken = program(tmp_path / f"broken-{code}", f"exit {code}")
        with pytest.raises(JvmError, match=rf"code {code} \({text}\)"):
            Jvm(replace(spec, java=str(broken)), {}).wait_for_gateway(10)


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is a feature of Linux")
def test_the_jvm_dies_with_its_parent_even_when_it_ignores_stdin(spec: JvmSpec, tmp_path: Path) -> None:
    stubborn = program(tmp_path / "stubborn", "exec sleep 600")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(stubborn), str(spec.spark_home), str(spec.temp)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}/stat").exists() and " Z " not in Path(f"/proc/{child}/stat").read_text():
        assert time.monotonic() < deadline, "the child outlived its parent"
        time.sleep(0.01)


PARENT = """
import sys, time
from pathlib import Path
from headgate_spark.resident.jvm import Jvm, JvmSpec
java, spark, temp = sys.argv[1:]
print(Jvm(JvmSpec(java, Path(spark), None, "1g", Path(temp)), {}).process.pid, flush=True)
time.sleep(600)
"""


def test_an_archive_is_used_when_it_is_there(spec: JvmSpec, tmp_path: Path) -> None:
    assert with_archive(spec, None) is spec
    assert with_archive(spec, tmp_path) is spec
    archive_path(spec, tmp_path).touch()
    assert f"-XX:SharedArchiveFile={archive_path(spec, tmp_path)}" in with_archive(spec, tmp_path).command({})


def test_an_archive_does_not_fit_other_jars_or_another_java(spec: JvmSpec, tmp_path: Path) -> None:
    before = archive_path(spec, tmp_path)
    assert archive_path(spec, tmp_path) == before
    (tmp_path / "jdk" / "release").write_text('JAVA_VERSION="21.0.1"')
    other_java = archive_path(spec, tmp_path)
    (tmp_path / "delta" / "delta.jar").write_text("another delta")
    assert len({before, other_java, archive_path(spec, tmp_path)}) == 3
