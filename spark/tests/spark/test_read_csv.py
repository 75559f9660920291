"""Every line of a CSV file is in staging or in quarantine, with its text and the reason."""

import gzip
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from tests.batch import Batch, columns, csv_source, pipeline_of
from tests.spark.tables import quarantine, staged

SHAPE = columns(id="string!", amount="int", price="decimal(6,2)", day="date dd-MM-yyyy", note="string")


def batch_of(tmp_path: Path, *contents: bytes, name: str = "f{}.csv", **source: object) -> Batch:
    paths = []
    for index, content in enumerate(contents):
        path = tmp_path / name.format(index)
        path.write_bytes(content)
        paths.append(path)
    declared = source.pop("columns", SHAPE)
    assert isinstance(declared, list)
    pipeline = pipeline_of(csv_source("sales", declared, ["id"], **source))
    return Batch(tmp_path / "lake", pipeline, {"sales": paths})


MALFORMED = {
    "unparsable int": (b"a1,x,1.00,01-02-2021,n", "UnreadableValue", "amount: 'x' is not int"),
    "fraction in int": (b"a2,1.5,1.00,01-02-2021,n", "UnreadableValue", "amount: '1.5' is not int"),
    "int overflow": (b"a3,99999999999,1.00,01-02-2021,n", "ValueOutOfRange", "does not fit int"),
    "too many digits": (b"a4,1,1.005,01-02-2021,n", "UnreadableValue", "price: '1.005' is not decimal(6,2)"),
    "decimal overflow": (b"a5,1,123456.00,01-02-2021,n", "ValueOutOfRange", "does not fit decimal(6,2)"),
    "decimal text": (b"a6,1,$5,01-02-2021,n", "UnreadableValue", "price: '$5'"),
    "no such day": (b"a7,1,1.00,31-02-2021,n", "UnreadableValue", "day: '31-02-2021' is not date (dd-MM-yyyy)"),
    "other date format": (b"a8,1,1.00,2021-02-01,n", "UnreadableValue", "day: '2021-02-01'"),
    "too few fields": (b"a9,1,1.00,01-02-2021", "WrongFieldCount", "too few fields: 4 instead of 5"),
    "too many fields": (b"a10,1,1.00,01-02-2021,n,n", "WrongFieldCount", "too many fields: 6 instead of 5"),
    "open quote in the middle": (b'a11,"1,1.00,01-02-2021,n', "MalformedQuotes", "not closed"),
    "open quote in the last field": (b'a12,1,1.00,01-02-2021,"n', "MalformedQuotes", "not closed"),
    "text after a quote": (b'a13,1,1.00,01-02-2021,"n"x', "MalformedQuotes", "not closed"),
    "null key": (b",1,1.00,01-02-2021,n", "NullKey", "id: no value"),
    "NUL byte": (b"a15,1,1.00,01-02-2021,n\x00n", "NulByte", "NUL byte"),
    "invalid UTF-8": (b"a16,1,1.00,01-02-2021,n\xff", "InvalidEncoding", "declared encoding"),
}
GOOD = [
    b"g1,1,1.00,01-02-2021,n",
    b'g2, 7 , 2.5 , 01-02-2021 , "n',
    b'g3,17850.0,1.500,01-02-2021,"a, ""b"""',
    b'g4,,,,""',
    b"g5,,,,",
    b'g6,-3,-0.01,29-02-2024,5" pipe',
    "g7,1,1,01-02-2021,Größe 日本 🎉".encode(),
]


def test_each_malformed_line_goes_aside_alone_with_its_text_and_reason(spark: SparkSession, tmp_path: Path) -> None:
    lines = [line for pair in zip(MALFORMED.values(), GOOD * 3, strict=False) for line in (pair[0][0], pair[1])]
    good = [line.replace(b"g", f"g{index}-".encode(), 1) for index, line in enumerate(GOOD)]
    content = b"\n".join([b"id,amount,price,day,note", *[line for line, _, _ in MALFORMED.values()], *good])
    assert lines
    batch = batch_of(tmp_path, content + b"\n")
    report = batch.prepare(spark)

    found = {row["row"].encode("utf-8", "replace"): row for row in quarantine(spark, batch)}
    for name, (line, reason, detail) in MALFORMED.items():
        row = found[line.decode("utf-8", "replace").encode()]
        assert row["reason"] == reason, name
        assert detail in row["detail"], name
        assert row["file"] == str(tmp_path / "f0.csv")
        assert row["source"] == "sales"
    assert len(found) == len(MALFORMED)
    assert report["rows"] == {
        "read": len(MALFORMED) + len(GOOD),
        "staged": len(GOOD),
        "quarantined": len(MALFORMED),
        "duplicates": 0,
        "unjoined": 0,
    }
    assert sum(report["quarantine"].values()) == len(MALFORMED)
    assert report["quarantine"]["MalformedQuotes"] == 3


