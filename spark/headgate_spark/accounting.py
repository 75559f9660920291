"""Turns counts into the rows of a report and proves that none is missing. Pure."""

from collections.abc import Mapping, Sequence

from headgate_spark.contract import ExpectationResult, PrepareRows, SourceRows
from headgate_spark.counting import Counter
from headgate_spark.errors import JobFailed
from headgate_spark.pipeline import ColumnsTransform, Pipeline
from headgate_spark.plan import (
    ASIDE,
    CONFLICTS,
    KEPT,
    READ_REASONS,
    TOTAL,
    bin_count_name,
    bin_labels,
    bins_of,
    ranked_place,
    read_place,
)
from headgate_spark.transforms.check_rows import failed_name, reason_of
from headgate_spark.transforms.deduplicate import CONFLICT_REASON

Counts = Mapping[str, Mapping[str, int]]


def _bad(read: Mapping[str, int]) -> int:
    return sum(read[reason] for reason in READ_REASONS)


def _faults(pipeline: Pipeline, counts: Counts) -> list[tuple[str, Sequence[str]]]:
    """Equations that do not hold, each with the places whose counts are in doubt."""
    faults: list[tuple[str, Sequence[str]]] = []
    for source in pipeline.sources:
        places = (read_place(source.name), ranked_place(source.name))
        read, ranked = counts[places[0]], counts[places[1]]
        if read[TOTAL] - _bad(read) != ranked[TOTAL]:
            faults.append((f"{source.name}: {read[TOTAL]} read, {_bad(read)} bad, {ranked[TOTAL]} ranked", places))
    checked, staged = counts["checked"], counts["staged"]
    if checked[TOTAL] - checked[ASIDE] != staged[TOTAL]:
        faults.append(
            (f"{checked[TOTAL]} checked, {checked[ASIDE]} aside, {staged[TOTAL]} staged", ("checked", "staged"))
        )
    kept = counts[ranked_place(pipeline.transform.from_)][KEPT]
    transform = pipeline.transform
    keeps_all = isinstance(transform, ColumnsTransform) and all(join.how == "left" for join in transform.joins)
    if (keeps_all and checked[TOTAL] != kept) or checked[TOTAL] > kept:
        faults.append(
            (f"{kept} kept, {checked[TOTAL]} after the transform", (ranked_place(transform.from_), "checked"))
        )
    return faults


def settle_counts(pipeline: Pipeline, counter: Counter) -> Counts:
    """Counts of the pass that staged the rows; places that Spark cut short or counted twice are counted again."""
    places = [place(source.name) for source in pipeline.sources for place in (read_place, ranked_place)]
    places += ["checked", "staged"]
    counts = {place: counter.delivered(place) or counter.counted(place) for place in places}
    for _, doubtful in _faults(pipeline, counts):
        counts |= {place: counter.counted(place) for place in doubtful}
    faults = _faults(pipeline, counts)
    if not faults:
        return counts
    more_rows = counts["checked"][TOTAL] > counts[ranked_place(pipeline.transform.from_)][KEPT]
    if more_rows and not isinstance(pipeline.transform, ColumnsTransform):
        raise JobFailed(
            kind="config",
            type="QueryMultipliesRows",
            message=f"The query returns {counts['checked'][TOTAL]} rows for "
            f"{counts[ranked_place(pipeline.transform.from_)][KEPT]} rows of source '{pipeline.transform.from_}'.",
            remedy="Join on unique keys: a row of the `from` source stands for at most one row of the result.",
            fields={"source": pipeline.transform.from_},
        )
    raise JobFailed(
        kind="unknown",
        type="RowAccounting",
        message=f"Rows do not add up: {faults[0][0]}.",
        remedy="Report this with the job's request: it is a fault of Headgate. Nothing was committed.",
        fields={"equation": faults[0][0]},
    )


def source_rows(pipeline: Pipeline, counts: Counts) -> dict[str, SourceRows]:
    def rows(name: str) -> SourceRows:
        read, ranked = counts[read_place(name)], counts[ranked_place(name)]
        duplicates = ranked[TOTAL] - ranked[KEPT] - ranked[CONFLICTS]
        return SourceRows(read[TOTAL], ranked[KEPT], _bad(read) + ranked[CONFLICTS], duplicates)

    return {source.name: rows(source.name) for source in pipeline.sources}


def prepare_rows(pipeline: Pipeline, counts: Counts) -> PrepareRows:
    driving = source_rows(pipeline, counts)[pipeline.transform.from_]
    checked = counts["checked"]
    return PrepareRows(
        read=driving.read,
        staged=counts["staged"][TOTAL],
        quarantined=driving.quarantined + checked[ASIDE],
        duplicates=driving.duplicates,
        unjoined=driving.kept - checked[TOTAL],
    )


def quarantine_counts(pipeline: Pipeline, counts: Counts) -> dict[str, int]:
    """Rows aside by reason, all sources; reasons without rows left out."""
    reasons: dict[str, int] = {}
    for source in pipeline.sources:
        read, ranked = counts[read_place(source.name)], counts[ranked_place(source.name)]
        for reason in READ_REASONS:
            reasons[reason] = reasons.get(reason, 0) + read[reason]
        reasons[CONFLICT_REASON] = reasons.get(CONFLICT_REASON, 0) + ranked[CONFLICTS]
    for rule in pipeline.expectations:
        reasons[reason_of(rule)] = counts["checked"][reason_of(rule)]
    return {reason: count for reason, count in reasons.items() if count > 0}


def expectation_results(pipeline: Pipeline, counts: Counts) -> tuple[ExpectationResult, ...]:
    checked = counts["checked"]
    return tuple(
        ExpectationResult(rule.name, rule.action, checked[TOTAL], checked[failed_name(index)])
        for index, rule in enumerate(pipeline.expectations)
    )


def bin_counts(pipeline: Pipeline, counts: Counts) -> dict[str, dict[str, int]]:
    staged = counts["staged"]
    return {
        spec.name: {label: staged[bin_count_name(index, number)] for number, label in enumerate(bin_labels(spec))}
        for index, spec in enumerate(bins_of(pipeline))
    }
