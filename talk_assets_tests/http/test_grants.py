"""Refresh tokens that are good for one use: several processes, a crash, a full disk, files others can't read."""

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet

from talk_assets.errors import ConfigurationError, CredentialsError
from talk_assets.http.access import Access, AuthType
from talk_assets.http.client import Call, Client, Site
from talk_assets.http.grants import Grant, GrantFile, trace
from talk_assets.http.limit import Clock
from talk_assets.http.retry import Retry
from talk_assets.sandbox.customerp.tokens import CLIENT_ID, CLIENT_SECRET, FIRST_REFRESH_TOKEN
from talk_assets.sandbox.serving import Serving, serving

ACCESS = Access(AuthType.REFRESH, token_url="/oauth/token", authorise_url="/oauth/authorize")
VALUES = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": FIRST_REFRESH_TOKEN}


@pytest.fixture(scope="module")
def shared() -> Iterator[Serving]:
    with serving() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Serving) -> Iterator[Serving]:
    """A server that has handed out nothing that counts: each test begins with a sign-in of its own."""
    shared.fault("customerp", switches={"one_time_tokens": True, "token_seconds": 600.0, "says_grant_end": True})
    yield shared
    assert shared.effects("customerp") == {"tokens used again": []}


@pytest.fixture
def file(tmp_path: Path) -> GrantFile:
    return GrantFile(tmp_path / "tokens" / "customerp.json")


