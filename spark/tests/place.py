"""Folders of the S3 server for tests that know paths: written as jobs write, looked at on the disk of the server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headgate_spark.io.files import remove, replace


class S3Path:
    """As much of a `Path` as tests of batches use."""

    def __init__(self, buckets: Path, key: str) -> None:
        self._buckets = buckets
        self._key = key
        # What the server has of it. To write there would leave out what S3 knows of an object beside its bytes.
        self.disk = buckets / key

    def __str__(self) -> str:
        return f"s3://{self._key}"

    def __truediv__(self, name: str) -> S3Path:
        return S3Path(self._buckets, f"{self._key}/{name}")

    @property
    def name(self) -> str:
        return self.disk.name

    @property
    def stem(self) -> str:
        return self.disk.stem

    def exists(self) -> bool:
        return self.disk.exists()

    def mkdir(self, **_: Any) -> None:  # noqa: ANN401
        """S3 has no folders."""

    def glob(self, pattern: str) -> Iterator[S3Path]:
        return (S3Path(self._buckets, str(found.relative_to(self._buckets))) for found in self.disk.glob(pattern))

    def read_bytes(self) -> bytes:
        return self.disk.read_bytes()

    def read_text(self, encoding: str = "utf-8") -> str:
        return self.disk.read_text(encoding)

    def write_text(self, text: str, encoding: str = "utf-8") -> None:
        assert encoding == "utf-8"
        replace(str(self), text)

    def unlink(self) -> None:
        remove(str(self))


Place = Path | S3Path


def disk_of(place: Place) -> Path:
    """Where its bytes lie on this machine."""
    return place if isinstance(place, Path) else place.disk
