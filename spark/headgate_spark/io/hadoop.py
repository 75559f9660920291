"""Files on S3 through the Hadoop of the session's JVM: the rights and settings are those that Spark itself reads with,
and a cluster needs no package for it. An object appears when its stream is closed, whole.
"""

import io
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark import SparkContext

from headgate_spark.io.locations import unsupported
from headgate_spark.io.seen import Seen

_CHUNK = 1 << 16


class HadoopStore:
    """Implements `files.Store`. Of use once the process has a session."""

    # A request takes tens of milliseconds, and none of them is this machine's.
    at_once = 16
    needs_session = True

    def look(self, location: str) -> Seen | None:
        files, path = _place(location)
        try:
            status = files.getFileStatus(path)
        except Py4JJavaError as error:
            if _is_missing(error):
                return None
            raise
        # No time: one request tells it to the millisecond, another to the second.
        return None if status.isDirectory() else Seen(size=int(status.getLen()), etag=_etag(status))

    def open(self, location: str) -> io.BufferedReader:
        files, path = _place(location)
        try:
            return io.BufferedReader(_Stream(files.open(path)), _CHUNK)
        except Py4JJavaError as error:
            if _is_missing(error):
                raise FileNotFoundError(location) from error
            raise

    def holds_files(self, location: str) -> bool:
        files, path = _place(location)
        try:
            return bool(files.listStatusIterator(path).hasNext())
        except Py4JJavaError as error:
            if _is_missing(error):
                return False
            raise

    def remove(self, location: str) -> None:
        files, path = _place(location)
        files.delete(path, False)

    def replace(self, location: str, text: str) -> None:
        files, path = _place(location)
        out = files.create(path, True)
        out.write(text.encode("utf-8"))
        # Not after a failed write: to close it gives its name to what there is.
        out.close()


class _Stream(io.RawIOBase):
    """A Java stream as Python reads one."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        found: bytes = self._stream.readNBytes(min(len(buffer), _CHUNK))
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def _place(location: str) -> tuple[Any, Any]:
    """The file system and the path in it."""
    context: Any = SparkContext._active_spark_context
    if context is None:
        raise unsupported(location)
    path = context._jvm.org.apache.hadoop.fs.Path(location)
    return path.getFileSystem(context._jsc.hadoopConfiguration()), path


def _is_missing(error: Py4JJavaError) -> bool:
    return bool(error.java_exception.getClass().getName() == "java.io.FileNotFoundException")


def _etag(status: Any) -> str | None:  # noqa: ANN401
    try:
        etag = status.getEtag()
    except Py4JError:
        # A client of S3 that does not tell it.
        return None
    return None if etag is None else str(etag).strip('"')
