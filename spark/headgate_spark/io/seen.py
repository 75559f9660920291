"""What a store tells of a file without reading it."""

from typing import NamedTuple


class Seen(NamedTuple):
    """Nothing where the store does not tell it for sure."""

    size: int
    # Milliseconds since the epoch.
    modified_ms: float | None = None
    # Of content, name or rights: nobody can set it.
    changed_ms: float | None = None
    etag: str | None = None
