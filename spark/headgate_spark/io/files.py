"""Files by their location: whole, or not there at all. The scheme says which store holds them."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

from headgate_spark.io.folder import FolderStore
from headgate_spark.io.hadoop import HadoopStore
from headgate_spark.io.locations import scheme_of, unsupported
from headgate_spark.io.seen import Seen

Item = TypeVar("Item")
Result = TypeVar("Result")


class Store(Protocol):
    """What a store must be able to do for jobs."""

    # Requests that may run beside each other.
    at_once: int
    # It is reached by what a session brings.
    needs_session: bool

    def look(self, location: str) -> Seen | None: ...

    def open(self, location: str) -> io.BufferedReader: ...

    def holds_files(self, location: str) -> bool: ...

    def remove(self, location: str) -> None: ...

    def replace(self, location: str, text: str) -> None: ...


_STORES: Mapping[str, Store] = {"file": FolderStore(), "s3": HadoopStore()}


def _store(location: str) -> Store:
    store = _STORES.get(scheme_of(location))
    if store is None:
        raise unsupported(location)
    return store


def is_reached(location: str) -> bool:
    """Whether jobs have a store for such locations."""
    return scheme_of(location) in _STORES


def needs_session(location: str) -> bool:
    """Whether nothing can be read there before Spark is up."""
    return _store(location).needs_session


def look(location: str) -> Seen | None:
    """Nothing when there is no file."""
    return _store(location).look(location)


def open_file(location: str) -> io.BufferedReader:
    """FileNotFoundError when it is not there."""
    return _store(location).open(location)


def holds_files(location: str) -> bool:
    """Whether anything lies in the folder."""
    return _store(location).holds_files(location)


def remove(location: str) -> None:
    """Of a file; nothing there is fine."""
    _store(location).remove(location)


def read_text(location: str) -> str | None:
    """Nothing when the file is not there."""
    try:
        # Not as text, which changes line ends: fingerprints are over what lies there.
        with open_file(location) as file:
            return file.read().decode("utf-8")
    except FileNotFoundError:
        return None


def replace(location: str, text: str) -> None:
    """Atomic; a previous content is replaced as a whole."""
    _store(location).replace(location, text)


def each(items: Sequence[Item], location: Callable[[Item], str], work: Callable[[Item], Result]) -> Iterator[Result]:
    """In the order of the items, which lie in one store: as many at once as that is good for."""
    at_once = min(len(items), max((_store(location(item)).at_once for item in items), default=1))
    if at_once <= 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(work, items)
