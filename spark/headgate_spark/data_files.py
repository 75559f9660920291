"""Whether the files of a Delta table are all there, each with its size, as one JSON object: no Spark. Never writes.

An error is one JSON object {type, message, remedy}; exit code 1: the table cannot be read, 2: the request is wrong.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pyarrow as pa
from pyarrow import fs

from headgate_spark.answer import JsonParser, filesystem_of, open_table, print_answer

# Files of one question, and questions at once: a store is asked for each file by itself.
_ASKED = 64
_AT_ONCE = 16
# Enough to see what is wrong; the count tells how much.
_SHOWN = 100


def _found(filesystem: fs.FileSystem, root: str, names: Sequence[str]) -> Iterator[int | None]:
    """Sizes of files of the table, in their order; nothing for one that is not there."""

    def sizes(start: int) -> list[int | None]:
        paths = [f"{root.rstrip('/')}/{name}" for name in names[start : start + _ASKED]]
        infos = filesystem.get_file_info(paths)
        return [int(info.size) if info.type == fs.FileType.File else None for info in infos]

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for found in pool.map(sizes, range(0, len(names), _ASKED)):
            yield from found


def check(location: str) -> dict[str, object]:
    """Every data file of the newest version, as its log names it."""
    table = open_table(location, None)
    filesystem, root = filesystem_of(location)
    actions = pa.table(table.get_add_actions(flatten=True)).select(["path", "size_bytes"]).to_pylist()
    sizes = [int(action["size_bytes"]) for action in actions]
    names = [unquote(action["path"]) for action in actions]
    wrong = [
        {"path": name, "size": size, "found": found}
        for name, size, found in zip(names, sizes, _found(filesystem, root, names), strict=True)
        if found != size
    ]
    return {
        "version": table.version(),
        "files": len(names),
        "bytes": sum(sizes),
        "wrong": len(wrong),
        "shown": wrong[:_SHOWN],
    }


def main(arguments: list[str] | None = None) -> int:
    """Prints the object; returns the exit code."""
    parser = JsonParser(prog="python -m headgate_spark.data_files", description=__doc__)
    parser.add_argument("table", help="path or URI of the Delta table")
    return print_answer(lambda: [check(parser.parse_args(arguments).table)])


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main())
