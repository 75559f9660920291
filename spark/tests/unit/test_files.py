"""State files are written once and whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import put_if_absent, read_text, replace


def test_the_first_writer_wins_and_no_temporary_file_stays(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.json"
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: put_if_absent(str(target), str(n)), range(32)))
    assert won.count(True) == 1
    assert read_text(str(target)) == str(won.index(True))
    assert list(target.parent.iterdir()) == [target]


def test_replace_puts_the_new_content_in_place_of_the_old(tmp_path: Path) -> None:
    target = tmp_path / "failure.json"
    replace(str(target), "one")
    replace(f"file://{target}", "two")
    assert read_text(str(target)) == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert read_text(str(tmp_path / "none")) is None


def test_a_store_that_is_no_folder_is_refused_by_name() -> None:
    with pytest.raises(JobFailed, match="s3:"):
        read_text("s3://bucket/report.json")
