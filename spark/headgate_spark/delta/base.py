"""Is the table still the one that a batch was planned against? Read from the log alone where it is at hand."""

from collections.abc import Iterator, Sequence

from pyspark.sql import SparkSession

from headgate_spark.delta.history import RESTORE, newest_version, read_history
from headgate_spark.delta.log import LoggedVersion, is_at_hand, read_logged
from headgate_spark.delta.table import table_name
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import FieldValue, JobWarning, TableBase


def _changed(path: str, base: TableBase, problem: str, **fields: FieldValue) -> JobFailed:
    return JobFailed(
        kind="inputs-changed",
        type="TableChanged",
        message=f"{path} {problem} since the batch was planned against version {base.version} of it. "
        "Nothing was written.",
        remedy="Run the pipeline again: it looks at the table anew and brings what that lacks.",
        fields={"table": path, "plannedVersion": base.version, "plannedId": base.id, **fields},
    )


def _from(path: str, version: int) -> Iterator[LoggedVersion]:
    while (logged := read_logged(path, version)) is not None:
        yield logged
        version += 1


def _check_history(spark: SparkSession, path: str, base: TableBase, warnings: list[JobWarning]) -> None:
    """Where the log does not hold the version of the base any more, or is not at hand."""
    newest = newest_version(spark, path)
    if newest < base.version:
        raise _changed(path, base, f"was taken back to version {newest}", version=newest)
    found = str(spark.sql(f"DESCRIBE DETAIL {table_name(path)}").collect()[0]["id"])
    if found != base.id:
        raise _changed(path, base, "was replaced by another table", id=found)
    if newest > base.version:
        for row in read_history(spark, path, newest - base.version):
            if row["operation"] == RESTORE:
                raise _changed(path, base, f"was restored by version {row['version']}", version=int(row["version"]))
    warnings.append(
        JobWarning(
            type="BaseNotInLog",
            message=f"The log of {path} does not hold version {base.version}, against which the batch was planned: "
            "only the id of the table was compared",
        )
    )


def check_base(
    spark: SparkSession, path: str, base: TableBase | None, *, there: bool, warnings: list[JobWarning]
) -> Sequence[LoggedVersion]:
    """The version of the base and all that came since, oldest first; nothing where the log cannot tell.

    `there`: is there a table now?"""
    if base is None:
        return ()
    if not there:
        raise _changed(path, base, "is gone")
    since = tuple(_from(path, base.version)) if is_at_hand(path) else ()
    if not since:
        _check_history(spark, path, base, warnings)
        return ()
    planned, *later = since
    if planned.fingerprint != base.commit:
        raise _changed(path, base, "is another table, or has another history,", commit=planned.fingerprint)
    for logged in later:
        if logged.table_id not in (None, base.id):
            raise _changed(path, base, "was replaced by another table", id=logged.table_id, version=logged.version)
        if logged.operation == RESTORE:
            raise _changed(path, base, f"was restored by version {logged.version}", version=logged.version)
    return since
