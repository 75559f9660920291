"""`data_files` says which files of a table are not there, or not whole."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from headgate_spark import data_files


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "sales data"
    rows = pa.table({"id": [1, 2, 3], "month": ["2024-01", "a/b=c%d e", "ü"]})
    write_deltalake(path, rows, partition_by=["month"])
    return path


def _files(table: Path) -> list[Path]:
    return sorted(path for path in table.rglob("*.parquet") if "_delta_log" not in path.parts)


def test_all_there(table: Path) -> None:
    answer = data_files.check(str(table))
    size = sum(path.stat().st_size for path in _files(table))
    assert answer == {"version": 0, "files": 3, "bytes": size, "wrong": 0, "shown": []}


def test_a_file_that_is_gone_and_one_that_is_cut_off(table: Path) -> None:
    gone, cut, _ = _files(table)
    size = gone.stat().st_size
    gone.unlink()
    cut.write_bytes(cut.read_bytes()[:-1])
    answer = data_files.check(str(table))
    assert answer["wrong"] == 2
    shown = answer["shown"]
    assert isinstance(shown, list)
    found = {entry["path"]: (entry["size"], entry["found"]) for entry in shown}
    assert found[str(gone.relative_to(table))] == (size, None)
    assert found[str(cut.relative_to(table))] == (cut.stat().st_size + 1, cut.stat().st_size)


def test_no_table_is_an_error_in_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert data_files.main([str(tmp_path / "none")]) == 1
    assert json.loads(capsys.readouterr().out)["type"] == "TableNotFound"
