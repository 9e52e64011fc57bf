"""How webCRM is spoken with: login, numbered pages, and /Queries for what changed and for external references.

Which records and properties there are is in the package itself, how records are written in `upsert`.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import quote

import httpx
import polars as pl

from talk_assets.errors import NotTheApi, Refused
from talk_assets.http.auth import LIFETIME, Token, TokenAuth, TokenRefused, Wallet, json_object
from talk_assets.http.bodies import column, join
from talk_assets.http.client import Call, Client
from talk_assets.http.connection import HttpConnection, chunks
from talk_assets.http.limit import Clock
from talk_assets.http.moving import Slice, Slices, as_pages, joined, without_first
from talk_assets.http.paging import gather, numbered
from talk_assets.model.collection import Collection
from talk_assets.model.system import PROBE_LIMIT, Page, Watermark

SIZE = 1000
"""Records of a page; the API refuses more."""

OVERLAP = timedelta(minutes=2)
"""How far before its cursor a read goes back: a record may become visible later than its modified time says."""


@dataclass(frozen=True, kw_only=True)
class WebcrmCollection(Collection):
    """Every property begins with `table`, which is also what /Queries calls the collection.

    `deletable`: whether the API can delete records of it.
    """

    path: str
    table: str
    deletable: bool = False
    correctable: bool = False

    @property
    def updated(self) -> str:
        """The property with the modified time."""
        return f"{self.table}UpdatedAt"


class WebcrmAuth(TokenAuth):
    """An application's code for a token that lives an hour, and a refresh token for the next one."""

    def __init__(self, base_url: str, code: str, wallet: Wallet, clock: Clock) -> None:
        super().__init__(wallet, clock)
        self._base = base_url.rstrip("/")
        self._code = code

    def ask(self, refresh: str | None) -> httpx.Request:
        """Refresh where that is possible, log in otherwise."""
        path, form = ("/Auth/ApiRefresh", {"refreshToken": refresh}) if refresh else ("/Auth/ApiLogin", None)
        # The description knows multipart/form-data alone, which httpx sends for files: these have no name.
        fields = {name: (None, value) for name, value in (form or {"authCode": self._code}).items()}
        # The refresh token is documented both as a header and as a form field.
        headers = {"refreshToken": refresh} if refresh else {}
        extensions = {"template": f"POST {path}"}
        return httpx.Request("POST", self._base + path, files=fields, headers=headers, extensions=extensions)

    def issued(self, response: httpx.Response) -> Token:
        """Read `AccessToken`; an error comes as `IsError` inside a 200."""
        body = json_object(response)
        token, refresh, seconds = body.get("AccessToken"), body.get("RefreshToken"), body.get("ExpiresIn")
        if body.get("IsError") or not isinstance(token, str) or not token:
            raise TokenRefused
        lifetime = float(seconds) if isinstance(seconds, int | float) else LIFETIME
        return Token(token, lifetime, refresh if isinstance(refresh, str) else None)


@dataclass(frozen=True)
class _Listed:
    """A page and the modified times in it; `wanted` is which one, `id` what its records' ids are called."""

    body: bytes
    height: int
    newest: str | None
    wanted: Slice
    id: str

    @property
    def full(self) -> bool:
        """Whether it has as many records as were asked for."""
        return self.height >= self.wanted.size

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return not self.full

    @cached_property
    def ids(self) -> Sequence[str]:
        """The ids of its records, in their order."""
        return column(self.body, self.id, "a list").fill_null("").to_list()


@dataclass(frozen=True)
class _Place:
    """How far a full read has come: pages done, the server's time when it began, the newest modified time seen."""

    pages: int = 0
    began: str | None = None
    newest: str | None = None

    @classmethod
    def of(cls, position: str | None) -> "_Place":
        pages, began, newest = (position or "0||").split("|")
        return cls(int(pages), began or None, newest or None)

    def __str__(self) -> str:
        return f"{self.pages}|{self.began or ''}|{self.newest or ''}"

    def after(self, listed: _Listed, began: str) -> "_Place":
        return _Place(self.pages + 1, self.began or began, later(self.newest, listed.newest))

    @property
    def cursor(self) -> str | None:
        """Never ahead of the server's time at the beginning: what changed since then may be on a page already read."""
        return earlier(self.newest or self.began, self.began)


