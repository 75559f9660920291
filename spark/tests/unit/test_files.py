"""State files are written once and whole."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import read_text, replace


def test_of_many_writers_one_leaves_its_text_whole_and_no_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "report.json"
    texts = [str(number) * 10_000 for number in range(10)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda text: replace(str(target), text), texts))
    assert read_text(str(target)) in texts
    assert list(target.parent.iterdir()) == [target]


def test_replace_puts_the_new_content_in_place_of_the_old(tmp_path: Path) -> None:
    target = tmp_path / "failure.json"
    replace(str(target), "one")
    replace(f"file://{target}", "two")
    assert read_text(str(target)) == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert read_text(str(tmp_path / "none")) is None


def test_a_store_that_nothing_here_reaches_is_refused_by_name() -> None:
    with pytest.raises(JobFailed, match=r"at gs: .*not supported"):
        read_text("gs://bucket/report.json")
