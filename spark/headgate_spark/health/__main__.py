"""The health of a Delta table as one JSON object, from its log: no Spark, no JVM. Never writes.

An error is one JSON object {type, message, remedy}; exit code 1: the table cannot be read, 2: the request is wrong.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from headgate_spark.answer import JsonParser, open_table, print_answer
from headgate_spark.codec import encode
from headgate_spark.delta.ownership import is_first_batch, is_marked
from headgate_spark.delta.retention import UnreadableRetention, settle
from headgate_spark.health.aims import Aims
from headgate_spark.health.log import DeltaLog, Values
from headgate_spark.health.measure import LiveFile, Standing, table_health
from headgate_spark.health.read import LogFolder, Reach, read_log
from headgate_spark.protocol import TableHealth, TableRetention

_HOUR_MS = 3_600_000


def partition_text(value: object) -> str | None:
    """As the log writes partition values."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    return str(value)


def live_files(table: DeltaTable, ordered_by: str | None) -> list[LiveFile]:
    partitions = sorted(table.metadata().partition_columns)
    actions = pa.table(table.get_add_actions(flatten=True))
    low, high = f"min.{ordered_by}", f"max.{ordered_by}"
    wanted = ["path", "size_bytes", "num_records", *(f"partition.{name}" for name in partitions)]
    wanted += [name for name in (low, high) if name in actions.column_names]

    def values(row: dict[str, Any]) -> Values:
        return tuple((name, partition_text(row[f"partition.{name}"])) for name in partitions)

    return [
        LiveFile(row["path"], values(row), row["size_bytes"], row.get(low), row.get(high), row["num_records"] or 0)
        for row in actions.select(wanted).to_pylist()
    ]


def _retention(properties: Mapping[str, str], asked: float, *, ours: bool) -> TableRetention:
    try:
        settled = settle(properties, asked, ours=ours)
    except UnreadableRetention as error:
        return TableRetention(hours=asked, unreadable=str(error))
    return TableRetention(hours=settled.hours, promised=settled.promised)


def standing_of(table: DeltaTable, place: str, folder: LogFolder, aims: Aims) -> Standing:
    metadata = table.metadata()
    properties = {name: str(value) for name, value in metadata.configuration.items()}
    ours = is_marked(place, properties, json.loads(table.schema().to_json())) or is_first_batch(folder.creation())
    created = None if metadata.created_time is None else float(metadata.created_time)
    return Standing(ours, created, _retention(properties, aims.retain_hours, ours=ours))


def read_as_needed(folder: LogFolder, aims: Aims, standing: Standing, now_ms: float) -> DeltaLog:
    reach = Reach(
        window=now_ms - aims.window_hours * _HOUR_MS,
        full=now_ms - aims.full_every_hours * _HOUR_MS,
        retain_ms=standing.retention.hours * _HOUR_MS,
    )
    return read_log(folder, reach, standing.created_ms)


def health(options: argparse.Namespace) -> TableHealth:
    table = open_table(options.table, None)
    aims = Aims(options.file_size, options.window_hours, options.retain_hours, options.full_every_hours)
    files = live_files(table, options.ordered_by)
    folder = LogFolder(options.table)
    standing = standing_of(table, options.table, folder, aims)
    now_ms = time.time() * 1000
    log = read_as_needed(folder, aims, standing, now_ms)
    return table_health(options.table, table.version(), files, log, aims, standing, now_ms)


def _parser() -> argparse.ArgumentParser:
    parser = JsonParser(prog="python -m headgate_spark.health", description=__doc__)
    parser.add_argument("table", help="path or URI of the Delta table")
    parser.add_argument("--file-size", type=int, required=True, help="size that compaction aims at")
    parser.add_argument("--window-hours", type=float, required=True, help="how far back bytes are summed")
    parser.add_argument("--retain-hours", type=float, required=True, help="how long old versions stay readable")
    parser.add_argument("--full-every-hours", type=float, default=720, help="hours between two full VACUUMs")
    parser.add_argument("--ordered-by", help="first column of Z-ordering or clustering; its ranges are compared")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Prints the object; returns the exit code."""
    return print_answer(lambda: [encode(health(_parser().parse_args(arguments)))])


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.exit(main())
