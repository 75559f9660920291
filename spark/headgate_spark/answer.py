"""What the programs share that answer questions about a table without Spark: opening it, JSON lines, errors as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from pyarrow import fs

from headgate_spark.io.locations import one_name, scheme_of
from headgate_spark.io.s3 import arrow_options, delta_rs_options


class TableError(Exception):
    """What the caller is told; `exit_code` 1: the table, 2: the request."""

    def __init__(self, type_name: str, message: str, remedy: str, exit_code: int) -> None:
        super().__init__(message)
        self.type_name = type_name
        self.message = message
        self.remedy = remedy
        self.exit_code = exit_code


def open_table(path: str, version: int | None) -> DeltaTable:
    """The table at a version; the newest when none is named."""
    try:
        table = DeltaTable(
            one_name(path), storage_options=dict(delta_rs_options()) if scheme_of(path) == "s3" else None
        )
    except TableNotFoundError as error:
        raise TableError(
            "TableNotFound",
            f"There is no Delta table at '{path}'.",
            "Check the path. The first committed run of the pipeline makes the table.",
            1,
        ) from error
    except (DeltaError, OSError) as error:
        raise TableError(
            "UnreadableTable",
            f"The Delta table at '{path}' cannot be opened: {first_line(error)}",
            "Check access to the folder and that its _delta_log is whole.",
            1,
        ) from error
    if version is None or version == table.version():
        return table
    try:
        table.load_as_version(version)
    except (DeltaError, OSError) as error:
        raise TableError(
            "NoSuchVersion",
            f"Version {version} of '{path}' cannot be read; the newest is {table.version()}.",
            "Ask for a version that VACUUM and log clean-up have left, or for none: that is the newest.",
            1,
        ) from error
    return table


def filesystem_of(table: str) -> tuple[fs.FileSystem, str]:
    """And the path of the table in it."""
    if scheme_of(table) == "s3":
        return fs.S3FileSystem(**arrow_options()), one_name(table).removeprefix("s3://")
    if "://" in table or table.startswith("file:"):
        filesystem, path = fs.FileSystem.from_uri(table)
        return filesystem, path
    return fs.LocalFileSystem(), table


def first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


class JsonParser(argparse.ArgumentParser):
    """Wrong arguments are a TableError, so that they too come out as JSON."""

    def error(self, message: str) -> NoReturn:
        raise TableError("BadArguments", message, f"See {self.prog} --help.", 2)


def print_answer(lines: Callable[[], Iterable[object]]) -> int:
    """One JSON document per line; returns the exit code."""
    try:
        for line in lines():
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    except TableError as error:
        told = {"type": error.type_name, "message": error.message, "remedy": error.remedy}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
    return 0
