"""Credentials as canaries: wherever one of them is found that it should not be, something leaks.

`conftest` looks after every test into the files it left, the errors that were raised and what was logged. To look into
another kind of file, add it to `_contents`.
"""

import base64
import json
import logging
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import duckdb

from talk_assets.http.grants import FOLDER
from talk_assets.systems import SYSTEMS

SHORTEST = 10
"""Characters below which a value is no secret, or could stand anywhere."""


@dataclass
class Canaries(logging.Handler):
    """`forms` are the spellings to look for, each with what it is; `told` are errors and log lines with one in them."""

    forms: dict[bytes, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        logging.Handler.__init__(self)

    __hash__ = logging.Handler.__hash__

    def add(self, what: str, *values: str) -> None:
        """Look for these values from now on, each by itself and all joined as HTTP Basic has them."""
        for text in {*values, ":".join(values)}:
            if len(text) >= SHORTEST:
                for form in (text, quote(text, safe=""), json.dumps(text)[1:-1], _encoded(text)):
                    self.forms[form.encode()] = what

    def found(self, data: bytes) -> str | None:
        """What the first canary in there is."""
        return next((what for form, what in self.forms.items() if form in data), None)

    def hear(self, text: str) -> None:
        """Take note of what somebody could read."""
        if self.found(text.encode()):
            self.told.append(text)

    def emit(self, record: logging.LogRecord) -> None:
        """As any log handler does."""
        self.hear(record.getMessage())

    def in_folder(self, folder: Path) -> list[str]:
        """Where in a folder, at any depth, there is a canary, and which."""
        files = (file for file in folder.rglob("*") if file.is_file() and not file.is_symlink() and not _kept(file))
        return [f"{file}: {what}" for file in files for data in _contents(file) if (what := self.found(data))]


def published() -> Canaries:
    """The credentials by which the sandbox knows us, which are no secrets, but go the same ways as such."""
    canaries = Canaries()
    for name, system in SYSTEMS.items():
        canaries.add(f"the sandbox's credentials for {name}", *system.sandbox.values())
        values = list(system.sandbox.values())
        for pair in pairwise(values):
            canaries.add(f"the sandbox's credentials for {name}", *pair)
    return canaries


def _kept(file: Path) -> bool:
    """Whether it is where tokens belong, and nobody else can read it."""
    return file.parent.name == FOLDER and file.stat().st_mode & 0o077 == 0


def _encoded(text: str) -> str:
    """As base64 has it, without the padding."""
    return base64.b64encode(text.encode()).decode().rstrip("=")


def _contents(file: Path) -> Iterator[bytes]:
    """The bytes of a file, and what they hide where they are a database."""
    data = file.read_bytes()
    yield data
    if data.startswith(b"SQLite format 3"):
        yield from _sqlite(file)
    elif data[8:12] == b"DUCK":
        yield from _duckdb(file)


def _sqlite(file: Path) -> Iterator[bytes]:
    """Dagster compresses what it stores of definitions."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (_inflated(value) for value in row if isinstance(value, bytes))


def _inflated(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error:
        return b""


def _duckdb(file: Path) -> Iterator[bytes]:
    """DuckDB compresses columns, so that their text need not stand in the file."""
    try:
        connection = duckdb.connect(str(file), read_only=True)
    except duckdb.Error:
        return
    with connection:
        tables = "SELECT schema_name, table_name FROM duckdb_tables() WHERE estimated_size > 0"
        for schema, table in connection.execute(tables).fetchall():
            with suppress(duckdb.IOException):  # a damaged database, some of which could not be read by anybody
                rows = connection.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall()
                yield "\n".join(str(value) for row in rows for value in row).encode()