def test_good_lines_keep_their_exact_values(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, b"id,amount,price,day,note\n" + b"\n".join(GOOD))
    rows = {row["id"]: row for row in staged(spark, batch.prepare(spark))}
    assert len(rows) == len(GOOD)
    assert [rows[f"g{n}"]["amount"] for n in range(1, 8)] == [1, 7, 17850, None, None, -3, 1]
    assert [str(rows[f"g{n}"]["price"]) for n in (1, 2, 3, 6)] == ["1.00", "2.50", "1.50", "-0.01"]
    assert rows["g2"]["note"] == ' "n'
    assert rows["g3"]["note"] == 'a, "b"'
    assert rows["g4"]["note"] == ""
    assert rows["g5"]["note"] is None
    assert rows["g6"]["note"] == '5" pipe'
    assert rows["g6"]["day"].isoformat() == "2024-02-29"
    assert rows["g7"]["note"] == "Größe 日本 🎉"


@pytest.mark.parametrize(
    ("content", "options"),
    [
        pytest.param(b"\xef\xbb\xbfid,note\r\na,x\r\nb,y\r\n", {}, id="byte order mark and CRLF"),
        pytest.param(b"note,id\nx,a\ny,b", {}, id="reordered, no last line end"),
        pytest.param(b"id;note\n'a';x\nb;'y'\n", {"delimiter": ";", "quote": "'", "escape": "'"}, id="semicolon"),
        pytest.param(b"id\tnote\na\tx\n\n  \nb\ty\n", {"delimiter": "\t"}, id="tab and blank lines"),
        pytest.param(b"id|note\n# no\na|x\nb|y\n", {"delimiter": "|", "comment": "#"}, id="comment"),
        pytest.param(b"\xef\xbb\xbfa,x\nb,y\n", {"header": False}, id="no header"),
        pytest.param(b"id,note\n a , x \n b ,y\n", {"trim": True}, id="trim"),
        pytest.param(b'id,note\n"a",x\nb,"y"\n', {"multiline": True}, id="multiline"),
        pytest.param(b'id,note\n"a","x"\n"b",y\n', {"escape": "\\"}, id="backslash escape"),
    ],
)
def test_options_are_honoured(spark: SparkSession, tmp_path: Path, content: bytes, options: dict[str, object]) -> None:
    batch = batch_of(tmp_path, content, columns=columns(id="string!", note="string"), csv=options)
    report = batch.prepare(spark)
    rows = sorted((row["id"], row["note"]) for row in staged(spark, report))
    assert rows == [("a", "x"), ("b", "y")]
    assert report["rows"]["read"] == 2
    assert report["warnings"] == []


def test_windows_1252_is_read_and_declared_nulls_are_null(spark: SparkSession, tmp_path: Path) -> None:
    content = "id,note\na,5 € für Öl\nb,NULL\nc,n/a\n".encode("windows-1252")
    options = {"encoding": "windows-1252", "nulls": ["NULL", "n/a"]}
    batch = batch_of(tmp_path, content, columns=columns(id="string!", note="string"), csv=options)
    rows = {row["id"]: row["note"] for row in staged(spark, batch.prepare(spark))}
    assert rows == {"a": "5 € für Öl", "b": None, "c": None}


def test_a_record_with_line_breaks_stays_one_row(spark: SparkSession, tmp_path: Path) -> None:
    content = b'id,note\na,"one\ntwo"\nb\nc,x\n'
    batch = batch_of(tmp_path, content, columns=columns(id="string!", note="string"), csv={"multiline": True})
    report = batch.prepare(spark)
    assert {row["id"]: row["note"] for row in staged(spark, report)} == {"a": "one\ntwo", "c": "x"}
    assert report["quarantine"] == {"WrongFieldCount": 1}


