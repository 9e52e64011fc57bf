"""A person signs in with `talk authorise`, and syncs go on in their name until the sign-in ends."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet

from talk_assets.http.grants import FOLDER, GrantFile
from talk_assets.operate import authorising
from talk_assets.sandbox.customerp.tokens import CLIENT_ID, CLIENT_SECRET
from talk_assets_tests.whole.instance import Instance, opened

SIGNED_IN = """
[systems.customerp.auth]
type = "authorization_code"
token_url = "/oauth/token"
authorise_url = "/oauth/authorize"
scope = "erp offline_access"
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with opened(tmp_path_factory.mktemp("data")) as found:
        found.configure()
        with (found.folder / "talk.toml").open("a") as file:
            file.write(SIGNED_IN)
        yield found


@pytest.fixture
def instance(shared: Instance, monkeypatch: pytest.MonkeyPatch) -> Instance:
    """An instance with a client of ours at Customerp, to which nobody has signed in."""
    monkeypatch.setenv("TALK_CUSTOMERP_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("TALK_CUSTOMERP_CLIENT_SECRET", CLIENT_SECRET)
    shared.sandbox.fault("customerp", switches={"declines": False, "grant_days": 60.0})
    (shared.folder / FOLDER / "customerp.json").unlink(missing_ok=True)
    return shared


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A browser in which somebody signs in at once; the addresses that it was opened with."""
    visited: list[str] = []

    def visit(url: str) -> bool:
        visited.append(url)
        threading.Thread(target=httpx.get, args=(url,), kwargs={"follow_redirects": True}, daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", visit)
    return visited


def test_a_sync_goes_on_in_a_persons_name_and_warns_before_that_ends(
    instance: Instance, browser: list[str], tmp_path: Path
) -> None:
    instance.sandbox.fault("customerp", switches={"grant_days": 5.0})
    ended = instance.talk("authorise", "customerp", "--port", "0")
    (url,) = browser
    query = httpx.URL(url).params
    assert (query["code_challenge_method"], query["scope"]) == ("S256", "erp offline_access")
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/signed-in", query["redirect_uri"])
    stored = instance.folder / FOLDER / "customerp.json"
    how = "readable by you alone; set TALK_SECRET_KEY to have it encrypted"
    assert ended.stdout == f"Signed in to customerp. The tokens are in {stored} ({how}).\n"
    warning = f"customerp: the sign-in ends on {datetime.now(UTC) + timedelta(days=5):%Y-%m-%d}"
    synced, status = instance.talk("sync"), instance.talk("status")
    assert synced.status == 0
    for shown in (" ".join(one.stdout.split()) for one in (synced, status)):
        assert warning in shown
        assert "Sign in anew: talk authorise customerp" in shown
    assert warning in json.loads(instance.talk("status", "--json").stdout)["sign_ins_ending"]["customerp"]
    assert instance.sandbox.effects("customerp") == {"tokens used again": []}
    grant = GrantFile(stored).read()
    assert grant
    assert instance.talk("backup", str(tmp_path / "copy.duckdb")).status == 0
    assert grant.refresh.encode() not in (tmp_path / "copy.duckdb").read_bytes()


def test_what_is_stored_is_encrypted_where_there_is_a_key(
    instance: Instance, browser: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("TALK_SECRET_KEY", key)
    ended = instance.talk("authorise", "customerp", "--port", "0", "--json")
    assert json.loads(ended.stdout)["encrypted"] is True
    stored = instance.folder / FOLDER / "customerp.json"
    assert not stored.read_bytes().startswith(b"{")
    assert GrantFile(stored, key).read()


@pytest.mark.usefixtures("browser")
def test_somebody_declines(instance: Instance) -> None:
    instance.sandbox.fault("customerp", switches={"declines": True})
    line = instance.talk("authorise", "customerp", "--port", "0").stderr.splitlines()[-1]
    assert line.startswith("talk: customerp: the sign-in was answered with access_denied")
    assert line.endswith("Sign in anew: talk authorise customerp")


def test_nobody_comes(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authorising.authorise, "__kwdefaults__", {"port": 0, "patience": 0.1})
    line = instance.talk("authorise", "customerp", "--no-browser", "--port", "0").stderr.splitlines()[-1]
    assert line == "talk: customerp: nobody signed in within 0 seconds. Sign in anew: talk authorise customerp"


def test_an_answer_to_another_attempt_is_not_taken(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    def forged(url: str) -> bool:
        redirect = httpx.URL(url).params["redirect_uri"]
        threading.Thread(target=httpx.get, args=(f"{redirect}?code=theirs&state=theirs",), daemon=True).start()
        return True

    monkeypatch.setattr("webbrowser.open", forged)
    line = instance.talk("authorise", "customerp", "--port", "0").stderr.splitlines()[-1]
    assert line.startswith("talk: customerp: the sign-in was answered with mismatching_state")


@pytest.mark.parametrize(
    ("system", "says"),
    [
        ("customer", "there is no such system; did you mean customerp?"),
        ("webcrm", "the sandbox serves it, which takes no sign-in"),
    ],
)
def test_a_system_that_nobody_signs_in_to(instance: Instance, system: str, says: str) -> None:
    assert says in instance.talk("authorise", system).failure


def test_a_port_that_is_taken_is_said(instance: Instance) -> None:
    taken = str(instance.sandbox.port)
    line = instance.talk("authorise", "customerp", "--no-browser", "--port", taken).failure
    assert line == (
        f"talk: port {taken} of this machine is taken (Address already in use). Name another one: talk authorise --port"
    )
