"""Judges the emulator of EMR by botocore: its copy of the service model, its validator and its parser.

`model OPERATION…` prints what botocore knows of the members that these operations take, one flat object.
`exchanges` reads [{operation, request, status, headers, response}] from stdin and prints what botocore finds wrong.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from botocore.model import Shape
from botocore.parsers import create_parser
from botocore.session import get_session
from botocore.validate import ParamValidator

MODEL = get_session().get_service_model("emr", "2009-03-31")
KINDS = {"integer": "whole", "long": "whole", "double": "real", "float": "real"}


def limits(shape: Shape) -> dict[str, Any]:
    return {
        name: shape.metadata[name]
        for name in ("min", "max")
        # no length is shorter than none
        if name in shape.metadata and not (shape.type_name == "string" and shape.metadata[name] == 0)
    }


def told(shape: Shape) -> dict[str, Any]:
    enum = sorted(shape.enum) if shape.type_name == "string" and shape.enum else None
    return {"type": KINDS.get(shape.type_name, shape.type_name), **({"enum": enum} if enum else {}), **limits(shape)}


def parts(shape: Shape, key: str) -> Iterator[tuple[str, Shape]]:
    if shape.type_name == "list":
        yield f"{key}[]", shape.member
    if shape.type_name == "map":
        yield f"{key}{{k}}", shape.key
        yield f"{key}{{v}}", shape.value
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield f"{shape.name}.{name}", member


def walk(shape: Shape, key: str, found: dict[str, Any]) -> None:
    for name, part in parts(shape, key):
        if name in found:
            continue
        found[name] = told(part)
        if shape.type_name == "structure":
            found[name]["required"] = name.partition(".")[2] in shape.required_members
        walk(part, name, found)


def model(operations: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in operations:
        walk(MODEL.operation_model(name).input_shape, name, found)
    return found


def enum_errors(shape: Shape, value: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    """botocore's validator lets any text pass for an enumeration."""
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield f"{place}: {value!r} is none of {shape.enum}"
    if shape.type_name == "list":
        for item in value:
            yield from enum_errors(shape.member, item, f"{place}[]")
    if shape.type_name == "structure":
        for name, item in value.items():
            if name in shape.members:
                yield from enum_errors(shape.members[name], item, f"{place}.{name}")


def unread(raw: Any, parsed: Any, place: str) -> Iterator[str]:  # noqa: ANN401
    """What was said and was not understood: the parser drops what it does not know."""
    if isinstance(raw, dict):
        for name, value in raw.items():
            if not isinstance(parsed, dict) or name not in parsed:
                yield f"{place}.{name} is not in the model"
            else:
                yield from unread(value, parsed[name], f"{place}.{name}")
    if isinstance(raw, list):
        if not isinstance(parsed, list) or len(raw) != len(parsed):
            yield f"{place} is no list of {len(raw)}"
        else:
            for index, value in enumerate(raw):
                yield from unread(value, parsed[index], f"{place}[{index}]")


def exchange_errors(exchange: dict[str, Any]) -> Iterator[str]:
    name = exchange["operation"]
    operation = MODEL.operation_model(name)
    report = ParamValidator().validate(exchange["request"], operation.input_shape)
    if report.has_errors():
        yield f"request of {name}: {report.generate_report()}"
    yield from enum_errors(operation.input_shape, exchange["request"], f"request of {name}")
    body = exchange["response"]
    answer = {"status_code": exchange["status"], "headers": exchange["headers"], "body": body.encode()}
    parsed = create_parser("json").parse(answer, operation.output_shape)
    raw = json.loads(body)
    if exchange["status"] >= 400:
        if parsed["Error"]["Code"] != raw["__type"] or not parsed["Error"]["Message"]:
            yield f"error of {name}: read as {parsed['Error']}"
    elif operation.output_shape is not None:
        yield from unread(raw, parsed, f"answer of {name}")
        del parsed["ResponseMetadata"]
        report = ParamValidator().validate(parsed, operation.output_shape)
        if report.has_errors():
            yield f"answer of {name}: {report.generate_report()}"
        yield from enum_errors(operation.output_shape, parsed, f"answer of {name}")
    elif raw != {}:
        yield f"answer of {name}: there is none in the model"


if __name__ == "__main__":
    if sys.argv[1] == "model":
        json.dump(model(sys.argv[2:]), sys.stdout)
    else:
        json.dump([error for exchange in json.load(sys.stdin) for error in exchange_errors(exchange)], sys.stdout)
