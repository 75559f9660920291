"""One row per key, the same one whatever the order of tasks; the others are told apart, never lost."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headgate_spark.pipeline import Source
from headgate_spark.transforms.names import BLOCK, FILE, SEQUENCE, column

# 1 for the row that stands for its key.
RANK = "_hg_rank"
# A dropped row that is neither equal to the winner, nor older, nor from an older file.
CONFLICT = "_hg_conflict"
CONFLICT_REASON = "ConflictingDuplicate"
_WINNER = "_hg_winner"


def _order(source: Source) -> list[Column]:
    latest = [] if source.latest_by is None else [column(source.latest_by).desc_nulls_last()]
    return [*latest, F.col(FILE).desc(), F.col(BLOCK).desc(), F.col(SEQUENCE).desc()]


def rank_rows(good: DataFrame, source: Source) -> DataFrame:
    """Adds RANK and CONFLICT. The winner is the latest, then of the newest file, then the last in its file."""
    if not source.key:
        return good.withColumns({RANK: F.lit(1), CONFLICT: F.lit(False)})
    by_key = (
        Window.partitionBy(*(column(name) for name in source.key))
        .orderBy(*_order(source))
        .rowsBetween(Window.unboundedPreceding, Window.currentRow)
    )
    content = F.struct(*(column(spec.name) for spec in source.columns))
    latest = F.lit(None) if source.latest_by is None else column(source.latest_by)
    ranked = good.withColumns(
        {
            RANK: F.row_number().over(by_key),
            _WINNER: F.first(F.struct(F.col(FILE), latest.alias("latest"), content.alias("content"))).over(by_key),
        }
    )
    conflict = (
        (F.col(RANK) > 1)
        & (F.col(FILE) == F.col(f"{_WINNER}.{FILE}"))
        & latest.eqNullSafe(F.col(f"{_WINNER}.latest"))
        & ~content.eqNullSafe(F.col(f"{_WINNER}.content"))
    )
    return ranked.withColumn(CONFLICT, conflict).drop(_WINNER)


def conflict_detail(source: Source) -> Column:
    pairs = [F.concat(F.lit(f"{name}="), column(name).cast("string")) for name in source.key]
    return F.concat(F.concat_ws(", ", *pairs), F.lit(": another row of the file with this key stands for it"))
