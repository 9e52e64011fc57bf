"""The way to the network: every request passes the rate limit, is counted, and tells how far the server's clock is off.

The requests for tokens pass here as well, as the systems count them too.
"""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache

import httpx

from talk_assets.http.limit import Clock, Limiter
from talk_assets.model.system import Usage


@dataclass
class Skew:
    """The server's clock less ours, in seconds, as an interval that every answer narrows.

    `Date` has whole seconds and was written between sending and receiving, so one answer alone is a second vague.
    """

    low: float = float("-inf")
    high: float = float("inf")

    def learn(self, date: float, sent: float, received: float) -> None:
        """Take in one answer, all three in seconds since 1970."""
        low, high = max(self.low, date - received), min(self.high, date + 1 - sent)
        if low > high:
            # One of the clocks was set meanwhile: what was learnt before no longer holds.
            low, high = date - received, date + 1 - sent
        self.low, self.high = low, high

    @property
    def value(self) -> timedelta:
        """Zero as long as no answer contradicts it."""
        if self.low <= 0 <= self.high:
            return timedelta()
        return timedelta(seconds=(self.low + self.high) / 2)


class Meter(httpx.AsyncBaseTransport):
    """Another transport behind the rate limit. Requests are counted under their extension `template`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, limiter: Limiter, clock: Clock) -> None:
        self.usage = Usage()
        self.skew = Skew()
        self._inner = inner
        self._limiter = limiter
        self._clock = clock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Wait for the limit, then send."""
        name = request.extensions.get("template") or f"{request.method} {request.url.path}"
        async with self._limiter:
            self.usage.waited = self._limiter.waited
            self.usage.requests[name] = self.usage.requests.get(name, 0) + 1
            sent = self._clock.wall()
            response = await self._inner.handle_async_request(request)
        self._learn(response, sent)
        return response

    def _learn(self, response: httpx.Response, sent: float) -> None:
        date = _seconds(response.headers.get("date", ""))
        if date is not None:
            self.skew.learn(date, sent, self._clock.wall())

    async def aclose(self) -> None:
        """Close the connections behind it."""
        await self._inner.aclose()


class _Forgetful(httpx.Cookies):
    """Keeps no cookie: no API here asks for one, and looking for them takes a tenth of the time of a request."""

    def extract_cookies(self, response: httpx.Response) -> None:
        """Leave them where they are."""


class Http(httpx.AsyncClient):
    """httpx's client without cookies."""

    @property
    def cookies(self) -> httpx.Cookies:
        """None, and there never are any."""
        return _NO_COOKIES

    @cookies.setter
    def cookies(self, cookies: object) -> None:
        raise NotImplementedError


_NO_COOKIES = _Forgetful()


@lru_cache(maxsize=4)
def _seconds(date: str) -> float | None:
    """Seconds since 1970 of what many answers of one second say; null for what is no HTTP date."""
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def network(connections: int) -> httpx.AsyncBaseTransport:
    """The real network, over aiohttp, with so many connections at most."""
    from httpx_aiohttp import AiohttpTransport  # noqa: PLC0415 -- a fifth of a second that most commands never need

    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=15.0)
    return AiohttpTransport(verify=_trusted(), limits=limits)


@cache
def _trusted() -> ssl.SSLContext:
    """The certificates we trust; reading them takes longer than a request on this machine."""
    return httpx.create_ssl_context()


def never_sent(error: Exception) -> bool:
    """Whether the request surely never reached the system.

    httpx-aiohttp calls every failed connection a ConnectTimeout, one that broke after the request included, so what
    aiohttp itself raised decides where there is one.
    """
    import aiohttp  # noqa: PLC0415 -- see network

    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientError | asyncio.TimeoutError):
        unsent = aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL
        return isinstance(cause, unsent)
    return isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol)


def broken() -> tuple[type[Exception], ...]:
    """What sending raises when no whole answer came; aiohttp's own include what httpx-aiohttp has no name for."""
    import aiohttp  # noqa: PLC0415 -- see network

    return (httpx.TransportError, aiohttp.ClientError, asyncio.TimeoutError)
