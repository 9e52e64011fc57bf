"""How DuckDB is set up, wherever a database of ours is opened."""

from pathlib import Path

LOG = "256MB"
"""How much may be in the log before it is put in its place while the database is open. On closing it always is."""

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    # New files are laid out as this DuckDB does it, not as all since 1.0 can read it.
    "storage_compatibility_version": "v1.5.0",
    "checkpoint_threshold": LOG,
    "write_buffer_row_group_count": 1,  # of wide rows, that is enough
    # What is freed is given back; else a process that reconciles a million records has a seventh more of it.
    "allocator_flush_threshold": "1MB",
    "allocator_bulk_deallocation_flush_threshold": "8MB",
}

SMALL = 32_000_000
"""Bytes of a database and its log up to which DuckDB works in one thread: several would only wait for each other."""


def is_small(path: Path) -> bool:
    """Tell whether one thread is enough for the database in a file, which need not exist."""
    log = path.with_name(f"{path.name}.wal")
    return sum(file.stat().st_size for file in (path, log) if file.exists()) <= SMALL


def fitting(path: Path | None) -> dict[str, str | bool | int | float | list[str]]:
    """Return the settings for the database in a file, or for an empty one."""
    return {**SETTINGS, "threads": 1} if path is None or is_small(path) else dict(SETTINGS)
