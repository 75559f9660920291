"""The protocol, generated from the schemas of src/contracts by `npm run protocol`: change it there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PROTOCOL: Literal[1] = 1

# Column of a target table: when the content of the row came, as texts that sort.
DELIVERY = "_headgate_delivery"


@dataclass(frozen=True, kw_only=True)
class Column:
    # Name in Headgate and in the target table.
    name: str
    # Header in the file. Equals `name` unless renamed; unused when `expression` is set.
    from_: str
    # Spark SQL type as written in DDL, e.g. `int`, `decimal(18,2)`, `timestamp`.
    type: str
    # A null here sends the row to quarantine.
    required: bool
    # Spark datetime pattern for `date` and `timestamp` text; absent = ISO 8601.
    format: str | None = None
    # Spark SQL over the other columns of the same source: a computed source column.
    expression: str | None = None


@dataclass(frozen=True, kw_only=True)
class CsvOptions:
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    # Java charset name, lower case.
    encoding: str = "utf-8"
    # Texts that mean null, besides the empty unquoted field.
    nulls: tuple[str, ...] = ()
    comment: str | None = None
    # A quoted field may hold line breaks. Such files are read by one task each.
    multiline: bool = False
    # Strip blanks around unquoted values.
    trim: bool = False
    extra_columns: Literal["warn", "fail"] = "warn"


@dataclass(frozen=True, kw_only=True)
class Source:
    name: str
    # Absolute path, glob, folder, or template with `{yyyy-MM-dd}` for `interval`.
    path: str
    format: Literal["csv", "parquet"]
    arrives: Literal["new-files", "interval", "snapshot"]
    # Length of one interval; only for `arrives: interval`.
    every: Literal["hour", "day", "month"] | None = None
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    # Column that orders versions of one key; the greatest wins.
    latest_by: str | None = None
    csv: CsvOptions | None = None
    extract: Literal["in-place", "copy"]
    # Share of unreadable rows (0 to 1) above which the batch is held for a person; 1 = never. Absent: the default of
    # the gate.
    hold_above: float | None = None


@dataclass(frozen=True, kw_only=True)
class JoinKey:
    left: str
    right: str


@dataclass(frozen=True, kw_only=True)
class Join:
    source: str
    on: tuple[JoinKey, ...]
    how: Literal["left", "inner"]


@dataclass(frozen=True, kw_only=True)
class Expression:
    kind: Literal["expression"]
    name: str
    expression: str


@dataclass(frozen=True, kw_only=True)
class Bin:
    kind: Literal["bin"]
    name: str
    # Spark SQL expression that is binned.
    of: str
    # Ascending decimal literals; bin i is the half-open range [edges[i-1], edges[i]).
    edges: tuple[str, ...]
    # One more than edges: below the first edge, between, at or above the last.
    labels: tuple[str, ...]
    # Label of null.
    missing: str


DerivedColumn = Expression | Bin


@dataclass(frozen=True, kw_only=True)
class ColumnsTransform:
    kind: Literal["columns"]
    from_: str
    joins: tuple[Join, ...]
    columns: tuple[DerivedColumn, ...]
    # Target columns in order; absent = columns of `from`, of the joined sources, then derived.
    select: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class SqlTransform:
    kind: Literal["sql"]
    # The source whose rows the result stands for; its rows are accounted one by one.
    from_: str
    # One query; every source is a view of its name.
    sql: str


Transform = ColumnsTransform | SqlTransform


Action = Literal["warn", "quarantine", "fail"]


@dataclass(frozen=True, kw_only=True)
class Expectation:
    name: str
    # Spark SQL condition over the transformed row; null counts as failed.
    check: str
    action: Action
    # Share of failed rows (0 to 1) above which the batch is held for a person.
    hold_above: float | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    # Absolute path or URI of the Delta table.
    table: str
    key: tuple[str, ...]
    partition_by: tuple[str, ...]
    # Columns that closed partitions are Z-ordered by.
    zorder_by: tuple[str, ...]
    # Columns of Delta's liquid clustering, for a table without partitions.
    cluster_by: tuple[str, ...]
    # The row of a key never moves to another partition, so a MERGE may skip partitions that the batch does not name.
    # False (default) is always right; true on a table whose rows do move doubles the moved rows.
    partitions_fixed: bool
    # The table is made with deletion vectors: a MERGE marks changed rows instead of writing their files again.
    deletion_vectors: bool
    # The table takes new columns of the batch. Absent: other columns than those of the table are refused.
    evolve: Literal["add-columns"] | None = None


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    from_: str
    to: str
    timezone: str


@dataclass(frozen=True, kw_only=True)
class MaintenanceSettings:
    """Settings of one table, resolved from `maintenance` of its pipeline file."""

    optimize: Literal["auto", "off"]
    # Size that compaction aims at, bytes. Small files make a MERGE rewrite less; a scan wants large ones.
    file_size: int
    # A partition is compacted from this many small files on.
    compact_from: int
    # A closed partition is clustered when more than this share of its bytes is not clustered yet, 0 to 1.
    cluster_above: float
    # A partition is closed when this many ingests in a row have not written to it.
    closed_after: int
    # Bytes that maintenance may rewrite per byte ingested, over the window.
    rewrite_budget: float
    # Length of the sliding window, hours.
    window_hours: float
    # Time of day in which compaction and clustering may run; absent: always. `to` before `from` spans midnight.
    quiet_hours: QuietHours | None = None
    # Upkeep may touch the table although Headgate did not make it. Absent: it may not.
    adopt: bool | None = None
    # How long files of old versions are promised to readers, hours; VACUUM adds the longest job. A longer time in the
    # table counts.
    vacuum_retain_hours: float
    # VACUUM is held for a person when it would delete more than this share of the table's files, 0 to 1.
    vacuum_ceiling: float
    # Days between two full VACUUMs, which find what crashed jobs left behind.
    vacuum_full_every_days: float


@dataclass(frozen=True, kw_only=True)
class Schedule:
    # Wall clock `HH:MM` in `timezone`.
    at: str
    timezone: str
    overlap: Literal["skip", "buffer-one", "buffer-all", "cancel-other", "allow-all"]
    # How late a missed start may still happen, seconds.
    catchup_seconds: float


RuntimeName = Literal["local", "emr", "emr-serverless", "databricks"]


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    name: str
    sources: tuple[Source, ...]
    transform: Transform
    expectations: tuple[Expectation, ...]
    target: Target
    maintenance: MaintenanceSettings
    schedule: Schedule | None = None
    runtime: RuntimeName
    # Zone in which timestamps without one are read and `date_format` works. Default UTC.
    timezone: str
    # How long a held batch waits for a person, seconds. Default 7 days.
    gate_wait_seconds: float
    # Folder for manifests, reports, staging and quarantine of this pipeline.
    state: str
    # Digest over all that decides the staged rows: sources, transform, expectations, target key.
    definition_digest: str


@dataclass(frozen=True, kw_only=True)
class PrepareRequest:
    protocol: Literal[1]
    # `pipeline/table/batch/job`.
    step_key: str
    # Raised only by a deliberate redo. Becomes Delta's txnVersion.
    generation: int
    # Counts submissions of this step; names the failure file.
    attempt: int
    # Temporal workflow id of the run, for userMetadata and quarantine.
    run: str
    digest: str
    # The report of the step, written once: by the worker (put-if-absent), from what an attempt left beside it as
    # `<job>.report-<attempt>.json`.
    report_path: str
    # Written when this attempt fails.
    failure_path: str
    job: Literal["prepare"]
    pipeline: Pipeline
    manifest_path: str
    # Delta table of this batch alone; the report pins the version.
    staging_table: str
    # Delta table of the pipeline; appended once per batch.
    quarantine_table: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    start: str
    end: str


@dataclass(frozen=True, kw_only=True)
class TableBase:
    # Delta's own id of the table: another table at the same address has another one.
    id: str
    version: int
    # Fingerprint of the log entry of that version: 16 hex digits of the SHA-256 over its bytes.
    commit: str


@dataclass(frozen=True, kw_only=True)
class Staging:
    table: str
    version: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class CommitRequest:
    protocol: Literal[1]
    # `pipeline/table/batch/job`.
    step_key: str
    # Raised only by a deliberate redo. Becomes Delta's txnVersion.
    generation: int
    # Counts submissions of this step; names the failure file.
    attempt: int
    # Temporal workflow id of the run, for userMetadata and quarantine.
    run: str
    digest: str
    # The report of the step, written once: by the worker (put-if-absent), from what an attempt left beside it as
    # `<job>.report-<attempt>.json`.
    report_path: str
    # Written when this attempt fails.
    failure_path: str
    job: Literal["commit"]
    pipeline: str
    target: Target
    # Column of the staged row that orders versions of a key.
    latest_by: str | None = None
    timezone: str
    interval: Interval | None = None
    # The table that the batch was planned against; absent: there was none. Another one now, or an older state of it, is
    # refused.
    base: TableBase | None = None
    staging: Staging


MaintenanceKind = Literal["compact", "zorder", "cluster", "vacuum-lite", "vacuum-full"]


@dataclass(frozen=True, kw_only=True)
class MaintainRequest:
    """One slice of a maintenance plan; a long OPTIMIZE makes several versions of the table."""

    protocol: Literal[1]
    # `pipeline/table/batch/job`.
    step_key: str
    # Raised only by a deliberate redo. Becomes Delta's txnVersion.
    generation: int
    # Counts submissions of this step; names the failure file.
    attempt: int
    # Temporal workflow id of the run, for userMetadata and quarantine.
    run: str
    digest: str
    # The report of the step, written once: by the worker (put-if-absent), from what an attempt left beside it as
    # `<job>.report-<attempt>.json`.
    report_path: str
    # Written when this attempt fails.
    failure_path: str
    job: Literal["maintain"]
    # Absolute path or URI of the Delta table.
    table: str
    kind: MaintenanceKind
    # Partitions to rewrite; empty: the whole table.
    partitions: tuple[Mapping[str, str | None], ...]
    zorder_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    # `cluster`: size from which on a z-cube is left alone, bytes.
    cube_bytes: int | None = None
    file_size: int
    # Shortest time that files of old versions stay, hours. What the table promises by its own property counts when it
    # is longer.
    retain_hours: int
    # Largest share of the table's files, old and new, that a VACUUM may delete, 0 to 1.
    vacuum_ceiling: float
    # A table that Headgate did not make may be kept too.
    adopt: bool | None = None
    # Version of the table that the plan was made for: commits of this step come after it.
    version: int | None = None


JobRequest = PrepareRequest | CommitRequest | MaintainRequest


@dataclass(frozen=True, kw_only=True)
class JobWarning:
    # Stable name, e.g. `ExtraColumns`, `EmptyFile`.
    type: str
    message: str


@dataclass(frozen=True, kw_only=True)
class AsideSample:
    # Path of the file that the row is from, where it is from one file.
    file: str | None = None
    # The row as it came, cut.
    row: str
    # What is wrong with it, a sentence.
    detail: str
    # The text that could not be read, cut.
    value: str | None = None
    # How many fields the line has, where that is what is wrong.
    fields: int | None = None
    # And how many it should have.
    width: int | None = None


@dataclass(frozen=True, kw_only=True)
class AsideReason:
    """Rows that went aside for one reason, with one of them. Texts are as they came: whoever prints them makes them
    safe.
    """

    reason: str
    rows: int
    # The column whose value or absence is the reason, where it is one column.
    column: str | None = None
    # Its type, with its pattern if it has one.
    declared: str | None = None
    sample: AsideSample


@dataclass(frozen=True, kw_only=True)
class SourceRows:
    """Rows of one source by fate; `read = kept + quarantined + duplicates`."""

    read: int
    kept: int
    # Put aside before any expectation: unreadable, or in contradiction to another row.
    quarantined: int
    # Those of them that could not be read as declared.
    unreadable: int | None = None
    # Dropped because another row of the batch with the same key stands for them.
    duplicates: int
    # The commonest reasons why rows of this source are in quarantine, expectations among them.
    reasons: tuple[AsideReason, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class PrepareRows:
    """Rows of the `from` source by fate; `read = staged + quarantined + duplicates + unjoined`."""

    read: int
    staged: int
    quarantined: int
    duplicates: int
    # Rows that an inner join or a SQL transform left out; counted, never silent.
    unjoined: int


@dataclass(frozen=True, kw_only=True)
class ExpectationResult:
    name: str
    action: Action
    checked: int
    failed: int


@dataclass(frozen=True, kw_only=True)
class PrepareReport:
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    digest: str
    warnings: tuple[JobWarning, ...]
    # Seconds by part of the job.
    seconds: Mapping[str, float]
    # Versions of Spark, Delta, Java, Python, Hadoop; what writes the log of tables on S3.
    environment: Mapping[str, str]
    job: Literal["prepare"]
    sources: Mapping[str, SourceRows]
    rows: PrepareRows
    # Quarantined rows by reason, all sources.
    quarantine: Mapping[str, int]
    expectations: tuple[ExpectationResult, ...]
    # Staged rows per bin label, per binned column.
    bins: Mapping[str, Mapping[str, int]]
    staging: Staging


@dataclass(frozen=True, kw_only=True)
class CommitRows:
    staged: int
    inserted: int
    updated: int
    # Equal to the row in the table, or older than it by `latestBy` or delivery.
    unchanged: int


@dataclass(frozen=True, kw_only=True)
class TableVersion:
    path: str
    version: int
    # The work was found in the table's history, not done by this attempt.
    recovered: bool


@dataclass(frozen=True, kw_only=True)
class CommittedFiles:
    added: int
    removed: int
    bytes_added: int
    # Target files before and after skipping, where the runtime can tell.
    scanned_of: int | None = None
    scanned: int | None = None


@dataclass(frozen=True, kw_only=True)
class CommitReport:
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    digest: str
    warnings: tuple[JobWarning, ...]
    # Seconds by part of the job.
    seconds: Mapping[str, float]
    # Versions of Spark, Delta, Java, Python, Hadoop; what writes the log of tables on S3.
    environment: Mapping[str, str]
    job: Literal["commit"]
    rows: CommitRows
    table: TableVersion
    files: CommittedFiles


@dataclass(frozen=True, kw_only=True)
class MaintainedFiles:
    """OPTIMIZE: files of the versions before and after. VACUUM: what was deleted for good."""

    added: int
    removed: int
    bytes_added: int
    bytes_removed: int


@dataclass(frozen=True, kw_only=True)
class MaintainReport:
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    digest: str
    warnings: tuple[JobWarning, ...]
    # Seconds by part of the job.
    seconds: Mapping[str, float]
    # Versions of Spark, Delta, Java, Python, Hadoop; what writes the log of tables on S3.
    environment: Mapping[str, str]
    job: Literal["maintain"]
    # What was done: `vacuum-full` also where LITE was asked for and the log no longer holds what it reads.
    kind: MaintenanceKind
    table: TableVersion
    files: MaintainedFiles


JobReport = PrepareReport | CommitReport | MaintainReport


FailureKind = Literal[
    "data",
    "config",
    "permission",
    "inputs-changed",
    "throttle",
    "infrastructure",
    "conflict",
    "memory",
    "cancelled",
    "unknown",
]


FieldValue = str | float | bool | None


@dataclass(frozen=True, kw_only=True)
class JobFailure:
    """What a failed attempt leaves in `failurePath`."""

    protocol: Literal[1]
    step_key: str
    attempt: int
    kind: FailureKind
    # Stable name, e.g. `MissingColumn`, `InputChanged`.
    type: str
    # Problem and cause, one or two sentences.
    message: str
    remedy: str
    # The values in the message: file, line, column, …
    fields: Mapping[str, FieldValue]
    # The start of the original error text, for engineers.
    detail: str


@dataclass(frozen=True, kw_only=True)
class InputFile:
    source: str
    # Where the file came from: the name people see in reports and quarantine.
    path: str
    # Bytes.
    size: int
    # Milliseconds since the epoch, as the store tells it.
    modified_ms: float
    # Identity of the content: `sha256:<hex>` for folders, the ETag for S3.
    etag: str
    # Object version where the store has one.
    version: str | None = None
    # When content, name or rights last changed, milliseconds since the epoch, where the store tells: nobody can set it.
    changed_ms: float | None = None
    # Number of the file in its file system, where the store tells.
    inode: float | None = None
    # Where Spark reads it: `path` itself, or a copy in the batch folder.
    read_path: str
    # Files of one source with the same shape have the same header (CSV) or schema (Parquet). Absent: look at the file.
    shape: str | None = None
    # When the content came, as texts that sort in that order: decides which of two rows of a key is newer.
    delivery: str | None = None
    # Bytes of the columns when unpacked, of Parquet.
    unpacked_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Manifest:
    protocol: Literal[1]
    pipeline: str
    # 32 hex digits over pipeline, table address, definition, interval, `supersedes` and every file's source, path,
    # size, etag and version.
    digest: str
    # The name that the same batch had before: it was committed then, and is wanted again.
    supersedes: str | None = None
    interval: Interval | None = None
    frozen_at: str
    files: tuple[InputFile, ...]


@dataclass(frozen=True, kw_only=True)
class FileSum:
    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class PartitionHealth:
    values: Mapping[str, str | None]
    files: int
    bytes: int
    rows: int
    # By deletion vectors: still in the files, no longer in the table.
    deleted_rows: int
    # What compaction would take up: under three quarters of the target size, or more than a fifth of the rows deleted.
    small_files: int
    small_bytes: int
    # Files and bytes that the last clustering of the partition has not seen; all of them when there was none.
    unclustered_files: int
    unclustered_bytes: int
    # Ingests since the last one that wrote to the partition: 0 when the last one did.
    ingests_since_write: int
    # Mean over the files of how many files, itself included, share a value range with it in the first column that the
    # table is ordered by: 1 is perfect, `files` is none at all. Absent without statistics, or columns to order by.
    overlap_depth: float | None = None
    # Z-cubes of liquid clustering: groups of files that one clustering wrote together. Absent without any.
    cubes: tuple[FileSum, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """Sums over the commits of the window."""

    ingests: int
    ingested_bytes: int
    # Written again by compaction and clustering.
    rewritten_bytes: int


@dataclass(frozen=True, kw_only=True)
class TableRetention:
    # Age from which VACUUM deletes a file: what is asked for, or what the table promises if that is longer.
    hours: float
    # By the table's own property; absent where it has none.
    promised: float | None = None
    # Why that property cannot be read: then nothing may be deleted.
    unreadable: str | None = None


@dataclass(frozen=True, kw_only=True)
class LastVacuum:
    """The last VACUUMs that the log knows of, ISO 8601."""

    lite: str | None = None
    full: str | None = None


@dataclass(frozen=True, kw_only=True)
class LogHealth:
    files: int
    bytes: int
    commits_since_checkpoint: int
    # Commits that may tell of files to delete and were too many to be read. What they tell counts as due.
    unread: int


@dataclass(frozen=True, kw_only=True)
class UpkeepSavings:
    """What upkeep did, by the commits that the log still holds."""

    # Time of the first of these commits, ISO 8601.
    since: str
    ingests: int
    ingested_bytes: int
    rewritten_bytes: int
    # Files that OPTIMIZE put together, and what they became.
    files_before: int
    files_after: int
    # Deleted for good by VACUUM.
    reclaimed_files: int
    reclaimed_bytes: int


@dataclass(frozen=True, kw_only=True)
class TableHealth:
    table: str
    version: int
    # When the log was read, ISO 8601.
    at: str
    files: int
    bytes: int
    partitions: tuple[PartitionHealth, ...]
    # Files that only old versions need.
    held: FileSum
    # Those of them that are older than the retention, which VACUUM may delete.
    expired: FileSum
    window: Window
    # Headgate made the table: by its mark in the table, or by its first commit.
    made_here: bool
    retention: TableRetention
    # When the table was made, ISO 8601; absent where nothing tells.
    created_at: str | None = None
    last_vacuum: LastVacuum
    log: LogHealth
    savings: UpkeepSavings
