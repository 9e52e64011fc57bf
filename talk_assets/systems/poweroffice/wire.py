"""How PowerOffice v1 is spoken with: the envelope around every answer, OData filters, and reads that lag behind writes.

Which records and properties there are is in the package itself, how records are written in `upsert`.

ASSUMED: that `LastChanged` is compared as UTC when it ends in Z, and that `or` may join some dozens of comparisons.
"""

import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx

from talk_assets.errors import NotTheApi, Refused
from talk_assets.http.bodies import column, members, not_json
from talk_assets.http.client import Call, Client, Unseen
from talk_assets.http.connection import HttpConnection, chunks, json_body
from talk_assets.http.paging import gather
from talk_assets.model.collection import Collection
from talk_assets.model.system import PROBE_LIMIT, Page, Watermark

SIZE = 20_000
"""Records of a page; without pages the API gives 50,000 and then an error."""

MANY = 25
"""Ids or references in one filter."""

LAG = 2.0
"""Seconds that a read may be behind a write: reads are answered by a copy of the database."""

OVERLAP = timedelta(minutes=2)
"""How far before its cursor a read goes back: a record may become visible later than its modified time says."""

ENVELOPE = ("data", "success", "count", "validation")


@dataclass(frozen=True, kw_only=True)
class PowerOfficeCollection(Collection):
    """A collection that is listed at `path`.

    `where` is what a list is confined to. `parent` is the property with the id of the contact under which records are
    written, null where they are written at `path`. `read_only` are never written back, `fixed` go with every create.
    `invoiced`: without an e-mail, invoices must be printed.
    """

    path: str
    where: str | None = None
    parent: str | None = None
    read_only: tuple[str, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)
    invoiced: bool = False
    correctable: bool = False
    omits_blanks: bool = True


@dataclass
class Written:
    """When something was last sent, by the clock of the pauses; it outlives the connections."""

    at: float = -math.inf


@dataclass(frozen=True)
class _Listed:
    """A page, the last id in it, the newest modified time, and whether nothing follows."""

    body: bytes
    last_id: int | None
    newest: datetime | None
    last: bool


@dataclass(frozen=True)
class _Place:
    """How far a read has come: the last id, the server's time when it began, the newest modified time seen."""

    after: int = 0
    began: datetime | None = None
    newest: datetime | None = None

    @classmethod
    def of(cls, position: str | None) -> "_Place":
        after, *moments = (position or "0||").split("|")
        began, newest = (datetime.fromisoformat(text) if text else None for text in moments)
        return cls(int(after), began, newest)

    def __str__(self) -> str:
        return "|".join((str(self.after), *(spell(one) if one else "" for one in (self.began, self.newest))))

    def past(self, listed: _Listed, began: datetime) -> "_Place":
        newest = max((one for one in (self.newest, listed.newest) if one), default=None)
        return _Place(self.after if listed.last_id is None else listed.last_id, self.began or began, newest)

    def cursor(self, since: datetime | None) -> str:
        """Never ahead of the server's time at the beginning: what changed since then may have been passed already."""
        began = self.began or datetime.now(UTC)
        found = min(self.newest or since or began, began)
        return spell(max(found, since) if since else found)


