"""A database of its own, in memory, for what is computed once and thrown away: none of it ever touches the store."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from talk_assets.store.transaction import quoted

MEMORY = "600MB"
"""What it may use before it puts the rest into files, which end with it."""


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database, and drop all that is in it at the end."""
    with tempfile.TemporaryDirectory(prefix="talk.", ignore_cleanup_errors=True) as folder:
        connection = duckdb.connect(":memory:")
        try:
            connection.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = {quoted(Path(folder))}")
            connection.execute("SET enable_progress_bar = false; SET preserve_insertion_order = false")
            yield connection
        finally:
            connection.close()
