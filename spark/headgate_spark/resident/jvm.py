"""Starts the JVM of a resident directly, without spark-submit and its launcher JVM, bound to this process's life.

Must not build sessions or know jobs.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORE_PACKAGES = (
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "jdk.internal.ref",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
)
# What Spark's own launcher opens on Java 17 and later. Its incubator vector module is left out: only MLlib
# uses it, and it costs start-up time.
MODULE_FLAGS = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in CORE_PACKAGES),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "--enable-native-access=ALL-UNNAMED",
)
# One collector thread suits two cores; the full compiler, because warm jobs are what people wait for; an
# exhausted heap ends the process at once, since a JVM after that cannot be trusted with a table. Spark makes one method
# of all the parsing of a row: by default Java would never compile one of that size, and parsing take twice as long.
TUNING_FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:MinHeapFreeRatio=20",
    "-XX:MaxHeapFreeRatio=40",
    "-XX:MaxMetaspaceSize=512m",
    "-XX:ReservedCodeCacheSize=256m",
    "-XX:MaxDirectMemorySize=512m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-DontCompileHugeMethods",
    "-XX:-UsePerfData",
    "-Xss4m",
)
GATEWAY_CLASS = "org.apache.spark.api.python.PythonGatewayServer"
PR_SET_PDEATHSIG = 1
EXIT_REASONS = {3: "out of memory", 52: "out of memory"}


class JvmError(Exception):
    """Java is missing, or the JVM ended before it was ready."""


@dataclass(frozen=True)
class JvmSpec:
    java: str
    spark_home: Path
    jars: Path | None
    memory: str
    # Where Spark and Java put temporary files; removed with the process.
    temp: Path
    archive_flags: tuple[str, ...] = ()

    def classpath(self) -> list[str]:
        """Each jar by name and in order: a class-data archive fits only the very same list."""
        delta = sorted(self.jars.glob("*.jar")) if self.jars else []
        spark = sorted((self.spark_home / "jars").glob("*.jar"))
        if not spark:
            raise JvmError(f"no Spark jars in {self.spark_home / 'jars'}: run `headgate doctor` to repair the set-up")
        return [str(jar) for jar in (*delta, *spark)]

    def command(self, properties: dict[str, str]) -> list[str]:
        return [
            self.java,
            "-cp",
            os.pathsep.join(self.classpath()),
            f"-Xmx{self.memory}",
            *TUNING_FLAGS,
            *MODULE_FLAGS,
            *self.archive_flags,
            f"-Djava.io.tmpdir={self.temp}",
            *(f"-D{key}={value}" for key, value in properties.items()),
            GATEWAY_CLASS,
        ]


def find_java(given: str | None) -> str:
    home = os.environ.get("JAVA_HOME")
    for candidate in (given, f"{home}/bin/java" if home else None, "java"):
        found = shutil.which(candidate) if candidate else None
        if found:
            return found
        if candidate is not None and candidate == given:
            raise JvmError(f"{given} is not a program: set JAVA_HOME to a Java 17 or 21")
    raise JvmError("no Java found: install Java 17 or 21, or set JAVA_HOME")


def find_spark_home() -> Path:
    """Folder of the installed pyspark, without importing it: that costs half a second."""
    for entry in sys.path:
        folder = Path(entry) / "pyspark"
        if (folder / "jars").is_dir():
            return folder
    raise JvmError("pyspark is not installed in this Python: run `headgate doctor` to repair the set-up")


class Jvm:
    """A JVM that ends when this process does, however that ends."""

    def __init__(self, spec: JvmSpec, properties: dict[str, str], keep_open: tuple[int, ...] = ()) -> None:
        """Call it from the main thread: on Linux the JVM dies with the thread that started it.

        `keep_open` are file descriptors the JVM inherits, such as a lock that must outlive this process with it.
        """
        self._connection_file = spec.temp / "gateway"
        environment = {
            **os.environ,
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._connection_file),
            "SPARK_HOME": str(spec.spark_home),
            "SPARK_ENV_LOADED": "1",
            "SPARK_CONNECT_MODE": "0",
            # Nothing listens beyond this machine, and no host name is looked up.
            "SPARK_LOCAL_IP": "127.0.0.1",
            # Without it glibc keeps an arena per thread and the process grows by hundreds of megabytes.
            "MALLOC_ARENA_MAX": "2",
        }
        self.process = subprocess.Popen(
            spec.command(properties),
            # The gateway ends when its stdin does: this holds on every system, the death signal on Linux only.
            stdin=subprocess.PIPE,
            stdout=sys.stderr,
            env=environment,
            pass_fds=keep_open,
            preexec_fn=_die_with_parent(os.getpid()),
        )

    def wait_for_gateway(self, seconds: float = 120) -> None:
        """Waits until pyspark in this process will find this JVM instead of starting one."""
        deadline = time.monotonic() + seconds
        while not self._connection_file.exists():
            if self.process.poll() is not None:
                raise JvmError(self.exit_reason())
            if time.monotonic() > deadline:
                raise JvmError(f"the JVM opened no gateway within {seconds:g} s")
            time.sleep(0.01)
        content = self._connection_file.read_bytes()
        # Java's DataOutputStream: the port, the length of the secret, the secret.
        port, _ = struct.unpack_from(">ii", content)
        secret = content[8:].decode()
        self._connection_file.unlink()
        os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = secret

    def exit_reason(self) -> str:
        code = self.process.poll()
        if code is None:
            return "the JVM runs"
        if code < 0:
            return f"the JVM was ended by {signal.Signals(-code).name}"
        return f"the JVM ended with code {code} ({EXIT_REASONS.get(code, 'see resident.log')})"

    def stop(self, seconds: float) -> None:
        """Lets the JVM run its shutdown hooks; ends it by force after that."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # The parent may have died before the request.
        if os.getppid() != parent:
            os._exit(1)

    return ask
