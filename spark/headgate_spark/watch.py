"""Seconds by phase of a job, told to whoever follows it."""

import time
from collections.abc import Callable


class Stopwatch:
    def __init__(self, on_phase: Callable[[str], None]) -> None:
        self._on_phase = on_phase
        self._current: str | None = None
        self._since = 0.0
        self.seconds: dict[str, float] = {}

    def phase(self, name: str) -> None:
        self.stop()
        self._current, self._since = name, time.monotonic()
        self._on_phase(name)

    def stop(self) -> None:
        if self._current is not None:
            spent = self.seconds.get(self._current, 0.0) + time.monotonic() - self._since
            self.seconds[self._current] = round(spent, 3)
            self._current = None
