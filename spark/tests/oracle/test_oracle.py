"""The oracle must be able to say no: one changed, lost or surplus row is found."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from headgate_spark import sample
from tests.oracle import oracle

CASE = oracle.CUSTOMER_SALES


def query(sql: str, raw: Path) -> pa.Table:
    relation = duckdb.sql(sql.replace("{raw}", str(raw)))
    assert relation is not None
    return relation.to_arrow_table()


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    base = ["--out", str(folder), "--rows", "500"]
    dirt = [f"--part={kind}:2" for kind in sample.DIRTY if kind != "duplicate-changed"]
    assert sample.main(base) == 0
    assert sample.main([*base, "--part=new:20", "--part=corrections:30", "--part=late:10", *dirt]) == 0
    return folder


@pytest.fixture
def table(raw: Path, tmp_path: Path) -> str:
    path = tmp_path / "table"
    rows = query(CASE.expected, raw)
    write_deltalake(path, rows, partition_by=["invoice_month"])
    return str(path)


def test_a_right_table_is_equal(raw: Path, table: str) -> None:
    verdict = oracle.compare(CASE, raw, table)
    assert verdict["equal"], verdict["differences"]
    # 500 and 20 new, two orphans, two of the equal duplicates
    assert DeltaTable(table).count() == 524


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("quantity", {"missing rows", "surplus rows"}),
        ("total_sales", {"missing rows", "surplus rows", "all", "age group and price range"}),
    ],
)
def test_a_changed_row_is_found(raw: Path, table: str, column: str, found: set[str]) -> None:
    DeltaTable(table).update(predicate="invoice_no = 'I1000003'", new_values={column: 99})
    verdict = oracle.compare(CASE, raw, table)
    assert {difference["what"] for difference in verdict["differences"]} == found
    assert not verdict["equal"]


def test_a_lost_row_is_found(raw: Path, table: str) -> None:
    DeltaTable(table).delete("invoice_no = 'I1000003'")
    verdict = oracle.compare(CASE, raw, table)
    assert verdict["differences"][0]["what"] == "missing rows"


def test_a_row_that_came_twice_is_found(raw: Path, table: str) -> None:
    again = DeltaTable(table).to_pyarrow_table(filters=[("invoice_no", "=", "I1000003")])
    write_deltalake(table, again, mode="append")
    verdict = oracle.compare(CASE, raw, table)
    assert verdict["differences"][0]["what"] == "surplus rows"


def test_a_late_older_row_that_overwrote_is_found(raw: Path, table: str) -> None:
    oldest = CASE.expected.replace("invoice_date DESC, filename", "invoice_date ASC, filename")
    write_deltalake(table, query(oldest, raw), mode="overwrite")
    assert not oracle.compare(CASE, raw, table)["equal"]


def test_a_missing_column_is_found(raw: Path, table: str) -> None:
    rows = DeltaTable(table).to_pyarrow_table().drop_columns(["age_group"])
    write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite")
    verdict = oracle.compare(CASE, raw, table)
    assert verdict["differences"] == [{"what": "missing columns", "columns": ["age_group"]}]
