"""How a request proves who sends it: one `httpx.Auth` per way that the APIs know.

A way that only one system knows is a `TokenAuth` in that system's file. Values of credentials stay inside these
objects: no message, log or repr holds one.
"""

import asyncio
import base64
import json
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import httpx

from talk_assets.http.limit import Clock


class TokenRefused(Exception):  # noqa: N818 -- a signal to the client, which knows which variable to check
    """The system answered the request for a token, and the answer holds none."""


@dataclass
class Wallet:
    """The token in use; it outlives the connections, so that the next one need not ask for another."""

    token: str | None = field(default=None, repr=False)
    refresh: str | None = field(default=None, repr=False)
    until: float = 0.0
    """By `Clock.now`, when the token should be replaced: shortly before it expires."""
    refused: str | None = field(default=None, repr=False)
    """The latest token that the system did not take."""


@dataclass(frozen=True)
class Token:
    """A token as a system issued it; `seconds` is how long it lives from then, `ends` how long its refresh token."""

    value: str = field(repr=False)
    seconds: float
    refresh: str | None = field(default=None, repr=False)
    ends: float | None = None


def early(seconds: float) -> float:
    """Return how many seconds before its end a token that lives so long is replaced."""
    return min(60.0, seconds / 10)


class HeaderAuth(httpx.Auth):
    """One header with every request: a bearer token, or a key under the API's own name."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the header."""
        request.headers[self._name] = self._value
        yield request


def bearer(token: str) -> httpx.Auth:
    """`Authorization: Bearer …` with a token that does not change."""
    return HeaderAuth("Authorization", f"Bearer {token}")


class QueryAuth(httpx.Auth):
    """A key in the query of every request."""

    def __init__(self, name: str, value: str) -> None:
        self._name = name
        self._value = value

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the key."""
        request.url = request.url.copy_set_param(self._name, self._value)
        yield request


class QueryPair(httpx.Auth):
    """A key and its secret in the query of every request, under their own names."""

    def __init__(self, pair: Mapping[str, str]) -> None:
        self._pair = dict(pair)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with both."""
        request.url = request.url.copy_merge_params(self._pair)
        yield request


