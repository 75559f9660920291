"""Gives exceptions of Spark, Delta, Java and py4j their failure kind, by the names in the text, not by Python type."""

import re
from collections.abc import Callable
from typing import NamedTuple

from headgate_spark.errors import JobFailed
from headgate_spark.io.locations import location_of
from headgate_spark.protocol import FailureKind

_DETAIL_CHARS = 4000
# Delta reports some conditions inside INTERNAL_ERROR, so every name in the text counts.
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z0-9_]+)*)\]")
_NESTED_CONDITION = re.compile(r"main error class '([A-Z0-9_.]+)'")
_JAVA_EXCEPTION = re.compile(r"\b(?:[a-z][\w$]*\.)+([A-Z]\w*(?:Exception|Error))\b")
_FILE = re.compile(r"(?:reading file |file:|for file )\s*\"?((?:file:|s3[an]?:|/)[^\s\"';,]+)")


class _Rule(NamedTuple):
    kind: FailureKind
    type: str
    remedy: str
    matches: Callable[[frozenset[str], str], bool]


def _named(*names: str) -> Callable[[frozenset[str], str], bool]:
    return lambda found, _: any(name == one or one.startswith(f"{name}.") for name in names for one in found)


def _told(*texts: str) -> Callable[[frozenset[str], str], bool]:
    return lambda _, text: any(part in text for part in texts)


def _concurrent(found: frozenset[str], text: str) -> bool:
    # A version that another writer made first, where Delta does not look what it was.
    if "FileAlreadyExistsException" in found and "/_delta_log/" in text:
        return True
    return any(
        (name.startswith("Concurrent") and name.endswith("Exception"))
        or name in ("ProtocolChangedException", "MetadataChangedException")
        or name.startswith("DELTA_CONCURRENT_")
        or name in ("DELTA_PROTOCOL_CHANGED", "DELTA_METADATA_CHANGED")
        # A first write that found a table: somebody else was quicker.
        or name == "DELTA_PATH_EXISTS"
        for name in found
    )


