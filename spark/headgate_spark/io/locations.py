"""Locations as jobs get them: a path, or a URI."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from headgate_spark.errors import JobFailed


def scheme_of(location: str) -> str:
    """`file` for a plain path."""
    return "file" if location.startswith("/") else urlsplit(location).scheme or "file"


def local_path(location: str) -> Path:
    """The folder path of a location; URIs other than file: are refused."""
    scheme = scheme_of(location)
    if scheme != "file":
        raise unsupported(location)
    return Path(unquote(urlsplit(location).path)) if location.startswith("file:") else Path(location)


def unsupported(location: str) -> JobFailed:
    return JobFailed(
        kind="config",
        type="UnsupportedStore",
        message=f"State files at {scheme_of(location)}: are not supported by this job.",
        remedy="Put the pipeline's state on a folder that the job can reach.",
        fields={"location": location},
    )


def plain_location(location: str) -> str:
    """A location as people and manifests write it: Spark names a local file as a URI with encoded blanks."""
    parts = urlsplit(location)
    if parts.scheme not in ("", "file"):
        return location
    # Not parts.path: a file name may hold ? and #.
    path = location.removeprefix("file:")
    return unquote(path.removeprefix("//")) if parts.scheme == "file" else path
