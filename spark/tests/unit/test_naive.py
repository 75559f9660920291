"""What a command after each batch would have cost, from made-up logs: the simulation of the bench."""

from __future__ import annotations

from dataclasses import replace

from headgate_spark.health.log import Added
from naive import naive_bytes
from tests.unit.made_up_log import JUNE, MAY, commit, log_of, write


def test_ordering_after_each_batch_writes_the_whole_table_each_time() -> None:
    log = [write("a", MAY, 10), write("b", JUNE, 20), write("c", MAY, 30)]
    assert naive_bytes(log_of(log), {MAY: 40, JUNE: 20}, 100, ordered=True) == 10 + 30 + 60


def test_what_upkeep_itself_did_is_no_batch_and_changes_no_size() -> None:
    clustered = commit("OPTIMIZE", {"ab": (MAY, 29)}, {"a": (MAY, 10), "b": (MAY, 20)})
    log = [write("a", MAY, 10), write("b", MAY, 20), clustered, write("c", MAY, 30)]
    assert naive_bytes(log_of(log), {MAY: 59}, 100, ordered=True) == 10 + 30 + 59


def test_a_merge_counts_the_files_that_it_left() -> None:
    merge = commit("MERGE", {"b": (MAY, 12), "c": (JUNE, 5)}, {"a": (MAY, 10)})
    log = [write("a", MAY, 10), merge]
    assert naive_bytes(log_of(log), {MAY: 12, JUNE: 5}, 100, ordered=True) == 10 + 17


def test_a_new_deletion_vector_makes_no_table_larger() -> None:
    merge = commit("MERGE", {"b": (MAY, 10)}, {})
    again = Added("a", MAY, 100, data_change=True, again=True)
    log = [write("a", MAY, 100), replace(merge, added=(*merge.added, again))]
    assert naive_bytes(log_of(log), {MAY: 110}, 100, ordered=True) == 100 + 110


def test_a_log_that_begins_late_counts_what_was_there_before() -> None:
    assert naive_bytes(log_of([write("z", MAY, 10)]), {MAY: 500}, 100, ordered=True) == 500


def test_compaction_after_each_batch_takes_the_last_file_that_is_not_full_and_what_is_new() -> None:
    log = [write("a", MAY, 10), write("b", MAY, 20), write("c", MAY, 90), write("d", MAY, 10), write("e", JUNE, 7)]
    # 10; 20 with the 10 before; 90 with 30; 10 with the 20 over a full file; another partition
    assert naive_bytes(log_of(log), {MAY: 130, JUNE: 7}, 100, ordered=False) == 10 + 30 + 120 + 30 + 7
