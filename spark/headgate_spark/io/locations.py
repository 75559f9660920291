"""Locations as jobs get them: a path, or a URI."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from headgate_spark.errors import JobFailed

# One store, called by three names: `s3a` is Hadoop's, `s3n` that of old tables.
S3_SCHEMES = ("s3", "s3a", "s3n")


def scheme_of(location: str) -> str:
    """`file` for a plain path, `s3` for every name of S3."""
    scheme = "file" if location.startswith("/") else urlsplit(location).scheme or "file"
    return "s3" if scheme in S3_SCHEMES else scheme


def one_name(location: str) -> str:
    """The same for all ways to write a folder of a store. Paths of this machine stay as they are, but for the end."""
    scheme, mark, place = location.rstrip("/").partition("://")
    return f"s3://{place}" if mark and scheme in S3_SCHEMES else location.rstrip("/")


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
    """A location of a manifest as one text for each place."""
    return _decoded(location) if location.startswith("file:") else one_name(location)


def location_of(uri: str) -> str:
    """The same of a name that Spark gives, in which blanks and the like are encoded wherever the file lies."""
    return _decoded(uri) if ":" in uri.partition("/")[0] else uri


def _decoded(uri: str) -> str:
    # Not by its parts: a file name may hold ? and #.
    if not uri.startswith("file:"):
        return one_name(unquote(uri))
    return unquote(uri.removeprefix("file:").removeprefix("//"))
