"""Names in SQL text: quoting, literals, and the job's own columns that travel beside the pipeline's."""

from pyspark.sql import Column
from pyspark.sql import functions as F

# Why a row goes to quarantine; null for a good row.
REASON = "_hg_reason"
# Human text to the reason.
DETAIL = "_hg_detail"
# The row as it came: the raw line, or JSON.
ROW = "_hg_row"
# Rank of the file by age, newest highest.
FILE = "_hg_file"
# Where the row lies in its file.
BLOCK = "_hg_block"
SEQUENCE = "_hg_sequence"
# What became of the row, see transforms/fates.py.
FATE = "_hg_fate"

OWN_PREFIX = "_hg_"


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def column(name: str) -> Column:
    """The column of exactly this name, dots and blanks included."""
    return F.col(quoted(name))


def sql_string(text: str) -> str:
    """A string literal, whatever the text holds."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def named(expression: str, name: str) -> str:
    return f"{expression} AS {quoted(name)}"
