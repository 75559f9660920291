"""What the report tells of rows that went aside: of every source, why, and one of them; clean batches pay nothing."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headgate_spark.runner import run_job
from tests.batch import Batch, Document, columns, csv_source, pipeline_of
from tests.spark.tables import quarantine, source_counts
from tests.spark.test_transform import batch_of, columns_transform, expression


def reasons(report: Document, source: str) -> list[Document]:
    told: list[Document] = report["sources"][source].get("reasons", [])
    return told


def one_source(folder: Path, content: str, declared: list[Document], key: str, **options: object) -> Batch:
    path = folder / "s.csv"
    path.write_text(content, encoding="utf-8")
    return Batch(folder, pipeline_of(csv_source("s", declared, [key], csv=options)), {"s": [path]})


def test_a_joined_source_that_cannot_be_read_is_told_with_column_type_value_and_row(
    spark: SparkSession, tmp_path: Path
) -> None:
    transform = columns_transform(expression("double_age", "age * 2"))
    report = batch_of(tmp_path, "1,a,1.00\n2,b,2.00\n", "a,$30 \nb,x\n", transform=transform).prepare(spark)
    assert report["rows"] == {"read": 2, "staged": 2, "quarantined": 0, "duplicates": 0, "unjoined": 0}
    expected = {"read": 2, "kept": 0, "quarantined": 2, "unreadable": 2, "duplicates": 0}
    assert source_counts(report, "customers") == expected
    assert reasons(report, "sales") == []
    assert reasons(report, "customers") == [
        {
            "reason": "UnreadableValue",
            "rows": 2,
            "column": "age",
            "declared": "int",
            "sample": {
                "file": str(tmp_path / "customers.csv"),
                "row": "a,$30 ",
                "detail": "age: '$30' is not int",
                "value": "$30",
            },
        }
    ]


def test_reasons_are_told_apart_by_column_the_commonest_first(spark: SparkSession, tmp_path: Path) -> None:
    rows = ["1,x,2026-01-01", "2,y,2026-01-01", "3,1,01.02.2026", ",1,2026-01-01", "5,99999999999,2026-01-01", "6,1"]
    declared = columns(id="string!", n="int", day="date")
    report = one_source(tmp_path, "\n".join(["id,n,day", *rows, "7,3,2026-01-01", ""]), declared, "id").prepare(spark)
    told = reasons(report, "s")
    assert [(one["reason"], one.get("column"), one["rows"]) for one in told] == [
        ("UnreadableValue", "n", 2),
        ("NullKey", "id", 1),
        ("UnreadableValue", "day", 1),
        ("ValueOutOfRange", "n", 1),
        ("WrongFieldCount", None, 1),
    ]
    assert report["quarantine"] == {"UnreadableValue": 3, "NullKey": 1, "ValueOutOfRange": 1, "WrongFieldCount": 1}
    _, key, day, large, short = (one["sample"] for one in told)
    assert day["value"] == "01.02.2026"
    assert large["value"] == "99999999999"
    assert "value" not in key
    assert (short["row"], short["fields"], short["width"]) == ("6,1", 2, 3)


def test_five_reasons_are_told_and_all_rows_counted(spark: SparkSession, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(7)]
    rows = [",".join([str(bad), *("x" if bad == number else "1" for number in range(7))]) for bad in range(7)]
    declared = columns(id="string!", **dict.fromkeys(names, "int"))
    text = "\n".join([",".join(["id", *names]), *rows, ""])
    report = one_source(tmp_path, text, declared, "id").prepare(spark)
    assert source_counts(report, "s")["unreadable"] == 7
    assert [told["column"] for told in reasons(report, "s")] == names[:5]


RULES = [{"name": "positive", "check": "price > 0", "action": "quarantine"}]


def test_rows_in_contradiction_and_rows_that_break_a_rule_are_not_unreadable(
    spark: SparkSession, tmp_path: Path
) -> None:
    report = batch_of(tmp_path, "1,a,1.00\n1,a,2.00\n2,a,-1.00\n3,a,x\n", expectations=RULES).prepare(spark)
    expected = {"read": 4, "kept": 2, "quarantined": 2, "unreadable": 1, "duplicates": 0}
    assert source_counts(report, "sales") == expected
    told = {one["reason"]: one for one in reasons(report, "sales")}
    assert set(told) == {"ConflictingDuplicate", "UnreadableValue", "expectation:positive"}
    assert all(one["rows"] == 1 for one in told.values())
    assert told["expectation:positive"]["sample"]["detail"] == "does not hold: price > 0"


def test_long_rows_are_cut_and_texts_stay_as_they_came(spark: SparkSession, tmp_path: Path) -> None:
    long, odd = "9" * 190 + "x" * 400, "\x1b[2Jit's: '1' is not int"
    declared = columns(id="string!", n="int", m="int")
    report = one_source(tmp_path, f"id,n,m\na,{long},1\nb,1,{odd}\n", declared, "id").prepare(spark)
    told = {one["column"]: one["sample"] for one in reasons(report, "s")}
    assert told["n"]["row"] == f"a,{long},1"[:200]
    assert told["n"]["value"] == long[:200]
    assert len(told["n"]["detail"]) == 200
    assert told["m"]["value"] == odd


def test_a_clean_batch_is_not_asked_for_reasons(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object) -> None:
        raise AssertionError("reasons were asked for")

    monkeypatch.setattr("headgate_spark.jobs.prepare.aside_reasons", asked)
    report = batch_of(tmp_path, "1,a,1.00\n", "a,30\n", transform=columns_transform()).prepare(spark)
    assert all("reasons" not in rows for rows in report["sources"].values())


def test_a_batch_that_is_prepared_anew_stands_in_quarantine_once(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other, batch = batch_of(tmp_path / "other", "9,a,bad\n"), batch_of(tmp_path, "1,a,x\n2,a,y\n")
    other.quarantine = batch.quarantine
    other.prepare(spark)
    for generation in (1, 7):
        (batch.folder / "prepare.report.json").unlink(missing_ok=True)
        run_job(spark, batch.prepare_request(generation=generation))
    assert sorted(row["row"] for row in quarantine(spark, batch)) == ["1,a,x", "2,a,y", "9,a,bad"]


def test_a_row_names_the_file_that_it_is_from(spark: SparkSession, tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, row in zip(paths, ("1,1", "2,bad"), strict=True):
        path.write_text(f"id,n\n{row}\n", encoding="utf-8")
    declared = columns(id="string!", n="int")
    report = Batch(tmp_path, pipeline_of(csv_source("s", declared, ["id"])), {"s": paths}).prepare(spark)
    assert [told["sample"]["file"] for told in reasons(report, "s")] == [str(paths[1])]


def test_a_row_that_a_query_made_names_no_file(spark: SparkSession, tmp_path: Path) -> None:
    transform = {"kind": "sql", "from": "sales", "sql": "select * from sales"}
    report = batch_of(tmp_path, "1,a,1.00\n2,a,-1.00\n", transform=transform, expectations=RULES).prepare(spark)
    (told,) = reasons(report, "sales")
    assert told["reason"] == "expectation:positive"
    assert "file" not in told["sample"]
