"""How DuckDB is set up, wherever a database of ours is opened."""

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
