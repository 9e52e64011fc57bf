"""Each way to prove who is speaking, as it goes over the wire, and that no value shows."""

import asyncio
import base64
from collections.abc import Callable

import httpx
import pytest

from talk_assets.errors import CredentialsError
from talk_assets.http.access import NEEDS, Access, AuthType
from talk_assets.http.client import Call, Client, Site
from talk_assets.http.limit import Clock
from talk_assets.http.retry import Retry
from talk_assets_tests.http.fakes import Time

VALUES = {name: f"{name}-value" for names in NEEDS.values() for name in names}


def sent(access: Access, answer: Callable[[httpx.Request], httpx.Response], time: Time, times: int = 1) -> None:
    """Send requests, each over a connection of its own, ten minutes apart."""
    clock = Clock(now=lambda: time.now, wall=lambda: time.now, sleep=time.sleep)
    site = Site("demo", "https://demo.example/api", retry=Retry(clock=clock), variables=("TALK_DEMO_TOKEN",))
    auth = access.opener(site, VALUES)

    async def run() -> None:
        for _ in range(times):
            async with Client(site, auth(), httpx.MockTransport(answer)) as client:
                await client.send(Call("GET", "/people"))
            time.now += 600

    asyncio.run(run())


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("access", "header", "value"),
    [
        (Access(AuthType.NONE), "authorization", None),
        (Access(AuthType.BASIC), "authorization", basic("username-value", "password-value")),
        (Access(AuthType.BASIC, called=("token", "api_key")), "authorization", basic("token-value", "api_key-value")),
        (Access(AuthType.BEARER), "authorization", "Bearer token-value"),
        (Access(AuthType.HEADER, name="X-Api-Key"), "x-api-key", "api_key-value"),
        (Access(AuthType.HEADER, name="Authorization", prefix="Token "), "authorization", "Token api_key-value"),
    ],
)
def test_a_header_proves_it(access: Access, header: str, value: str | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers.get(header) == value
        return httpx.Response(200, json=[])

    sent(access, answer, Time())
    assert "-value" not in repr(access)


def test_a_parameter_proves_it_beside_the_others() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["key"] == "api_key-value"
        return httpx.Response(200, json=[])

    sent(Access(AuthType.QUERY, name="key"), answer, Time())


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("/oauth/token", "https://demo.example/api/oauth/token"),
        ("https://id.example/token", "https://id.example/token"),
    ],
)
def test_a_client_trades_its_secret_for_tokens_that_outlive_the_connection(url: str, where: str) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            asked.append(str(request.url))
            assert request.headers["authorization"] == basic("client_id-value", "client_secret-value")
            assert request.content == b"grant_type=client_credentials&scope=erp"
            return httpx.Response(200, json={"access_token": "t1", "expires_in": 1000})
        assert request.headers["authorization"] == "Bearer t1"
        return httpx.Response(200, json=[])

    sent(Access(AuthType.CLIENT, token_url=url, scope="erp"), answer, Time(), times=2)
    assert asked == [where]


def test_each_refresh_token_is_used_once_and_the_one_of_the_environment_is_where_it_begins() -> None:
    used: list[str] = []
    good = {"refresh_token-value"}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method != "POST":
            return httpx.Response(200, json=[])
        form = dict(pair.split("=") for pair in request.content.decode().split("&"))
        assert (form["client_id"], form["client_secret"]) == ("client_id-value", "client_secret-value")
        used.append(form["refresh_token"])
        if form["refresh_token"] not in good:
            return httpx.Response(400, json={"error": "invalid_grant"})
        good.clear()
        good.add(f"r{len(used)}")
        body = {"access_token": f"t{len(used)}", "expires_in": 500, "refresh_token": f"r{len(used)}"}
        return httpx.Response(200, json=body)

    access, time = Access(AuthType.REFRESH, token_url="/connect/token"), Time()
    sent(access, answer, time, times=3)
    assert used == ["refresh_token-value", "r1", "r2"]
    with pytest.raises(CredentialsError, match="TALK_DEMO_TOKEN") as caught:
        sent(access, answer, time)
    assert "-value" not in str(caught.value)
