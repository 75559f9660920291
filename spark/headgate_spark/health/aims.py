"""What the files of a table should be like: the yardstick of its health, and of the jobs that restore it."""

from dataclasses import dataclass

# Below this share of the target a file is worth compacting.
SMALL = 0.75
# Above this share of deleted rows a file is worth compacting too. Delta's own 5 % writes 100 rows again for every six.
DELETED = 0.2


@dataclass(frozen=True)
class Aims:
    file_size: int
    window_hours: float
    # At least.
    retain_hours: float
    full_every_hours: float = 30 * 24
