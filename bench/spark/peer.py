"""How the bench asks a peer for a run: one JSON object a line on stdin, one answer a line on stdout.

Question: {"raw", "format", "table"}. Answer: {"seconds", "rows"}: of the run alone, and of the table that it made.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Inputs:
    """Sales of one format in any number of files, and the customers beside them."""

    raw: str
    format: str

    @property
    def sales(self) -> str:
        return f"{self.raw}/sales_data*.{self.format}"

    @property
    def customers(self) -> str:
        return f"{self.raw}/customer_data.parquet"


def serve(run: Callable[[Inputs, str], None], count: Callable[[str], int]) -> None:
    """`run` takes inputs into a table, `count` tells its rows. Returns when nobody asks any more."""
    for line in sys.stdin:
        question = json.loads(line)
        table = question["table"]
        start = time.monotonic()
        run(Inputs(question["raw"], question["format"]), table)
        seconds = time.monotonic() - start
        sys.stdout.write(json.dumps({"seconds": round(seconds, 3), "rows": count(table)}) + "\n")
        sys.stdout.flush()
