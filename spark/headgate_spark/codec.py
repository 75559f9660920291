"""Turns JSON into frozen dataclasses and back by their type hints. Knows nothing of the protocol itself."""

import dataclasses
import types
from collections.abc import Hashable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints


class DecodeError(ValueError):
    """JSON that does not fit its type; the text begins with the place in the document."""


def _wire_name(field: str) -> str:
    head, *rest = field.rstrip("_").split("_")
    return head + "".join(part.capitalize() for part in rest)


@cache
def _fields(cls: Hashable) -> tuple[tuple[str, str, Any, bool], ...]:
    """Name, wire name, type and whether it may be absent, of each field."""
    hints = get_type_hints(cls)
    return tuple(
        (field.name, _wire_name(field.name), hints[field.name], field.default is not dataclasses.MISSING)
        for field in dataclasses.fields(cast(Any, cls))
    )


def _decode_class(cls: type[Any], value: Any, place: str) -> Any:
    if not isinstance(value, Mapping):
        raise DecodeError(f"{place}: expected an object, found {type(value).__name__}")
    arguments = {}
    for name, wire, hint, optional in _fields(cast(Hashable, cls)):
        if wire in value:
            arguments[name] = decode(hint, value[wire], f"{place}.{wire}")
        elif not optional:
            raise DecodeError(f"{place}.{wire}: missing")
    return cls(**arguments)


def _tags(cls: Hashable) -> dict[str, Any]:
    """Fields of one value each: what a class can be told by."""
    return {wire: get_args(hint)[0] for _, wire, hint, _ in _fields(cls) if len(get_args(hint)) == 1}


def _decode_classes(members: Sequence[Any], value: Any, place: str) -> Any:
    tags = [_tags(member) for member in members]
    name = next(name for name in tags[0] if len({tag.get(name) for tag in tags}) == len(tags))
    found = value.get(name) if isinstance(value, Mapping) else None
    for member, tag in zip(members, tags, strict=True):
        if found == tag[name]:
            return decode(member, value, place)
    raise DecodeError(f"{place}.{name}: {found!r} is not known")


def _decode_union(hint: Any, value: Any, place: str) -> Any:
    members = [member for member in get_args(hint) if member is not types.NoneType]
    if value is None and len(members) < len(get_args(hint)):
        return None
    if len(members) == 1:
        return decode(members[0], value, place)
    if dataclasses.is_dataclass(members[0]):
        return _decode_classes(members, value, place)
    # A scalar that is its own type: int stands for float too.
    if type(value) in members or (type(value) is int and float in members):
        return value
    raise DecodeError(
        f"{place}: expected one of {', '.join(m.__name__ for m in members)}, found {type(value).__name__}"
    )


def decode(hint: Any, value: Any, place: str = "$") -> Any:
    """Unknown keys are let through: a newer sender may add some within a protocol version."""
    if hint is Any:
        return value
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _decode_class(hint, value, place)
    if origin is Literal:
        if value not in get_args(hint):
            raise DecodeError(f"{place}: {value!r} is none of {', '.join(map(repr, get_args(hint)))}")
        return value
    if origin in (Union, types.UnionType):
        return _decode_union(hint, value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise DecodeError(f"{place}: expected a list, found {type(value).__name__}")
        return tuple(decode(get_args(hint)[0], item, f"{place}[{index}]") for index, item in enumerate(value))
    if origin is Mapping or origin is dict:
        if not isinstance(value, Mapping):
            raise DecodeError(f"{place}: expected an object, found {type(value).__name__}")
        return {key: decode(get_args(hint)[1], item, f"{place}.{key}") for key, item in value.items()}
    if hint is float and type(value) is int:
        return value
    if type(value) is not hint:
        raise DecodeError(f"{place}: expected {hint.__name__}, found {type(value).__name__}")
    return value


def encode(value: Any) -> Any:
    """Plain JSON values; absent options are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            wire: encode(getattr(value, name))
            for name, wire, _, _ in _fields(type(value))
            if getattr(value, name) is not None
        }
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    return value