def signed_in(sandbox: Serving, file: GrantFile, access: Access = ACCESS) -> None:
    """Put into the file what a person's sign-in would."""
    query = {"client_id": CLIENT_ID, "redirect_uri": "http://127.0.0.1:1/", "response_type": "code"}
    proof = {"code_challenge": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", "code_challenge_method": "S256"}
    came = httpx.get(f"{sandbox.root}/customerp/oauth/authorize", params=query | proof)
    code = httpx.URL(came.headers["location"]).params["code"]
    form = {**VALUES, "grant_type": "authorization_code", "code": code, "redirect_uri": query["redirect_uri"]}
    answer = httpx.post(f"{sandbox.root}/customerp/oauth/token", data=form).raise_for_status().json()
    first = trace(VALUES["refresh_token"]) if access.type is AuthType.REFRESH else ""
    file.write(Grant(answer["refresh_token"], first=first))


def site(sandbox: Serving, file: GrantFile | None) -> Site:
    variables = ("TALK_CUSTOMERP_CLIENT_ID", "TALK_CUSTOMERP_CLIENT_SECRET", "TALK_CUSTOMERP_REFRESH_TOKEN")
    return Site("customerp", f"{sandbox.root}/customerp", variables=variables, grant_file=file)


async def asked(site: Site, times: int = 1, access: Access = ACCESS, transport: Any = None) -> None:  # noqa: ANN401 -- httpx's
    """Send requests, each over a connection of its own."""
    opener = access.opener(site, VALUES)
    for _ in range(times):
        async with Client(site, opener(), transport) as client:
            await client.send(Call("GET", "/v1/contacts"))


def test_those_who_share_a_grant_use_each_refresh_token_once(sandbox: Serving, file: GrantFile) -> None:
    """Each is four hours ahead of another, and sends a request an hour."""
    signed_in(sandbox, file)

    async def hourly(ahead_by: int) -> None:
        for hour in range(4):
            ahead = (hour + ahead_by) * 3600.0
            clock = Clock(now=lambda: time.monotonic() + ahead, wall=lambda: time.time() + ahead)  # noqa: B023 -- used at once
            await asked(replace(site(sandbox, file), retry=Retry(clock=clock)))

    async def several() -> None:
        await asyncio.gather(*(hourly(ahead_by) for ahead_by in (12, 8, 4, 0)))

    asyncio.run(several())
    assert sandbox.requests("customerp")["by"]["POST /oauth/token"] > 4


def test_a_token_that_another_process_has_just_stored_is_used(sandbox: Serving, file: GrantFile) -> None:
    signed_in(sandbox, file)
    asyncio.run(asked(site(sandbox, file)))
    sandbox.forget_requests("customerp")
    asyncio.run(asked(site(sandbox, file)))
    assert sandbox.requests("customerp")["by"] == {"GET /v1/contacts": 1}


SCRIPT = """
import asyncio, json, sys, time
from pathlib import Path
from talk_assets.http.access import Access, AuthType
from talk_assets.http.client import Call, Client, Site
from talk_assets.http.grants import GrantFile
from talk_assets.http.limit import Clock
from talk_assets.http.retry import Retry
url, path, values = sys.argv[1:]
async def ask(ahead):
    clock = Clock(now=lambda: time.monotonic() + ahead, wall=lambda: time.time() + ahead)
    site = Site("customerp", url, retry=Retry(clock=clock), grant_file=GrantFile(Path(path)))
    opener = Access(AuthType.REFRESH, token_url="/oauth/token").opener(site, json.loads(values))
    async with Client(site, opener()) as client:
        await client.send(Call("GET", "/v1/contacts"))
for hour in range(10):
    asyncio.run(ask(hour * 3600))
"""
"""Requests an hour apart, as this process counts, so that each needs another token unless somebody has just got one."""


def test_processes_use_each_refresh_token_once(sandbox: Serving, file: GrantFile) -> None:
    signed_in(sandbox, file)
    command = [sys.executable, "-c", SCRIPT, f"{sandbox.root}/customerp", str(file.path), json.dumps(VALUES)]
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [subprocess.Popen(command, env=paths, stderr=subprocess.PIPE, text=True) for _ in range(2)]  # noqa: S603 -- our own interpreter
    assert [one.communicate(timeout=60)[1] for one in running] == ["", ""]
    assert [one.returncode for one in running] == [0, 0]


class Died(BaseException):
    """The process ends here."""


class Dies(httpx.AsyncBaseTransport):
    """Passes the request for a token, and dies before the token is used."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            raise Died
        async with httpx.AsyncClient() as http:
            return await http.send(httpx.Request("POST", request.url, headers=request.headers, content=request.content))


def test_a_token_is_stored_before_it_is_used(sandbox: Serving, file: GrantFile) -> None:
    signed_in(sandbox, file)
    with pytest.raises(Died):
        asyncio.run(asked(site(sandbox, file), transport=Dies()))
    asyncio.run(asked(site(sandbox, file)))


def test_nothing_is_requested_where_it_could_not_be_stored(
    sandbox: Serving, file: GrantFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(sandbox, file)
    before = file.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ConfigurationError, match="No space left on device"):
            asyncio.run(asked(site(sandbox, file)))
    assert file.path.read_bytes() == before
    asyncio.run(asked(site(sandbox, file)))


def test_a_token_that_the_system_no_longer_takes_is_replaced_once(sandbox: Serving, file: GrantFile) -> None:
    signed_in(sandbox, file)
    grant = file.read()
    assert grant
    file.write(replace(grant, access="no-token-of-this-server", until=4e9))
    asyncio.run(asked(site(sandbox, file), times=2))
    assert file.read() != grant


def test_a_refresh_token_that_stays_good_is_kept(sandbox: Serving, file: GrantFile) -> None:
    signed_in(sandbox, file)
    grant = file.read()
    assert grant
    sandbox.fault("customerp", switches={"one_time_tokens": False})
    asyncio.run(asked(site(sandbox, file)))
    after = file.read()
    assert after
    assert (after.refresh, bool(after.access)) == (grant.refresh, True)


def test_another_token_in_the_environment_is_where_it_begins_anew(sandbox: Serving, file: GrantFile) -> None:
    file.write(Grant("of-yesterday", "of-yesterday", 4e9, first=trace("another")))
    asyncio.run(asked(site(sandbox, file)))
    found = file.read()
    assert found
    assert found.first == trace(FIRST_REFRESH_TOKEN)


@pytest.mark.parametrize("key", ["", Fernet.generate_key().decode()], ids=["plain", "encrypted"])
def test_the_file_is_for_its_owner_alone_and_encrypted_where_there_is_a_key(
    sandbox: Serving, file: GrantFile, key: str
) -> None:
    mine = GrantFile(file.path, key)
    signed_in(sandbox, mine)
    asyncio.run(asked(site(sandbox, mine)))
    grant = mine.read()
    assert grant
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert (grant.refresh.encode() in file.path.read_bytes()) is not bool(key)
    assert grant.refresh not in repr((grant, mine))


def test_a_file_that_our_key_does_not_open_says_so(file: GrantFile) -> None:
    GrantFile(file.path, Fernet.generate_key().decode()).write(Grant("a-token-of-someone"))
    with pytest.raises(CredentialsError, match="TALK_SECRET_KEY is not set"):
        file.read()
    with pytest.raises(CredentialsError, match="cannot be decrypted with the key in TALK_SECRET_KEY"):
        GrantFile(file.path, Fernet.generate_key().decode()).read()
    with pytest.raises(CredentialsError, match="is no key: 32 bytes"):
        GrantFile(file.path, "hunter2").read()
    file.path.write_text("{}")
    with pytest.raises(ConfigurationError, match="talk authorise customerp"):
        file.read()


@pytest.mark.parametrize(
    ("access", "right"),
    [
        (ACCESS, "Sign in anew: talk authorise customerp"),
        (replace(ACCESS, authorise_url=""), "Set a new refresh token in TALK_CUSTOMERP_REFRESH_TOKEN."),
    ],
)
def test_a_sign_in_that_has_ended_says_how_to_sign_in_anew(
    sandbox: Serving, file: GrantFile, access: Access, right: str
) -> None:
    file.write(Grant("no-token-of-this-server", first=trace(FIRST_REFRESH_TOKEN)))
    values = {**VALUES, "refresh_token": "no-token-either"}

    async def once() -> None:
        async with Client(where, access.opener(where, values)()) as client:
            await client.send(Call("GET", "/v1/contacts"))

    where = site(sandbox, file)
    with pytest.raises(CredentialsError) as caught:
        asyncio.run(once())
    said = "customerp: the sign-in has ended: its refresh token was refused with invalid_grant."
    assert str(caught.value) == f"{said} {right}"


def test_nobody_has_signed_in_yet(sandbox: Serving, file: GrantFile) -> None:
    code = replace(ACCESS, type=AuthType.CODE)
    with pytest.raises(CredentialsError, match=r"nobody has signed in yet\. Sign in anew: talk authorise customerp"):
        asyncio.run(asked(site(sandbox, file), access=code))


@pytest.mark.parametrize(("says", "days"), [(True, 60), (False, 30), (False, 0)])
def test_when_a_sign_in_ends_is_stored(sandbox: Serving, file: GrantFile, *, says: bool, days: int) -> None:
    sandbox.fault("customerp", switches={"says_grant_end": says})
    signed_in(sandbox, file)
    asyncio.run(asked(site(sandbox, file), access=replace(ACCESS, grant_days=30 if days else 0)))
    stored = json.loads(file.path.read_bytes())
    ends = stored["ends"] and (stored["ends"] - stored["until"]) / 86_400
    assert ends == pytest.approx(days, abs=0.1) if days else ends is None
