"""The resolved pipeline as frozen dataclasses: the twin of src/contracts/pipeline.ts, which documents the fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Action = Literal["warn", "quarantine", "fail"]


@dataclass(frozen=True)
class Column:
    name: str
    from_: str
    type: str
    required: bool
    format: str | None = None
    expression: str | None = None


@dataclass(frozen=True)
class CsvOptions:
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    encoding: str = "utf-8"
    nulls: tuple[str, ...] = ()
    comment: str | None = None
    multiline: bool = False
    trim: bool = False
    extra_columns: Literal["warn", "fail"] = "warn"


@dataclass(frozen=True)
class Source:
    name: str
    path: str
    format: Literal["csv", "parquet"]
    arrives: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    extract: str
    every: str | None = None
    latest_by: str | None = None
    csv: CsvOptions | None = None


@dataclass(frozen=True)
class JoinKey:
    left: str
    right: str


@dataclass(frozen=True)
class Join:
    source: str
    on: tuple[JoinKey, ...]
    how: Literal["left", "inner"]


@dataclass(frozen=True)
class Expression:
    kind: Literal["expression"]
    name: str
    expression: str


@dataclass(frozen=True)
class Bin:
    kind: Literal["bin"]
    name: str
    of: str
    edges: tuple[str, ...]
    labels: tuple[str, ...]
    missing: str


@dataclass(frozen=True)
class ColumnsTransform:
    kind: Literal["columns"]
    from_: str
    joins: tuple[Join, ...]
    columns: tuple[Expression | Bin, ...]
    select: tuple[str, ...] | None = None


@dataclass(frozen=True)
class SqlTransform:
    kind: Literal["sql"]
    from_: str
    sql: str


@dataclass(frozen=True)
class Expectation:
    name: str
    check: str
    action: Action
    hold_above: float | None = None


@dataclass(frozen=True)
class Target:
    table: str
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    zorder_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    partitions_fixed: bool
    deletion_vectors: bool


@dataclass(frozen=True)
class Schedule:
    at: str
    timezone: str
    overlap: str
    catchup_seconds: float


@dataclass(frozen=True)
class Pipeline:
    name: str
    sources: tuple[Source, ...]
    transform: ColumnsTransform | SqlTransform
    expectations: tuple[Expectation, ...]
    target: Target
    # The keeper's settings; no job reads them.
    maintenance: Mapping[str, Any]
    runtime: str
    timezone: str
    gate_wait_seconds: float
    state: str
    definition_digest: str
    schedule: Schedule | None = None
