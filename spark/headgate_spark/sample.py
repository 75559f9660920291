"""Seeded files of the seed pipeline's shape, at any scale: customers in Parquet, sales in CSV, and later deltas.

A value depends only on (seed, column, row number), so a delta can rebuild any earlier row. No Spark, no pandas,
no numpy; bounded memory. Must not read anything: what it writes follows from its arguments alone.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK_ROWS = 200_000
FIRST_DAY = datetime.date(2024, 1, 1)
DAYS = 730
HEADER = "invoice_no,customer_id,category,quantity,price,invoice_date,shopping_mall"
GENDERS = ("Female", "Male")
PAYMENTS = ("Card", "Transfer", "Voucher", "Wallet")
# Names with a comma or a quote are written as CSV wants them: the reader must unquote.
PLAIN_MALLS = ("Amber Arcade", "Birchgate", "Dovecote Galleria", "Eelmarket", "Glashütte Passage", "Harrow & Pell")
MALLS = (*PLAIN_MALLS, '"Copper Quay, East"', '"The ""Foundry"""')
# With their unit prices, in cents, and one to five pieces they fill all price ranges.
CATEGORIES = ("Lamps", "Garden Tools", "Ceramics", "Bicycles", "Teas", "Records", "Telescopes", "Knitwear")
UNIT_CENTS = (6_250, 4_815, 1_299, 89_900, 545, 2_390, 124_975, 7_420)
# One row in about a thousand gets a price on the edge of a price range.
EDGE_CENTS = (5_000, 20_000, 100_000)
AGE_FROM, AGE_SPAN = 15, 62
FIRST_INVOICE, FIRST_CUSTOMER = 1_000_000, 5_000_000


@dataclass(frozen=True)
class Plan:
    """What all files of one sample share."""

    rows: int
    customers: int
    seed: int


@dataclass(frozen=True)
class Sales:
    """Sales of some row numbers as columns, before they become text."""

    invoice: pa.Array
    customer: pa.Array
    category: pa.Array
    quantity: pa.Array
    cents: pa.Array
    day: pa.Array
    mall: pa.Array


def draw(plan: Plan, column: str, index: pa.Array, below: int) -> pa.Array:
    """Uniform whole numbers in [0, below), one per row number: SplitMix64 over (seed, column, row)."""
    name = int.from_bytes(hashlib.sha256(f"{plan.seed}/{column}".encode()).digest()[:8], "big")
    mixed = pc.add(pc.multiply(index.cast(pa.uint64()), _u64(0x9E3779B97F4A7C15)), _u64(name))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = pc.multiply(pc.bit_wise_xor(mixed, pc.shift_right(mixed, _u64(shift))), _u64(factor))
    high = pc.shift_right(pc.bit_wise_xor(mixed, pc.shift_right(mixed, _u64(31))), _u64(32))
    return pc.shift_right(pc.multiply(high, _u64(below)), _u64(32)).cast(pa.int64())


def shuffled(index: pa.Array, below: int, offset: int) -> pa.Array:
    """A permutation of [0, below): multiplying by a prime greater than any size we make."""
    spread = pc.add(pc.multiply(index.cast(pa.uint64()), _u64(2_654_435_761)), _u64(offset))
    return pc.modulo(spread, _u64(below)).cast(pa.int64())


def base_sales(plan: Plan, index: pa.Array) -> Sales:
    """The sales of these row numbers, as the first file tells them."""
    category = draw(plan, "category", index, len(CATEGORIES))
    quantity = pc.add(draw(plan, "quantity", index, 5), 1)
    unit = pc.take(pa.array(UNIT_CENTS, pa.int64()), category)
    edge = pc.take(pa.array(EDGE_CENTS, pa.int64()), draw(plan, "edge", index, len(EDGE_CENTS)))
    on_edge = pc.equal(draw(plan, "on-edge", index, 1_000), 0)
    return Sales(
        invoice=index,
        customer=shuffled(index, plan.customers, plan.seed % plan.customers),
        category=category,
        quantity=quantity,
        cents=pc.if_else(on_edge, edge, pc.multiply(unit, quantity)),
        day=draw(plan, "day", index, DAYS),
        mall=draw(plan, "mall", index, len(MALLS)),
    )


