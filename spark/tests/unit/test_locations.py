"""One place has one name, however it is written; and each reader is told of S3 in its own words."""

import pytest

from headgate_spark.delta.ownership import mark_of
from headgate_spark.io.locations import location_of, one_name, plain_location, scheme_of
from headgate_spark.io.s3 import arrow_options, delta_rs_options
from headgate_spark.resident.engine import table_of


@pytest.mark.parametrize("spelling", ["s3://lake/t", "s3a://lake/t", "s3n://lake/t", "s3a://lake/t/"])
def test_a_place_on_s3_has_one_name(spelling: str) -> None:
    assert one_name(spelling) == "s3://lake/t"
    assert scheme_of(spelling) == "s3"
    assert mark_of(spelling) == mark_of("s3://lake/t")


@pytest.mark.parametrize(
    ("of_spark", "of_a_manifest"),
    [
        ("s3a://raw/a=1%20b/x%20%C3%A9%231%2520%3F.csv", "s3://raw/a=1 b/x é#1%20?.csv"),
        ("file:///raw/my%20file%23.csv", "/raw/my file#.csv"),
        ("file:/raw/a.csv", "/raw/a.csv"),
        ("/raw/50%25.csv", "/raw/50%25.csv"),
    ],
)
def test_a_file_that_spark_names_is_that_of_the_manifest(of_spark: str, of_a_manifest: str) -> None:
    assert location_of(of_spark) == plain_location(of_a_manifest)


@pytest.mark.parametrize(
    ("told", "delta_rs", "arrow"),
    [
        ({}, {}, {}),
        ({"AWS_REGION": "eu-west-1"}, {"aws_region": "eu-west-1"}, {"region": "eu-west-1"}),
        (
            {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"},
            {
                "aws_allow_http": "true",
                "aws_endpoint": "http://127.0.0.1:9",
                "aws_virtual_hosted_style_request": "false",
            },
            {"scheme": "http", "endpoint_override": "127.0.0.1:9"},
        ),
        (
            {"AWS_ENDPOINT_URL": "https://store.example"},
            {"aws_endpoint": "https://store.example", "aws_virtual_hosted_style_request": "false"},
            {"scheme": "https", "endpoint_override": "store.example"},
        ),
    ],
)
def test_readers_without_spark_are_told_where_s3_is(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], delta_rs: dict[str, str], arrow: dict[str, str]
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert (delta_rs_options(), arrow_options()) == (delta_rs, arrow)


def test_jobs_with_a_request_on_s3_take_turns_at_a_table_of_one_name() -> None:
    def of(step: str) -> str:
        return table_of(f"s3://lake/_headgate/p/{step}.json", step)

    assert of("p/sales/d1/commit") == of("p/sales/d2/prepare") == of("other/sales/d3/commit")
    assert of("p/sales/d1/commit") != of("p/stock/d1/commit")
