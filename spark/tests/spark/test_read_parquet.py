"""Parquet by name and declared type: drift is refused by name, values are never rounded."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from tests.batch import GOLDEN, Batch, columns, parquet_source, pipeline_of
from tests.spark.tables import quarantine, staged


def batch_of(tmp_path: Path, *tables: pa.Table | bytes, **types: str) -> Batch:
    paths = []
    for index, content in enumerate(tables):
        path = tmp_path / f"f {index}.parquet"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            pq.write_table(content, path)
        paths.append(path)
    source = parquet_source("stock", columns(id="string!", **types), ["id"])
    return Batch(tmp_path / "lake", pipeline_of(source), {"stock": paths})


def values(spark: SparkSession, batch: Batch, name: str = "v") -> dict[str, Any]:
    return {row["id"]: row[name] for row in staged(spark, batch.prepare(spark))}


def test_files_of_other_schemas_meet_by_name_and_type(spark: SparkSession, tmp_path: Path) -> None:
    one = pa.table({"id": ["a"], "v": pa.array([1], pa.int32()), "more": [True]})
    two = pa.table({"v": pa.array([2.0], pa.float64()), "id": ["b"]})
    three = pa.table({"v": [" 3.0 "], "id": ["c"]})
    assert values(spark, batch_of(tmp_path, one, two, three, v="bigint")) == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize(
    ("found", "declared", "good", "bad"),
    [
        pytest.param(pa.int64(), "int", {7: 7, None: None}, {3_000_000_000: "ValueOutOfRange"}, id="long to int"),
        pytest.param(
            pa.float64(), "int", {7.0: 7}, {7.5: "UnreadableValue", 1e20: "ValueOutOfRange"}, id="double to int"
        ),
        pytest.param(
            pa.float64(), "decimal(6,2)", {19.99: Decimal("19.99")}, {19.999: "UnreadableValue"}, id="double to decimal"
        ),
        pytest.param(
            pa.decimal128(10, 3),
            "decimal(6,2)",
            {Decimal("1.250"): Decimal("1.25")},
            {Decimal("1.255"): "UnreadableValue", Decimal("1234567.000"): "ValueOutOfRange"},
            id="decimal to decimal",
        ),
        pytest.param(pa.int32(), "string", {7: "7"}, {}, id="int to string"),
        pytest.param(pa.int32(), "double", {7: 7.0}, {}, id="int to double"),
        pytest.param(
            pa.string(), "decimal(6,2)", {"1.5": Decimal("1.50"), "": None}, {"x": "UnreadableValue"}, id="text"
        ),
        pytest.param(
            pa.timestamp("us"),
            "date",
            {dt.datetime(2024, 1, 2, 3): dt.date(2024, 1, 2)},
            {},
            id="timestamp to date",
        ),
        pytest.param(pa.date32(), "string", {dt.date(2024, 1, 2): "2024-01-02"}, {}, id="date to string"),
    ],
)
def test_values_are_converted_or_go_aside(
    spark: SparkSession, tmp_path: Path, found: pa.DataType, declared: str, good: dict[Any, Any], bad: dict[Any, str]
) -> None:
    wanted = list(good) + list(bad)
    content = pa.table({"id": [str(n) for n in range(len(wanted))], "v": pa.array(wanted, found)})
    batch = batch_of(tmp_path, content, v=declared)
    assert values(spark, batch) == {str(n): value for n, value in enumerate(good.values())}
    reasons = {row["reason"] for row in quarantine(spark, batch)}
    assert reasons == set(bad.values())


@pytest.mark.parametrize(
    ("found", "declared"),
    [
        (pa.array([True]), "int"),
        (pa.array([b"x"]), "string"),
        (pa.array([[1]]), "string"),
        (pa.array([{"a": 1}]), "string"),
        (pa.array([1.5]), "string"),
        (pa.array([1]), "date"),
        (pa.array([dt.date(2024, 1, 2)]), "int"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.type),
)
def test_types_that_make_no_sense_are_refused_by_name(
    spark: SparkSession, tmp_path: Path, found: pa.Array, declared: str
) -> None:
    batch = batch_of(tmp_path, pa.table({"id": ["a"], "v": found}), v=declared)
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "ColumnType")
    assert (caught.value.fields["column"], caught.value.fields["declared"]) == ("v", declared)
    assert caught.value.fields["file"] == str(tmp_path / "f 0.parquet")


def test_a_missing_column_is_named_with_its_near_miss(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, pa.table({"id": ["a"], "V": [1]}), v="int")
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.type, caught.value.fields["column"]) == ("MissingColumn", "v")
    assert "writes it 'V'" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"id,v\na,1\n", b"PAR1 broken PAR1"], ids=["empty", "text", "broken"])
def test_a_corrupt_file_is_named(spark: SparkSession, tmp_path: Path, content: bytes) -> None:
    good = pa.table({"id": ["a"], "v": pa.array([1], pa.int32())})
    batch = batch_of(tmp_path, good, content, v="int")
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert caught.value.fields["file"] == str(tmp_path / "f 1.parquet")


def test_a_file_cut_in_its_data_is_corrupt_input(spark: SparkSession, tmp_path: Path) -> None:
    ids = [str(n) for n in range(5000)]
    pq.write_table(pa.table({"id": ids, "v": ids}), tmp_path / "whole.parquet")
    content = bytearray((tmp_path / "whole.parquet").read_bytes())
    content[200:4000] = os_noise(3800)
    batch = batch_of(tmp_path, bytes(content), v="string")
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert caught.value.fields["file"] == str(tmp_path / "f 0.parquet")


def os_noise(size: int) -> bytes:
    return bytes((n * 7919 + 31) % 251 for n in range(size))


def test_null_keys_and_required_nulls_go_aside_as_json(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, pa.table({"id": ["a", None, "c"], "v": [1, 2, None]}), v="bigint!")
    assert values(spark, batch) == {"a": 1}
    rows = {row["reason"]: row["row"] for row in quarantine(spark, batch)}
    assert rows == {"NullKey": '{"id":null,"v":2}', "MissingValue": '{"id":"c","v":null}'}


def test_files_of_one_shape_cost_no_job_each_and_a_known_shape_none(spark: SparkSession, tmp_path: Path) -> None:
    def jobs(count: int, shape: str | None) -> int:
        folder = tmp_path / f"{count} {shape}"
        folder.mkdir()
        batch = batch_of(folder, *(pa.table({"id": [f"r{index}"], "v": [index]}) for index in range(count)), v="bigint")
        for file in batch.files if shape else []:
            file["shape"] = shape
        batch.write_manifest()
        spark.sparkContext.setJobGroup(folder.name, folder.name)
        try:
            assert batch.prepare(spark)["rows"]["staged"] == count
        finally:
            spark.sparkContext.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]
        return len(spark.sparkContext.statusTracker().getJobIdsForGroup(folder.name))

    few, many = jobs(2, "one"), jobs(12, "another")
    assert few > 0
    assert many == few
    assert jobs(12, None) == many + 11
    assert jobs(3, "another") == few - 1


def test_golden_files_are_alike_to_spark_where_freeze_finds_them_alike(spark: SparkSession) -> None:
    def schema(name: str) -> str:
        return spark.read.parquet(str(GOLDEN / "parquet" / f"{name}.parquet")).schema.json()

    assert schema("int-one-row") == schema("int-many-rows") == schema("int-with-pandas-note")
    assert len({schema(name) for name in ("int-one-row", "long", "int-with-spark-note")}) == 3
