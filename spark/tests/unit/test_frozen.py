"""A file that is not as it was frozen is never read as if it were."""

import bz2
import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import InputFile
from headgate_spark.sources.frozen import alike, by_age, check_names, check_unchanged, name_input


def frozen(path: Path, read_path: Path | None = None) -> InputFile:
    stat = path.stat()
    return InputFile(
        source="s",
        path=str(path),
        read_path=str(read_path or path),
        size=stat.st_size,
        modified_ms=stat.st_mtime_ns / 1e6,
        changed_ms=stat.st_ctime_ns / 1e6,
        etag="sha256:0",
    )


def test_a_file_as_it_was_frozen_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    check_unchanged([frozen(path)])


def test_size_time_and_absence_are_each_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    file = frozen(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns + 5_000_000))
    with pytest.raises(JobFailed, match="written again"):
        check_unchanged([file])
    path.write_text("ab")
    with pytest.raises(JobFailed, match="changed its size"):
        check_unchanged([file])
    path.unlink()
    with pytest.raises(JobFailed, match="is gone") as caught:
        check_unchanged([file])
    assert (caught.value.kind, caught.value.type) == ("inputs-changed", "InputChanged")
    assert caught.value.fields["file"] == str(path)


def test_a_time_that_was_set_back_after_a_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    file = replace(frozen(path), changed_ms=path.stat().st_ctime_ns / 1e6 - 5)
    with pytest.raises(JobFailed, match="its time set back"):
        check_unchanged([file])
    check_unchanged([replace(file, changed_ms=None)])


def test_of_a_copy_only_the_copy_is_checked_and_only_that_it_is_whole(tmp_path: Path) -> None:
    path, copy = tmp_path / "a.csv", tmp_path / "copy.csv"
    path.write_text("a")
    copy.write_text("a")
    file = frozen(path, copy)
    os.utime(copy, ns=(0, 0))
    path.unlink()
    check_unchanged([file])
    copy.write_text("")
    with pytest.raises(JobFailed, match="changed its size"):
        check_unchanged([file])


@pytest.mark.parametrize("name", ["_a.csv", ".a.csv", "a:b.csv"])
def test_names_that_spark_cannot_open_are_refused_with_the_remedy(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("a")
    with pytest.raises(JobFailed, match=name) as caught:
        check_names([frozen(path)])
    assert caught.value.kind == "config"
    assert "extract: copy" in caught.value.remedy


def test_older_files_come_first_and_the_path_breaks_ties(tmp_path: Path) -> None:
    files = [
        InputFile(source="s", path=name, read_path=name, size=0, modified_ms=at, etag="e")
        for name, at in (("c", 1), ("b", 2), ("a", 2))
    ]
    assert [file.path for file in by_age(files)] == ["c", "a", "b"]


def test_deliveries_come_before_times_and_none_is_older_than_all() -> None:
    files = [
        InputFile(source="s", path=name, read_path=name, size=0, modified_ms=time, etag="e", delivery=delivery)
        for name, time, delivery in (("a", 9, None), ("b", 1, "2026-02"), ("c", 2, "2026-01"), ("d", 1, "2026-02"))
    ]
    assert [file.path for file in by_age(files)] == ["a", "c", "b", "d"]


@pytest.mark.parametrize(
    ("name", "pack", "damage"),
    [
        pytest.param("b.csv.gz", gzip.compress, slice(0, -30), id="gzip that ends early"),
        pytest.param("b.csv.gz", gzip.compress, slice(5, None), id="no gzip"),
        pytest.param("b.csv.bz2", bz2.compress, slice(0, -30), id="bzip2 that ends early"),
    ],
)
def test_a_corrupt_input_that_spark_does_not_name_is_found(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes], damage: slice
) -> None:
    text = "".join(f"{n * 7919 % 10007}\n" for n in range(1000)).encode()
    whole, broken = tmp_path / f"a{name[1:]}", tmp_path / name
    whole.write_bytes(pack(text))
    broken.write_bytes(pack(text)[damage])
    unnamed = JobFailed(kind="data", type="CorruptInput", message="java.io.EOFException", remedy="r")
    named = name_input(unnamed, [frozen(whole), frozen(broken)])
    assert (named.fields["file"], named.fields["source"]) == (str(broken), "s")
    assert name_input(unnamed, [frozen(whole)]) is unnamed


def test_files_are_alike_by_shape_and_without_one_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a")
    shapes = ("x", None, "y", "x", None)
    assert alike([replace(frozen(path), shape=shape) for shape in shapes]) == [[0, 3], [1], [2], [4]]
