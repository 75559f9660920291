"""Where S3 is, by the environment that every AWS tool takes, in the words of each reader. No request is made here.

`AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`) names a server that is not Amazon's: buckets are then in the path. Keys
and roles are found by each reader itself, in the standard chain.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit


class S3Place(NamedTuple):
    """Nothing: that of Amazon, and the region that the reader finds."""

    endpoint: str | None
    region: str | None


def _first_set(*names: str) -> str | None:
    return next((value for name in names if (value := os.environ.get(name, "").strip())), None)


def s3_place() -> S3Place:
    return S3Place(
        _first_set("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
        _first_set("AWS_REGION", "AWS_DEFAULT_REGION"),
    )


def delta_rs_options() -> Mapping[str, str]:
    """Storage options of delta-rs."""
    place = s3_place()
    region = {"aws_region": place.region} if place.region else {}
    if place.endpoint is None:
        return region
    plain = {"aws_allow_http": "true"} if urlsplit(place.endpoint).scheme == "http" else {}
    return {**region, **plain, "aws_endpoint": place.endpoint, "aws_virtual_hosted_style_request": "false"}


def arrow_options() -> Mapping[str, str]:
    """Arguments of pyarrow's S3FileSystem."""
    place = s3_place()
    region = {"region": place.region} if place.region else {}
    if place.endpoint is None:
        return region
    address = urlsplit(place.endpoint)
    return {**region, "scheme": address.scheme, "endpoint_override": address.netloc}
