"""One request to one system, through retries to an answer or an error that says what to do.

Which requests to send, and what the answers mean, is the connection's concern.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import quote

import httpx

from talk_assets.errors import ConfigurationError, CredentialsError, NotTheApi, Refused, SystemFailure, Unreachable
from talk_assets.http import exchange, words
from talk_assets.http.auth import TokenRefused
from talk_assets.http.bodies import shorten
from talk_assets.http.grants import GrantFile
from talk_assets.http.limit import UNLIMITED, Limiter, Rate, Spent
from talk_assets.http.retry import Retry, asked_pause, too_many
from talk_assets.http.transport import Http, Meter, broken, network, never_sent
from talk_assets.model.system import Usage


class AnswerLost(SystemFailure):
    """A write was sent, may have been carried out, and no answer came."""


class Forbidden(Refused):
    """A write was answered with a 403: the record is not ours to write, or our key may write nothing at all.

    `key_at_fault` is what to say in the second case.
    """

    def __init__(self, message: str, *, body: bytes, key_at_fault: str) -> None:
        super().__init__(message, status=httpx.codes.FORBIDDEN, body=body)
        self.key_at_fault = key_at_fault


class Unseen(CredentialsError):  # noqa: N818 -- a signal of which record, or an error of the key
    """A read was answered with a 403: what was asked for, or everything, is not shown to our key."""


class Broke(AnswerLost):
    """A write was answered with a 500 in the API's own words, `tried` times; it may have been carried out anyway."""

    def __init__(self, message: str, *, tried: int) -> None:
        super().__init__(message)
        self.tried = tried


class Spoiled(Unreachable):
    """Each answer to a read had something else around its JSON; other answers may be good."""


@dataclass(frozen=True)
class Site:
    """Where a system is and how it wants to be spoken with.

    `variables` are the environment's names for its credentials, `secrets` their values, which are struck from every
    message. `hint` is what to do when it cannot be reached, `credentials_hint` what else may be wrong where it does not
    accept the credentials. `spent` is shared by all connections to the system. `grant_file` is where tokens of a person
    who signed in are stored, null where they are not.
    """

    system: str
    base_url: str
    rate: Rate = UNLIMITED
    spent: Spent = field(default_factory=Spent)
    retry: Retry = field(default_factory=Retry)
    variables: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    hint: str = "try again later"
    credentials_hint: str = ""
    concurrency: int = 16
    timeout: float = 60.0
    grant_file: GrantFile | None = None


@dataclass(frozen=True)
class Call:
    """A request: `template` is the path with `{id}` in place of ids, as requests are counted; default the path itself.

    `repeatable`: whether sending it twice does no more than sending it once. `json`: whether JSON is due.
    """

    method: str
    path: str
    template: str = ""
    params: Mapping[str, str | list[str]] = field(default_factory=dict)
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool = True
    json: bool = True


@dataclass(frozen=True)
class _Failure:
    """Why a try was no success; `lost`: it may have been carried out; `pause`: seconds the API asks us to wait.

    `broke`: the API itself said that it broke; `spoiled`: it answered, and the answer can't be read.
    """

    reason: str
    lost: bool = False
    broke: bool = False
    spoiled: bool = False
    pause: float | None = None
    throttled: bool = False


