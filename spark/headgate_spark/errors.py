"""The one error of a job: what happens next (kind), a stable name (type), problem, remedy and the values as fields."""

from collections.abc import Mapping

from headgate_spark.protocol import FailureKind, FieldValue


class JobFailed(Exception):
    """Raised for every failure that has a name; anything else is classified at the edge of the job."""

    def __init__(
        self,
        *,
        kind: FailureKind,
        type: str,
        message: str,
        remedy: str,
        fields: Mapping[str, FieldValue] | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.kind: FailureKind = kind
        self.type = type
        self.message = message
        self.remedy = remedy
        self.fields: Mapping[str, FieldValue] = fields or {}
        self.detail = detail
