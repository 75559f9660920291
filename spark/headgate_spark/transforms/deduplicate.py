"""One row per key, the same one whatever the order of tasks; the others are told apart, never lost."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from headgate_spark.protocol import Source
from headgate_spark.transforms.names import BLOCK, FILE, REASON, SEQUENCE, named, quoted, sql_string

# 1 for the row that stands for its key.
RANK = "_hg_rank"
# A dropped row that is neither equal to the winner, nor older, nor from an older file.
CONFLICT = "_hg_conflict"
CONFLICT_REASON = "ConflictingDuplicate"
_CONTENT = "_hg_content"
_ALONE = "_hg_alone"


def _winner(name: str) -> str:
    return f"_hg_winner_{name}"


def _order(source: Source) -> list[str]:
    latest = [] if source.latest_by is None else [f"{quoted(source.latest_by)} DESC NULLS LAST"]
    return [*latest, f"{FILE} DESC", f"{BLOCK} DESC", f"{SEQUENCE} DESC"]


def _content(names: Sequence[str]) -> str:
    """One number of 64 bits that stands for all values of a row when rows are compared."""
    if not names:
        return "0L"
    # A hash passes over nulls, so that (null, 1) and (1, null) would be equal without the marks.
    return f"xxhash64({', '.join(f'{quoted(name)}, {quoted(name)} IS NULL' for name in names)})"


def rank_rows(rows: DataFrame, source: Source) -> DataFrame:
    """Adds RANK and CONFLICT, which mean something for good rows only: bad ones are alone, each in a group of its own.

    The winner is the latest, then of the newest file, then the last in its file.
    """
    if not source.key:
        return rows.selectExpr("*", named("1", RANK), named("false", CONFLICT))
    content = [spec.name for spec in source.columns if spec.name not in source.key]
    # What the winner is compared by: its values as one number, or the sort would carry each of them twice.
    compared = [FILE, _CONTENT, *([source.latest_by] if source.latest_by in content else [])]
    keyed = rows.selectExpr(
        "*",
        named(f"CASE WHEN {REASON} IS NOT NULL THEN {SEQUENCE} END", _ALONE),
        named(_content(content), _CONTENT),
    )
    over = (
        f"OVER (PARTITION BY {', '.join([*map(quoted, source.key), _ALONE])} ORDER BY {', '.join(_order(source))} "
        "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
    )
    ranked = keyed.selectExpr(
        "*",
        named(f"row_number() {over}", RANK),
        *(named(f"first({quoted(name)}) {over}", _winner(name)) for name in compared),
    )
    same_age = (
        f" AND {quoted(source.latest_by)} <=> {quoted(_winner(source.latest_by))}"
        if source.latest_by is not None and source.latest_by in content
        else ""
    )
    conflict = f"{RANK} > 1 AND {FILE} = {_winner(FILE)}{same_age} AND {_CONTENT} != {_winner(_CONTENT)}"
    return ranked.selectExpr(*map(quoted, rows.columns), RANK, named(conflict, CONFLICT))


def conflict_detail(source: Source) -> str:
    if not source.key:
        return "''"
    pairs = ", ".join(f"concat({sql_string(f'{name}=')}, cast({quoted(name)} AS string))" for name in source.key)
    return f"concat(concat_ws(', ', {pairs}), ': another row of the file with this key stands for it')"
