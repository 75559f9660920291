"""Reads and writes the documents of the protocol, with one error for what does not fit. No Spark, no I/O."""

import json
from typing import Any

from headgate_spark.codec import DecodeError, decode, encode
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import PROTOCOL, JobFailure, JobReport, JobRequest, Manifest


def _parse(hint: Any, text: str, what: str) -> Any:
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
    try:
        return decode(hint, document)
    except DecodeError as error:
        raise _unreadable(what, str(error)) from error


def _unreadable(what: str, cause: str) -> JobFailed:
    return JobFailed(
        kind="config",
        type="UnreadableRequest",
        message=f"The {what} cannot be read: {cause}.",
        remedy="Start the job again from the worker that wrote it; do not edit the file by hand.",
        fields={"document": what},
    )


def parse_request(text: str) -> JobRequest:
    request: JobRequest = _parse(JobRequest, text, "job request")
    return request


def parse_report(text: str) -> JobReport:
    report: JobReport = _parse(JobReport, text, "job report")
    return report


def parse_manifest(text: str) -> Manifest:
    manifest: Manifest = _parse(Manifest, text, "manifest")
    return manifest


def attempt_report(report_path: str, attempt: int) -> str:
    """Where an attempt leaves its report, which the worker makes the final one; `attemptReport` of the worker."""
    return f"{report_path.removesuffix('.json')}-{attempt}.json"


def to_json(document: Any) -> dict[str, Any]:
    """The document as it travels: camel case, absent options left out."""
    encoded: dict[str, Any] = encode(document)
    return encoded


def failure_document(request: JobRequest, failure: JobFailed) -> dict[str, Any]:
    return to_json(
        JobFailure(
            protocol=PROTOCOL,
            step_key=request.step_key,
            attempt=request.attempt,
            kind=failure.kind,
            type=failure.type,
            message=failure.message,
            remedy=failure.remedy,
            fields=failure.fields,
            detail=failure.detail,
        )
    )