_FIRST_MATCH = (
    _Rule(
        "memory",
        "OutOfMemory",
        "Give Spark more memory (HEADGATE_SPARK_MEMORY) or send smaller batches.",
        lambda found, text: "OutOfMemoryError" in found or "UNABLE_TO_ACQUIRE_MEMORY" in found,
    ),
    _Rule("conflict", "ConcurrentWrite", "Nothing to do: the job runs again on a fresh read.", _concurrent),
    _Rule(
        "config",
        "NoBucket",
        "Correct the bucket in the pipeline file, or make it.",
        _told("UnknownStoreException", "NoSuchBucket"),
    ),
    # S3 is asked to write a name once, and another request for it is under way.
    _Rule("conflict", "ConcurrentWrite", "Nothing to do: the job runs again.", _told("ConditionalRequestConflict")),
    _Rule(
        "permission",
        "AccessDenied",
        "Grant the user of the Spark process, or the role of the cluster, access to the path.",
        lambda found, text: (
            bool(found & {"AccessControlException", "AccessDeniedException", "PermissionError"})
            or "NoAuthWithAWSException" in found
            or "NoAwsCredentialsException" in found
            or "Permission denied" in text
        ),
    ),
    _Rule(
        "throttle",
        "Throttled",
        "Nothing to do: the job runs again later.",
        _told("SlowDown", "ThrottlingException", "AWSServiceThrottledException", "Too Many Requests", "Rate exceeded"),
    ),
    # Before what lies in a file: a connection that ends looks like a file that does.
    _Rule(
        "infrastructure",
        "StoreUnreachable",
        "Nothing to do: the job runs again. If it lasts, check the endpoint, the region and the network.",
        _named(
            "ConnectException",
            "ConnectTimeoutException",
            "SocketTimeoutException",
            "UnknownHostException",
            "NoRouteToHostException",
            "AWSClientIOException",
            "AWSServiceIOException",
            "AWSStatus500Exception",
            "ApiCallTimeoutException",
        ),
    ),
    _Rule(
        "data",
        "CorruptInput",
        "Ask for the file again, or take it out of the source's path.",
        lambda found, text: (
            bool(found & {"EOFException", "ZipException", "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER"})
            or any(
                part in text
                for part in (
                    "not a Parquet file",
                    "incorrect header check",
                    "not a gzip file",
                    "Unexpected end of ZLIB input stream",
                    "CANNOT_READ_FILE_FOOTER",
                    "ParquetDecodingException",
                    "invalid block type",
                    "invalid stored block lengths",
                )
            )
        ),
    ),
    _Rule(
        "inputs-changed",
        "InputChanged",
        "Run the pipeline again: it freezes a new batch.",
        # Another object under the name of the one that S3A had begun to read.
        _named(
            "FAILED_READ_FILE.FILE_NOT_EXIST", "PATH_NOT_FOUND", "FileNotFoundException", "RemoteFileChangedException"
        ),
    ),
    _Rule(
        "data",
        "DuplicateTargetKey",
        "Make the key of the target unique in the transformed rows.",
        _named("DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE"),
    ),
    _Rule(
        "data",
        "ConstraintViolated",
        "Correct the rows, or change the constraint of the table.",
        _named("DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED"),
    ),
    _Rule(
        "config",
        "TargetSchema",
        "Bring the table and the pipeline to the same columns; columns are never added silently.",
        _named(
            "DELTA_METADATA_MISMATCH",
            "DELTA_FAILED_TO_MERGE_FIELDS",
            "DELTA_MERGE_UNRESOLVED_EXPRESSION",
            "DELTA_MERGE_INCOMPATIBLE_DATATYPE",
            "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES",
        ),
    ),
    _Rule(
        "data",
        "ExpressionFailed",
        "Guard the expression against such values, for example with try_cast, try_divide or nullif.",
        _named(
            "DIVIDE_BY_ZERO",
            "REMAINDER_BY_ZERO",
            "CAST_INVALID_INPUT",
            "CAST_OVERFLOW",
            "ARITHMETIC_OVERFLOW",
            "BINARY_ARITHMETIC_OVERFLOW",
            "NUMERIC_VALUE_OUT_OF_RANGE",
            "INVALID_ARRAY_INDEX",
            "CANNOT_PARSE_TIMESTAMP",
            "CONVERSION_INVALID_INPUT",
            "USER_RAISED_EXCEPTION",
        ),
    ),
    _Rule(
        "config",
        "ExpressionInvalid",
        "Correct the expression in the pipeline file; names are those of the declared columns.",
        _named(
            "UNRESOLVED_COLUMN",
            "UNRESOLVED_FIELD",
            "FIELD_NOT_FOUND",
            "UNRESOLVED_ROUTINE",
            "AMBIGUOUS_REFERENCE",
            "PARSE_SYNTAX_ERROR",
            "PARSE_EMPTY_STATEMENT",
            "DATATYPE_MISMATCH",
            "WRONG_NUM_ARGS",
            "TABLE_OR_VIEW_NOT_FOUND",
            "INVALID_PARAMETER_VALUE",
            "INVALID_DATETIME_PATTERN",
            "MISSING_GROUP_BY",
            "MISSING_AGGREGATION",
        ),
    ),
    _Rule(
        "config",
        "NotADeltaTable",
        "Point the target at a Delta table, or at a folder that does not exist yet.",
        lambda found, _: any(
            name.startswith("DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION") or name == "DELTA_MISSING_DELTA_TABLE"
            for name in found
        ),
    ),
    _Rule(
        "config",
        "DeltaSetting",
        "Correct the setting that the message names.",
        lambda found, _: any(
            name.startswith("DELTA_INVALID") or name.startswith("DELTA_UNSUPPORTED") for name in found
        ),
    ),
    _Rule(
        "infrastructure",
        "SparkLost",
        "Nothing to do: the job runs again on a new Spark process.",
        lambda found, text: (
            bool(
                found
                & {
                    "Py4JNetworkError",
                    "ConnectionRefusedError",
                    "ConnectionResetError",
                    "BrokenPipeError",
                    "SocketException",
                    "SparkContextStoppedException",
                }
            )
            or "SparkContext was shut down" in text
            or "No space left on device" in text
            or "Input/output error" in text
            or "stopped SparkContext" in text
        ),
    ),
    _Rule(
        "cancelled",
        "Cancelled",
        "Nothing to do: someone asked for it.",
        lambda found, text: "SPARK_JOB_CANCELLED" in found or "cancelled part of cancelled job group" in text,
    ),
    # Last: whatever else keeps Spark from reading a file to its end lies in the file.
    _Rule(
        "data",
        "CorruptInput",
        "Ask for the file again, or take it out of the source's path.",
        # Spark 3.5 has the sentence without the condition.
        _told("[FAILED_READ_FILE", "Encountered error while reading file"),
    ),
)


def _names(error: BaseException) -> frozenset[str]:
    text = str(error)
    names = {type(cause).__name__ for cause in _chain(error)}
    names.update(_CONDITION.findall(text), _NESTED_CONDITION.findall(text), _JAVA_EXCEPTION.findall(text))
    return frozenset(names - {"INTERNAL_ERROR"})


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[-1].__cause__) is not None and cause not in chain:
        chain.append(cause)
    return chain


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # py4j puts its own sentence first; the Java one says what happened.
    told = [line.removeprefix(": ") for line in lines if not line.startswith("An error occurred while calling")]
    return (told or lines or [type(error).__name__])[0][:500]


def classify(error: BaseException) -> JobFailed:
    """A failure with a kind for any exception; `unknown` only when no name in it is known."""
    if isinstance(error, JobFailed):
        return error
    names = _names(error)
    text = str(error)
    file = _FILE.search(text)
    rule = next((rule for rule in _FIRST_MATCH if rule.matches(names, text)), None)
    return JobFailed(
        kind=rule.kind if rule else "unknown",
        type=rule.type if rule else "UnexpectedError",
        message=_first_line(error),
        remedy=rule.remedy if rule else "Read the detail; if it names no cause, report it with the job's request.",
        fields={
            "condition": next(iter(_CONDITION.findall(text)), None),
            **({"file": location_of(file[1].rstrip("."))} if file else {}),
        },
        detail=f"{type(error).__name__}: {text}"[:_DETAIL_CHARS],
    )