class WebcrmReader(HttpConnection):
    """The reading half of the connection."""

    def __init__(self, client: Client, collections: Sequence[WebcrmCollection]) -> None:
        super().__init__(client)
        self.collections = {collection.name: collection for collection in collections}

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Page through everything, a page ahead of what is stored; or query what changed, by modified time."""
        mine = self.collections[collection.name]
        pages = self._full(mine, _Place.of(position)) if since is None else self._changed(mine, since, position)
        async for page in pages:
            yield page

    async def probe(self, collection: Collection, mark: Watermark) -> Page:
        """Query a few of what changed."""
        mine = self.collections[collection.name]
        return Page(await self._since(mine, spell(mark.moment - timedelta(seconds=1)), PROBE_LIMIT))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Get each record by itself."""
        mine = self.collections[collection.name]

        async def fetch(id_: str) -> bytes:
            call = Call("GET", f"{mine.path}/{quote(id_, safe='')}", f"{mine.path}/{{id}}")
            try:
                return (await self.send(call)).content
            except Refused as error:
                if error.status == httpx.codes.NOT_FOUND:
                    return b""
                raise NotTheApi(str(error)) from error

        async for page in self.one_by_one(fetch, ids, SIZE):
            yield page

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Query for each reference by itself: the one comparison that every report of /Queries agrees on."""
        mine = self.collections[collection.name]

        async def fetch(reference: str) -> bytes:
            return await self._query(mine, f"{mine.reference} = {literal(reference)}", order=mine.id)

        for some in chunks(references, SIZE):
            yield Page(join([body async for body in gather(fetch, some, window=self.client.site.concurrency)]))

    async def _full(self, collection: WebcrmCollection, place: _Place) -> AsyncIterator[Page]:
        asked, slices = self.client.wall(), Slices(SIZE, as_pages)

        async def fetch(index: int) -> _Listed:
            wanted = slices[index]
            params = {"Page": str(wanted.number + 1), "Size": str(wanted.size)}
            return self._listed(collection, await self.fetch(Call("GET", collection.path, params=params)), wanted)

        where = f"{self.client.site.system}/{collection.name}"
        async for listed, known in joined(lambda index: numbered(fetch, first=index), place.pages, where):
            place = place.after(listed, spell(self.client.server_time(asked)))
            body = without_first(listed.body, known)
            yield Page(body, None, place.cursor) if listed.last else Page(body, str(place))

    async def _changed(self, collection: WebcrmCollection, since: str, position: str | None) -> AsyncIterator[Page]:
        """Each query goes on at the last modified time of the one before, so that records that move are not skipped.

        A second with more records than a page holds is read by id instead: who edits one of them moves no other.
        """
        asked = self.client.wall()
        at, _, *within = (position or f"{spell(instant(since) - OVERLAP)}|").split("|")
        while True:
            if within:
                listed = self._listed(collection, await self._in_second(collection, at, within[0]), Slice(0, SIZE))
            else:
                listed = self._listed(collection, await self._since(collection, at, SIZE), Slice(0, SIZE))
            began = self.client.server_time(asked)
            last = not within and (listed.last or instant(listed.newest) > began)
            cursor = later(since, earlier(listed.newest, spell(began)))
            if within:
                at, within = (at, [listed.ids[-1]]) if listed.full else (spell(_next_second(at)), [])
            elif (moved := later(at, listed.newest)) == at:
                within = ["0"]
            else:
                at = moved or at
            yield Page(listed.body, None if last else "|".join([at, "", *within]), cursor)
            if last:
                return

    async def _since(self, collection: WebcrmCollection, at: str, size: int) -> bytes:
        where = f"{collection.updated} >= {_moment(instant(at))}"
        return await self._query(collection, where, order=collection.updated, size=size)

    async def _in_second(self, collection: WebcrmCollection, at: str, after: str) -> bytes:
        """Those behind an id that were changed in the same second. ASSUMED: conditions are joined as in SQL."""
        updated, id_ = collection.updated, collection.id
        where = (
            f"{updated} >= {_moment(instant(at))} AND {updated} < {_moment(_next_second(at))} AND {id_} > {int(after)}"
        )
        return await self._query(collection, where, order=id_)

    async def _query(self, collection: WebcrmCollection, where: str, *, order: str, size: int = 0) -> bytes:
        script = f"SELECT * FROM {collection.table} WHERE {where} ORDER BY {order}"  # noqa: S608 -- see literal
        params = {"script": script, "Page": "1", "Size": str(size or SIZE)}
        return await self.fetch(Call("GET", "/Queries", params=params))

    def _listed(self, collection: WebcrmCollection, body: bytes, wanted: Slice) -> _Listed:
        times = _times(body, collection.updated)
        if len(times) != wanted.size:  # the last page, or one with records that have no such time
            times = column(body, collection.updated, f"{self.client.site.system}{collection.path}")
        moments = times.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_zone="UTC", strict=False)
        at = moments.arg_max()
        return _Listed(body, len(times), None if at is None else times[at], wanted, collection.id)


def _times(body: bytes, name: str) -> pl.Series:
    """What a property holds wherever it is text: no record is nested in another, and no name can stand in a text."""
    rest = body.split(b'"%b":"' % name.encode())[1:]  # in half the time that a pattern takes
    return pl.Series(name, [text.partition(b'"')[0].decode(errors="replace") for text in rest], dtype=pl.String)


_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def instant(text: str | None) -> datetime:
    """A time as the API writes it; 0001-01-01 and nothing at all are long ago."""
    return max(datetime.fromisoformat(text), _EARLIEST) if text else _EARLIEST


def _next_second(at: str) -> datetime:
    return instant(at).replace(microsecond=0) + timedelta(seconds=1)


def _moment(moment: datetime) -> str:
    """An instant in a script, in whole seconds."""
    return literal(f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def spell(moment: datetime) -> str:
    """An instant as the API writes it, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def later(one: str | None, other: str | None) -> str | None:
    """The later of two times, verbatim: they are compared as instants, since their offsets differ."""
    return other if other is not None and instant(other) > instant(one) else one


def earlier(one: str | None, other: str | None) -> str | None:
    """The earlier of two times, verbatim; null is no time."""
    return one if one is None or other is None or instant(one) <= instant(other) else other


def literal(text: str) -> str:
    """A text in a /Queries script."""
    return "'" + text.replace("'", "''") + "'"
