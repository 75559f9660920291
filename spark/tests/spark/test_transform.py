"""Joins, derived columns, bins, expectations and queries, each row accounted for."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from tests.batch import Batch, Document, columns, csv_source, pipeline_of
from tests.spark.tables import quarantine, source_counts, staged

SALES = columns(id="string!", customer="string", price="decimal(10,2)")
CUSTOMERS = columns(customer="string!", age="int")


def batch_of(tmp_path: Path, sales: str, customers: str | None = None, **pipeline: object) -> Batch:
    paths = {"sales": tmp_path / "sales.csv", "customers": tmp_path / "customers.csv"}
    paths["sales"].write_text("id,customer,price\n" + sales)
    sources = [csv_source("sales", SALES, ["id"])]
    if customers is not None:
        paths["customers"].write_text("customer,age\n" + customers)
        sources.append(csv_source("customers", CUSTOMERS, ["customer"]))
    files = {source["name"]: [paths[source["name"]]] for source in sources}
    return Batch(tmp_path / "lake", pipeline_of(*sources, **pipeline), files)


def columns_transform(*derived: Document, how: str = "left", **changes: object) -> Document:
    join = {"source": "customers", "on": [{"left": "customer", "right": "customer"}], "how": how}
    return {"kind": "columns", "from": "sales", "joins": [join], "columns": list(derived), **changes}


def expression(name: str, text: str) -> Document:
    return {"kind": "expression", "name": name, "expression": text}


def failing(spark: SparkSession, batch: Batch) -> JobFailed:
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    return caught.value


def test_bins_are_half_open_and_total(spark: SparkSession, tmp_path: Path) -> None:
    bins = {
        "kind": "bin",
        "name": "range",
        "of": "price",
        "edges": ["0", "18", "26.5"],
        "labels": ["below", "low", "mid", "top"],
        "missing": "none",
    }
    prices = ["-0.01", "0", "17.99", "18", "26.49", "26.5", "99999999.99", ""]
    sales = "".join(f"{n},c,{price}\n" for n, price in enumerate(prices))
    transform = {"kind": "columns", "from": "sales", "joins": [], "columns": [bins]}
    report = batch_of(tmp_path, sales, transform=transform).prepare(spark)
    labels = {int(row["id"]): row["range"] for row in staged(spark, report)}
    assert [labels[n] for n in range(8)] == ["below", "low", "low", "mid", "mid", "top", "top", "none"]
    assert report["bins"] == {"range": {"below": 1, "low": 2, "mid": 2, "top": 2, "none": 1}}


def test_a_left_join_keeps_orphans_and_tells_them(spark: SparkSession, tmp_path: Path) -> None:
    derived = [
        expression("known", "customers.matched"),
        expression("later", "case when known then sales.price * 2 end"),
        expression("latest", "coalesce(later, -1)"),
    ]
    rule = {"name": "known_customer", "check": "customers.matched", "action": "warn"}
    batch = batch_of(
        tmp_path,
        "1,a,1.00\n2,b,2.00\n3,,3.00\n",
        "a,30\nz,40\n",
        transform=columns_transform(*derived),
        expectations=[rule],
    )
    report = batch.prepare(spark)
    rows = {row["id"]: row for row in staged(spark, report)}
    assert list(rows["1"]) == ["id", "customer", "price", "age", "known", "later", "latest"]
    assert [rows[n]["known"] for n in "123"] == [True, False, False]
    assert [rows[n]["age"] for n in "123"] == [30, None, None]
    assert [str(rows[n]["latest"]) for n in "123"] == ["2.00", "-1.00", "-1.00"]
    assert report["expectations"] == [{"name": "known_customer", "action": "warn", "checked": 3, "failed": 2}]
    assert source_counts(report, "customers") == {
        "read": 2,
        "kept": 2,
        "quarantined": 0,
        "unreadable": 0,
        "duplicates": 0,
    }


def test_an_inner_join_counts_what_it_leaves_out(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(
        tmp_path,
        "1,a,1.00\n2,b,2.00\n3,,3.00\n",
        "a,30\n",
        transform=columns_transform(how="inner", select=["age", "id"]),
    )
    report = batch.prepare(spark)
    assert staged(spark, report) == [{"age": 30, "id": "1"}]
    assert report["rows"] == {"read": 3, "staged": 1, "quarantined": 0, "duplicates": 0, "unjoined": 2}


@pytest.mark.parametrize("how", ["left", "inner"])
def test_a_join_with_an_empty_side_still_counts_everything(spark: SparkSession, tmp_path: Path, how: str) -> None:
    report = batch_of(tmp_path, "", "a,30\nb,\nx,y\n", transform=columns_transform(how=how)).prepare(spark)
    assert source_counts(report, "customers") == {
        "read": 3,
        "kept": 2,
        "quarantined": 1,
        "unreadable": 1,
        "duplicates": 0,
    }
    assert report["rows"]["staged"] == 0


def test_counts_hold_when_a_sort_merge_join_stops_early(spark: SparkSession, tmp_path: Path) -> None:
    """The right side of such a join is not read to its end, so what was counted on the way is too small."""
    customers = "".join(f"c{n:05},{n % 90}\n" for n in range(20_000)) + "c00001,7\n"
    plain = spark.newSession()
    batch = batch_of(tmp_path, "1,c00000,1.00\n", customers, transform=columns_transform())
    plain.sql("set spark.sql.join.preferSortMergeJoin=true")
    import headgate_spark.plan as plan

    before, plan.BROADCAST_BYTES = plan.BROADCAST_BYTES, -1
    try:
        report = batch.prepare(spark)
    finally:
        plan.BROADCAST_BYTES = before
    assert source_counts(report, "customers") == {
        "read": 20_001,
        "kept": 20_000,
        "quarantined": 1,
        "unreadable": 0,
        "duplicates": 0,
    }


def test_expectations_send_rows_aside_with_reason_and_values(spark: SparkSession, tmp_path: Path) -> None:
    rules = [
        {"name": "cheap", "check": "price < 100", "action": "quarantine"},
        {"name": "has_customer", "check": "customer is not null", "action": "quarantine"},
        {"name": "even", "check": "cast(id as int) % 2 = 0", "action": "fail"},
    ]
    batch = batch_of(tmp_path, "1,a,1.00\n2,a,100.00\n3,,500.00\n4,a,\n5,,1.00\n", expectations=rules)
    report = batch.prepare(spark)
    assert {row["id"] for row in staged(spark, report)} == {"1"}
    assert report["quarantine"] == {"expectation:cheap": 3, "expectation:has_customer": 1}
    assert [(rule["checked"], rule["failed"]) for rule in report["expectations"]] == [(5, 3), (5, 2), (5, 3)]
    assert report["rows"] == {"read": 5, "staged": 1, "quarantined": 4, "duplicates": 0, "unjoined": 0}
    aside = {row["row"]: row for row in quarantine(spark, batch)}
    row = aside['{"id":"3","customer":null,"price":500.00}']
    assert (row["reason"], row["file"]) == ("expectation:cheap", str(tmp_path / "sales.csv"))
    assert "price < 100" in row["detail"]


def test_a_query_may_replace_the_columns(spark: SparkSession, tmp_path: Path) -> None:
    sql = "select s.id, c.age from sales s join customers c using (customer) where s.price > 1"
    rules = [{"name": "adult", "check": "age >= 18", "action": "quarantine"}]
    batch = batch_of(
        tmp_path,
        "1,a,1.00\n2,a,2.00\n3,b,3.00\n",
        "a,30\nb,3\n",
        transform={"kind": "sql", "from": "sales", "sql": sql},
        expectations=rules,
    )
    report = batch.prepare(spark)
    assert staged(spark, report) == [{"id": "2", "age": 30}]
    assert report["rows"] == {"read": 3, "staged": 1, "quarantined": 1, "duplicates": 0, "unjoined": 1}


def test_a_query_may_use_a_source_twice(spark: SparkSession, tmp_path: Path) -> None:
    sql = """
        select s.id, t.total from sales s
        join (select customer, sum(price) as total from sales group by customer) t on s.customer = t.customer
    """
    batch = batch_of(
        tmp_path, "1,a,1.00\n2,a,2.00\n3,,3.00\nx,b,y\n", transform={"kind": "sql", "from": "sales", "sql": sql}
    )
    report = batch.prepare(spark)
    assert {row["id"]: str(row["total"]) for row in staged(spark, report)} == {"1": "3.00", "2": "3.00"}
    assert report["rows"] == {"read": 4, "staged": 2, "quarantined": 1, "duplicates": 0, "unjoined": 1}


def test_a_source_that_the_query_does_not_use_is_still_counted(spark: SparkSession, tmp_path: Path) -> None:
    transform = {"kind": "sql", "from": "sales", "sql": "select id from sales"}
    report = batch_of(tmp_path, "1,a,1.00\n", "a,1\na,1\nb,x\n", transform=transform).prepare(spark)
    assert source_counts(report, "customers") == {
        "read": 3,
        "kept": 1,
        "quarantined": 1,
        "unreadable": 1,
        "duplicates": 1,
    }


@pytest.mark.parametrize(
    ("sql", "kind", "type_name"),
    [
        ("select s.id from sales s cross join customers", "config", "QueryMultipliesRows"),
        ("select 'same' as id, price from sales", "data", "DuplicateTargetKey"),
        ("select nullif(id, '1') as id from sales", "data", "NullTargetKey"),
        ("select price from sales", "config", "MissingTargetColumn"),
        ("select nothing from sales", "config", "ExpressionInvalid"),
        ("selec * from sales", "config", "ExpressionInvalid"),
        ("select id, 1 / (price - 1) as x from sales", "data", "ExpressionFailed"),
    ],
)
def test_a_query_that_cannot_stand_for_the_rows_is_refused(
    spark: SparkSession, tmp_path: Path, sql: str, kind: str, type_name: str
) -> None:
    transform = {"kind": "sql", "from": "sales", "sql": sql}
    failure = failing(spark, batch_of(tmp_path, "1,a,1.00\n2,a,2.00\n", "a,1\nb,2\n", transform=transform))
    assert (failure.kind, failure.type) == (kind, type_name)


def test_a_column_of_two_sources_is_ambiguous(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "1,a,1\n", "a,1\n", transform=columns_transform())
    batch.pipeline["sources"][1]["columns"][1]["name"] = "price"
    failure = failing(spark, batch)
    assert (failure.type, failure.fields["column"]) == ("AmbiguousColumn", "price")


def test_a_join_that_could_multiply_rows_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "1,a,1\n", "a,1\n", transform=columns_transform())
    batch.pipeline["sources"][1]["key"] = ["age"]
    assert failing(spark, batch).type == "JoinNotOnKey"


def test_a_target_key_that_the_row_lacks_is_named(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "1,a,1\n")
    batch.pipeline["target"]["partitionBy"] = ["month"]
    failure = failing(spark, batch)
    assert (failure.type, failure.fields["column"]) == ("MissingTargetColumn", "month")


def test_computed_columns_follow_typing_and_may_be_the_key(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "1,a,1.00\n2,,2.00\nx,b,bad\n")
    source = batch.pipeline["sources"][0]
    source["columns"] += [
        {"name": "double", "from": "", "type": "decimal(12,2)", "required": False, "expression": "price * 2"},
        {"name": "line", "from": "", "type": "string", "required": True, "expression": "customer || '-' || double"},
        {"name": "number", "from": "", "type": "int", "required": False, "expression": "cast(id as int)"},
    ]
    source["key"] = batch.pipeline["target"]["key"] = ["line"]
    report = batch.prepare(spark)
    assert [(row["line"], str(row["double"]), row["number"]) for row in staged(spark, report)] == [
        ("a-2.00", "2.00", 1)
    ]
    assert report["quarantine"] == {"NullKey": 1, "UnreadableValue": 1}


def test_the_time_zone_of_the_pipeline_decides_timestamps(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, "1,2024-07-01 00:30:00,1\n2,2024-07-01T00:30:00Z,1\n3,08:26,1\n4,2024-07-01,1\n")
    batch.pipeline["sources"][0]["columns"][1] |= {"name": "at", "type": "timestamp"}
    batch.pipeline["timezone"] = "Europe/Berlin"
    derived = [expression("utc", "unix_seconds(at)"), expression("day", "date_format(at, 'yyyy-MM-dd HH')")]
    batch.pipeline["transform"]["columns"] = derived
    report = batch.prepare(spark)
    rows = {row["id"]: (row["utc"], row["day"]) for row in staged(spark, report)}
    assert rows == {
        "1": (1719786600, "2024-07-01 00"),
        "2": (1719793800, "2024-07-01 02"),
        "4": (1719784800, "2024-07-01 00"),
    }
    assert report["quarantine"] == {"UnreadableValue": 1}
