"""How a REST API wants to know who is speaking, as data, and the `httpx.Auth` that follows from it.

`talk.toml` may name another way for the systems that belong to the user; the values come from the environment alone.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

from talk_assets.http.auth import (
    LIFETIME,
    ClientCredentials,
    HeaderAuth,
    OAuthClient,
    QueryAuth,
    QueryPair,
    SignedAuth,
    Token,
    TokenAuth,
    TokenRefused,
    Wallet,
    bearer,
    json_object,
)
from talk_assets.http.client import Site
from talk_assets.http.limit import Clock


class AuthType(StrEnum):
    """The ways there are."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    HEADER = "header"
    QUERY = "query"
    QUERY_PAIR = "query_pair"
    OAUTH1 = "oauth1"
    CLIENT = "client_credentials"
    REFRESH = "refresh_token"


NEEDS: Mapping[AuthType, tuple[str, ...]] = {
    AuthType.NONE: (),
    AuthType.BASIC: ("username", "password"),
    AuthType.BEARER: ("token",),
    AuthType.HEADER: ("api_key",),
    AuthType.QUERY: ("api_key",),
    AuthType.QUERY_PAIR: ("consumer_key", "consumer_secret"),
    AuthType.OAUTH1: ("consumer_key", "consumer_secret"),
    AuthType.CLIENT: ("client_id", "client_secret"),
    AuthType.REFRESH: ("client_id", "client_secret", "refresh_token"),
}
"""The credentials that each needs, in the order in which they are used."""

CREDENTIALS = tuple(dict.fromkeys(name for names in NEEDS.values() for name in names))
"""All of them, which no file may hold."""


@dataclass(frozen=True)
class Access:
    """`name` is the header or the query parameter of a key, `prefix` what stands before the key in a header.

    `token_url` is where tokens are asked for, absolute or below the base URL, and `scope` what they are asked for.
    `called` are the API's own names for the credentials, in the order of `NEEDS`, empty for those. `over_http` is the
    type that takes the place of `type`, with the same credentials, where a real system is spoken with over plain http.
    """

    type: AuthType = AuthType.NONE
    name: str = ""
    prefix: str = ""
    token_url: str = ""
    scope: str = ""
    called: tuple[str, ...] = ()
    over_http: AuthType | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        """The names of the credentials."""
        return self.called or NEEDS[self.type]

    def opener(self, site: Site, credentials: Mapping[str, str]) -> Callable[[], httpx.Auth]:
        """Return what makes the `httpx.Auth` of each connection; a token outlives the connection that asked for it."""
        values = [credentials[name] for name in self.credentials]
        wallet, clock = Wallet(), site.retry.clock
        url = self.token_url if "://" in self.token_url else f"{site.base_url.rstrip('/')}/{self.token_url.lstrip('/')}"

        ways: dict[AuthType, Callable[[], httpx.Auth]] = {
            AuthType.NONE: httpx.Auth,
            AuthType.BASIC: lambda: HeaderAuth("Authorization", f"Basic {_encoded(values)}"),
            AuthType.BEARER: lambda: bearer(values[0]),
            AuthType.HEADER: lambda: HeaderAuth(self.name, self.prefix + values[0]),
            AuthType.QUERY: lambda: QueryAuth(self.name, values[0]),
            AuthType.QUERY_PAIR: lambda: QueryPair(dict(zip(self.credentials, values, strict=True))),
            AuthType.OAUTH1: lambda: SignedAuth(values[0], values[1], clock),
            AuthType.CLIENT: lambda: ClientCredentials(
                OAuthClient(url, values[0], values[1], scope=self.scope), wallet, clock
            ),
            AuthType.REFRESH: lambda: RefreshGrant(url, values, wallet, clock),
        }
        plain = site.base_url.startswith("http://") and bool(site.secrets)
        return ways[self.over_http if plain and self.over_http else self.type]


def _encoded(pair: Sequence[str]) -> str:
    return base64.b64encode(f"{pair[0]}:{pair[1]}".encode()).decode()


class RefreshGrant(TokenAuth):
    """OAuth 2.0 refresh tokens (RFC 6749, 6), for a person who once signed in: each may be replaced as it is used.

    The one from the environment is where it begins, and where it begins again if a later one is refused.
    """

    def __init__(self, url: str, values: Sequence[str], wallet: Wallet, clock: Clock) -> None:
        super().__init__(wallet, clock)
        self._url = url
        self._client, self._secret, self._first = values[:3]

    def ask(self, refresh: str | None) -> httpx.Request:
        """Trade the newest refresh token."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": refresh or self._first,
            "client_id": self._client,
            "client_secret": self._secret,
        }
        return httpx.Request("POST", self._url, data=form, extensions={"template": "POST token"})

    def issued(self, response: httpx.Response) -> Token:
        """Read `access_token`, `expires_in` and the next `refresh_token`, where there is one."""
        body = json_object(response)
        token, seconds, refresh = body.get("access_token"), body.get("expires_in"), body.get("refresh_token")
        if not isinstance(token, str):
            raise TokenRefused
        lifetime = float(seconds) if isinstance(seconds, int | float | str) else LIFETIME
        return Token(token, lifetime, refresh if isinstance(refresh, str) else None)
