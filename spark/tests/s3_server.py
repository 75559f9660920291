"""The S3 server of tests: S3Proxy in a JVM of its own, over a folder whose subfolders are the buckets."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# Anybody on this machine may know them: the server listens on loopback, on a folder of tests.
KEYS: Mapping[str, str] = {"AWS_ACCESS_KEY_ID": "headgate", "AWS_SECRET_ACCESS_KEY": "headgate-emulator"}
JARS = "HEADGATE_S3_SERVER"
_START_SECONDS = 60
_LOGGING = """<configuration>
  <appender name="ERR" class="ch.qos.logback.core.ConsoleAppender"><target>System.err</target>
    <encoder><pattern>%d %-5level %logger{20} %msg%n</pattern></encoder></appender>
  <root level="WARN"><appender-ref ref="ERR"/></root>
</configuration>
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def s3_server(folder: Path, port: int) -> Iterator[Path]:
    """Serves `folder/buckets`, in which there is a bucket `lake`; the folder of the buckets."""
    buckets = folder / "buckets"
    (buckets / "lake").mkdir(parents=True)
    (folder / "logback.xml").write_text(_LOGGING)
    settings = folder / "s3.properties"
    settings.write_text(
        f"s3proxy.authorization=aws-v2-or-v4\ns3proxy.endpoint=http://127.0.0.1:{port}\n"
        f"s3proxy.identity={KEYS['AWS_ACCESS_KEY_ID']}\ns3proxy.credential={KEYS['AWS_SECRET_ACCESS_KEY']}\n"
        f"jclouds.provider=filesystem-nio2\njclouds.filesystem.basedir={buckets}\n"
    )
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java") or "java"
    command = [
        *(java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        f"-Dlogback.configurationFile={folder / 'logback.xml'}",
        *("-cp", f"{os.environ[JARS].rstrip('/')}/*", "org.gaul.s3proxy.Main", "--properties", str(settings)),
    ]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        _await(server, port, folder / "log")
        yield buckets
    finally:
        server.kill()
        server.wait()


def _await(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the S3 server does not start: {log.read_text()}")
        time.sleep(0.05)
