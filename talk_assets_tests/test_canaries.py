"""What looks for leaks finds them, whatever a credential is wrapped in; that there are none, all other tests show."""

import base64
import logging
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from talk_assets.errors import Unreachable
from talk_assets.http.auth import Token
from talk_assets_tests.canaries import Canaries

USER, PASSWORD = "an-account", 'pass"word/that is+long'
Plant = Callable[[Path, bytes], None]


@pytest.fixture
def caged() -> Canaries:
    """Two credentials that are no concern of the fixture that looks after every test."""
    canaries = Canaries()
    canaries.add("an account", USER, PASSWORD)
    return canaries


def in_text(folder: Path, secret: bytes) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "compute.err").write_bytes(b"\0 Authorization: " + secret)


def in_sqlite(folder: Path, secret: bytes) -> None:
    with closing(sqlite3.connect(folder / "runs.db")) as connection:
        connection.execute("CREATE TABLE snapshots (body BLOB)")
        connection.execute("INSERT INTO snapshots VALUES (?)", (zlib.compress(b"repeated " * 50 + secret),))
        connection.commit()


def in_duckdb(folder: Path, secret: bytes) -> None:
    """As it is stored where there is much of it: compressed."""
    with duckdb.connect(str(folder / "talk.duckdb")) as connection:
        connection.execute("SET force_compression = 'fsst'")
        rows = "SELECT i || ' ' || ? || ' ' || i AS reason FROM range(5000) t(i)"
        connection.execute(f"CREATE TABLE journal AS {rows}", [secret.decode()])


@pytest.mark.parametrize("plant", [in_text, in_sqlite, in_duckdb])
@pytest.mark.parametrize(
    "form",
    [
        PASSWORD,
        quote(PASSWORD, safe=""),
        PASSWORD.replace('"', '\\"'),
        base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
    ],
    ids=["plain", "in a URL", "in JSON", "HTTP Basic"],
)
def test_a_credential_in_a_file_is_found(tmp_path: Path, caged: Canaries, plant: Plant, form: str) -> None:
    plant(tmp_path, b"nothing")
    assert caged.in_folder(tmp_path) == []
    for file in sorted(tmp_path.rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    plant(tmp_path, form.encode())
    assert caged.in_folder(tmp_path) != []


def test_errors_and_log_lines_with_a_credential_in_them_are_found(nothing_leaks: Canaries) -> None:
    nothing_leaks.add("a key", "key-that-leaks")
    Token("token-that-leaks", 60.0)
    Unreachable("webcrm: no key")
    assert nothing_leaks.told == []
    Unreachable("webcrm: key-that-leaks was refused")
    logging.getLogger("talk").error("sent %s", "token-that-leaks")
    assert len(nothing_leaks.told) == 2
    nothing_leaks.told.clear()