class Client:
    """Open with `async with`. `usage` and `skew` grow as requests are sent."""

    def __init__(self, site: Site, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.site = site
        self._clock = site.retry.clock.steady()
        self._limiter = Limiter(site.rate, site.spent, self._clock)
        self._meter = Meter(transport or network(site.concurrency), self._limiter, self._clock)
        self._slots = asyncio.Semaphore(site.concurrency)
        self._auth = auth
        self._http = Http(transport=self._meter)
        self._headers = {**_HEADERS, "Accept-Encoding": self._http.headers["accept-encoding"]}
        self._timeout = httpx.Timeout(site.timeout, connect=10.0, pool=None).as_dict()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    @property
    def usage(self) -> Usage:
        """What was sent so far, requests for tokens included."""
        return self._meter.usage

    @property
    def skew(self) -> timedelta:
        """The system's clock less ours, as its answers tell."""
        return self._meter.skew.value

    def wall(self) -> float:
        """Now, by our clock, in seconds since 1970."""
        return self._clock.wall()

    def server_time(self, wall: float) -> datetime:
        """What the system's clock showed when ours showed `wall`."""
        return datetime.fromtimestamp(wall, UTC) + self.skew

    async def pause(self, tried: int) -> None:
        """Wait as long as before trying again after so many tries."""
        await self._clock.sleep(self.site.retry.pause(tried))

    async def send(self, call: Call) -> httpx.Response:
        """Return the successful answer, read whole.

        Raise Refused for what the API refuses for good, CredentialsError, NotTheApi, Unreachable, and AnswerLost where
        a write may or may not have been carried out.
        """
        async with self._slots:
            return await self._persist(call)

    async def read(self, call: Call) -> bytes:
        """Return the body of a list or a query, which an API at this address does not refuse: if it does, NotTheApi."""
        try:
            return (await self.send(call)).content
        except Refused as error:
            message = f"{error}; check base_url in talk.toml"
            raise NotTheApi(message) from error

    async def _persist(self, call: Call) -> httpx.Response:
        tried, lost = 0, False
        while True:
            tried += 1
            outcome = await self._try(call)
            if isinstance(outcome, httpx.Response):
                return outcome
            lost = lost or (outcome.lost and call.method != "GET")
            pause = self._pause(outcome, tried)
            if pause is None or (lost and not call.repeatable):
                raise self._give_up(call, outcome, tried, lost=lost)
            self.usage.retries += 1
            await self._clock.sleep(pause)

    def _pause(self, failure: _Failure, tried: int) -> float | None:
        """Seconds until the next try, None where there is none. A throttled request holds up all the others as well."""
        retry = self.site.retry
        pause = retry.pause(tried) if failure.pause is None else failure.pause
        if tried >= retry.tries or pause > retry.patience:
            return None
        if failure.throttled:
            self._limiter.pause(pause)
            return 0.0
        return pause

    async def _try(self, call: Call) -> httpx.Response | _Failure:
        request = self._request(call)
        try:
            response = _unmarked(await self._http.send(request, auth=self._auth))
            self._note(request, response)
        except TokenRefused as error:
            what = "its answer to the request for a token holds none"
            raise self._credentials(what) from error
        except broken() as error:
            self._note(request)
            return _Failure(
                self._struck(_spell(error).encode()).decode(),
                lost=_sender(error) in {None, request} and not never_sent(error),
            )
        return self._judge(call, response, own=response.request is request)

    def _note(self, request: httpx.Request, response: httpx.Response | None = None) -> None:
        """Keep what was answered to a request that may have changed something."""
        sent = request.headers.get(exchange.HEADER)
        if sent is None or (response is not None and response.request is not request):
            return
        if response is None:
            exchange.note(exchange.Exchange(sent))
        else:
            exchange.note(exchange.Exchange(exchange.id_of(response, sent), self._said(response)))

    def _said(self, response: httpx.Response) -> str:
        if not response.is_success:
            return self._says(response)[: exchange.LONGEST]
        struck = self._struck(response.content, response.request)
        body = struck[: 10 * exchange.LONGEST].decode(errors="replace")
        return f"{response.status_code} {' '.join(body.split())}".strip()[: exchange.LONGEST]

    def _request(self, call: Call) -> httpx.Request:
        named = {} if call.method == "GET" else {exchange.HEADER: str(uuid.uuid4())}
        try:
            return httpx.Request(  # what the client builds is the same, and takes twice the time
                call.method,
                _url(self.site.base_url.rstrip("/") + call.path),
                params=call.params or None,  # none at all would be parsed all the same
                content=call.content,
                headers={**self._headers, **named, **call.headers},
                extensions={"template": f"{call.method} {call.template or call.path}", "timeout": self._timeout},
            )
        except httpx.InvalidURL as error:
            message = f"{self.site.system}: base_url is no URL ({error}); one like https://host/path would be right"
            raise ConfigurationError(message) from error

    def _judge(self, call: Call, response: httpx.Response, *, own: bool) -> httpx.Response | _Failure:
        """Sort an answer; `own` is false for an answer to the request for a token, which ends the request itself."""
        status = response.status_code
        if too_many(response):
            return _Failure(self._says(response), pause=asked_pause(response, self._clock.wall()), throttled=True)
        if response.is_server_error:
            asked = asked_pause(response, self._clock.wall())
            accepted = own and not (status == httpx.codes.SERVICE_UNAVAILABLE and asked is not None)
            broke = own and status == httpx.codes.INTERNAL_SERVER_ERROR and words.is_json(response)
            return _Failure(self._says(response), lost=accepted, pause=asked, broke=broke)
        if status in {401, 403} or (status == httpx.codes.BAD_REQUEST and not own):
            self._deny(call, response, own=own)
        if own and response.is_success and call.json and words.is_spoiled(response):
            found = shorten(self._struck(response.content, response.request))
            return _Failure(f"its answer is {found}, with the JSON somewhere in it", lost=True, spoiled=True)
        if not response.is_client_error or words.is_html(response) or not own:
            self._expect_json(call, response, own=own)
            return response
        where = f"{self.site.system}: {call.method} {_bare(response.url)}"
        message = f"{where} was refused with {self._says(response)}"
        raise Refused(message, status=status, body=response.content)

    def _deny(self, call: Call, response: httpx.Response, *, own: bool) -> NoReturn:
        """Say that we were not let in; a 403 may be about what was asked for alone."""
        what = f"{response.request.method} {_bare(response.url)} was answered with {self._says(response)}"
        denied = self._credentials(what)
        if not own or response.status_code != httpx.codes.FORBIDDEN:
            raise denied
        if call.method == "GET":
            raise Unseen(str(denied))
        message = f"{self.site.system}: {call.method} {_bare(response.url)} was refused with {self._says(response)}"
        raise Forbidden(message, body=response.content, key_at_fault=str(denied))

    def _expect_json(self, call: Call, response: httpx.Response, *, own: bool) -> None:
        if own and response.is_success and (not call.json or words.is_json(response)):
            return
        kind = response.headers.get("content-type", "no content type")
        found = f"{response.status_code} ({kind}): {shorten(self._struck(response.content, response.request))}"
        where = f"{self.site.system}: {_bare(response.url)}"
        message = f"{where} answered {found}, where JSON would be right; check base_url"
        raise NotTheApi(message)

    def _credentials(self, what: str) -> CredentialsError:
        names = " and ".join(self.site.variables) or "its credentials"
        plain = self.site.base_url.startswith("http://") and self.site.secrets
        others = [
            "it was sent over plain http, which the system may reject: use https:// in base_url" if plain else "",
            self.site.credentials_hint,
        ]
        said = "".join(f"; {other}" for other in others if other)
        return CredentialsError(f"{self.site.system}: {what}; check {names}, and what that key may do{said}")

    def _give_up(self, call: Call, failure: _Failure, tried: int, *, lost: bool) -> SystemFailure:
        tries = "1 try" if tried == 1 else f"{tried} tries"
        where = f"{self.site.system}: {call.method} {_bare(httpx.URL(self.site.base_url))}{call.path}"
        message = f"{where} failed after {tries}: {failure.reason}; {self.site.hint}"
        if lost:
            return Broke(message, tried=tried) if failure.broke else AnswerLost(message)
        return Spoiled(message) if failure.spoiled else Unreachable(message)

    def _says(self, response: httpx.Response) -> str:
        return f"{response.status_code} {words.of(self._struck(response.content, response.request))}".strip()

    def _struck(self, body: bytes, request: httpx.Request | None = None) -> bytes:
        """What a system said, without our credentials and those it issued, before any of it is cut short."""
        sent = request.headers.get("authorization", "").rpartition(" ")[2] if request else ""
        for form in _forms((*self.site.secrets, sent)):
            body = body.replace(form, _STRUCK)
        return body


_HEADERS = {"Accept": "application/json", "Connection": "keep-alive", "User-Agent": "talk-assets"}

_STRUCK = "…".encode()


_MARK = b"\xef\xbb\xbf"


def _unmarked(response: httpx.Response) -> httpx.Response:
    """The answer without the byte order mark that some servers begin one with, which no JSON has."""
    if not response.content.startswith(_MARK):
        return response
    headers = [(name, value) for name, value in response.headers.multi_items() if name not in _OF_BODY]
    return httpx.Response(
        response.status_code,
        headers=headers,
        content=response.content.removeprefix(_MARK),
        request=response.request,
        extensions=response.extensions,
    )


_OF_BODY = frozenset({"content-encoding", "content-length", "transfer-encoding"})


@lru_cache(maxsize=64)
def _forms(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """How secrets may stand in an answer; kept, since every write's answer is looked through."""
    forms = ((secret, quote(secret, safe=""), json.dumps(secret)[1:-1]) for secret in secrets if secret)
    return tuple(dict.fromkeys(form.encode() for several in forms for form in several))


@lru_cache(maxsize=256)
def _url(url: str) -> httpx.URL:
    """Parsed: that takes as long as sending, and most requests go where others went."""
    return httpx.URL(url)


def _bare(url: httpx.URL) -> str:
    """The URL without query and user, neither of which is for logs."""
    return str(url.copy_with(query=None, username=None, password=None, fragment=None))


def _spell(error: Exception) -> str:
    return f"{error}".strip() or type(error).__name__


def _sender(error: Exception) -> httpx.Request | None:
    """The request that failed, which may be the one for a token; None where the error does not know."""
    with suppress(RuntimeError):
        return error.request if isinstance(error, httpx.RequestError) else None
    return None
