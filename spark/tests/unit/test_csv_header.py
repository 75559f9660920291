"""Headers are read in the driver exactly as Spark will skip them."""

import gzip
from pathlib import Path

import pytest

from headgate_spark.errors import JobFailed
from headgate_spark.protocol import Column, CsvOptions, InputFile, Source
from headgate_spark.sources.csv_header import extra_columns, place_columns, read_header

PLAIN = CsvOptions()


def file_of(path: Path, content: bytes) -> InputFile:
    path.write_bytes(content)
    return InputFile(
        source="sales", path=str(path), read_path=str(path), size=len(content), modified_ms=0, etag="sha256:0"
    )


def source_of(*names: str) -> Source:
    columns = tuple(Column(name=name, from_=name, type="string", required=False) for name in names)
    return Source(
        name="sales",
        path="/raw/*",
        format="csv",
        arrives="new-files",
        columns=columns,
        key=(),
        extract="in-place",
    )


@pytest.mark.parametrize(
    ("content", "options"),
    [
        pytest.param(b"a,b\n1,2\n", PLAIN, id="plain"),
        pytest.param(b"\xef\xbb\xbfa,b\r\n1,2\r\n", PLAIN, id="byte order mark and CRLF"),
        pytest.param(b"a,b\r1,2\r", PLAIN, id="old Macintosh line ends"),
        pytest.param(b"\n  \n a , b \n", PLAIN, id="blank lines first, blanks around names"),
        pytest.param(b'"a","b"\n', PLAIN, id="quoted"),
        pytest.param(b"a;b\n", CsvOptions(delimiter=";"), id="semicolon"),
        pytest.param(b"# made today\na,b\n", CsvOptions(comment="#"), id="comment first"),
        pytest.param(b"a,b", PLAIN, id="no line end"),
    ],
)
def test_header_is_read(tmp_path: Path, content: bytes, options: CsvOptions) -> None:
    assert read_header(file_of(tmp_path / "f.csv", content), options) == ("a", "b")


def test_header_is_read_in_the_declared_encoding(tmp_path: Path) -> None:
    content = "Straße,Größe\n".encode("windows-1252")
    header = read_header(file_of(tmp_path / "f.csv", content), CsvOptions(encoding="windows-1252"))
    assert header == ("Straße", "Größe")


def test_header_of_a_multiline_file_may_span_lines(tmp_path: Path) -> None:
    options = CsvOptions(multiline=True)
    assert read_header(file_of(tmp_path / "f.csv", b'"a\nb",c\n1,2\n'), options) == ("a\nb", "c")


def test_header_of_a_gzip_file_is_read(tmp_path: Path) -> None:
    assert read_header(file_of(tmp_path / "f.csv.gz", gzip.compress(b"a,b\n1,2\n")), PLAIN) == ("a", "b")


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"")], ids=["no bytes", "blank lines", "empty gzip"])
def test_a_file_without_a_record_has_no_header(tmp_path: Path, content: bytes) -> None:
    name = "f.csv.gz" if content[:2] == b"\x1f\x8b" else "f.csv"
    assert read_header(file_of(tmp_path / name, content), PLAIN) is None


@pytest.mark.parametrize(
    ("name", "content", "cause"),
    [
        pytest.param("f.csv.gz", gzip.compress(b"a,b\n" * 9)[:12], "ended before", id="truncated gzip"),
        pytest.param("f.csv.gz", b"a,b\n", "Not a gzipped file", id="plain text named gz"),
        pytest.param("f.csv", gzip.compress(b"a,b\n"), "without .gz in its name", id="gzip named csv"),
        pytest.param("f.csv", "a,b\n".encode("utf-16"), "UTF-16", id="utf-16"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, name: str, content: bytes, cause: str) -> None:
    file = file_of(tmp_path / name, content)
    with pytest.raises(JobFailed, match=cause) as caught:
        read_header(file, PLAIN)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert caught.value.fields["file"] == file.path


def test_columns_are_placed_by_name(tmp_path: Path) -> None:
    assert place_columns(source_of("b", "a"), file_of(tmp_path / "f.csv", b"x"), ("a", "x", "b")) == (2, 0)


@pytest.mark.parametrize(
    ("header", "remedy"),
    [
        (("a", "x"), "Add the column"),
        (("a", "B"), "The file writes it 'B'"),
        (("a", "_b"), "The file writes it '_b'"),
    ],
    ids=["absent", "other case", "near miss"],
)
def test_a_missing_column_names_file_source_and_column(tmp_path: Path, header: tuple[str, ...], remedy: str) -> None:
    file = file_of(tmp_path / "f.csv", b"x")
    with pytest.raises(JobFailed) as caught:
        place_columns(source_of("a", "b"), file, header)
    assert caught.value.type == "MissingColumn"
    assert dict(caught.value.fields) == {"file": file.path, "source": "sales", "column": "b"}
    assert remedy in caught.value.remedy


def test_a_declared_column_twice_in_the_header_is_refused(tmp_path: Path) -> None:
    file = file_of(tmp_path / "f.csv", b"x")
    with pytest.raises(JobFailed) as caught:
        place_columns(source_of("a"), file, ("a", "a"))
    assert caught.value.type == "DuplicateHeader"
    assert place_columns(source_of("b"), file, ("a", "a", "b")) == (2,)


def test_extra_columns_warn_or_fail_as_declared(tmp_path: Path) -> None:
    file = file_of(tmp_path / "f.csv", b"x")
    warning = extra_columns(source_of("a"), file, ("a", "note", ""), "warn")
    assert warning is not None
    assert warning.type == "ExtraColumns"
    assert "note, (no name)" in warning.message
    assert extra_columns(source_of("a"), file, ("a",), "fail") is None
    with pytest.raises(JobFailed, match="note"):
        extra_columns(source_of("a"), file, ("a", "note"), "fail")
