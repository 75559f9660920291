"""The golden files are the protocol: what both languages read must come back unchanged."""

import json

import pytest

from headgate_spark.contract import failure_document, parse_manifest, parse_report, parse_request, to_json
from headgate_spark.errors import JobFailed
from tests.batch import GOLDEN, golden


@pytest.mark.parametrize("name", ["prepare.request.json", "commit.request.json"])
def test_golden_requests_come_back_unchanged(name: str) -> None:
    assert to_json(parse_request((GOLDEN / name).read_text(encoding="utf-8"))) == golden(name)


@pytest.mark.parametrize("name", ["prepare.report.json", "commit.report.json"])
def test_golden_reports_come_back_unchanged(name: str) -> None:
    assert to_json(parse_report((GOLDEN / name).read_text(encoding="utf-8"))) == golden(name)


def test_golden_manifest_comes_back_unchanged() -> None:
    assert to_json(parse_manifest((GOLDEN / "manifest.json").read_text(encoding="utf-8"))) == golden("manifest.json")


def test_failure_document_is_the_golden_one() -> None:
    expected = golden("failure.json")
    failure = JobFailed(
        kind="data",
        type="MissingColumn",
        message=expected["message"],
        remedy=expected["remedy"],
        fields=expected["fields"],
    )
    request = parse_request((GOLDEN / "prepare.request.json").read_text(encoding="utf-8"))
    assert failure_document(request, failure) == expected


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
        pytest.param({"job": "vacuum"}, "job 'vacuum' is not known", id="unknown job"),
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
