"""Column names: quoting, and the job's own columns that travel beside the pipeline's."""

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

OWN = (REASON, DETAIL, ROW, FILE, BLOCK, SEQUENCE)


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def column(name: str) -> Column:
    """The column of exactly this name, dots and blanks included."""
    return F.col(quoted(name))
