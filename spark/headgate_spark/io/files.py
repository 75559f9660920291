"""Files by their location: whole, or not there at all. The scheme says which store holds them."""

from collections.abc import Mapping
from typing import Protocol

from headgate_spark.io.folder import FolderStore
from headgate_spark.io.locations import scheme_of, unsupported


class Store(Protocol):
    """What a store must be able to do for jobs."""

    def holds_files(self, location: str) -> bool: ...

    def remove(self, location: str) -> None: ...

    def read_text(self, location: str) -> str | None: ...

    def put_if_absent(self, location: str, text: str) -> bool: ...

    def replace(self, location: str, text: str) -> None: ...


_STORES: Mapping[str, Store] = {"file": FolderStore()}


def _store(location: str) -> Store:
    store = _STORES.get(scheme_of(location))
    if store is None:
        raise unsupported(location)
    return store


def is_reached(location: str) -> bool:
    """Whether jobs have a store for such locations."""
    return scheme_of(location) in _STORES


def holds_files(location: str) -> bool:
    """Whether anything lies in the folder."""
    return _store(location).holds_files(location)


def remove(location: str) -> None:
    """Of a file; nothing there is fine."""
    _store(location).remove(location)


def read_text(location: str) -> str | None:
    """Nothing when the file is not there."""
    return _store(location).read_text(location)


def put_if_absent(location: str, text: str) -> bool:
    """Atomic create. False when the file was there: its content stays."""
    return _store(location).put_if_absent(location, text)


def replace(location: str, text: str) -> None:
    """Atomic; a previous content is replaced as a whole."""
    _store(location).replace(location, text)
