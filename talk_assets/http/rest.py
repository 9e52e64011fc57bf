"""A connection to a REST API that is described by data: paths, paging, envelope, filters, verbs, headers.

To support another way of doing one of these things, add it here as a choice of `Api`; what no second API could share
belongs in the system's own file.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import quote

import httpx

from talk_assets.errors import NotTheApi, Refused
from talk_assets.http.bodies import members, not_json
from talk_assets.http.client import AnswerLost, Call, Client, Site
from talk_assets.http.connection import HttpConnection, chunks, json_body, lost, nested
from talk_assets.http.paging import feed, gather
from talk_assets.sync.connection import Action, Answer, Collection, Connection, CursorExpired, Outcome, Page, Write


@dataclass(frozen=True, kw_only=True)
class RestCollection(Collection):
    """A collection at `path`, its records at `path/{id}`."""

    path: str


@dataclass(frozen=True)
class Feed:
    """A change feed: every page names the cursor of the next, and the last one the cursor to come back with.

    `cursor` and `limit` are query parameters, `params` go with every request for the feed, a full one included: they
    ask for the marks of deleted records, and one that is deleted while the feed is read leaves its mark before the
    feed's end, where the next read would no longer see it. The rest are members of the envelope.
    """

    cursor: str = "cursor"
    limit: str = "limit"
    size: int = 1000
    params: Mapping[str, str] = field(default_factory=dict)
    items: str = "items"
    following: str = "next_cursor"
    more: str = "has_more"


@dataclass(frozen=True)
class Api:
    """How a REST API does what a connection must do.

    `by_reference` and `by_id` are the filters of a list by external reference and by id, which take `many` values at a
    time. `update` and `media` are verb and content type of a partial update. `key` is the header that makes a create
    repeatable, `match` the one that makes a write conditional on the version. `existing` is the member of a 409 that
    names the record which already carries the external reference.
    """

    feed: Feed
    by_reference: str
    by_id: str
    many: int = 100
    update: str = "PATCH"
    media: str = "application/merge-patch+json"
    key: str = "Idempotency-Key"
    match: str = "If-Match"
    existing: str = "existing_id"


@dataclass(frozen=True)
class _Part:
    """A page of a feed."""

    body: bytes
    cursor: str | None
    last: bool


class RestConnection(HttpConnection):
    """A connection as `sync.connection` wants it, over an API described by data."""

    def __init__(self, client: Client, api: Api, collections: Sequence[RestCollection]) -> None:
        super().__init__(client)
        self._api = api
        self._paths = {collection.name: collection.path for collection in collections}

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Follow the feed from the beginning or from a cursor."""

        async def fetch(cursor: str | None) -> _Part:
            return await self._page(collection, {self._api.feed.cursor: cursor} if cursor else {})

        async for part in feed(fetch, lambda part: part.cursor, position or since):
            yield Page(part.body, None if part.last else part.cursor, part.cursor)

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the ids, many at a time."""
        async for page in self._filtered(collection, self._api.by_id, ids):
            yield page

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the external references, many at a time."""
        async for page in self._filtered(collection, self._api.by_reference, references):
            yield page

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Send each write by itself, several at a time."""

        async def send(write: Write) -> Answer:
            return await self._write(collection, write)

        async for answer in gather(send, writes, window=self.client.site.concurrency):
            yield answer

    async def _filtered(self, collection: Collection, name: str, values: Sequence[str]) -> AsyncIterator[Page]:
        async def fetch(some: Sequence[str]) -> _Part:
            return await self._page(collection, {name: ",".join(some)}, tombstones=False)

        async for part in gather(fetch, chunks(values, self._api.many), window=self.client.site.concurrency):
            yield Page(part.body)

    async def _page(self, collection: Collection, params: Mapping[str, str], *, tombstones: bool = True) -> _Part:
        how, path = self._api.feed, self._paths[collection.name]
        every = how.params if tombstones else {}
        call = Call("GET", path, params={how.limit: str(how.size), **every, **params})
        where = f"{self.client.site.system}/{collection.name}"
        try:
            response = await self.send(call)
        except Refused as error:
            if error.status == httpx.codes.GONE:
                raise CursorExpired(str(error)) from error
            message = f"{error}; check base_url in talk.toml"
            raise NotTheApi(message) from error
        found = members(response.content, (how.items, how.following, how.more), where)
        if (items := found[how.items]) is None:
            raise not_json(where, response.content, f'an object with a list "{how.items}"')
        cursor = found[how.following]
        return _Part(items.encode(), cursor, last=found[how.more] != "true" or cursor is None)

    async def _write(self, collection: Collection, write: Write) -> Answer:
        if write.action is not Action.CREATE and self._tag(collection, write) is None:
            return Answer(write.key, Outcome.STALE, id=write.id, reason="its version is not known")
        try:
            response = await self.send(self._call(collection, write))
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            return self._refused(write, error)
        if write.action is Action.DELETE:
            return Answer(write.key, Outcome.DONE, id=write.id)
        id_ = json_body(response.content).get(collection.id)
        return Answer(write.key, Outcome.DONE, id=str(id_) if id_ else write.id, record=response.content)

    def _call(self, collection: Collection, write: Write) -> Call:
        path = self._paths[collection.name]
        if write.action is Action.CREATE:
            headers = {self._api.key: write.key, "Content-Type": "application/json"}
            return Call("POST", path, content=self._body(collection, write), headers=headers)
        place, template = f"{path}/{quote(write.id or '', safe='')}", f"{path}/{{id}}"
        tag = {self._api.match: self._tag(collection, write) or ""}
        if write.action is Action.DELETE:
            return Call("DELETE", place, template, headers=tag, json=False)
        headers = {**tag, "Content-Type": self._api.media}
        return Call(self._api.update, place, template, content=self._body(collection, write), headers=headers)

    def _body(self, collection: Collection, write: Write) -> bytes:
        flat = json_body(write.body)
        if write.action is Action.CREATE and collection.reference:
            flat.setdefault(collection.reference, write.entity)
        return json.dumps(nested(flat), ensure_ascii=False).encode()

    def _tag(self, collection: Collection, write: Write) -> str | None:
        """The version as an entity tag, from the write or from the record as it was last seen."""
        version = write.etag or json_body(write.record).get(collection.version or "")
        if not version:
            return None
        tag = str(version)
        return tag if tag.startswith(('"', "W/")) else f'"{tag}"'

    def _refused(self, write: Write, error: Refused) -> Answer:
        existing = json_body(error.body).get(self._api.existing)
        if error.status == httpx.codes.CONFLICT and existing:
            return Answer(write.key, Outcome.EXISTS, id=str(existing), reason=str(error))
        outcome = _OUTCOMES.get(error.status, Outcome.REFUSED)
        if write.action is Action.CREATE and outcome in {Outcome.GONE, Outcome.STALE}:
            outcome = Outcome.REFUSED
        return Answer(write.key, outcome, id=write.id, reason=str(error))


_OUTCOMES: dict[int, Outcome] = {
    httpx.codes.NOT_FOUND: Outcome.GONE,
    httpx.codes.GONE: Outcome.GONE,
    httpx.codes.PRECONDITION_FAILED: Outcome.STALE,
    # Without the id of another record: the same create is still under way.
    httpx.codes.CONFLICT: Outcome.FAILED,
}


def connecting(
    site: Site, auth: Callable[[], httpx.Auth], api: Api, collections: Sequence[RestCollection]
) -> Callable[[], AbstractAsyncContextManager[Connection]]:
    """Return what opens a connection to such an API; `auth` is called for each."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        async with Client(site, auth()) as client:
            yield RestConnection(client, api, collections)

    return connect
