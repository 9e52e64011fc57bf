"""What every test relies on: no credentials and no instance of the machine it runs on, and none that leaks."""

import logging
import os
import secrets
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import settings

from talk_assets.errors import TalkError
from talk_assets.http.auth import Token
from talk_assets_tests.canaries import Canaries, published
from talk_assets_tests.thorough import LEFT_OUT

# A busy machine is slow, which says nothing about the code.
settings.register_profile("talk", deadline=None, print_blob=True, max_examples=30)
settings.register_profile("thorough", settings.get_profile("talk"), max_examples=200)
settings.load_profile(os.environ.get("EXAMPLES", "talk"))

VARIABLE = "CANARY_TOKEN"
"""Belongs to no system, and is there for whoever keeps the whole environment."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes long."""
    for item in items:
        file = item.path.relative_to(Path(__file__).parent) if Path(__file__).parent in item.path.parents else None
        names = {item.name, getattr(item, "originalname", item.name)}
        if file and not names.isdisjoint(LEFT_OUT.get(file.as_posix(), ())):
            item.add_marker(pytest.mark.thorough)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, nothing_leaks: Canaries) -> None:
    """Keep the machine's own configuration out of the tests, and Dagster's telemetry off."""
    for name in list(os.environ):
        if name.startswith("TALK_") or name == "DAGSTER_HOME":
            monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "yes")
    canary = f"canary-{secrets.token_hex(12)}"
    nothing_leaks.add("the environment", canary)
    monkeypatch.setenv(VARIABLE, canary)


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """By httpx, which else reads them for every client and every request of its own: 50 ms, and a test has many."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture(scope="session")
def canaries() -> Iterator[Canaries]:
    """Credentials that must appear nowhere: the sandbox's, every token it issues, and what a test adds."""
    found = published()
    raised, issued = TalkError.__init__, Token.__init__

    def hear(self: TalkError, *arguments: object) -> None:
        raised(self, *arguments)
        found.hear(str(self))

    def keep(self: Token, value: str, seconds: float, refresh: str | None = None, ends: float | None = None) -> None:
        issued(self, value, seconds, refresh, ends)
        found.add("an issued token", value)
        found.add("a refresh token", refresh or "")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TalkError, "__init__", hear)
        patched.setattr(Token, "__init__", keep)
        logging.getLogger().addHandler(found)
        yield found
        logging.getLogger().removeHandler(found)


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest, canaries: Canaries) -> Iterator[Canaries]:
    """The canaries of this test, to which it may add.

    They are looked for in the files it leaves, in the errors that were raised and in what was logged.
    """
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    known = dict(canaries.forms)
    yield canaries
    leaks = canaries.in_folder(folder) if folder else []
    told, canaries.told[:], canaries.forms = list(canaries.told), [], known
    assert leaks + told == []
