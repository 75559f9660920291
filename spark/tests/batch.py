"""Builds pipelines, manifests and requests for tests, and runs both jobs of a batch on a given session."""

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from headgate_spark.io.files import look
from headgate_spark.runner import run_job
from tests.place import Place, disk_of

GOLDEN = Path(__file__).parents[2] / "test" / "golden"

Document = dict[str, Any]


def golden(name: str) -> Document:
    document: Document = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    return document


def seed_pipeline() -> Document:
    pipeline: Document = golden("prepare.request.json")["pipeline"]
    return pipeline


def columns(**types: str) -> list[Document]:
    """`name=string!` declares a required string; a pattern may follow the type."""
    declared = []
    for name, text in types.items():
        kind, _, pattern = text.partition(" ")
        column: Document = {
            "name": name,
            "from": name,
            "type": kind.rstrip("!"),
            "required": kind.endswith("!"),
        }
        declared.append(column | ({"format": pattern} if pattern else {}))
    return declared


def csv_source(name: str, declared: list[Document], key: Sequence[str] = (), **changes: object) -> Document:
    options: Document = copy.deepcopy(seed_pipeline()["sources"][0]["csv"])
    csv_changes = changes.pop("csv", {})
    assert isinstance(csv_changes, Mapping)
    return {
        "name": name,
        "path": f"/raw/{name}*",
        "format": "csv",
        "arrives": "new-files",
        "columns": declared,
        "key": list(key),
        "csv": options | dict(csv_changes),
        "extract": "in-place",
        **changes,
    }


def parquet_source(name: str, declared: list[Document], key: Sequence[str] = (), **changes: object) -> Document:
    source = csv_source(name, declared, key, **changes)
    del source["csv"]
    return source | {"format": "parquet"}


def pipeline_of(*sources: Document, **changes: object) -> Document:
    """The first source drives; the target takes its key and its columns."""
    return {
        **seed_pipeline(),
        "name": "test",
        "sources": list(sources),
        "transform": {"kind": "columns", "from": sources[0]["name"], "joins": [], "columns": []},
        "expectations": [],
        "target": {
            "table": "",
            "key": sources[0]["key"],
            "partitionBy": [],
            "zorderBy": [],
            "clusterBy": [],
            "deletionVectors": False,
            "partitionsFixed": False,
        },
        **changes,
    }


def base_of(table: Place) -> Document:
    """What freeze reads from the log of a table: its id, its newest version and the fingerprint of that."""
    log = sorted((disk_of(table) / "_delta_log").glob("*.json"))
    actions = [json.loads(line) for entry in log for line in entry.read_text(encoding="utf-8").split("\n") if line]
    return {
        "id": [action["metaData"]["id"] for action in actions if "metaData" in action][-1],
        "version": int(log[-1].stem),
        "commit": hashlib.sha256(log[-1].read_bytes()).hexdigest()[:16],
    }


class Batch:
    """One frozen batch in a lake folder: writes manifest and requests as the worker does."""

    def __init__(self, lake: Place, pipeline: Document, files: Mapping[str, Sequence[Place]], salt: str = "") -> None:
        self.lake = lake
        self.pipeline = copy.deepcopy(pipeline)
        self.pipeline["target"]["table"] = str(lake / "table")
        self.files = [self._input(source, path) for source, paths in files.items() for path in paths]
        text = json.dumps([self.pipeline, self.files, salt], sort_keys=True)
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:32]
        self.folder = lake / "_headgate" / pipeline["name"] / "batches" / self.digest
        self.folder.mkdir(parents=True, exist_ok=True)
        self.quarantine = lake / "_headgate" / pipeline["name"] / "quarantine"
        # The table that the batch was planned against, see `base_of`.
        self.base: Document | None = None
        self.write_manifest()

    @staticmethod
    def _input(source: str, path: Place) -> Document:
        found = look(str(path))
        assert found is not None
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        return {
            "source": source,
            "path": str(path),
            "readPath": str(path),
            "size": found.size,
            "modifiedMs": found.modified_ms or 0,
            "etag": found.etag or f"sha256:{content}",
        }

    def delivered(self, *deliveries: str | None) -> "Batch":
        """In the order of the files; one for all of them, or one for each."""
        each = deliveries * len(self.files) if len(deliveries) == 1 else deliveries
        for file, delivery in zip(self.files, each, strict=True):
            file |= {} if delivery is None else {"delivery": delivery}
        self.write_manifest()
        return self

    def planned_against(self, base: Document) -> "Batch":
        self.base = base
        return self

    def write_manifest(self) -> None:
        manifest = {
            "protocol": 1,
            "pipeline": self.pipeline["name"],
            "digest": self.digest,
            "frozenAt": "2026-11-23T12:00:00.000Z",
            "files": self.files,
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    def _request(self, job: str, attempt: int, generation: int) -> Document:
        return {
            "protocol": 1,
            "job": job,
            "stepKey": f"{self.pipeline['name']}/table/{self.digest}/{job}",
            "generation": generation,
            "attempt": attempt,
            "run": "run/test",
            "digest": self.digest,
            "reportPath": str(self.folder / f"{job}.report.json"),
            "failurePath": str(self.folder / f"{job}.failure-{attempt}.json"),
        }

    def _write(self, request: Document) -> str:
        path = self.folder / f"{request['job']}.request-{request['attempt']}.json"
        path.write_text(json.dumps(request), encoding="utf-8")
        return str(path)

    def prepare_request(self, attempt: int = 1, generation: int = 1) -> str:
        return self._write(
            self._request("prepare", attempt, generation)
            | {
                "pipeline": self.pipeline,
                "manifestPath": str(self.folder / "manifest.json"),
                "stagingTable": str(self.folder / "staging"),
                "quarantineTable": str(self.quarantine),
            }
        )

    def commit_request(self, staging: Document, attempt: int = 1, generation: int = 1) -> str:
        driving = self.pipeline["transform"]["from"]
        latest = next(s for s in self.pipeline["sources"] if s["name"] == driving).get("latestBy")
        return self._write(
            self._request("commit", attempt, generation)
            | {
                "pipeline": self.pipeline["name"],
                "target": self.pipeline["target"],
                "timezone": self.pipeline["timezone"],
                "staging": staging,
            }
            | ({} if latest is None else {"latestBy": latest})
            | ({} if self.base is None else {"base": self.base})
        )

    def report(self, job: str, attempt: int = 1) -> Place:
        """Where the attempt leaves its report."""
        path: Place = self.folder / f"{job}.report-{attempt}.json"
        return path

    def prepare(
        self, spark: SparkSession, attempt: int = 1, on_phase: Callable[[str], None] = lambda _: None
    ) -> Document:
        return run_job(spark, self.prepare_request(attempt), on_phase)

    def commit(self, spark: SparkSession, prepared: Document, attempt: int = 1) -> Document:
        return run_job(spark, self.commit_request(prepared["staging"], attempt))

    def run(self, spark: SparkSession) -> tuple[Document, Document]:
        prepared = self.prepare(spark)
        return prepared, self.commit(spark, prepared)
