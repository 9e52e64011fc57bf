"""How PowerOffice Go is asked: numbered pages, what changed since a time, single records, and records by reference.

Which records and properties there are is in the package itself; orders and their lines are in `orders`, writing is in
`writing`.
"""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from urllib.parse import quote

import httpx

from talk_assets.errors import NotTheApi, Refused
from talk_assets.http.bodies import column
from talk_assets.http.client import Call, Client
from talk_assets.http.connection import HttpConnection, chunks, json_body
from talk_assets.http.moving import Slices, as_pages, joined, without_first
from talk_assets.http.paging import numbered
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import PROBE_LIMIT, Page, Watermark
from talk_assets.systems.powerofficego.confirmed import LAG, Confirmed, Item, changed, value

SIZE = 20_000
"""Records of a page; the API gives no more."""

OVERLAP = timedelta(minutes=1)
"""How far before its cursor a read goes back: the filter leaves out the very moment it names, and GETs lag behind."""

SHOWN_BY = timedelta(minutes=10)
"""How long after its time a record is shown at the latest."""

WINDOW = 4
"""Pages of one collection that are asked for at a time."""

CHANGED = "LastChangedDateTimeOffset"
SINCE = "lastChangedDateTimeOffsetGreaterThan"


@dataclass(frozen=True, kw_only=True)
class GoCollection(Collection):
    """`by` is the list's parameter that takes external references, `many` of them at a time.

    `named` goes with every create. `address`: the record has a MailAddress whose changes do not move its own time.
    `listed_only`: a single record cannot be asked for by its id alone.
    """

    path: str
    by: str | None = None
    many: int = 1
    named: tuple[tuple[str, object], ...] = ()
    address: bool = False
    listed_only: bool = False
    correctable: bool = False


@dataclass(frozen=True)
class Listed:
    """A page, the newest time in it, whether it is the last, and how long the list is where the API says so.

    `full`: whether it has as many records as were asked for.
    """

    body: bytes
    newest: str | None
    last: bool
    total: int | None
    full: bool

    @cached_property
    def ids(self) -> Sequence[str]:
        """The ids of its records, in their order."""
        return column(self.body, "Id", "a list").fill_null("").to_list()


@dataclass(frozen=True)
class Position:
    """How far a read has come: pages done, the server's time when it began, the newest time seen."""

    pages: int = 0
    began: str | None = None
    newest: str | None = None

    @classmethod
    def of(cls, position: str | None) -> "Position":
        """Read what `str` wrote."""
        pages, began, newest = (position or "0||").split("|")
        return cls(int(pages), began or None, newest or None)

    def __str__(self) -> str:
        return f"{self.pages}|{self.began or ''}|{self.newest or ''}"

    def after(self, listed: Listed, began: str) -> "Position":
        """The place after one more page."""
        return Position(self.pages + 1, self.began or began, later(self.newest, listed.newest))

    @property
    def cursor(self) -> str | None:
        """The newest time, verbatim, and never ahead of the server's time at the beginning.

        Long after the newest it is a time of the server's, or every read would show the newest records once more, and
        ask for the lines of each order among them.
        """
        newest = earlier(self.newest or self.began, self.began)
        return later(newest, spell(instant(self.began) - SHOWN_BY)) if self.began else newest


