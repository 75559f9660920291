"""What happens next must follow from the names in an exception's text, however Spark wraps them."""

import pytest

from headgate_spark.classify import classify
from headgate_spark.errors import JobFailed


@pytest.mark.parametrize(
    ("text", "kind", "type_name"),
    [
        ("[DIVIDE_BY_ZERO] Division by zero. SQLSTATE: 22012", "data", "ExpressionFailed"),
        ("[CAST_INVALID_INPUT] The value 'x' of the type", "data", "ExpressionFailed"),
        ("[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column", "config", "ExpressionInvalid"),
        ("[PARSE_SYNTAX_ERROR] Syntax error", "config", "ExpressionInvalid"),
        (
            "[INTERNAL_ERROR] Cannot find main error class 'DELTA_MERGE_UNRESOLVED_EXPRESSION'",
            "config",
            "TargetSchema",
        ),
        (
            "An error occurred while calling o1.merge.\n: org.apache.spark.sql.delta.schema.DeltaInvariantViolation"
            "Exception: [DELTA_VIOLATE_CONSTRAINT_WITH_VALUES] CHECK constraint",
            "data",
            "ConstraintViolated",
        ),
        (
            "[DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE] Cannot perform Merge",
            "data",
            "DuplicateTargetKey",
        ),
        ("[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] Transaction conflict", "conflict", "ConcurrentWrite"),
        ("io.delta.exceptions.ConcurrentTransactionException: This error", "conflict", "ConcurrentWrite"),
        ("[DELTA_METADATA_CHANGED] MetadataChangedException: The metadata", "conflict", "ConcurrentWrite"),
        ("[DELTA_PROTOCOL_CHANGED] The protocol version", "conflict", "ConcurrentWrite"),
        (
            "java.nio.file.FileAlreadyExistsException: /lake/t/_delta_log/00000000000000000007.json",
            "conflict",
            "ConcurrentWrite",
        ),
        (
            "java.nio.file.FileAlreadyExistsException: s3://lake/t/_delta_log/00000000000000000007.json\n"
            "Caused by: org.apache.hadoop.fs.s3a.RemoteFileChangedException: Writing Object on t: (Status Code: 412)",
            "conflict",
            "ConcurrentWrite",
        ),
        ("S3Exception: ConditionalRequestConflict (Service: S3, Status Code: 409)", "conflict", "ConcurrentWrite"),
        (
            "java.nio.file.AccessDeniedException: s3://lake/t: getFileStatus on s3://lake/t: S3Exception: null "
            "(Service: S3, Status Code: 403, Request ID: x):null",
            "permission",
            "AccessDenied",
        ),
        (
            "org.apache.hadoop.fs.s3a.UnknownStoreException: `s3://none/t': Bucket does not exist: NoSuchBucket",
            "config",
            "NoBucket",
        ),
        (
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3://raw/a.csv\n"
            "Caused by: org.apache.hadoop.fs.s3a.RemoteFileChangedException: open `s3a://raw/a.csv': ETag was changed",
            "inputs-changed",
            "InputChanged",
        ),
        (
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3://raw/a.csv\n"
            "Caused by: java.net.SocketTimeoutException: Read timed out\n java.io.EOFException",
            "infrastructure",
            "StoreUnreachable",
        ),
        ("java.nio.file.FileAlreadyExistsException: /lake/report.json", "unknown", "UnexpectedError"),
        (
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file file:///raw/a.csv.gz. SQLSTATE: KD001\n"
            "Caused by: java.io.EOFException: Unexpected end of input stream",
            "data",
            "CorruptInput",
        ),
        (
            "[FAILED_READ_FILE.NO_HINT] x\nCaused by: java.io.IOException: Input/output error",
            "infrastructure",
            "SparkLost",
        ),
        ("[FAILED_READ_FILE.NO_HINT] x\nCaused by: java.io.IOException: could not decode", "data", "CorruptInput"),
        (
            "org.apache.spark.SparkException: Encountered error while reading file file:///raw/a.parquet. Details:\n"
            "Caused by: java.io.IOException: could not decode",
            "data",
            "CorruptInput",
        ),
        ("file:/raw/a.parquet is not a Parquet file. Expected magic number at tail", "data", "CorruptInput"),
        (
            "[FAILED_READ_FILE.FILE_NOT_EXIST] File file:/raw/a.csv does not exist",
            "inputs-changed",
            "InputChanged",
        ),
        ("java.io.FileNotFoundException: File file:/raw/a.csv does not exist", "inputs-changed", "InputChanged"),
        ("java.lang.OutOfMemoryError: Java heap space", "memory", "OutOfMemory"),
        ("java.io.FileNotFoundException: /lake/x (Permission denied)", "permission", "AccessDenied"),
        ("software.amazon.awssdk: SlowDown: Please reduce your request rate", "throttle", "Throttled"),
        ("Job 3 cancelled because SparkContext was shut down", "infrastructure", "SparkLost"),
        ("[SPARK_JOB_CANCELLED] Job 4 cancelled part of cancelled job group x", "cancelled", "Cancelled"),
        ("[DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION] Cannot create table", "config", "NotADeltaTable"),
        ("something nobody has seen", "unknown", "UnexpectedError"),
    ],
)
def test_kind_follows_from_the_text(text: str, kind: str, type_name: str) -> None:
    failure = classify(RuntimeError(text))
    assert (failure.kind, failure.type) == (kind, type_name)
    assert failure.remedy


def test_a_lost_connection_to_java_is_infrastructure() -> None:
    from py4j.protocol import Py4JNetworkError

    assert classify(Py4JNetworkError("Answer from Java side is empty")).kind == "infrastructure"
    assert classify(ConnectionRefusedError(111, "Connection refused")).kind == "infrastructure"


def test_the_file_of_a_read_error_is_a_field() -> None:
    failure = classify(RuntimeError("[FAILED_READ_FILE.NO_HINT] error while reading file file:///raw/a%20b.csv.gz."))
    assert failure.fields["file"] == "/raw/a b.csv.gz"
    assert failure.fields["condition"] == "FAILED_READ_FILE.NO_HINT"


def test_the_java_sentence_is_the_message_not_the_wrapper() -> None:
    text = "An error occurred while calling o12.save.\n: java.lang.OutOfMemoryError: Java heap space\n\tat a.b(C.java)"
    assert classify(RuntimeError(text)).message == "java.lang.OutOfMemoryError: Java heap space"


def test_a_named_failure_stays_itself() -> None:
    failure = JobFailed(kind="data", type="X", message="m", remedy="r")
    assert classify(failure) is failure