class PowerOfficeReader(HttpConnection):
    """The reading half of the connection."""

    def __init__(self, client: Client, collections: Sequence[PowerOfficeCollection], written: Written) -> None:
        super().__init__(client)
        self.collections = {collection.name: collection for collection in collections}
        self.written = written
        self.clock = client.site.retry.clock

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Go through all records, or those changed since, by id, so that none is skipped while others move."""
        mine, from_ = self.collections[collection.name], datetime.fromisoformat(since) if since else None
        changed = [f"LastChanged ge {moment(from_ - OVERLAP)}"] if from_ else []
        place, asked = _Place.of(position), self.client.wall()
        while True:
            where = [*changed, *([mine.where] if mine.where else []), f"Id gt {place.after}"]
            listed = await self._list(mine, " and ".join(where), top=SIZE)
            place = place.past(listed, self.client.server_time(asked))
            if listed.last:
                yield Page(listed.body, None, place.cursor(from_))
                return
            yield Page(listed.body, str(place))

    async def probe(self, collection: Collection, mark: Watermark) -> Page:
        """A few of what changed, from so long before as a read may lag behind."""
        mine = self.collections[collection.name]
        changed = f"LastChanged ge {moment(mark.moment - timedelta(seconds=LAG))}"
        listed = await self._list(mine, f"{changed} and {mine.where}" if mine.where else changed, top=PROBE_LIMIT)
        return Page(listed.body)

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the ids, many at a time, and for each that the list lacks at its own address.

        A contact person's address is unknown without its contact: of that it is two lists that must agree.
        """
        mine = self.collections[collection.name]
        absent = {id_: f"Id eq {id_}" for id_ in ids if id_.isdecimal()}
        async for page in self._any_of(mine, [*absent.values()], mine.where):
            for id_ in column(page.body, "id", collection.name).drop_nulls():
                absent.pop(str(id_), None)
            yield page
        if mine.parent is not None:
            return

        async def fetch(id_: str) -> bytes:
            return await self._single(mine, id_)

        async for page in self.one_by_one(fetch, [*absent], SIZE):
            yield page

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the external references, many at a time.

        Somebody who died may have sent them a moment ago, so what we know of our own writes is not enough.
        """
        await self.clock.sleep(LAG)
        mine, name = self.collections[collection.name], pascal(collection.reference or "")
        async for page in self._any_of(mine, [f"{name} eq {literal(one)}" for one in references], None):
            yield page

    async def _single(self, collection: PowerOfficeCollection, id_: str) -> bytes:
        """A record at its own address, nothing where there is none; raise Unseen where the answer says neither."""
        await self.caught_up()
        call = Call("GET", f"{collection.path}/{quote(id_, safe='')}/", f"{collection.path}/{{id}}/")
        try:
            body = (await self.send(call)).content
        except Refused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return b""
            raise Unseen(str(error)) from error
        name = f"{self.client.site.system}/{collection.name}"
        found = members(body, ENVELOPE, name)
        if found["success"] == "true" and found["data"]:
            return found["data"].encode() if _within(collection, json_body(found["data"].encode())) else b""
        said = found["validation"] or ""
        if found["success"] == "true" or not _NOT_THERE.search(said):
            message = f"{name}/{id_}: whether it is there is not known: {summary(said) or 'nothing was said'}"
            raise Unseen(message)
        return b""

    async def _any_of(
        self, collection: PowerOfficeCollection, wanted: Sequence[str], where: str | None
    ) -> AsyncIterator[Page]:
        async def fetch(some: Sequence[str]) -> bytes:
            either = " or ".join(some)
            return (await self._list(collection, f"({either}) and {where}" if where else either)).body

        async for body in gather(fetch, chunks(wanted, MANY), window=self.client.site.concurrency):
            yield Page(body)

    async def _list(self, collection: PowerOfficeCollection, where: str, top: int | None = None) -> _Listed:
        await self.caught_up()
        paging = {"$orderby": "Id", "$top": str(top)} if top else {}
        body = await self.fetch(Call("GET", f"{collection.path}/", params={"$filter": f"({where})", **paging}))
        name = f"{self.client.site.system}/{collection.name}"
        found = members(body, ENVELOPE, name)
        if found["success"] != "true":
            if found["validation"] is None:
                raise not_json(name, body, 'an object with "success"')
            message = f"{name}: the list was refused: {summary(found['validation'])}; check base_url in talk.toml"
            raise NotTheApi(message)
        records = (found["data"] or "[]").encode()
        ids = column(records, "id", name).cast(int, strict=False)
        if ids.null_count():
            raise not_json(name, records, "a list of records with a number as id")
        times = column(records, "lastChanged", name).str.to_datetime(
            "%Y-%m-%dT%H:%M:%S %:z", time_zone="UTC", strict=False
        )
        newest = times.max()
        last = len(ids) < SIZE if found["count"] is None else int(found["count"]) <= len(ids)
        return _Listed(
            records, max(ids, default=None), newest if isinstance(newest, datetime) else None, last or not len(ids)
        )

    async def caught_up(self) -> None:
        """Wait until the copy that reads are answered by has what we have written."""
        early = self.written.at + LAG - self.clock.now()
        if early > 0:
            await self.clock.sleep(early)


_NOT_THERE = re.compile(r"not ?found|does not exist|no such", re.IGNORECASE)
"""ASSUMED: how a refusal to show a record says that there is none."""


def _within(collection: PowerOfficeCollection, record: Mapping[str, object]) -> bool:
    """Whether a record is among those that lists are confined to."""
    if collection.where is None:
        return True
    name, _, value = collection.where.split(" ")
    return str(record.get(f"{name[:1].lower()}{name[1:]}", False)).lower() == value


def summary(validation: str) -> str:
    """The API's own words in what an answer says of a refusal."""
    found = members(validation.encode(), ("summary", "exception"), "validation")
    return found["summary"] or found["exception"] or validation


def spell(time: datetime) -> str:
    """A time as the API writes it, in whole seconds."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def moment(time: datetime) -> str:
    """A time in a filter."""
    return f"DateTimeOffset'{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"


def literal(text: str) -> str:
    """A text in a filter."""
    return "'" + text.replace("'", "''") + "'"


def pascal(name: str) -> str:
    """A property as a filter calls it."""
    return name[:1].upper() + name[1:]
