"""Who starts a job says where and with what it runs; a job takes nothing of its own for granted."""

import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from headgate_spark.log_store import LOG_STORES, jar_name
from headgate_spark.platform import jvm_of, jvm_versions, place_settings, set_log_level

SPARK = Path(__file__).parents[2]


class ConnectSession:
    """Spark Connect has neither JVM nor context, and says so with an error."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"{name} is not supported in Spark Connect")


def test_a_runtime_that_brings_everything_is_left_its_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADGATE_JARS", raising=False)
    assert place_settings(master=None) == {}


def test_jars_and_master_of_our_own_come_with_the_settings_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "delta.jar").touch()
    (tmp_path / jar_name()).touch()
    monkeypatch.setenv("HEADGATE_JARS", str(tmp_path))
    assert "spark.master" not in place_settings(master=None)
    ours = place_settings(master="local[2]")
    assert ours["spark.master"] == "local[2]"
    assert ours["spark.driver.extraClassPath"] == f"{tmp_path / 'delta.jar'}{os.pathsep}{tmp_path / jar_name()}"
    assert "DeltaCatalog" in ours["spark.sql.catalog.spark_catalog"]
    assert {name: ours[f"spark.delta.logStore.{name}.impl"] for name in LOG_STORES} == LOG_STORES
    assert set(LOG_STORES) == {"file", "s3", "s3a", "s3n"}


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, {}),
        ({"AWS_REGION": "eu-west-1"}, {"endpoint.region": "eu-west-1"}),
        (
            {"AWS_ENDPOINT_URL": "http://all:1", "AWS_DEFAULT_REGION": "eu-west-2"},
            {"endpoint": "http://all:1", "path.style.access": "true", "endpoint.region": "eu-west-2"},
        ),
        (
            {"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_S3": "http://s3:1"},
            {"endpoint": "http://s3:1", "path.style.access": "true"},
        ),
    ],
)
def test_s3_is_where_the_environment_says_and_no_key_is_in_a_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: dict[str, str], found: dict[str, str]
) -> None:
    (tmp_path / jar_name()).touch()
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    keys = {"AWS_ACCESS_KEY_ID": "a-key-id", "AWS_SECRET_ACCESS_KEY": "a-secret", "AWS_SESSION_TOKEN": "a-token"}
    for name, value in {**keys, **told, "HEADGATE_JARS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    settings = place_settings(master="local[2]")
    place = ("endpoint", "path.style.access", "endpoint.region")
    assert {name: settings[key] for name in place if (key := f"spark.hadoop.fs.s3a.{name}") in settings} == found
    assert not set(keys.values()) & set(settings.values())


def test_no_spark_of_ours_starts_without_its_log_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "headgate-log-stores-0123456789abcdef.jar").touch()
    monkeypatch.setenv("HEADGATE_JARS", str(tmp_path))
    with pytest.raises(JobFailed) as caught:
        place_settings(master="local[2]")
    assert (caught.value.kind, caught.value.type) == ("config", "LogStoreMissing")
    assert str(tmp_path) in caught.value.remedy


def test_without_a_jvm_nothing_is_asked_of_it() -> None:
    spark = cast(SparkSession, ConnectSession())
    set_log_level(spark, "ERROR")
    assert (jvm_of(spark), jvm_versions(spark)) == (None, {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((), "usage:"), (("/nowhere/request.json",), "MissingRequest"), (("gs://b/request.json",), "UnsupportedStore")],
)
def test_a_process_without_a_job_ends_with_2_before_spark_starts(arguments: tuple[str, ...], said: str) -> None:
    program = [sys.executable, "-m", "headgate_spark", *arguments]
    done = subprocess.run(program, cwd=SPARK, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert said in done.stderr
