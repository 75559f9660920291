"""What became of each row of a source, as columns beside it. A row is written once, with its fate.

`kept` is no last word: the transform decides on such rows of the driving source, and those of joined ones are there to
be joined.
"""

from pyspark.sql import DataFrame

from headgate_spark.protocol import Source
from headgate_spark.transforms.deduplicate import CONFLICT, CONFLICT_REASON, RANK, conflict_detail, rank_rows
from headgate_spark.transforms.names import DETAIL, FATE, FILE, REASON, ROW, SEQUENCE, named, quoted

KEPT = "kept"
# Goes to the table.
STAGED = "staged"
# Goes to quarantine: REASON, DETAIL and ROW say why, and what it was.
ASIDE = "aside"
# Another row of the batch with its key stands for it.
DUPLICATE = "duplicate"
# An inner join found no row for it.
UNJOINED = "unjoined"
# Has the key of another row of a source that was trusted to have unique ones: rows were joined more than once.
REPEATED = "repeated"

# How many rows of the source a written row stands for, and which source that is.
ROWS = "_hg_rows"
SOURCE = "_hg_source"

TOLD = (FATE, REASON, DETAIL, ROW, FILE)


def _judged(rows: DataFrame, source: Source, fate: str, conflict: str) -> DataFrame:
    """The declared columns, TOLD and SEQUENCE."""
    declared = [quoted(spec.name) for spec in source.columns]
    as_json = f"to_json(struct({', '.join(declared)}), map('ignoreNullFields', 'false'))"

    def conflicting_or(value: str, name: str) -> str:
        # Good rows leave their text behind here: it would go through every shuffle and sort that comes.
        return named(f"CASE WHEN {REASON} IS NOT NULL THEN {name} WHEN {conflict} THEN {value} END", name)

    return rows.selectExpr(
        *declared,
        *(SEQUENCE, FILE),
        named(fate, FATE),
        conflicting_or(f"'{CONFLICT_REASON}'", REASON),
        conflicting_or(conflict_detail(source), DETAIL),
        conflicting_or(as_json, ROW),
    )


def judge_rows(rows: DataFrame, source: Source) -> DataFrame:
    """Unreadable and conflicting rows go aside, one row per key is kept."""
    fate = (
        f"CASE WHEN {REASON} IS NOT NULL THEN '{ASIDE}' WHEN {RANK} = 1 THEN '{KEPT}' "
        f"WHEN {CONFLICT} THEN '{ASIDE}' ELSE '{DUPLICATE}' END"
    )
    bare = rows.selectExpr(
        *(quoted(name) for name in rows.columns if name != ROW),
        named(f"CASE WHEN {REASON} IS NOT NULL THEN {ROW} END", ROW),
    )
    return _judged(rank_rows(bare, source), source, fate, CONFLICT)


def trust_keys(rows: DataFrame, source: Source) -> DataFrame:
    """The same for a source whose keys are taken to be unique: no shuffle, no sort. `summarize_trusted` checks it."""
    return _judged(rows, source, f"CASE WHEN {REASON} IS NOT NULL THEN '{ASIDE}' ELSE '{KEPT}' END", "false")


def _alone(judged: DataFrame) -> DataFrame:
    """TOLD and SEQUENCE, all null but FATE for rows that need not be told one by one."""
    aside = f"{FATE} = '{ASIDE}'"
    return judged.selectExpr(
        *(FATE, REASON, DETAIL, ROW),
        named(f"CASE WHEN {aside} THEN {FILE} END", FILE),
        named(f"CASE WHEN {aside} THEN {SEQUENCE} END", SEQUENCE),
    )


def summarize_fates(judged: DataFrame) -> DataFrame:
    """TOLD and ROWS: each row that goes aside by itself, of the others their number."""
    counted = _alone(judged).groupBy(*TOLD, SEQUENCE).count()
    return counted.selectExpr(*TOLD, named("count", ROWS))


def summarize_trusted(judged: DataFrame, source: Source) -> DataFrame:
    """The same for rows of `trust_keys`: kept is one row per key, and any other is told as REPEATED."""
    kept = judged.filter(f"{FATE} = '{KEPT}'").groupBy(*map(quoted, source.key)).count()
    numbers = kept.selectExpr("count(*) AS kept", "coalesce(sum(count), 0) AS read")
    fates = f"stack(2, '{KEPT}', kept, '{REPEATED}', read - kept) AS ({FATE}, {ROWS})"
    nothing = [named("cast(NULL AS string)", name) for name in (REASON, DETAIL, ROW)]
    told = numbers.selectExpr(fates).filter(f"{ROWS} > 0")
    aside = judged.filter(f"{FATE} = '{ASIDE}'").selectExpr(*TOLD, named("1L", ROWS))
    return told.selectExpr(FATE, *nothing, named("cast(NULL AS int)", FILE), ROWS).unionByName(aside)
