"""Bad input of the seed pipeline: bad rows go aside with their reason, bad files are refused by name, nothing is lost.

One batch holds all that can lie in one batch: rows are told apart by their invoice. What the freeze, the gate and the
pipeline file have a part in is told end to end, in test/e2e/bad-input.test.ts.
"""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from headgate_spark.errors import JobFailed
from tests.batch import Batch, Document, seed_pipeline
from tests.spark.tables import quarantine, table, versions

HEADER = "invoice_no,customer_id,category,quantity,price,invoice_date,shopping_mall"
GOOD = "C1,Lamps,2,10.50,05-01-2024,Birchgate"


def line(invoice: str, rest: str = GOOD) -> str:
    return f"{invoice},{rest}"


def csv(*lines: str, header: str = HEADER) -> bytes:
    return "".join(f"{text}\n" for text in (header, *lines)).encode()


# By reason; the invoice tells which row it is.
BAD_ROWS = {
    "UnreadableValue": [
        line("B1", "C1,Lamps,two,10.50,05-01-2024,Birchgate"),
        line("B2", "C1,Lamps,2,10.50,31-02-2024,Birchgate"),
    ],
    "ValueOutOfRange": [
        line("B3", "C1,Lamps,99999999999,10.50,05-01-2024,Birchgate"),
        line("B4", "C1,Lamps,2,99999999999999999.50,05-01-2024,Birchgate"),
    ],
    "MalformedQuotes": [
        line("B5", 'C1,Lamps,2,10.50,05-01-2024,"Birch"gate'),
        line("B6", 'C1,"Lamps,2,10.50,05-01-2024,Birchgate'),
    ],
    "WrongFieldCount": ["B7,C1,Lamps,2", f"{line('B8')},x,y"],
    "NullKey": [line("", "C1,B9,2,10.50,05-01-2024,Birchgate")],
    "MissingValue": [line("B10", ",Lamps,2,10.50,05-01-2024,Birchgate")],
    "NulByte": [line("B11", "C1,La\0mps,2,10.50,05-01-2024,Birchgate")],
    "expectation:positive_amount": [line("B12", "C1,Lamps,-1,10.50,05-01-2024,Birchgate")],
    "expectation:valid_age": [line("B13", "C2,Lamps,2,10.50,05-01-2024,Birchgate")],
}

# File to content and to the invoices that it brings, each with its mall.
GOOD_FILES: dict[str, tuple[bytes, dict[str, str | None]]] = {
    "sales_data.csv": (csv(line("G1"), line("G2")), {"G1": "Birchgate", "G2": "Birchgate"}),
    "sales_data_extra.csv": (csv(f"{line('E1')},hello", header=f"{HEADER},note"), {"E1": "Birchgate"}),
    "sales_data_reordered.csv": (
        csv(
            "10.50,R1,2,C1,Birchgate,05-01-2024,Lamps",
            header="price,invoice_no,quantity,customer_id,shopping_mall,invoice_date,category",
        ),
        {"R1": "Birchgate"},
    ),
    "sales_data_empty.csv": (b"", {}),
    "sales_data_header.csv": (csv(), {}),
    "sales_data_bom.csv": (b"\xef\xbb\xbf" + csv(line("M1")), {"M1": "Birchgate"}),
    "sales_data_crlf.csv": (csv(line("L1")).replace(b"\n", b"\r\n"), {"L1": "Birchgate"}),
    "sales_data_zip.csv.gz": (gzip.compress(csv(line("Z1"))), {"Z1": "Birchgate"}),
    "sales_data 1 of 2.csv": (csv(line("O1")), {"O1": "Birchgate"}),
    "sales_data_ü'%25#.csv": (csv(line("O3")), {"O3": "Birchgate"}),
    "sales_data_[a].csv": (csv(line("O4")), {"O4": "Birchgate"}),
    "sales_data_repeated.csv": (csv(line("D1"), line("D1")), {"D1": "Birchgate"}),
    "sales_data_corrected.csv": (
        csv(
            line("D2", "C1,Lamps,2,10.50,07-01-2024,Newest"),
            line("D2", "C1,Lamps,9,10.50,06-01-2024,Older"),
            line("D2", "C1,Lamps,1,10.50,05-01-2024,Oldest"),
        ),
        {"D2": "Newest"},
    ),
    "sales_data_orphan.csv": (csv(line("U1", "C9,Lamps,2,10.50,05-01-2024,")), {"U1": None}),
}

BAD_FILES = {
    "sales_data_bad.csv": csv(*(text for texts in BAD_ROWS.values() for text in texts)),
    "sales_data_latin.csv": csv(line("B14", "C1,Lamps,2,10.50,05-01-2024,Café")).decode().encode("latin-1"),
}

CUSTOMERS = {
    "customer_id": ["C1", "C2"],
    "gender": ["Male", None],
    "age": pa.array([40, 200], pa.int32()),
    "payment_method": ["Card", "Card"],
}


