"""One row per key, the same one whatever the order of tasks; the others are told apart, never lost."""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headgate_spark.pipeline import Source
from headgate_spark.transforms.names import BLOCK, FILE, SEQUENCE, column

# 1 for the row that stands for its key.
RANK = "_hg_rank"
# A dropped row that is neither equal to the winner, nor older, nor from an older file.
CONFLICT = "_hg_conflict"
CONFLICT_REASON = "ConflictingDuplicate"


def _winner(name: str) -> str:
    return f"_hg_winner_{name}"


def _equals_winner(name: str) -> Column:
    return column(name).eqNullSafe(column(_winner(name)))


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
    content = [spec.name for spec in source.columns if spec.name not in source.key]
    # Column by column: as one struct the content would travel twice through the shuffle and the sort.
    winner = {_winner(name): F.first(column(name)).over(by_key) for name in (FILE, *content)}
    ranked = good.withColumns({RANK: F.row_number().over(by_key), **winner})
    same_file = F.col(FILE) == F.col(_winner(FILE))
    same_age = _equals_winner(source.latest_by) if source.latest_by in content else F.lit(True)
    differs = reduce(Column.__or__, (~_equals_winner(name) for name in content), F.lit(False))
    return ranked.withColumn(CONFLICT, (F.col(RANK) > 1) & same_file & same_age & differs)


def conflict_detail(source: Source) -> Column:
    pairs = [F.concat(F.lit(f"{name}="), column(name).cast("string")) for name in source.key]
    return F.concat(F.concat_ws(", ", *pairs), F.lit(": another row of the file with this key stands for it"))
