"""How many files of the target a MERGE looked at: only the SQL metrics of this process know, so only with a JVM."""

import re
from typing import NamedTuple

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

_BEFORE = "number of target files before skipping"
_AFTER = "number of target files after skipping"
_METRIC = re.compile(r"SQLPlanMetric\(([^,]+),(\d+),")
_VALUE = re.compile(r"(\d+) -> ([\d,]+)")
_APP_ID = "spark.databricks.delta.write.txnAppId"
# A MERGE is a handful of executions; those of other threads may lie between.
_LOOK_BACK = 60


class FilesScanned(NamedTuple):
    scanned: int
    scanned_of: int


def files_scanned(spark: SparkSession, step_key: str) -> FilesScanned | None:
    """Of the latest MERGE of this step; nothing where the runtime does not tell."""
    inner = getattr(spark, "_jsparkSession", None)
    if inner is None:
        return None
    try:
        store = inner.sharedState().statusStore()
        count = store.executionsCount()
        recent = store.executionsList(max(0, count - _LOOK_BACK), _LOOK_BACK)
        for index in reversed(range(recent.size())):
            execution = recent.apply(index)
            owner = execution.modifiedConfigs().get(_APP_ID)
            metrics = execution.metrics().mkString(";")
            if owner.isEmpty() or owner.get() != step_key or _AFTER not in metrics:
                continue
            numbers = {name: number for name, number in _METRIC.findall(metrics)}
            values = dict(_VALUE.findall(store.executionMetrics(execution.executionId()).mkString(";")))
            found = [int(values[numbers[name]].replace(",", "")) for name in (_AFTER, _BEFORE)]
            return FilesScanned(*found)
    except (Py4JError, KeyError):
        return None
    return None
