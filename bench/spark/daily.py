"""A shop day by day, for `npm run bench`: one CSV file a day, with corrected and late rows of the days before.

`python daily.py OUT DAYS ROWS` writes customer_data.parquet and one sales_data-NNN.csv per day of ROWS new invoices
with rising numbers, 3 % corrections (of up to 14 days ago, most of them young) and 2 % that should have come earlier.
"""

import datetime
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from headgate_spark.sample import FIRST_DAY, HEADER, Plan, Sales, base_sales, draw, to_lines, write_customers

CORRECTED, LATE = 0.03, 0.02
OLDEST = 14
FIRST = (datetime.date(2025, 1, 1) - FIRST_DAY).days


def days_back(plan: Plan, index: pa.Array, day: int) -> pa.Array:
    """1 to 14 days, the square of something uniform: half of them at most 4; never before the first day."""
    uniform = draw(plan, f"back-{day}", index, 1000)
    squared = pc.divide(pc.multiply(pc.multiply(uniform, uniform), OLDEST), 1_000_000)
    return pc.min_element_wise(pc.add(squared, 1), day)


def sales_of(plan: Plan, day: int, rows: int) -> Iterator[Sales]:
    """The new sales of a day, some of them dated back, then corrections of earlier ones."""
    index = pa.arange(day * rows, (day + 1) * rows)
    sales = base_sales(plan, index)
    late = pc.less(pc.subtract(index, day * rows), int(rows * LATE))
    back = pc.if_else(late, days_back(plan, index, day), 0)
    yield replace(sales, day=pc.subtract(pa.scalar(FIRST + day), back))
    if day == 0:
        return
    number = pa.arange(0, int(rows * CORRECTED))
    of_day = pc.subtract(pa.scalar(day), days_back(plan, number, day))
    # rows that were not late have the date of their day
    first, others = int(rows * LATE), rows - int(rows * LATE)
    found = pc.add(pc.multiply(of_day, rows), pc.add(draw(plan, f"row-{day}", number, others), first))
    corrected = base_sales(plan, found)
    yield replace(corrected, cents=pc.add(corrected.cents, 100 + day), day=pc.add(of_day, FIRST))


def main(out: Path, days: int, rows: int) -> None:
    out.mkdir(parents=True, exist_ok=True)
    plan = Plan(rows=days * rows, customers=max(1000, days * rows // 20), seed=11)
    write_customers(plan, out / "customer_data.parquet")
    for day in range(days):
        with (out / f"sales_data-{day:03}.csv").open("w", encoding="utf-8") as file:
            file.write(f"{HEADER}\n")
            for sales in sales_of(plan, day, rows):
                file.writelines(to_lines(sales).to_pylist())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
