"""`show` prints what the table holds, without loss, and says plainly why it cannot."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from headgate_spark import show

BIG = 2**60 + 1


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("lake") / "sales"
    rows = pa.table(
        {
            "InvoiceNo": ["a", "b", "c", None],
            "month": ["2024-01", "a/b=c%d e", None, "2024-01"],
            "price": pa.array([Decimal("1.10"), Decimal("0.00"), None, Decimal("123456789.99")], pa.decimal128(18, 2)),
            "day": [datetime.date(2024, 1, 31), None, None, None],
            "at": pa.array(
                [datetime.datetime(2024, 1, 31, 4, 5, 6, tzinfo=datetime.UTC)] * 4, pa.timestamp("us", "UTC")
            ),
            "big": [BIG, 1, None, -BIG],
            "ratio": [0.5, float("nan"), None, float("-inf")],
            "list": [["x"], [], None, [None]],
            "blob": [b"\xff\x00", b"", None, None],
        }
    )
    write_deltalake(path, rows, partition_by=["month"])
    write_deltalake(path, rows.slice(0, 1), mode="append")
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, object]]]:
    code = show.main(list(arguments))
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_first_line_tells_the_table(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(capsys, table, "--limit", "0")
    assert code == 0
    assert lines[0].pop("seconds") >= 0  # type: ignore[operator]
    assert lines == [
        {
            "table": table,
            "version": 1,
            "totalRows": 5,
            "files": 4,
            "columns": [
                {"name": "InvoiceNo", "type": "string"},
                {"name": "month", "type": "string"},
                {"name": "price", "type": "decimal(18,2)"},
                {"name": "day", "type": "date"},
                {"name": "at", "type": "timestamp"},
                {"name": "big", "type": "bigint"},
                {"name": "ratio", "type": "double"},
                {"name": "list", "type": "list<element: string_view>"},
                {"name": "blob", "type": "binary"},
            ],
        }
    ]


def test_values_lose_nothing(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, (_, first) = run(capsys, table, "--version", "0", "--where", "InvoiceNo = 'a'")
    assert first == {
        "InvoiceNo": "a",
        "month": "2024-01",
        "price": "1.10",
        "day": "2024-01-31",
        "at": "2024-01-31T04:05:06+00:00",
        "big": str(BIG),
        "ratio": 0.5,
        "list": ["x"],
        "blob": "ff00",
    }
    _, (_, *rest) = run(capsys, table, "--version", "0", "--where", "InvoiceNo <> 'a' OR InvoiceNo IS NULL")
    by_key = {row["InvoiceNo"]: row for row in rest}
    assert by_key["b"]["ratio"] == "nan"
    assert by_key["b"]["month"] == "a/b=c%d e"
    assert by_key[None]["price"] == "123456789.99"
    assert by_key[None]["list"] == [None]
    assert by_key["c"]["price"] is None


def test_an_old_version_is_read_as_it_was(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = run(capsys, table, "--version", "0")
    assert (lines[0]["version"], lines[0]["totalRows"], len(lines) - 1) == (0, 4, 4)


def test_the_limit_holds_for_plain_rows_and_for_queries(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(run(capsys, table, "--limit", "2")[1]) == 3
    assert len(run(capsys, table, "--limit", "2", "--sql", "SELECT * FROM t")[1]) == 3


def test_columns_are_chosen_by_their_exact_name(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines = run(capsys, table, "--columns", "price,InvoiceNo", "--where", "InvoiceNo = 'b'")
    assert lines[1:] == [{"price": "0.00", "InvoiceNo": "b"}]


def test_a_query_may_group(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    query = (
        "SELECT month, count(*) AS n, sum(price) AS total FROM t WHERE month IS NOT NULL GROUP BY month ORDER BY month"
    )
    _, lines = run(capsys, table, "--sql", query)
    assert lines[1:] == [
        {"month": "2024-01", "n": 3, "total": "123456792.19"},
        {"month": "a/b=c%d e", "n": 1, "total": "0.00"},
    ]
    assert lines[0]["columns"] == [
        {"name": "month", "type": "string"},
        {"name": "n", "type": "bigint"},
        {"name": "total", "type": "decimal(28,2)"},
    ]


@pytest.mark.parametrize(
    ("arguments", "error", "code"),
    [
        (["--version", "9"], "NoSuchVersion", 1),
        (["--where", "nope = 1"], "BadQuery", 2),
        (["--sql", "SELECT FROM"], "BadQuery", 2),
        (["--sql", "DELETE FROM t"], "BadQuery", 2),
        (["--sql", "SELECT 1", "--where", "true"], "BadArguments", 2),
        (["--limit", "-1"], "BadArguments", 2),
        (["--sql", "SELECT * FROM t WHERE price / 0 > 1"], "QueryFailed", 1),
    ],
)
def test_errors_are_one_object(
    table: str, capsys: pytest.CaptureFixture[str], arguments: list[str], error: str, code: int
) -> None:
    exit_code, lines = run(capsys, table, *arguments)
    assert (exit_code, lines[-1]["type"]) == (code, error)
    assert set(lines[-1]) == {"type", "message", "remedy"}
    assert all(lines[-1].values())


def test_a_missing_table_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, (told,) = run(capsys, str(tmp_path / "none"))
    assert (code, told["type"]) == (1, "TableNotFound")
    assert str(tmp_path / "none") in str(told["message"])


def test_a_broken_log_is_told(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(table, broken)
    (broken / "_delta_log" / "00000000000000000000.json").write_text("garbage")
    code, (told,) = run(capsys, str(broken))
    assert (code, told["type"]) == (1, "UnreadableTable")


def test_a_removed_data_file_is_told(table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(table, broken)
    for file in broken.rglob("*.parquet"):
        file.unlink()
    code, lines = run(capsys, str(broken))
    assert (code, lines[-1]["type"]) == (1, "QueryFailed")


@pytest.mark.parametrize(
    "query",
    [
        "copy t to '{out}'",
        " COPY (select 1) TO '{out}'",
        "/* /* */ select 1 */ copy t to '{out}'",
        "-- x\ncopy t to '{out}'",
        "explain analyze copy t to '{out}'",
        "insert into t values ('x')",
        "with x as (select 1) insert into t select * from x",
        "select * into u from t",
        "select 1; copy t to '{out}'",
        "create external table u stored as csv location '/etc/passwd'",
        "set datafusion.execution.batch_size = 1",
        "attach '{out}' as x",
        "pragma version",
        "install httpfs",
        "drop table t",
        "",
        "select * from '/etc/passwd'",
        "select * from read_csv('/etc/passwd')",
        "select * from read_parquet('/etc/passwd')",
    ],
)
def test_a_query_that_is_no_select_over_the_table_is_refused(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], query: str
) -> None:
    out = tmp_path / "out.csv"
    arguments = [f"--sql={query.format(out=out)}"] if query else ["--where=true) ; copy t to 'x' --"]
    code, lines = run(capsys, table, *arguments)
    assert (code, lines[-1]["type"]) == (2, "BadQuery")
    assert not out.exists()
    assert "root:" not in str(lines)


@pytest.mark.parametrize(
    "query",
    [
        "select 'copy; -- into' as x from t",
        'with x as (select "InvoiceNo" as "into" from t) select * from x;',
        "(select 1)",
    ],
)
def test_quoted_text_may_say_anything(table: str, capsys: pytest.CaptureFixture[str], query: str) -> None:
    code, _ = run(capsys, table, f"--sql={query}")
    assert code == 0


def test_a_query_cannot_write_a_file_even_when_it_gets_through(table: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    script = (
        "from headgate_spark import show; from deltalake import DeltaTable\n"
        f"show.write_no_files(); list(show.run_query(DeltaTable({table!r}), \"copy t to '{out}'\"))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode != 0
    assert not out.exists() or out.stat().st_size == 0
