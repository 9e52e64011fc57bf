"""Tokens: one for everybody, replaced in time."""

import asyncio
import re

import httpx
import pytest

from talk_assets.errors import CredentialsError
from talk_assets.http.auth import ClientCredentials, HeaderAuth, OAuthClient, QueryAuth, Wallet, bearer
from talk_assets.http.client import Call
from talk_assets.systems.webcrm.wire import WebcrmAuth
from talk_assets_tests.http.fakes import Time, client

GET = Call("GET", "/things")


class Server:
    """Issues numbered tokens, and takes only the newest until it expires."""

    def __init__(self, time: Time, lifetime: float = 3600.0) -> None:
        self.time = time
        self.lifetime = lifetime
        self.issued = 0
        self.until = 0.0
        self.rejects = False
        self.refreshed: list[str] = []
        self.seen: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if request.method == "POST":
            return self.issue(request)
        right = request.headers.get("authorization") == f"Bearer token{self.issued}" and self.time.now < self.until
        return httpx.Response(200, json=[]) if right and not self.rejects else httpx.Response(401, json={})

    def issue(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/Auth/"):
            assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
        form = dict(re.findall(r'name="(\w+)"\r\n\r\n(.*?)\r\n', request.content.decode()))
        if "refreshToken" in form:
            self.refreshed.append(form["refreshToken"])
            if form["refreshToken"] == "expired":
                return httpx.Response(400, json={"Message": "expired"})
            if form["refreshToken"] == "refused":
                return httpx.Response(200, json={"IsError": True, "Error": "bad token", "AccessToken": None})
        elif form.get("authCode") == "wrong":
            return httpx.Response(200, json={"IsError": True, "Error": "bad code", "AccessToken": None})
        self.issued += 1
        self.until = self.time.now + self.lifetime
        token = f"token{self.issued}"
        names = {"AccessToken": token, "RefreshToken": f"refresh{self.issued}", "ExpiresIn": self.lifetime}
        return httpx.Response(200, json={**names, "access_token": token, "expires_in": self.lifetime, "IsError": False})


def login(time: Time, wallet: Wallet, code: str = "code") -> WebcrmAuth:
    return WebcrmAuth("https://demo.example/api", code, wallet, time.clock())


def test_many_requests_at_once_ask_for_one_token() -> None:
    time = Time()
    server = Server(time)

    async def run() -> None:
        async with client(server, time, auth=login(time, Wallet())) as demo:
            await asyncio.gather(*(demo.send(GET) for _ in range(20)))
            assert demo.usage.requests == {"POST /Auth/ApiLogin": 1, "GET /things": 20}

    asyncio.run(run())


def test_a_token_is_replaced_before_it_expires_and_outlives_the_connection() -> None:
    time, wallet = Time(), Wallet()
    server = Server(time)

    async def run() -> None:
        async with client(server, time, auth=login(time, wallet)) as demo:
            await demo.send(GET)

    asyncio.run(run())
    time.now += 3000
    asyncio.run(run())
    assert server.issued == 1
    time.now += 560
    asyncio.run(run())
    assert server.issued == 2
    assert server.refreshed == ["refresh1"]
    assert sum(request.method == "GET" for request in server.seen) == 3


def test_many_requests_with_a_token_that_was_withdrawn_ask_for_one_new_one() -> None:
    time, wallet = Time(), Wallet(token="withdrawn", until=9e12)
    server = Server(time)

    async def run() -> None:
        async with client(server, time, auth=login(time, wallet)) as demo:
            await asyncio.gather(*(demo.send(GET) for _ in range(10)))

    asyncio.run(run())
    assert server.issued == 1


@pytest.mark.parametrize("refresh", ["expired", "refused"])
def test_a_refresh_token_that_nobody_takes_means_logging_in_again(refresh: str) -> None:
    time, wallet = Time(), Wallet(refresh=refresh)
    server = Server(time)

    async def run() -> None:
        async with client(server, time, auth=login(time, wallet)) as demo:
            await demo.send(GET)

    asyncio.run(run())
    assert server.issued == 1


@pytest.mark.parametrize("code", ["wrong", "code"])
def test_a_wrong_code_or_a_token_that_nobody_takes_names_the_variable(code: str) -> None:
    time = Time()
    server = Server(time)
    server.rejects = True

    async def run() -> None:
        async with client(server, time, auth=login(time, Wallet(), code), secrets=(code,)) as demo:
            await demo.send(GET)

    with pytest.raises(CredentialsError, match="TALK_DEMO_TOKEN"):
        asyncio.run(run())
    assert len(server.seen) <= 4


def test_a_login_that_fails_for_now_is_tried_again_even_for_a_create() -> None:
    time = Time()
    server = Server(time)
    fails = [httpx.Response(500), httpx.Response(429, headers={"Retry-After": "2"})]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and fails:
            return fails.pop()
        return server(request)

    async def run() -> None:
        async with client(answer, time, auth=login(time, Wallet())) as demo:
            await demo.send(Call("GET", "/things", repeatable=False))

    asyncio.run(run())
    assert not fails


def test_client_credentials_send_key_secret_and_extra_headers() -> None:
    time = Time()
    server = Server(time)
    who = OAuthClient("https://demo.example/token", "key", "secret", {"Ocp-Apim-Subscription-Key": "sub"})

    async def run() -> None:
        async with client(server, time, auth=ClientCredentials(who, Wallet(), time.clock())) as demo:
            await demo.send(GET)

    asyncio.run(run())
    ask, get = server.seen
    assert ask.headers["authorization"] == "Basic a2V5OnNlY3JldA=="
    assert ask.content == b"grant_type=client_credentials"
    assert {ask.headers["ocp-apim-subscription-key"], get.headers["ocp-apim-subscription-key"]} == {"sub"}


@pytest.mark.parametrize("auth", [bearer("k3y"), HeaderAuth("X-Key", "k3y"), QueryAuth("key", "k3y")])
def test_a_key_goes_where_the_api_wants_it_and_into_no_repr(auth: httpx.Auth) -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=[])

    async def run() -> None:
        async with client(answer, Time(), auth=auth) as demo:
            await demo.send(GET)

    asyncio.run(run())
    assert "k3y" in f"{seen[0].headers.raw!r} {seen[0].url}"
    assert "k3y" not in repr(auth)
    assert "k3y" not in repr(Wallet(token="k3y", refresh="k3y"))
