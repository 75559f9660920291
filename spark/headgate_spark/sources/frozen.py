"""The frozen files of a batch: are they still what was frozen, in which order of age, and can Spark name them."""

from collections.abc import Sequence

from headgate_spark.errors import JobFailed
from headgate_spark.io.files import each, look
from headgate_spark.io.locations import plain_location
from headgate_spark.io.seen import Seen
from headgate_spark.protocol import InputFile
from headgate_spark.sources.csv_header import is_whole

# Stores and file systems keep times in different steps; two listings of one file agree within a millisecond.
_TIME_STEP_MS = 1


def _changed(file: InputFile, problem: str, found: str) -> JobFailed:
    return JobFailed(
        kind="inputs-changed",
        type="InputChanged",
        message=f"{file.path} {problem} after the batch was frozen.",
        remedy="Run the pipeline again: it freezes a new batch. Rename files into place when they are whole.",
        fields={"file": file.path, "source": file.source, "expectedBytes": file.size, "found": found},
    )


def check_unchanged(files: Sequence[InputFile]) -> None:
    """Size, times and ETag, as far as the store tells them, of every file that is read in place; of a copy, only that
    it is whole.

    Who keeps size and time (`cp -p`, a restored backup) cannot keep the time of the change.
    """
    seen = each(files, lambda file: file.read_path, lambda file: look(file.read_path))
    for file, found in zip(files, seen, strict=True):
        _check(file, found)


def _check(file: InputFile, found: Seen | None) -> None:
    if found is None:
        raise _changed(file, "is gone", "nothing")
    if found.size != file.size:
        raise _changed(file, "changed its size", f"{found.size} bytes")
    if file.read_path != file.path:
        return
    if found.etag is None and found.modified_ms is None:
        raise JobFailed(
            kind="config",
            type="UnwatchedInput",
            message=f"{file.path} cannot be read in place: Spark's client of the store does not tell its ETag, "
            "so nobody would notice when it is written again.",
            remedy=f"Set `extract: copy` on source '{file.source}', or use a client that tells it (S3A).",
            fields={"file": file.path, "source": file.source},
        )
    if found.etag is not None and found.etag != file.etag:
        raise _changed(file, "was written again", f"ETag {found.etag}")
    if _differ(found.modified_ms, file.modified_ms):
        raise _changed(file, "was written again", f"modified {found.modified_ms:.0f}")
    if _differ(found.changed_ms, file.changed_ms):
        raise _changed(file, "was changed, and its time set back,", f"changed {found.changed_ms:.0f}")


def _differ(found: float | None, frozen: float | None) -> bool:
    return found is not None and frozen is not None and abs(found - frozen) > _TIME_STEP_MS


def check_names(files: Sequence[InputFile]) -> None:
    """Names that Spark would skip without a word or cannot open."""
    for file in files:
        name = file.read_path.rsplit("/", 1)[-1]
        if name.startswith(("_", ".")):
            problem = "Spark leaves out files whose name begins with _ or ."
        elif ":" in name:
            problem = "Hadoop cannot open a file with : in its name"
        else:
            continue
        raise JobFailed(
            kind="config",
            type="UnreadableFileName",
            message=f"{file.path} cannot be read where it is: {problem}.",
            remedy=f"Set `extract: copy` on source '{file.source}', or rename the file.",
            fields={"file": file.path, "source": file.source},
        )


def by_age(files: Sequence[InputFile]) -> tuple[InputFile, ...]:
    """Oldest first, so that the place in the list is the rank by which a newer file wins: by delivery, where a file has
    none older than all, then by time."""
    return tuple(sorted(files, key=lambda file: (file.delivery or "", file.modified_ms, file.path)))


def alike(files: Sequence[InputFile]) -> list[list[int]]:
    """Ranks of files whose header or schema was found to be the same when they were frozen. Holds only of files that
    are still what was frozen, see `check_unchanged`."""
    groups: dict[str | int, list[int]] = {}
    for rank, file in enumerate(files):
        groups.setdefault(rank if file.shape is None else file.shape, []).append(rank)
    return list(groups.values())


def name_input(failure: JobFailed, files: Sequence[InputFile]) -> JobFailed:
    """A failure of reading, told with the name that people know and the source; others come back as they are."""
    place = failure.fields.get("file")
    file = next((file for file in files if place in (plain_location(file.read_path), file.path)), None)
    if place is None and failure.type == "CorruptInput":
        # Spark 3.5 does not say which packed file it was.
        file = next((file for file in files if not is_whole(file)), None)
    if file is None or "source" in failure.fields:
        return failure
    return JobFailed(
        kind=failure.kind,
        type=failure.type,
        message=f"{file.path} cannot be read to its end: {failure.message}",
        remedy=failure.remedy,
        fields={**failure.fields, "file": file.path, "source": file.source},
        detail=failure.detail,
    )
