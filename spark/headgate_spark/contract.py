"""The job protocol, version 1, as frozen dataclasses: requests, manifest, reports, failure. No Spark, no I/O.

The twin of src/contracts/{batch,job,failure}.ts, which document the fields; test/golden binds the two.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headgate_spark.codec import DecodeError, decode, encode
from headgate_spark.errors import JobFailed
from headgate_spark.pipeline import Action, Pipeline, Target

PROTOCOL: Literal[1] = 1


@dataclass(frozen=True)
class Interval:
    start: str
    end: str


@dataclass(frozen=True)
class InputFile:
    source: str
    path: str
    read_path: str
    size: int
    modified_ms: float
    etag: str
    version: str | None = None
    shape: str | None = None
    unpacked_bytes: int | None = None


@dataclass(frozen=True)
class Manifest:
    protocol: Literal[1]
    pipeline: str
    digest: str
    frozen_at: str
    files: tuple[InputFile, ...]
    interval: Interval | None = None


@dataclass(frozen=True)
class Staging:
    table: str
    version: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class Request:
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    run: str
    digest: str
    report_path: str
    failure_path: str


@dataclass(frozen=True, kw_only=True)
class PrepareRequest(Request):
    job: Literal["prepare"]
    pipeline: Pipeline
    manifest_path: str
    staging_table: str
    quarantine_table: str


@dataclass(frozen=True, kw_only=True)
class CommitRequest(Request):
    job: Literal["commit"]
    pipeline: str
    target: Target
    timezone: str
    staging: Staging
    latest_by: str | None = None
    interval: Interval | None = None


MaintenanceKind = Literal["compact", "zorder", "cluster", "vacuum-lite", "vacuum-full"]


@dataclass(frozen=True, kw_only=True)
class MaintainRequest(Request):
    job: Literal["maintain"]
    table: str
    kind: MaintenanceKind
    partitions: tuple[Mapping[str, str | None], ...]
    zorder_by: tuple[str, ...]
    cluster_by: tuple[str, ...]
    target_file_bytes: int
    retain_hours: int
    vacuum_ceiling: float
    cube_bytes: int | None = None


JobRequest = PrepareRequest | CommitRequest | MaintainRequest


@dataclass(frozen=True)
class SourceRows:
    read: int
    kept: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True)
class ExpectationResult:
    name: str
    action: Action
    checked: int
    failed: int


@dataclass(frozen=True)
class JobWarning:
    type: str
    message: str


@dataclass(frozen=True)
class PrepareRows:
    read: int
    staged: int
    quarantined: int
    duplicates: int
    unjoined: int


@dataclass(frozen=True)
class CommitRows:
    staged: int
    inserted: int
    updated: int
    unchanged: int


@dataclass(frozen=True)
class TableVersion:
    path: str
    version: int
    recovered: bool


@dataclass(frozen=True)
class CommittedFiles:
    added: int
    removed: int
    bytes_added: int
    scanned_of: int | None = None
    scanned: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    protocol: Literal[1]
    step_key: str
    generation: int
    attempt: int
    digest: str
    warnings: tuple[JobWarning, ...]
    seconds: Mapping[str, float]
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class PrepareReport(Report):
    job: Literal["prepare"]
    sources: Mapping[str, SourceRows]
    rows: PrepareRows
    quarantine: Mapping[str, int]
    expectations: tuple[ExpectationResult, ...]
    bins: Mapping[str, Mapping[str, int]]
    staging: Staging


@dataclass(frozen=True, kw_only=True)
class CommitReport(Report):
    job: Literal["commit"]
    rows: CommitRows
    table: TableVersion
    files: CommittedFiles


@dataclass(frozen=True)
class MaintainedFiles:
    added: int
    removed: int
    bytes_added: int
    bytes_removed: int


@dataclass(frozen=True, kw_only=True)
class MaintainReport(Report):
    job: Literal["maintain"]
    kind: MaintenanceKind
    table: TableVersion
    files: MaintainedFiles


JobReport = PrepareReport | CommitReport | MaintainReport


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise _unreadable(what, f"it is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise _unreadable(what, "it is not a JSON object")
    if document.get("protocol") != PROTOCOL:
        raise JobFailed(
            kind="config",
            type="ProtocolVersion",
            message=f"The {what} speaks job protocol {document.get('protocol')}; this package speaks {PROTOCOL}.",
            remedy="Install headgate_spark of the same release as the worker.",
            fields={"found": str(document.get("protocol")), "expected": PROTOCOL},
        )
    return document


def _unreadable(what: str, cause: str) -> JobFailed:
    return JobFailed(
        kind="config",
        type="UnreadableRequest",
        message=f"The {what} cannot be read: {cause}.",
        remedy="Start the job again from the worker that wrote it; do not edit the file by hand.",
        fields={"document": what},
    )


def _parse(cls: Any, document: dict[str, Any], what: str) -> Any:
    try:
        return decode(cls, document)
    except DecodeError as error:
        raise _unreadable(what, str(error)) from error


_requests: Mapping[object, Any] = {"prepare": PrepareRequest, "commit": CommitRequest, "maintain": MaintainRequest}
_reports: Mapping[object, Any] = {"prepare": PrepareReport, "commit": CommitReport, "maintain": MaintainReport}


def _by_job(classes: Mapping[object, Any], document: dict[str, Any], what: str) -> Any:
    job = document.get("job")
    if job not in classes:
        raise _unreadable(what, f"job {job!r} is not known")
    return _parse(classes[job], document, what)


def parse_request(text: str) -> JobRequest:
    request: JobRequest = _by_job(_requests, _json(text, "job request"), "job request")
    return request


def parse_report(text: str) -> JobReport:
    report: JobReport = _by_job(_reports, _json(text, "job report"), "job report")
    return report


def parse_manifest(text: str) -> Manifest:
    manifest: Manifest = _parse(Manifest, _json(text, "manifest"), "manifest")
    return manifest


def to_json(document: Any) -> dict[str, Any]:
    """The document as it travels: camel case, absent options left out."""
    encoded: dict[str, Any] = encode(document)
    return encoded


def failure_document(request: Request, failure: JobFailed) -> dict[str, Any]:
    return {
        "protocol": PROTOCOL,
        "stepKey": request.step_key,
        "attempt": request.attempt,
        "kind": failure.kind,
        "type": failure.type,
        "message": failure.message,
        "remedy": failure.remedy,
        "fields": dict(failure.fields),
        "detail": failure.detail,
    }