class SignedAuth(httpx.Auth):
    """OAuth 1.0a with one leg (RFC 5849): each request is signed with HMAC-SHA256, and the secret is never sent.

    The signature is in the query, as some hosts keep the header `Authorization` back.
    """

    def __init__(self, key: str, secret: str, clock: Clock) -> None:
        self._key, self._secret, self._clock = key, secret, clock

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a signature of its own."""
        from oauthlib import oauth1  # noqa: PLC0415 -- only systems that are signed in to so need it

        signing = oauth1.Client(
            self._key,
            client_secret=self._secret,
            signature_method=oauth1.SIGNATURE_HMAC_SHA256,
            signature_type=oauth1.SIGNATURE_TYPE_QUERY,
            timestamp=str(int(self._clock.wall())),
        )
        url, _, _ = signing.sign(str(request.url), http_method=cast("Any", request.method))
        request.url = httpx.URL(url)
        yield request


class TokenAuth(httpx.Auth):
    """A token that is fetched once for all requests that wait for it, replaced before it expires and once on a 401.

    Where the system refuses to issue one, its answer to that takes the place of the answer to the request.
    """

    def __init__(self, wallet: Wallet, clock: Clock) -> None:
        self._wallet = wallet
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    @abstractmethod
    def ask(self, refresh: str | None) -> httpx.Request:
        """Build the request for a token, with a refresh token where there is one."""

    @abstractmethod
    def issued(self, response: httpx.Response) -> Token:
        """Read the token from a successful answer; raise TokenRefused where it holds none, ValueError for no JSON."""

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keep others from requesting a token of the same grant meanwhile; whoever shares it with others says how."""
        yield

    def refused(self, answer: httpx.Response) -> None:
        """Raise CredentialsError where an answer without a token says more than its status."""

    def keep(self, token: Token, refresh: str | None) -> None:
        """Take a token into use; `refresh` is the refresh token that it was requested with."""
        del refresh
        self._wallet.token, self._wallet.refresh = token.value, token.refresh
        self._wallet.until = self._clock.now() + token.seconds - early(token.seconds)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with a token that should be good, and once more with a new one if it was not."""
        for last in (False, True):
            async with self._one_at_a_time:
                if self._stale():
                    async with self.alone():
                        while self._stale():
                            refresh = self._wallet.refresh
                            answer = yield self._like(request, self.ask(refresh))
                            await answer.aread()
                            if (new := self._granted(answer, refresh)) is not None:
                                self.keep(new, refresh)
                            elif refresh is None or answer.is_server_error or answer.status_code == _TOO_MANY:
                                self.refused(answer)
                                return
                            else:
                                self._wallet.refresh = None
                token = self._wallet.token
            request.headers["Authorization"] = f"Bearer {token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED or last:
                return
            if self._wallet.token == token:
                self._wallet.token, self._wallet.refused = None, token

    def _granted(self, answer: httpx.Response, refresh: str | None) -> Token | None:
        """The token, None where there is none; a refused refresh token is no error, as there is another way."""
        if not answer.is_success:
            return None
        try:
            return self.issued(answer)
        except ValueError:
            return None
        except TokenRefused:
            if refresh is None:
                raise
            return None

    def _stale(self) -> bool:
        return self._wallet.token is None or self._clock.now() >= self._wallet.until

    def _like(self, request: httpx.Request, ask: httpx.Request) -> httpx.Request:
        """The request for a token with the same timeouts as the request that needs it."""
        ask.extensions = {"timeout": request.extensions.get("timeout", {}), **ask.extensions}
        return ask


@dataclass(frozen=True)
class OAuthClient:
    """Who we are to the server at `url`, where tokens are asked for; `headers` are such as a subscription key.

    `scope` is what we ask for, empty for whatever the server gives.
    """

    url: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    scope: str = ""


class ClientCredentials(TokenAuth):
    """OAuth 2.0 client credentials (RFC 6749, 4.4): key and secret by basic authentication, for a bearer token.

    The client's headers go with the request for a token and with every other one.
    """

    def __init__(self, client: "OAuthClient", wallet: Wallet, clock: Clock) -> None:
        super().__init__(wallet, clock)
        self._url = client.url
        self._basic = base64.b64encode(f"{client.key}:{client.secret}".encode()).decode()
        self._headers = dict(client.headers)
        self._form = {"grant_type": "client_credentials"} | ({"scope": client.scope} if client.scope else {})

    def ask(self, refresh: str | None) -> httpx.Request:
        """Ask for a new token: there is nothing to refresh in this flow."""
        del refresh
        headers = {"Authorization": f"Basic {self._basic}", **self._headers}
        return httpx.Request("POST", self._url, data=self._form, headers=headers)

    def issued(self, response: httpx.Response) -> Token:
        """Read `access_token` and `expires_in`."""
        body = json_object(response)
        if not isinstance(token := body.get("access_token"), str):
            raise TokenRefused
        seconds = body.get("expires_in")
        return Token(token, float(seconds) if isinstance(seconds, int | float | str) else LIFETIME)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the headers and a token."""
        request.headers.update(self._headers)
        flow = super().async_auth_flow(request)
        response = None
        try:
            while True:
                response = yield (await anext(flow) if response is None else await flow.asend(response))
        except StopAsyncIteration:
            return
        finally:
            await flow.aclose()


_TOO_MANY = httpx.codes.TOO_MANY_REQUESTS
LIFETIME = 600.0
"""Seconds that a token is taken to live where the answer does not say."""


def json_object(response: httpx.Response) -> dict[str, object]:
    """The answer's JSON object; raise ValueError for anything else."""
    body = json.loads(response.content)
    if not isinstance(body, dict):
        message = "not a JSON object"
        raise ValueError(message)  # noqa: TRY004 -- as json.loads says of what is no JSON at all
    return body
