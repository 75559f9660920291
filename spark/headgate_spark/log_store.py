"""`python -m headgate_spark.log_store <folder>`: the log stores of tables in folders and on S3 as a jar for this Spark.

Compiled by the Janino that Spark carries, so that machines need no JDK and the package holds no binary.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import S3_SCHEMES
from headgate_spark.resident.jvm import find_java, find_spark_home

# The class that Delta writes the log of a table with, by the scheme of the table.
LOG_STORES: Mapping[str, str] = {
    "file": "headgate.LinkLogStore",
    **dict.fromkeys(S3_SCHEMES, "headgate.ConditionalLogStore"),
}
_SOURCES = tuple(Path(__file__).with_name(f"{name.rpartition('.')[2]}.java") for name in sorted({*LOG_STORES.values()}))
# Of every entry: the same source gives the same jar.
_DATE = (1980, 1, 1, 0, 0, 0)


def jar_name() -> str:
    """Says of which sources it was made: that of another release never passes for this one."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES))
    return f"headgate-log-stores-{digest.hexdigest()[:16]}.jar"


def require_log_stores(jars: Path) -> Mapping[str, str]:
    """By scheme; they must be among the jars."""
    if (jars / jar_name()).is_file():
        return LOG_STORES
    raise JobFailed(
        kind="config",
        type="LogStoreMissing",
        message=f"{jars} does not hold {jar_name()}: without it Delta may replace what another writer committed.",
        remedy="Let set-up make the folder (`headgate doctor` says where), or run "
        f"`python -m headgate_spark.log_store {jars}` with the Python of the environment.",
        fields={"jars": str(jars), "missing": jar_name()},
    )


def compile_java(java: str, classpath: Sequence[Path], sources: Sequence[str]) -> Mapping[str, bytes]:
    """Content of the class files by class name."""
    classes: dict[str, bytes] = {}
    with _gateway(java, classpath) as gateway:
        for source in sources:
            compiler = gateway.jvm.org.codehaus.janino.SimpleCompiler()
            compiler.cook(source)
            made = compiler.getBytecodes()
            classes |= {str(name): bytes(made[name]) for name in made}
    return classes


@contextmanager
def _gateway(java: str, classpath: Sequence[Path]) -> Iterator[Any]:
    port, token = launch_gateway(
        classpath=os.pathsep.join(map(str, classpath)), java_path=java, die_on_exit=True, enable_auth=True
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port, auth_token=token, auto_convert=True))
    try:
        yield gateway
    finally:
        gateway.shutdown()


def write_jar(path: Path, classes: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as jar:
        manifest = b"Manifest-Version: 1.0\r\n\r\n"
        entries = {f"{name.replace('.', '/')}.class": content for name, content in sorted(classes.items())}
        for name, content in {"META-INF/MANIFEST.MF": manifest, **entries}.items():
            jar.writestr(zipfile.ZipInfo(name, _DATE), content)


def make_log_stores(jars: Path, java: str, spark_home: Path) -> Path:
    """Beside the jars of Delta, which it is compiled against."""
    classpath = [*sorted(jars.glob("*.jar")), *sorted((spark_home / "jars").glob("*.jar"))]
    classes = compile_java(java, classpath, [source.read_text("utf-8") for source in _SOURCES])
    path = jars / jar_name()
    part = path.with_suffix(".part")
    write_jar(part, classes)
    os.replace(part, path)
    return path


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m headgate_spark.log_store", description=__doc__)
    parser.add_argument("jars", type=Path, help="folder of the Delta jars, which gets the jar")
    parser.add_argument("--java", help="the java program; default JAVA_HOME, then PATH")
    options = parser.parse_args(arguments)
    print(make_log_stores(options.jars, find_java(options.java), find_spark_home()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
