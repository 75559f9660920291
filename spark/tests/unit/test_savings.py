"""What upkeep did, from made-up logs."""

from __future__ import annotations

from headgate_spark.health.savings import savings
from tests.unit.made_up_log import MAY, commit, log_of, write


def test_sums_what_the_log_says_of_upkeep() -> None:
    optimize = {"numRemovedFiles": "8", "numAddedFiles": "1"}
    log = [
        write("a", MAY, 60),
        commit("OPTIMIZE", {"b": (MAY, 55)}, {"a": (MAY, 60)}, optimize),
        commit("VACUUM START", {}, {}, {"numFilesToDelete": "1", "sizeOfDataToDelete": "60"}),
        commit("VACUUM END", {}, {}, {"numDeletedFiles": "1"}),
    ]
    found = savings(log_of(log), "2026-05-01T00:00:00.000Z")
    assert (found.ingests, found.ingested_bytes, found.rewritten_bytes) == (1, 60, 55)
    assert (found.files_before, found.files_after) == (8, 1)
    assert (found.reclaimed_files, found.reclaimed_bytes) == (1, 60)


def test_a_table_that_was_never_written_has_nothing_to_tell() -> None:
    found = savings(log_of([]), "2026-05-01T00:00:00.000Z")
    assert (found.ingests, found.rewritten_bytes, found.reclaimed_bytes) == (0, 0, 0)
