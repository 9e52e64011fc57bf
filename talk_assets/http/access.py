"""How a REST API wants to know who is speaking, as data, and the `httpx.Auth` that follows from it.

`talk.toml` may name another way for the systems that belong to the user; the values come from the environment alone.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import httpx

from talk_assets.http.auth import (
    ClientCredentials,
    HeaderAuth,
    OAuthClient,
    QueryAuth,
    QueryPair,
    SignedAuth,
    Wallet,
    bearer,
)
from talk_assets.http.client import Site
from talk_assets.http.grants import Grantee, RefreshGrant


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
    CODE = "authorization_code"


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
    AuthType.CODE: ("client_id", "client_secret"),
}
"""The credentials that each needs, in the order in which they are used."""

CREDENTIALS = tuple(dict.fromkeys(name for names in NEEDS.values() for name in names))
"""All of them, which no file may hold."""


SIGNED_IN = frozenset({AuthType.REFRESH, AuthType.CODE})
"""Those that go on from where a person signed in."""


@dataclass(frozen=True)
class Access:
    """`name` is the header or the query parameter of a key, `prefix` what stands before the key in a header.

    `token_url` is where tokens are asked for, absolute or below the base URL, and `scope` what they are asked for.
    `authorise_url` is where a person signs in, the same way, and `grant_days` how long that holds, 0 if only the server
    says.
    `called` are the API's own names for the credentials, in the order of `NEEDS`, empty for those. `over_http` is the
    type that takes the place of `type`, with the same credentials, where a real system is spoken with over plain http.
    """

    type: AuthType = AuthType.NONE
    name: str = ""
    prefix: str = ""
    token_url: str = ""
    scope: str = ""
    authorise_url: str = ""
    grant_days: int = 0
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
        url = self.whole(site, self.token_url)

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
            AuthType.REFRESH: lambda: RefreshGrant(self.grantee(site, credentials), wallet, clock, site.grant_file),
            AuthType.CODE: lambda: RefreshGrant(self.grantee(site, credentials), wallet, clock, site.grant_file),
        }
        plain = site.base_url.startswith("http://") and bool(site.secrets)
        return ways[self.over_http if plain and self.over_http else self.type]

    @staticmethod
    def whole(site: Site, url: str) -> str:
        """Return an address of the system, which may be given as a path below its base URL."""
        return url if "://" in url else f"{site.base_url.rstrip('/')}/{url.lstrip('/')}"

    def grantee(self, site: Site, credentials: Mapping[str, str]) -> Grantee:
        """Return who we are to the server that hands out tokens for a person who signed in."""
        client, secret, *first = (credentials[name] for name in self.credentials)
        url = self.whole(site, self.token_url)
        return Grantee(site.system, url, client, secret, first[0] if first else "", self.grant_days, self.anew(site))

    def anew(self, site: Site) -> str:
        """Return what a person does to sign in anew, as a sentence."""
        if self.authorise_url:
            return f"Sign in anew: talk authorise {site.system}"
        place = NEEDS[AuthType.REFRESH].index("refresh_token")
        variable = next(reversed(site.variables[: place + 1]), "the environment")
        return f"Set a new refresh token in {variable}."


def _encoded(pair: Sequence[str]) -> str:
    return base64.b64encode(f"{pair[0]}:{pair[1]}".encode()).decode()
