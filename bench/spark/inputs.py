"""Input of the seed pair's shape for `npm run bench`: the rows of a sample in other files.

`python inputs.py FROM TO FORMAT FILES` writes the sales of FROM as FILES files of csv or parquet, and the customers.
"""

import shutil
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

COLUMNS = {
    "invoice_no": pa.string(),
    "customer_id": pa.string(),
    "category": pa.string(),
    "quantity": pa.int32(),
    "price": pa.decimal128(18, 2),
    # of a day alone: the CSV reader of pyarrow knows no date in another notation
    "invoice_date": pa.timestamp("s"),
    "shopping_mall": pa.string(),
}


def write_csv(source: Path, out: Path, files: int) -> None:
    """No field of a sample holds a line end, so lines are rows."""
    header, *lines = source.read_bytes().splitlines(keepends=True)
    for number in range(files):
        share = lines[number * len(lines) // files : (number + 1) * len(lines) // files]
        (out / f"sales_data_{number:05}.csv").write_bytes(header + b"".join(share))


def write_parquet(source: Path, out: Path, files: int) -> None:
    convert = pc.ConvertOptions(column_types=COLUMNS, timestamp_parsers=["%d-%m-%Y"])
    read = pc.read_csv(source, convert_options=convert)
    table = read.set_column(
        read.column_names.index("invoice_date"), "invoice_date", read["invoice_date"].cast(pa.date32())
    )
    for number in range(files):
        first, end = (place * len(table) // files for place in (number, number + 1))
        pq.write_table(table.slice(first, end - first), out / f"sales_data_{number:05}.parquet")


def main(source: Path, out: Path, form: str, files: int) -> None:
    out.mkdir(parents=True)
    shutil.copy(source / "customer_data.parquet", out)
    write = {"csv": write_csv, "parquet": write_parquet}[form]
    write(source / "sales_data.csv", out, files)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
