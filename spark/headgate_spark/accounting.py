"""Turns counts of written rows into the rows of a report and proves that none is missing. Pure but for one query."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headgate_spark.errors import JobFailed
from headgate_spark.plan import bin_name, bins_of
from headgate_spark.protocol import AsideReason, Bin, ExpectationResult, Pipeline, PrepareRows, SourceRows
from headgate_spark.transforms.check_rows import failed_name, reason_of
from headgate_spark.transforms.deduplicate import CONFLICT_REASON
from headgate_spark.transforms.fates import ASIDE, DUPLICATE, KEPT, REPEATED, ROWS, SOURCE, STAGED, UNJOINED
from headgate_spark.transforms.names import FATE, REASON, named, quoted
from headgate_spark.transforms.transform_rows import follows_rows


class Count(NamedTuple):
    """Rows of one source that share fate, reason and bins."""

    source: str
    fate: str
    reason: str | None
    bins: tuple[str | None, ...]
    rows: int
    null_keys: int
    failed: tuple[int, ...]


Counts = Sequence[Count]


def count_rows(fated: DataFrame, pipeline: Pipeline) -> list[Count]:
    """One query over the rows as they were written."""
    bins = [bin_name(index) for index in range(len(bins_of(pipeline)))]
    failed = [failed_name(index) for index in range(len(pipeline.expectations))]
    null_key = " OR ".join(f"{quoted(name)} IS NULL" for name in pipeline.target.key) or "false"
    grouped = fated.groupBy(SOURCE, FATE, REASON, *bins).agg(
        F.expr(named(f"sum({ROWS})", "rows")),
        F.expr(named(f"count_if({null_key})", "null_keys")),
        *(F.expr(named(f"count_if({name})", name)) for name in failed),
    )
    return [
        Count(
            source=row[SOURCE],
            fate=row[FATE],
            reason=row[REASON],
            bins=tuple(row[name] for name in bins),
            rows=int(row["rows"]),
            null_keys=int(row["null_keys"]),
            failed=tuple(int(row[name]) for name in failed),
        )
        for row in grouped.collect()
    ]


def _sum(counts: Counts, chosen: Callable[[Count], bool]) -> int:
    return sum(count.rows for count in counts if chosen(count))


def repeated_sources(counts: Counts) -> set[str]:
    """Sources that were trusted to have unique keys and have not: the counts are no result then."""
    return {count.source for count in counts if count.fate == REPEATED}


def staged_count(counts: Counts) -> int:
    return _sum(counts, lambda count: count.fate == STAGED)


def null_keys(counts: Counts) -> int:
    return sum(count.null_keys for count in counts if count.fate == STAGED)


def _rejected(pipeline: Pipeline) -> Callable[[Count], bool]:
    """Sent aside by an expectation, so after the transform."""
    reasons = {reason_of(rule) for rule in pipeline.expectations}
    return lambda count: count.fate == ASIDE and count.reason in reasons


def _checked(pipeline: Pipeline, counts: Counts) -> int:
    rejected = _rejected(pipeline)
    return _sum(counts, lambda count: count.fate == STAGED or rejected(count))


def source_rows(
    pipeline: Pipeline, counts: Counts, reasons: Mapping[str, tuple[AsideReason, ...]]
) -> dict[str, SourceRows]:
    """`reasons` by source: why rows are in quarantine."""
    rejected = _rejected(pipeline)
    driving, whole = pipeline.transform.from_, follows_rows(pipeline)

    def rows(name: str) -> SourceRows:
        own = [count for count in counts if count.source == name]
        aside = _sum(own, lambda count: count.fate == ASIDE and not rejected(count))
        duplicates = _sum(own, lambda count: count.fate == DUPLICATE)
        # Rows that passed through the transform have a later fate than `kept`, all of them.
        through = _checked(pipeline, own) + _sum(own, lambda count: count.fate == UNJOINED)
        kept = through if whole and name == driving else _sum(own, lambda count: count.fate == KEPT)
        conflicts = _sum(own, lambda count: count.fate == ASIDE and count.reason == CONFLICT_REASON)
        return SourceRows(
            read=kept + aside + duplicates,
            kept=kept,
            quarantined=aside,
            unreadable=aside - conflicts,
            duplicates=duplicates,
            reasons=reasons.get(name) or None,
        )

    return {source.name: rows(source.name) for source in pipeline.sources}


def prepare_rows(pipeline: Pipeline, counts: Counts) -> PrepareRows:
    driving = source_rows(pipeline, counts, {})[pipeline.transform.from_]
    checked = _checked(pipeline, counts)
    if checked > driving.kept:
        raise JobFailed(
            kind="config",
            type="QueryMultipliesRows",
            message=f"The transform returns {checked} rows for {driving.kept} rows of source "
            f"'{pipeline.transform.from_}'.",
            remedy="Join on unique keys: a row of the `from` source stands for at most one row of the result.",
            fields={"source": pipeline.transform.from_},
        )
    return PrepareRows(
        read=driving.read,
        staged=staged_count(counts),
        quarantined=driving.quarantined + _sum(counts, _rejected(pipeline)),
        duplicates=driving.duplicates,
        unjoined=driving.kept - checked,
    )


def quarantine_counts(counts: Counts) -> dict[str, int]:
    """Rows aside by reason, all sources."""
    reasons: dict[str, int] = {}
    for count in counts:
        if count.fate == ASIDE:
            reasons[str(count.reason)] = reasons.get(str(count.reason), 0) + count.rows
    return reasons


def expectation_results(pipeline: Pipeline, counts: Counts) -> tuple[ExpectationResult, ...]:
    checked = _checked(pipeline, counts)
    return tuple(
        ExpectationResult(
            name=rule.name,
            action=rule.action,
            checked=checked,
            failed=sum(count.failed[index] for count in counts),
        )
        for index, rule in enumerate(pipeline.expectations)
    )


def _labels(spec: Bin) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*spec.labels, spec.missing)))


def bin_counts(pipeline: Pipeline, counts: Counts) -> dict[str, dict[str, int]]:
    def of(index: int, label: str) -> int:
        return _sum(counts, lambda count: count.fate == STAGED and count.bins[index] == label)

    return {
        spec.name: {label: of(index, label) for label in _labels(spec)} for index, spec in enumerate(bins_of(pipeline))
    }