def seed_batch(folder: Path, sales: dict[str, bytes], customers: object, **csv_options: object) -> Batch:
    pipeline = seed_pipeline()
    pipeline["sources"][0]["csv"] |= csv_options
    paths = [folder / name for name in sales]
    for path in paths:
        path.write_bytes(sales[path.name])
    snapshot = folder / "customer_data.parquet"
    if isinstance(customers, bytes):
        snapshot.write_bytes(customers)
    else:
        pq.write_table(pa.table(customers), snapshot)
    return Batch(folder / "lake", pipeline, {"sales": paths, "customers": [snapshot]})


def test_every_row_of_a_batch_of_bad_and_odd_files_meets_its_fate(spark: SparkSession, tmp_path: Path) -> None:
    sales = {name: content for name, (content, _) in GOOD_FILES.items()} | BAD_FILES
    batch = seed_batch(tmp_path, sales, CUSTOMERS)
    prepared, committed = batch.run(spark)

    expected = {invoice: mall for _, rows in GOOD_FILES.values() for invoice, mall in rows.items()}
    rows = {row["invoice_no"]: row for row in table(spark, batch.lake / "table")}
    assert {invoice: row["shopping_mall"] for invoice, row in rows.items()} == expected
    for invoice, row in rows.items():
        assert (row["category"], row["quantity"], str(row["total_sales"])) == ("Lamps", 2, "21.00"), invoice
        assert row["age_group"] == ("unknown" if invoice == "U1" else "36-45"), invoice

    reasons = {f"B{number}": reason for reason, texts in BAD_ROWS.items() for number in numbers_of(texts)}
    aside = quarantine(spark, batch)
    assert {found_invoice(row["row"]): row["reason"] for row in aside} == reasons | {"B14": "InvalidEncoding"}
    assert {Path(row["file"]).name for row in aside if row["file"] is not None} == set(BAD_FILES)
    assert prepared["rows"] == {
        "read": len(expected) + len(aside) + 3,
        "staged": len(expected),
        "quarantined": len(aside),
        "duplicates": 3,
        "unjoined": 0,
    }
    assert committed["rows"] == {"staged": len(expected), "inserted": len(expected), "updated": 0, "unchanged": 0}
    assert {warning["type"] for warning in prepared["warnings"]} == {"ExtraColumns", "EmptyFile"}


def found_invoice(row: str) -> str:
    return next(name for name in (f"B{number}" for number in range(14, 0, -1)) if name in row)


def numbers_of(texts: list[str]) -> list[int]:
    return [int(found_invoice(text).removeprefix("B")) for text in texts]


def without(column: str) -> Document:
    return {name: values for name, values in CUSTOMERS.items() if name != column}


ONE = {"sales_data.csv": csv(line("I1"))}
LONG = gzip.compress(csv(*(line(f"I{number}") for number in range(5000))))
REFUSED = {
    "missing column": (
        {"sales_data.csv": csv("I1,C1,Lamps,2,05-01-2024,Birchgate", header=HEADER.replace(",price", ""))},
        CUSTOMERS,
        {},
        "MissingColumn",
        ("sales_data.csv", "price"),
    ),
    "extra column where the pipeline forbids it": (
        {"sales_data.csv": csv(f"{line('I1')},hello", header=f"{HEADER},note")},
        CUSTOMERS,
        {"extraColumns": "fail"},
        "ExtraColumns",
        ("sales_data.csv", "note"),
    ),
    "duplicate header": (
        {"sales_data.csv": csv(f"{line('I1')},99.99", header=f"{HEADER},price")},
        CUSTOMERS,
        {},
        "DuplicateHeader",
        ("sales_data.csv", "price"),
    ),
    "truncated gzip": (
        {"sales_data.csv.gz": LONG[:8000]},
        CUSTOMERS,
        {},
        "CorruptInput",
        ("sales_data.csv.gz",),
    ),
    "corrupt Parquet": (ONE, b"PAR1 this is no Parquet PAR1", {}, "CorruptInput", ("customer_data.parquet",)),
    "Parquet with another type": (
        ONE,
        without("age") | {"age": [[40], [41]]},
        {},
        "ColumnType",
        ("customer_data.parquet", "age"),
    ),
    "Parquet without a column": (ONE, without("age"), {}, "MissingColumn", ("customer_data.parquet", "age")),
}


@pytest.mark.parametrize(("sales", "customers", "options", "kind", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_cannot_be_used_is_refused_by_name_and_makes_no_table(
    spark: SparkSession,
    tmp_path: Path,
    sales: dict[str, bytes],
    customers: object,
    options: dict[str, object],
    kind: str,
    says: tuple[str, ...],
) -> None:
    batch = seed_batch(tmp_path, sales, customers, **options)
    with pytest.raises(JobFailed) as caught:
        batch.run(spark)
    assert (caught.value.kind, caught.value.type) == ("data", kind)
    assert all(word in caught.value.message for word in says), caught.value.message
    assert len(caught.value.remedy.split()) > 1
    assert versions(batch.lake / "table") == []
    assert (batch.folder / "prepare.failure-1.json").exists()
