"""The sample generator: same arguments, same bytes; every part means what its name says."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from headgate_spark import sample

ROWS = 5_000


def make(folder: Path, *arguments: str, rows: int = ROWS, seed: int = 7) -> Path:
    assert sample.main(["--out", str(folder), "--rows", str(rows), "--seed", str(seed), *arguments]) == 0
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_invoice(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    return {row["invoice_no"]: row for row in rows}


def day(row: dict[str, str]) -> datetime:
    return datetime.strptime(row["invoice_date"], "%d-%m-%Y")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("base"))


def test_same_arguments_give_the_same_bytes(base: Path, tmp_path: Path) -> None:
    again = make(tmp_path)
    for name in ("sales_data.csv", "customer_data.parquet"):
        assert (again / name).read_bytes() == (base / name).read_bytes()


def test_another_seed_gives_other_rows(base: Path, tmp_path: Path) -> None:
    other = make(tmp_path, seed=8)
    assert (other / "sales_data.csv").read_bytes() != (base / "sales_data.csv").read_bytes()


def test_chunks_leave_no_trace(base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "CHUNK_ROWS", 700)
    assert (make(tmp_path) / "sales_data.csv").read_bytes() == (base / "sales_data.csv").read_bytes()


def test_first_files_have_one_sale_per_customer_and_every_bin(base: Path) -> None:
    sales = read(base / "sales_data.csv")
    customers = pq.read_table(base / "customer_data.parquet").to_pylist()
    assert len(by_invoice(sales)) == ROWS
    assert {row["customer_id"] for row in sales} == {row["customer_id"] for row in customers}
    prices = [Decimal(row["price"]) for row in sales]
    assert all(price.as_tuple().exponent == -2 and price > 0 for price in prices)
    for low, high in ((0, 50), (50, 200), (200, 1000), (1000, 10_000)):
        assert any(low <= price < high for price in prices)
    assert {Decimal(50), Decimal(200), Decimal(1000)} <= set(prices)
    ages = [row["age"] for row in customers]
    assert 0 < ages.count(None) < ROWS / 100
    assert {17, 18, 25, 26, 65, 66} <= set(ages)
    assert any("," in row["shopping_mall"] for row in sales)


def test_fewer_customers_have_several_sales(tmp_path: Path) -> None:
    sales = read(make(tmp_path, "--customers", "50") / "sales_data.csv")
    assert len({row["customer_id"] for row in sales}) == 50


def test_a_delta_has_new_and_newer_rows(base: Path, tmp_path: Path) -> None:
    first = by_invoice(read(base / "sales_data.csv"))
    delta = read(make(tmp_path, "--part", "new:600", "--part", "corrections:400") / "sales_data_2.csv")
    assert not (tmp_path / "sales_data.csv").exists()
    assert len(by_invoice(delta)) == 1_000
    changed = [row for row in delta if row["invoice_no"] in first]
    assert len(changed) == 400
    for row in changed:
        before = first[row["invoice_no"]]
        assert day(row) > day(before)
        assert row["quantity"] != before["quantity"]
        assert row["customer_id"] == before["customer_id"]


def test_rounds_do_not_repeat_each_other(tmp_path: Path) -> None:
    parts = ("--part", "new:100", "--part", "corrections:100")
    second = by_invoice(read(make(tmp_path, *parts) / "sales_data_2.csv"))
    third = by_invoice(read(make(tmp_path, *parts, "--round", "3") / "sales_data_3.csv"))
    common = second.keys() & third.keys()
    assert len(common) == 100
    assert all(day(third[key]) >= day(second[key]) and third[key]["price"] != second[key]["price"] for key in common)


def test_late_rows_are_older_and_leave_corrections_alone(base: Path, tmp_path: Path) -> None:
    first = by_invoice(read(base / "sales_data.csv"))
    parts = ("--part", "corrections:40", "--part", "late:30")
    delta = read(make(tmp_path, *parts, "--file", "sales_data_late.csv") / "sales_data_late.csv")
    assert len(by_invoice(delta)) == 70
    older = [row for row in delta if day(row) < day(first[row["invoice_no"]])]
    assert len(older) == 30
    assert all(row["price"] != first[row["invoice_no"]]["price"] for row in older)


@pytest.mark.parametrize("kind", sample.DIRTY)
def test_each_kind_of_dirt_is_on_invoices_of_its_own(base: Path, tmp_path: Path, kind: str) -> None:
    make(tmp_path, "--part", f"{kind}:3")
    with (tmp_path / "sales_data_2.csv").open(encoding="utf-8", newline="") as file:
        _, *rows = csv.reader(file)
    assert len(rows) == (6 if kind.startswith("duplicate") else 3)
    known = by_invoice(read(base / "sales_data.csv"))
    assert all(row[0] not in known for row in rows)


def test_output_tells_files_and_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, "--part", "new:2", "--part", "duplicate-equal:1")
    told = json.loads(capsys.readouterr().out)
    path = tmp_path / "sales_data_2.csv"
    assert told["files"] == [{"path": str(path), "rows": 4, "bytes": path.stat().st_size}]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--part", "nonsense:1"),
        ("--part", "new"),
        ("--part", f"new:{ROWS + 1}"),
        ("--round", "1"),
        ("--customers", "0"),
    ],
    ids=["unknown part", "no count", "more new rows than rows", "round of the first file", "no customer"],
)
def test_bad_arguments_are_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match="2"):
        sample.main(["--out", str(tmp_path), "--rows", str(ROWS), *arguments])