def changed_sales(plan: Plan, round_number: int, first: int, count: int, *, late: bool) -> Iterator[Sales]:
    """Sales of the first file with another quantity and price: newer than any before, or older when late."""
    for start in range(first, first + count, CHUNK_ROWS):
        sequence = pa.arange(start, min(start + CHUNK_ROWS, first + count))
        sales = base_sales(plan, shuffled(sequence, plan.rows, plan.seed % plan.rows))
        days = pc.add(draw(plan, "shift", sales.invoice, 10), 10 * round_number)
        yield replace(
            sales,
            quantity=pc.add(pc.modulo(sales.quantity, 5), 1),
            cents=pc.add(sales.cents, 100 * round_number + (50 if late else 0)),
            day=pc.subtract(sales.day, days) if late else pc.add(sales.day, days),
        )


def chunks(plan: Plan, first: int, count: int) -> Iterator[Sales]:
    """Sales of a range of row numbers."""
    for start in range(first, first + count, CHUNK_ROWS):
        yield base_sales(plan, pa.arange(start, min(start + CHUNK_ROWS, first + count)))


def to_lines(sales: Sales) -> pa.Array:
    """One CSV line per sale, with its line end."""
    # days before and after the range exist too: late and corrected rows
    margin = 4_000
    dates = (FIRST_DAY + datetime.timedelta(days=n) for n in range(-margin, DAYS + margin))
    days = pa.array([date.strftime("%d-%m-%Y") for date in dates])
    whole = pc.divide(sales.cents, 100)
    part = pc.subtract(sales.cents, pc.multiply(whole, 100))
    return pc.binary_join_element_wise(
        _numbered("I", FIRST_INVOICE, sales.invoice),
        _numbered("C", FIRST_CUSTOMER, sales.customer),
        pc.take(pa.array(CATEGORIES), sales.category),
        sales.quantity.cast(pa.string()),
        pc.binary_join_element_wise(whole.cast(pa.string()), pc.utf8_lpad(part.cast(pa.string()), 2, "0"), "."),
        pc.take(days, pc.add(sales.day, margin)),
        pc.binary_join_element_wise(pc.take(pa.array(MALLS), sales.mall), "\n", ""),
        ",",
    )


def customer_table(plan: Plan, index: pa.Array) -> pa.Table:
    """Customers of these numbers; about one age in eight hundred is missing."""
    age = pc.add(draw(plan, "age", index, AGE_SPAN), AGE_FROM).cast(pa.int32())
    missing = pc.equal(draw(plan, "age-missing", index, 800), 0)
    return pa.table(
        {
            "customer_id": _numbered("C", FIRST_CUSTOMER, index),
            "gender": pc.take(pa.array(GENDERS), draw(plan, "gender", index, len(GENDERS))),
            "age": pc.if_else(missing, pa.scalar(None, pa.int32()), age),
            "payment_method": pc.take(pa.array(PAYMENTS), draw(plan, "payment", index, len(PAYMENTS))),
        }
    )


# One bad line each, made from the fields of a sale that no other file has; the comment is its fate.
DIRTY: dict[str, Callable[[list[str]], str]] = {
    # quarantined: cannot be read
    "bad-number": lambda f: ",".join([*f[:3], "two", *f[4:]]),
    "bad-date": lambda f: ",".join([*f[:5], "31-02-2024", f[6]]),
    "overflow": lambda f: ",".join([*f[:3], "99999999999", *f[4:]]),
    "too-few-fields": lambda f: ",".join(f[:4]),
    "too-many-fields": lambda f: ",".join([*f, "x", "y"]),
    # quarantined: no key
    "null-key": lambda f: ",".join(["", *f[1:]]),
    # quarantined: fails an expectation
    "negative-amount": lambda f: ",".join([*f[:3], "-1", *f[4:]]),
    # kept: nobody knows the customer
    "orphan": lambda f: ",".join([f[0], "C0", *f[2:]]),
    # one kept, one dropped
    "duplicate-equal": lambda f: ",".join(f) + "\n" + ",".join(f),
    "duplicate-changed": lambda f: ",".join(f) + "\n" + ",".join([*f[:3], str(int(f[3]) % 5 + 1), *f[4:]]),
}


def dirty_lines(plan: Plan, round_number: int, kind: str, count: int) -> Iterator[str]:
    """`count` specimens of a kind of dirt, on invoices of their own."""
    # above every number that base and new rows of this sample can take
    first = plan.rows * 1_000 + list(DIRTY).index(kind) * 10_000_000 + round_number * 1_000_000
    sales = base_sales(plan, pa.arange(first, first + count))
    # the first place has no comma in its name
    for line in to_lines(replace(sales, mall=pc.multiply(sales.mall, 0))).to_pylist():
        yield DIRTY[kind](line.rstrip("\n").split(",")) + "\n"


