"""What the files of a table should be like: the yardstick of its health, and of the jobs that restore it."""

from dataclasses import dataclass

# Below this share of the target a file is worth compacting.
SMALL = 0.75
# Above this share of deleted rows OPTIMIZE writes a file again, whatever its size: Delta's own default.
DELETED = 0.05


@dataclass(frozen=True)
class Aims:
    target_file_bytes: int
    window_hours: float
    retain_hours: float
    # The table is ordered by columns: Z-ordered or clustered.
    ordered: bool = False
