"""The oracle: what a table must hold, computed by DuckDB from the raw files alone, against what delta-rs finds in it.

Shares no code with the jobs it judges. `python oracle.py customer-sales|retail-by-day --raw DIR --table PATH`
prints {equal, differences, expected} and exits 0 when equal, 1 when not.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder


@dataclass(frozen=True)
class Case:
    """One pipeline: the expected rows from the raw folder, and the totals to report by name."""

    expected: str
    totals: dict[str, str]


# A file that arrives later wins among rows of one key and date; so files compare by name, as the tests write them.
CUSTOMER_SALES = Case(
    expected="""
    WITH sales AS (
      SELECT nullif(invoice_no, '') AS invoice_no, nullif(customer_id, '') AS customer_id, category,
             TRY_CAST(quantity AS INTEGER) AS quantity, TRY_CAST(price AS DECIMAL(18, 2)) AS price,
             CAST(try_strptime(invoice_date, '%d-%m-%Y') AS DATE) AS invoice_date, shopping_mall, filename
      FROM read_csv('{raw}/sales_data*.csv', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"',
                    filename = true, ignore_errors = true, strict_mode = true)
    ), readable AS (
      SELECT * FROM sales
      WHERE invoice_no IS NOT NULL AND customer_id IS NOT NULL AND quantity IS NOT NULL AND price IS NOT NULL
        AND invoice_date IS NOT NULL
    ), newest AS (
      SELECT * FROM readable
      QUALIFY row_number() OVER (PARTITION BY invoice_no ORDER BY invoice_date DESC, filename DESC) = 1
    )
    SELECT s.invoice_no, s.customer_id, s.category, s.quantity, s.price, s.invoice_date, s.shopping_mall,
           c.gender, c.age, c.payment_method, CAST(s.quantity * s.price AS DECIMAL(38, 2)) AS total_sales,
           CASE WHEN c.age IS NULL THEN 'unknown' WHEN c.age < 18 THEN 'under-18' WHEN c.age < 26 THEN '18-25'
                WHEN c.age < 36 THEN '26-35' WHEN c.age < 46 THEN '36-45' WHEN c.age < 56 THEN '46-55'
                WHEN c.age < 66 THEN '56-65' ELSE '66+' END AS age_group,
           CASE WHEN s.price < 50 THEN 'low' WHEN s.price < 200 THEN 'medium' WHEN s.price < 1000 THEN 'high'
                ELSE 'premium' END AS price_range,
           strftime(s.invoice_date, '%Y-%m') AS invoice_month
    FROM newest s LEFT JOIN read_parquet('{raw}/customer_data.parquet') c ON c.customer_id = s.customer_id
    WHERE s.quantity > 0 AND s.price > 0 AND (c.age IS NULL OR c.age BETWEEN 0 AND 120)
    """,
    totals={
        "all": "SELECT count(*) AS rows, sum(total_sales) AS total_sales FROM {side}",
        "unknown ages": "SELECT count(*) AS rows FROM {side} WHERE age_group = 'unknown'",
        "age group and price range": """SELECT age_group, price_range, count(*) AS rows, sum(total_sales) AS total_sales
            FROM {side} GROUP BY ALL ORDER BY ALL""",
    },
)

# Exact duplicates of a line count once; cancellations are lines with a negative quantity.
RETAIL_BY_DAY = Case(
    expected="""
    SELECT DISTINCT InvoiceNo AS invoice_no, StockCode AS stock_code, nullif(Description, '') AS description,
           CAST(Quantity AS INTEGER) AS quantity, strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S') AS invoiced_at,
           CAST(UnitPrice AS DECIMAL(12, 3)) AS unit_price,
           CAST(CAST(nullif(CustomerID, '') AS DECIMAL(12, 1)) AS BIGINT) AS customer_id, Country AS country,
           CAST(CAST(Quantity AS INTEGER) * CAST(UnitPrice AS DECIMAL(12, 3)) AS DECIMAL(38, 3)) AS net,
           InvoiceNo LIKE 'C%' AS cancelled, strftime(strptime(InvoiceDate, '%Y-%m-%d %H:%M:%S'), '%Y-%m') AS month
    FROM read_csv('{raw}/*.csv', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"')
    """,
    totals={
        "all": """SELECT count(*) AS rows, sum(net) AS net, count(*) FILTER (customer_id IS NULL) AS without_customer,
            count(*) FILTER (cancelled) AS cancelled FROM {side}""",
        "country and month": """SELECT country, month, count(*) AS rows, sum(net) AS net
            FROM {side} GROUP BY ALL ORDER BY ALL""",
    },
)

CASES = {"customer-sales": CUSTOMER_SALES, "retail-by-day": RETAIL_BY_DAY}


class Verdict(TypedDict):
    """`expected` holds the totals of the raw files by name."""

    equal: bool
    differences: list[dict[str, object]]
    expected: dict[str, object]


def read_delta(path: str, version: int | None) -> pa.Table:
    """The whole table as an independent reader sees it, deletion vectors applied."""
    builder = QueryBuilder().register("t", DeltaTable(path, version=version))
    return pa.RecordBatchReader.from_stream(builder.execute("SELECT * FROM t")).read_all()


def compare(case: Case, raw: Path, table: str, version: int | None = None) -> Verdict:
    """Rows one by one, then totals: rows say whether, totals say where."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE TABLE expected AS " + case.expected.replace("{raw}", str(raw).replace("'", "''")))
    connection.register("delta", read_delta(table, version))
    names = [name for name, *_ in connection.execute("DESCRIBE expected").fetchall()]
    found = [name for name, *_ in connection.execute("DESCRIBE delta").fetchall()]
    differences: list[dict[str, object]] = []
    missing = [name for name in names if name not in found]
    if missing:
        return {"equal": False, "differences": [{"what": "missing columns", "columns": missing}], "expected": {}}
    # compared as the types the raw files call for
    casts = ", ".join(
        f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind, *_ in connection.execute("DESCRIBE expected").fetchall()
    )
    connection.execute(f"CREATE TABLE actual AS SELECT {casts} FROM delta")
    for what, left, right in (("missing rows", "expected", "actual"), ("surplus rows", "actual", "expected")):
        rows = connection.execute(f"SELECT * FROM {left} EXCEPT ALL SELECT * FROM {right}").fetchall()
        if rows:
            sample = [dict(zip(names, map(str, row), strict=True)) for row in sorted(rows, key=str)[:5]]
            differences.append({"what": what, "count": len(rows), "sample": sample})
    totals: dict[str, object] = {}
    for what, query in case.totals.items():
        expected, actual = (_records(connection, query.replace("{side}", side)) for side in ("expected", "actual"))
        totals[what] = expected
        if expected != actual:
            differences.append({"what": what, "expected": expected, "actual": actual})
    return {"equal": not differences, "differences": differences, "expected": totals}


def _records(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, str | int]]:
    result = connection.execute(query)
    columns = [name for name, *_ in result.description or []]
    rows = ((value if isinstance(value, int) else str(value) for value in row) for row in result.fetchall())
    return [dict(zip(columns, row, strict=True)) for row in rows]


def main(arguments: list[str] | None = None) -> int:
    """Prints the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--raw", type=Path, required=True, help="folder of the raw files")
    parser.add_argument("--table", required=True, help="path of the Delta table")
    parser.add_argument("--version", type=int, help="default: the newest")
    options = parser.parse_args(arguments)
    verdict = compare(CASES[options.case], options.raw, options.table, options.version)
    sys.stdout.write(json.dumps(verdict, ensure_ascii=False) + "\n")
    return 0 if verdict["equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