def test_files_with_other_column_order_and_gzip_meet_by_name(spark: SparkSession, tmp_path: Path) -> None:
    first, second, third = tmp_path / "one.csv", tmp_path / "two three.csv", tmp_path / "[4]#%é+.csv.gz"
    first.write_bytes(b"id,note\na,x\n")
    second.write_bytes(b"more,note,id\n0,y,b\n")
    third.write_bytes(gzip.compress(b"id,note\nc,z\n"))
    pipeline = pipeline_of(csv_source("sales", columns(id="string!", note="string"), ["id"]))
    batch = Batch(tmp_path / "lake", pipeline, {"sales": [first, second, third]})
    report = batch.prepare(spark)
    assert {row["id"]: row["note"] for row in staged(spark, report)} == {"a": "x", "b": "y", "c": "z"}
    assert [warning["type"] for warning in report["warnings"]] == ["ExtraColumns"]


def test_empty_files_warn_and_header_only_files_are_silent(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, b"", b"id,note\n", columns=columns(id="string!", note="string"))
    report = batch.prepare(spark)
    assert report["rows"]["read"] == 0
    assert [warning["type"] for warning in report["warnings"]] == ["EmptyFile"]
    assert report["staging"]["rows"] == 0


def test_a_copy_with_a_plain_name_is_read_and_the_first_name_is_told(spark: SparkSession, tmp_path: Path) -> None:
    original, copy = tmp_path / "a:b c.csv", tmp_path / "copy-1.csv"
    original.write_bytes(b"id,note\na,x\n,y\n")
    copy.write_bytes(original.read_bytes())
    pipeline = pipeline_of(csv_source("sales", columns(id="string!", note="string"), ["id"]))
    batch = Batch(tmp_path / "lake", pipeline, {"sales": [original]})
    with pytest.raises(JobFailed, match="with : in its name"):
        batch.prepare(spark)
    batch.files[0]["readPath"] = str(copy)
    batch.write_manifest()
    report = batch.prepare(spark, attempt=2)
    assert report["rows"]["staged"] == 1
    assert quarantine(spark, batch)[0]["file"] == str(original)


def test_truncated_gzip_is_corrupt_input_and_names_the_file(spark: SparkSession, tmp_path: Path) -> None:
    # Long enough that the header is whole and only Spark meets the end.
    text = b"id,note\n" + b"".join(f"{n},{n * 7919 % 10007}\n".encode() for n in range(20_000))
    batch = batch_of(
        tmp_path, gzip.compress(text)[:-2000], name="f{}.csv.gz", columns=columns(id="string!", note="string")
    )
    with pytest.raises(JobFailed) as caught:
        batch.prepare(spark)
    assert (caught.value.kind, caught.value.type) == ("data", "CorruptInput")
    assert caught.value.fields["file"] == str(tmp_path / "f0.csv.gz")
    assert caught.value.fields["source"] == "sales"


def test_missing_column_fails_the_job_and_leaves_a_failure_file(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(tmp_path, b"id,amount,day,note\n")
    with pytest.raises(JobFailed, match="no column 'price'"):
        batch.prepare(spark)
    failure = (batch.folder / "prepare.failure-1.json").read_text()
    assert '"MissingColumn"' in failure
    assert not batch.report("prepare").exists()


def test_files_of_one_shape_warn_once(spark: SparkSession, tmp_path: Path) -> None:
    batch = batch_of(
        tmp_path,
        *(b"more,id,note\n0,%d,n\n" % number for number in range(3)),
        b"id,note,more\n3,n,0\n",
        columns=columns(id="string!", note="string"),
    )
    for file in batch.files[:3]:
        file["shape"] = "one"
    batch.write_manifest()
    report = batch.prepare(spark)
    assert {row["id"] for row in staged(spark, report)} == {"0", "1", "2", "3"}
    told = [warning["message"] for warning in report["warnings"]]
    assert len(told) == 2
    assert "f0.csv" in told[0]
    assert told[0].endswith("more; 2 more with the same header")
    assert "f3.csv" in told[1]
