"""What a table would have had written again with one OPTIMIZE after each ingest, simulated from its log.

`python naive.py TABLE TARGET_BYTES [ordered]` prints the bytes for `npm run bench`; `ordered`: with ZORDER each time.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping

from deltalake import DeltaTable

from headgate_spark.health.__main__ import live_files
from headgate_spark.health.log import DeltaLog, LoggedCommit, Values
from headgate_spark.health.read import LogFolder, Reach, read_log
from headgate_spark.health.savings import is_ingest


def sizes_after(log: DeltaLog, live: Mapping[Values, int]) -> Iterator[tuple[LoggedCommit, Mapping[Values, int]]]:
    """Each commit with the bytes of the partitions after it, newest first: back from the table as it is."""
    where = {added.path: added.values for commit in log.commits for added in commit.added}
    sizes = defaultdict(int, live)
    for commit in reversed(log.commits):
        yield commit, dict(sizes)
        for added in commit.written:
            sizes[added.values] -= added.size
        for removed in commit.removed:
            sizes[where.get(removed.path, removed.values)] += removed.size


def naive_bytes(log: DeltaLog, live: Mapping[Values, int], file_size: int, *, ordered: bool) -> int:
    """What the same ingests would have cost with one command after each.

    `OPTIMIZE … ZORDER BY` (`ordered`), and liquid clustering with Delta's own cube of 100 GiB, write the whole table
    each time. Plain `OPTIMIZE` writes what is new, with the last file of its partition that is not full yet.
    """
    total = 0
    for commit, after in sizes_after(log, live):
        if not is_ingest(commit):
            continue
        if ordered:
            total += sum(after.values())
            continue
        came: dict[Values, int] = defaultdict(int)
        for added in commit.written:
            came[added.values] += added.size
        total += sum(size + (after[values] - size) % file_size for values, size in came.items())
    return total


def main(table: str, file_size: int, *, ordered: bool) -> None:
    live: dict[Values, int] = defaultdict(int)
    for file in live_files(DeltaTable(table), None):
        live[file.values] += file.size
    log = read_log(LogFolder(table), Reach(window=0, full=0, retain_ms=0))
    sys.stdout.write(f"{naive_bytes(log, live, file_size, ordered=ordered)}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), ordered="ordered" in sys.argv[3:])
