"""The seed pair by DuckDB and delta-rs: what somebody might take instead while the data fits one machine.

`python duck.py CORES`; it serves runs as peer.py says.
"""

import sys

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from peer import Inputs, serve

READ = {
    "csv": """read_csv('{sales}', header = true, dateformat = '%d-%m-%Y', ignore_errors = true, columns = {{
        'invoice_no': 'VARCHAR', 'customer_id': 'VARCHAR', 'category': 'VARCHAR', 'quantity': 'INTEGER',
        'price': 'DECIMAL(18,2)', 'invoice_date': 'DATE', 'shopping_mall': 'VARCHAR'}})""",
    "parquet": "read_parquet('{sales}')",
}
ENRICHED = """
    WITH newest AS (
        FROM {sales} WHERE invoice_no IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY invoice_no ORDER BY invoice_date DESC) = 1)
    SELECT newest.*, gender, age, payment_method,
        CAST(quantity * price AS DECIMAL(29,2)) AS total_sales,
        CASE WHEN age IS NULL THEN 'unknown' WHEN age < 18 THEN 'under-18' WHEN age < 26 THEN '18-25'
            WHEN age < 36 THEN '26-35' WHEN age < 46 THEN '36-45' WHEN age < 56 THEN '46-55' WHEN age < 66 THEN '56-65'
            ELSE '66+' END AS age_group,
        CASE WHEN price < 50 THEN 'low' WHEN price < 200 THEN 'medium' WHEN price < 1000 THEN 'high'
            ELSE 'premium' END AS price_range,
        strftime(invoice_date, '%Y-%m') AS invoice_month
    FROM newest LEFT JOIN read_parquet('{customers}') USING (customer_id)
"""


def main(cores: int) -> None:
    def run(inputs: Inputs, table: str) -> None:
        connection = duckdb.connect(config={"threads": cores})
        sales = READ[inputs.format].format(sales=inputs.sales)
        rows = connection.sql(ENRICHED.format(sales=sales, customers=inputs.customers)).to_arrow_table()
        write_deltalake(table, rows.slice(0, 0), partition_by=["invoice_month"])
        merge = DeltaTable(table).merge(rows, "t.invoice_no = s.invoice_no", source_alias="s", target_alias="t")
        merge.when_matched_update_all().when_not_matched_insert_all().execute()

    def count(table: str) -> int:
        return sum(pa.table(DeltaTable(table).get_add_actions())["num_records"].to_pylist())

    serve(run, count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
