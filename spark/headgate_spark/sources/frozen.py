"""The frozen files of a batch: are they still what was frozen, in which order of age, and can Spark name them."""

import os
from collections.abc import Sequence

from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import local_path, plain_location
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
    """Size and times of every file that is read in place; of a copy, only that it is whole.

    Who keeps size and time (`cp -p`, a restored backup) cannot keep the time of the change.
    """
    for file in files:
        try:
            found = os.stat(local_path(file.read_path))
        except FileNotFoundError as error:
            raise _changed(file, "is gone", "nothing") from error
        if found.st_size != file.size:
            raise _changed(file, "changed its size", f"{found.st_size} bytes")
        if file.read_path != file.path:
            continue
        if abs(found.st_mtime_ns / 1_000_000 - file.modified_ms) > _TIME_STEP_MS:
            raise _changed(file, "was written again", f"modified {found.st_mtime_ns // 1_000_000}")
        changed_ms = found.st_ctime_ns / 1_000_000
        if file.changed_ms is not None and abs(changed_ms - file.changed_ms) > _TIME_STEP_MS:
            raise _changed(file, "was changed, and its time set back,", f"changed {changed_ms:.0f}")


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