def write_customers(plan: Plan, path: Path) -> int:
    """The customers file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    schema = customer_table(plan, pa.arange(0, 0)).schema
    with pq.ParquetWriter(temporary, schema, compression="snappy") as writer:
        for start in range(0, plan.customers, CHUNK_ROWS):
            writer.write_table(customer_table(plan, pa.arange(start, min(start + CHUNK_ROWS, plan.customers))))
    os.replace(temporary, path)
    return plan.customers


def write_sales(plan: Plan, path: Path, round_number: int, parts: dict[str, int]) -> int:
    """A sales file of the named parts, whole or not at all. Returns its data lines."""
    temporary = path.with_name(f".{path.name}.part")
    lines = 0
    with temporary.open("wb") as file:
        file.write(f"{HEADER}\n".encode())
        for part, count in parts.items():
            if part in DIRTY:
                for line in dirty_lines(plan, round_number, part, count):
                    file.write(line.encode())
                    lines += line.count("\n")
                continue
            for sales in _part(plan, round_number, part, count, parts):
                text = to_lines(sales)
                file.write(_values(text))
                lines += len(text)
    os.replace(temporary, path)
    return lines


def _part(plan: Plan, round_number: int, part: str, count: int, parts: dict[str, int]) -> Iterator[Sales]:
    if part == "base":
        return chunks(plan, 0, count)
    if part == "new":
        return chunks(plan, plan.rows * (round_number - 1), count)
    if part == "corrections":
        return changed_sales(plan, round_number, 0, count, late=False)
    return changed_sales(plan, round_number, parts.get("corrections", 0), count, late=True)


def _values(text: pa.Array) -> pa.Buffer:
    # the values of a fresh string array lie one after the other: its buffer is the file
    _, offsets, values = text.buffers()
    end = int.from_bytes(offsets.slice(4 * len(text), 4).to_pybytes(), sys.byteorder)
    return values.slice(0, end)


def _numbered(prefix: str, first: int, index: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.add(index, first).cast(pa.string()), "")


def _u64(value: int) -> pa.Scalar:
    return pa.scalar(value, pa.uint64())


def _parse_part(text: str) -> tuple[str, int]:
    name, _, count = text.partition(":")
    known = ("new", "corrections", "late", *DIRTY)
    if name not in known or not count.isdigit():
        raise argparse.ArgumentTypeError(f"'{text}': write <part>:<rows>, where part is one of {', '.join(known)}")
    return name, int(count)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m headgate_spark.sample",
        description="Writes customer_data.parquet and sales_data.csv, or with --part one later sales file.",
    )
    parser.add_argument("--out", type=Path, required=True, help="folder; made when missing")
    parser.add_argument("--rows", type=int, required=True, help="sales of the first file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, help="default: as many as sales")
    parser.add_argument(
        "--part",
        type=_parse_part,
        action="append",
        default=[],
        metavar="PART:ROWS",
        help="rows of a later file: new, corrections (newer), late (older corrections), "
        f"or a kind of dirt: {', '.join(DIRTY)}. May be given several times; the first files are then not written.",
    )
    parser.add_argument("--round", type=int, default=2, help="number of the later file; other rounds, other values")
    parser.add_argument("--file", help="name of the later file; default sales_data_<round>.csv")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Writes the files and prints one JSON object about them."""
    parser = _parser()
    options = parser.parse_args(arguments)
    parts = dict(options.part)
    customers = options.rows if options.customers is None else options.customers
    if options.rows < 1 or customers < 1:
        parser.error("--rows and --customers must be at least 1")
    if not 2 <= options.round <= 100:
        parser.error("--round must be 2 to 100")
    if parts.get("new", 0) > options.rows or parts.get("corrections", 0) + parts.get("late", 0) > options.rows:
        parser.error("a later file holds at most --rows new rows, and at most --rows corrections and late rows")
    if any(parts.get(kind, 0) > 100_000 for kind in DIRTY):
        parser.error("at most 100000 rows of one kind of dirt")
    plan = Plan(rows=options.rows, customers=customers, seed=options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    if parts:
        path = options.out / (options.file or f"sales_data_{options.round}.csv")
        written = {path: write_sales(plan, path, options.round, parts)}
    else:
        pair = (options.out / "customer_data.parquet", options.out / "sales_data.csv")
        written = {pair[0]: write_customers(plan, pair[0]), pair[1]: write_sales(plan, pair[1], 1, {"base": plan.rows})}
    files = [{"path": str(path), "rows": rows, "bytes": path.stat().st_size} for path, rows in written.items()]
    sys.stdout.write(json.dumps({"files": files, "parts": parts, "seed": plan.seed}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