class GoReader(HttpConnection):
    """Reading whatever is no order."""

    lag = LAG

    def __init__(self, client: Client, collections: Sequence[GoCollection], confirmed: Confirmed) -> None:
        super().__init__(client)
        self.collections = {collection.name: collection for collection in collections}
        self.confirmed = confirmed

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Page by page in the order of ids, so that what is edited meanwhile moves nothing to a page already read."""
        mine = self.collections[collection.name]
        async for page, listed in self.pages(mine, since, position, SIZE):
            yield Page(self.shaped(mine, listed.body), page.position, page.cursor)

    async def pages(
        self, collection: GoCollection, since: str | None, position: str | None, size: int
    ) -> AsyncIterator[tuple[Page, Listed]]:
        """The pages of a list, each with where it leaves a read; the cursor comes with the last."""
        asked, place = self.client.wall(), Position.of(position)
        params = {SINCE: spell(instant(since) - OVERLAP)} if since else {}

        async for listed in self.joined(collection, params, size, place.pages):
            place = place.after(listed, spell(self.client.server_time(asked)))
            cursor = (later(since, place.cursor) if since else place.cursor) if listed.last else None
            yield Page(listed.body, None if listed.last else str(place), cursor), listed

    async def joined(
        self, collection: GoCollection, params: Mapping[str, str], size: int, start: int = 0
    ) -> AsyncIterator[Listed]:
        """The pages of a list, from the one with this number on, the first being 0; each record once."""
        slices, ordered = Slices(size, as_pages), {**params, "OrderBy": "Id"}

        async def fetch(index: int) -> Listed:
            return await self.listed(collection.path, ordered, slices[index].number + 1, slices[index].size)

        def pages(number: int) -> AsyncGenerator[Listed, None]:
            return numbered(fetch, first=number, window=WINDOW, end=lambda listed: _end(listed, slices))

        async for listed, known in joined(pages, start, f"{self.client.site.system}/{collection.name}"):
            yield replace(listed, body=without_first(listed.body, known))

    async def probe(self, collection: Collection, mark: Watermark) -> Page:
        """A few of what changed, from so long before as a GET may lag behind."""
        mine = self.collections[collection.name]
        params = {SINCE: spell(mark.moment - timedelta(seconds=LAG)), "OrderBy": "Id"}
        return Page(self.shaped(mine, (await self.listed(mine.path, params, 1, PROBE_LIMIT)).body))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Each by itself, or all of them out of the list where that is the only way."""
        mine = self.collections[collection.name]
        if mine.listed_only:
            async for body in self.picked(mine, {}, mine.id, ids):
                yield Page(body)
            return

        async def fetch(id_: str) -> bytes:
            return await self.single(mine, id_) or b""

        async for page in self.one_by_one(fetch, ids, SIZE):
            yield replace(page, body=self.shaped(mine, page.body))

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """By the list's own filter, where there is one."""
        mine = self.collections[collection.name]
        for some in chunks(references, mine.many):
            if mine.by:
                async for body in self.picked(mine, {mine.by: ",".join(some)}, mine.reference or "", some):
                    yield Page(body)

    async def picked(
        self, collection: GoCollection, params: Mapping[str, str], name: str, wanted: Sequence[str]
    ) -> AsyncIterator[bytes]:
        """Of a list, the records whose property `name` is one of those wanted."""
        known = set(wanted)

        async for listed in self.joined(collection, params, SIZE):
            found = [item for item in items(listed.body) if str(value(item, name)) in known]
            yield self.shaped(collection, dumped(found))

    async def single(self, collection: GoCollection, id_: str) -> bytes | None:
        """One record, None where there is none."""
        return await self.get(f"{collection.path}/{quote(id_, safe='')}", f"{collection.path}/{{id}}")

    async def get(self, path: str, template: str, params: Mapping[str, str] | None = None) -> bytes | None:
        """The body of an answer, None for a 404."""
        try:
            return (await self.send(Call("GET", path, template, params=params or {}))).content or b"[]"
        except Refused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return None
            raise NotTheApi(str(error)) from error

    async def listed(self, path: str, params: Mapping[str, str], number: int, size: int) -> Listed:
        """One page; an empty list is a 204 without a body."""
        paging = {"PageNumber": str(number), "PageSize": str(size)}
        try:
            response = await self.send(Call("GET", path, params={**params, **paging}))
        except Refused as error:
            message = f"{error}; check base_url in talk.toml"
            raise NotTheApi(message) from error
        body = response.content or b"[]"
        times = column(body, CHANGED, f"{self.client.site.system}{path}")
        newest = max(times.drop_nulls(), key=lambda time: (instant(time), time), default=None)
        told = _paging(response)
        total = value(told, "totalCount")
        last = not value(told, "nextPageLink") if told else len(times) < size
        return Listed(body, newest, last, total if isinstance(total, int) else None, len(times) >= size)

    def shaped(self, collection: GoCollection, body: bytes) -> bytes:
        """A list as the hub is to see it: no older than what our own writes were answered with."""
        if not collection.address:
            return self.confirmed.laid_over(collection.name, body)
        found = self.confirmed.laid_over(collection.name, body)
        return dumped([with_address_time(item) for item in items(found)])


def with_address_time(item: Item) -> Item:
    """A customer whose time is that of its address where that is later: the API does not move it for an address."""
    address = value(item, "MailAddress")
    moved = changed(address) if isinstance(address, dict) else None
    return {**item, CHANGED: later(changed(item), moved)} if moved else item


def _end(listed: Listed, slices: Slices) -> int | None:
    return None if listed.total is None else slices.showing(listed.total)


def _paging(response: httpx.Response) -> Item:
    """What the header says, which an empty list may be without."""
    if response.status_code == httpx.codes.NO_CONTENT:
        return {}
    return json_body(response.headers.get("x-pagination", "").encode())


def items(body: bytes) -> list[Item]:
    """The objects of a JSON array."""
    found = json.loads(body or b"[]")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def dumped(found: object) -> bytes:
    """JSON as it is sent and stored."""
    return jsontext.spelled(found).encode()


_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


def instant(text: str | None) -> datetime:
    """A time as the API writes it, cut to microseconds; nothing at all is long ago."""
    if not text:
        return _EARLIEST
    moment = datetime.fromisoformat(text.replace(" +", "+"))
    return max(moment if moment.tzinfo else moment.replace(tzinfo=UTC), _EARLIEST)


def spell(moment: datetime) -> str:
    """An instant as the API writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}+00:00"


def later(one: str | None, other: str | None) -> str | None:
    """The later of two times, verbatim."""
    return other if other is not None and instant(other) > instant(one) else one


def earlier(one: str | None, other: str | None) -> str | None:
    """The earlier of two times, verbatim; null is no time."""
    return one if one is None or other is None or instant(one) <= instant(other) else other
