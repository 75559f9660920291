"""The golden files are the protocol: what both languages read must come back unchanged."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from headgate_spark.codec import decode, encode
from headgate_spark.contract import (
    attempt_report,
    failure_document,
    parse_manifest,
    parse_report,
    parse_request,
    to_json,
)
from headgate_spark.errors import JobFailed
from headgate_spark.protocol import TableHealth
from tests.batch import GOLDEN, golden

GOLDENS = sorted(path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*.json"))


def written_failure(text: str) -> dict[str, Any]:
    """Nobody reads failures here: the document as a job writes it."""
    told = json.loads(text)
    names = ("kind", "type", "message", "remedy", "fields", "detail")
    request = parse_request((GOLDEN / "prepare.request.json").read_text(encoding="utf-8"))
    return failure_document(request, JobFailed(**{name: told[name] for name in names}))


def named_reports(text: str) -> list[dict[str, Any]]:
    return [told | {"path": attempt_report(told["report"], told["attempt"])} for told in json.loads(text)]


READERS: dict[str, Callable[[str], Any]] = {
    r"\w+\.request\.json": lambda text: to_json(parse_request(text)),
    r"\w+\.report\.json": lambda text: to_json(parse_report(text)),
    r"attempt-reports\.json": named_reports,
    r"manifest\.json": lambda text: to_json(parse_manifest(text)),
    r"failure\.json": written_failure,
    r"health/[\w-]+\.json": lambda text: encode(decode(TableHealth, json.loads(text))),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_a_golden_file_comes_back_unchanged(name: str) -> None:
    readers = [read for names, read in READERS.items() if re.fullmatch(names, name)]
    assert len(readers) == 1, f"nobody reads the golden file {name}: name its reader here and in jest"
    assert readers[0]((GOLDEN / name).read_text(encoding="utf-8")) == golden(name)


def test_there_is_a_golden_file_for_every_reader() -> None:
    assert [names for names in READERS if not any(re.fullmatch(names, name) for name in GOLDENS)] == []


def test_another_protocol_version_is_refused_with_both_numbers() -> None:
    with pytest.raises(JobFailed, match="protocol 2") as caught:
        parse_request(json.dumps(golden("prepare.request.json") | {"protocol": 2}))
    assert (caught.value.kind, caught.value.type) == ("config", "ProtocolVersion")


def test_keys_of_a_newer_sender_are_let_through() -> None:
    request = parse_request(json.dumps(golden("commit.request.json") | {"later": {"x": 1}}))
    assert to_json(request) == golden("commit.request.json")


@pytest.mark.parametrize(
    ("change", "place"),
    [
        pytest.param({"generation": "1"}, r"\$\.generation: expected int, found str", id="wrong type"),
        pytest.param({"generation": True}, r"\$\.generation: expected int, found bool", id="bool is no int"),
        pytest.param({"target": {}}, r"\$\.target\.table: missing", id="missing field"),
        pytest.param({"staging": []}, r"\$\.staging: expected an object", id="list for object"),
        pytest.param({"job": "vacuum"}, r"\$\.job: 'vacuum' is not known", id="unknown job"),
    ],
)
def test_a_request_that_does_not_fit_names_the_place(change: dict[str, object], place: str) -> None:
    with pytest.raises(JobFailed, match=place) as caught:
        parse_request(json.dumps(golden("commit.request.json") | change))
    assert caught.value.type == "UnreadableRequest"


def test_an_unknown_transform_kind_is_refused() -> None:
    request = golden("prepare.request.json")
    request["pipeline"]["transform"]["kind"] = "python"
    with pytest.raises(JobFailed, match=r"transform\.kind: 'python'"):
        parse_request(json.dumps(request))


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(JobFailed, match="not JSON"):
        parse_request("{")
