"""A connection to a REST API that is described by data: what is asked and sent, and what each answer means.

The data are in `api`, `access` and `shapes`; what no second API could share belongs in the system's own file.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx

from talk_assets.errors import CredentialsError, NotTheApi, Refused
from talk_assets.http.api import Api, Changes, Lookup, Params, Since
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Call, Client, Site, Spoiled, Unseen
from talk_assets.http.connection import ForbiddenAnswer, HttpConnection, chunks, json_body, lost
from talk_assets.http.exchange import told
from talk_assets.http.listing import PLAIN, Fetch, Listed, Listing, dig, shown
from talk_assets.http.paging import gather
from talk_assets.http.profile import Profile, RestCollection
from talk_assets.http.requests import Requests, path_of
from talk_assets.http.sending import other_in, refused, spelled, tag_of, unchanged
from talk_assets.http.shapes import Unfit
from talk_assets.model.collection import Collection
from talk_assets.model.system import (
    ALREADY_THERE,
    PROBE_LIMIT,
    Action,
    Answer,
    Connection,
    CursorExpired,
    Outcome,
    Page,
    Watermark,
    Write,
)

__all__ = ["OVERLAP", "Profile", "RestCollection", "RestConnection", "connecting"]

OVERLAP = 2.0
"""Seconds that a probe goes back: some APIs mean "after", and count in whole seconds."""

RECENT = 7 * 86400.0
"""Seconds that a read by time goes back where an edit of a part leaves the record's time as it was."""


class RestConnection(HttpConnection):
    """A connection as `sync.connection` wants it, over an API described by data."""

    def __init__(self, client: Client, api: Api, collections: Sequence[RestCollection]) -> None:
        super().__init__(client)
        self._api = api
        self._requests = Requests(api)
        self._collections = {collection.name: collection for collection in collections}
        self._refused_privilege = False

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Follow the whole list, or ask for what changed, from the beginning or from where a read was interrupted."""
        mine = self._collections[collection.name]
        changes = mine.changes or self._api.changes
        if changes.by is Since.CURSOR:
            async for listed in self._listed(mine, changes.params, position or since):
                yield Page(
                    listed.body,
                    None if listed.last else listed.following,
                    listed.following or since,
                    total=listed.total,
                )
        elif since is None:
            async for page in self._full(mine, changes, position):
                yield page
        else:
            async for page in self._changed(mine, changes, since):
                yield page

    async def probe(self, collection: Collection, mark: Watermark) -> Page | None:
        """Ask for what changed; without a filter for that the API cannot say."""
        mine = self._collections[collection.name]
        changes, fetch, listing = mine.changes or self._api.changes, self._fetching(mine), self._listing(mine)
        if changes.by is Since.NONE:
            return None
        if changes.by is Since.CURSOR:
            return Page(await listing.few(fetch, changes.params, PROBE_LIMIT, mark.cursor))
        filters = {**changes.params, changes.param: replace(changes, overlap=OVERLAP).spelled(mark.moment)}
        trash = [self._api.trash.params] if self._api.trash else []
        found = [await listing.few(fetch, {**filters, **besides}, PROBE_LIMIT) for besides in ({}, *trash)]
        return Page(join(found))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the ids, many at a time where the API has a filter for them; each that is absent at its address."""
        mine, how = self._collections[collection.name], self._api.by_id
        if how.param:
            found: set[str] = set()
            async for page in self._filtered(mine, how, ids):
                found |= {str(dig(record, mine.id)) for record in json.loads(page.body)}
                yield page
            absent = [id_ for id_ in ids if id_ not in found]
            if absent and self._api.trash:
                async for page in self._filtered(mine, how, absent, self._api.trash.params):
                    found |= {str(dig(record, mine.id)) for record in json.loads(page.body)}
                    yield page
            ids = [id_ for id_ in absent if id_ not in found]  # the filter is that of a list, which may lack records

        async def fetch(id_: str) -> bytes:
            record = await self._current(mine, id_)
            return b"" if record is None else spelled(record)

        async for page in self.one_by_one(fetch, ids, self._api.paging.size):
            yield page

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Ask for the external references; where the API has no filter for them, everything is read for them."""
        mine, how = self._collections[collection.name], self._api.by_reference
        if how.param:
            async for page in self._filtered(mine, how, references):
                yield page
            return
        wanted = set(references)
        async for listed in self._listed(mine, {}):
            records = json.loads(listed.body)
            yield Page(spelled([one for one in records if dig(one, mine.reference or "-") in wanted]))

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Send each write by itself, several at a time."""
        mine = self._collections[collection.name]

        async def send(write: Write) -> Answer:
            return await told(self._write(mine, write))

        def sending(some: Sequence[Write]) -> AsyncIterator[Answer]:
            return gather(send, some, window=self.client.site.concurrency)

        async for answer in self.rightly(mine, writes, sending):
            yield answer

    async def _full(self, mine: RestCollection, changes: Changes, position: str | None) -> AsyncIterator[Page]:
        """The next read begins at the server's time when this one began."""
        began, _, start = (position or "").partition("|")
        asked = self.client.wall()
        async for listed in self._listed(mine, changes.params, start or None):
            began = began or self.client.server_time(asked).isoformat()
            cursor = began if listed.last and changes.by is Since.TIME else None
            yield Page(listed.body, None if listed.last else f"{began}|{listed.following}", cursor, total=listed.total)

    async def _changed(self, mine: RestCollection, changes: Changes, since: str) -> AsyncIterator[Page]:
        """What was edited, then what was put into the trash, which no other list shows."""
        if changes.by is Since.NONE:
            message = f"{mine.name} is read in full each time"
            raise CursorExpired(message)
        asked = self.client.wall()
        if not mine.parts_move:
            changes = replace(changes, overlap=max(changes.overlap, RECENT))
        try:
            filters = {**changes.params, changes.param: changes.spelled(datetime.fromisoformat(since))}
        except ValueError as error:
            raise CursorExpired(str(error)) from error
        trash = [self._api.trash.params] if self._api.trash else []
        for params in trash:
            async for listed in self._listed(mine, {**filters, **params}):
                yield Page(listed.body)
        async for listed in self._listed(mine, filters):
            yield Page(listed.body, cursor=self.client.server_time(asked).isoformat() if listed.last else None)

    async def _filtered(
        self, mine: RestCollection, how: Lookup, values: Sequence[str], besides: Params | None = None
    ) -> AsyncIterator[Page]:
        async def fetch(some: Sequence[str]) -> list[bytes]:
            params = {how.param: how.values(some), **(besides or {})}
            return [listed.body async for listed in self._listed(mine, params)]

        async for bodies in gather(fetch, chunks(values, how.batch_size), window=self.client.site.concurrency):
            yield Page(join(bodies))

    async def _listed(self, mine: RestCollection, params: Params, start: str | None = None) -> AsyncIterator[Listed]:
        async for listed in self._listing(mine).pages(self._fetching(mine), params, start):
            yield listed

    def _listing(self, mine: RestCollection) -> Listing:
        return Listing(self._api, mine.id, f"{self.client.site.system}/{mine.name}")

    def _fetching(self, mine: RestCollection) -> Fetch:
        path = path_of(self._api.list, mine)

        async def fetch(asked: Params) -> httpx.Response:
            params = {**self._api.list.params, **mine.params, **mine.list_params, **asked}
            try:
                return await self._privileged(Call(self._api.list.verb, path, params=params))
            except Refused as error:
                if error.status == httpx.codes.GONE:
                    raise CursorExpired(str(error)) from error
                message = f"{error}; check base_url in talk.toml"
                raise NotTheApi(message) from error

        return fetch

    async def _current(self, mine: RestCollection, id_: str) -> dict[str, Any] | None:
        """The record as it is now, null where there is none."""
        try:
            response = await self._privileged(self._requests.call(self._api.get, mine, id_))
        except Refused as error:
            if error.status in {httpx.codes.NOT_FOUND, httpx.codes.GONE}:
                return None
            message = f"{error}; check base_url in talk.toml"
            raise NotTheApi(message) from error
        return self._record(mine, response)

    async def _privileged(self, call: Call) -> httpx.Response:
        """Read with the privileged parameters, or without them where the key may not send them."""
        privileged = self._api.privileged
        if privileged and not self._refused_privilege:
            try:
                return await self.send(replace(call, params={**call.params, **privileged.params}))
            except CredentialsError:
                response = await self.send(call)  # if the key is what is wrong, this is refused as well
                self._refused_privilege = True
        else:
            response = await self.send(call)
        if privileged:
            response.extensions[PLAIN] = True
        return response

    async def _write(self, mine: RestCollection, write: Write) -> Answer:
        try:
            return await self._sending(mine, write)
        except Spoiled as error:
            return Answer(write.key, Outcome.FAILED, id=write.id, reason=str(error))
        except Unseen as error:
            return ForbiddenAnswer(write.key, Outcome.REFUSED, id=write.id, reason=str(error), whole=True)
        except Unfit as error:
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason=f"{mine.name}: {error}")

    async def _sending(self, mine: RestCollection, write: Write) -> Answer:
        now = json_body(write.record)
        if write.action is Action.UPDATE and not now and self._requests.whole(mine, write):
            now = await self._current(mine, write.id or "") or {}
        if write.action is not Action.CREATE and (stale := await self._stale(mine, write, now)):
            return stale
        try:
            response = await self.send(self._requests.of(mine, write, now))
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            return await self._refused(mine, write, error)
        if write.action is Action.DELETE:
            return Answer(write.key, Outcome.DONE, id=write.id)
        return self._done(mine, write, response)

    async def _refused(self, mine: RestCollection, write: Write, error: Refused) -> Answer:
        """What a refusal means; one for the sake of a record that is there already is ours only if that is our own."""
        answer = refused(self._api.writing, mine, write, error)
        if answer.outcome is Outcome.EXISTS and answer.id:
            there = None
            with suppress(NotTheApi, Unseen):
                there = await self._current(mine, answer.id)
            if there is None or dig(there, mine.reference or "-") == write.entity:
                return answer
        other = answer.id if answer.outcome is Outcome.EXISTS else other_in(error)
        if write.action is not Action.CREATE or not other:
            return answer
        there_already = f"{self.client.site.system}/{mine.name}/{other}"
        reason = f"{error}; {ALREADY_THERE} {there_already}"
        return Answer(write.key, Outcome.REFUSED, reason=reason, whole=True)

    async def made(self, collection: Collection, write: Write, answer: Answer, asked: float) -> Answer | None:  # noqa: ARG002 -- see below
        """Look among the records that changed since, where the API can say which."""
        mine = self._collections[collection.name]
        changes = mine.changes or self._api.changes
        if self._api.by_reference.param or changes.by is not Since.TIME:
            pages = [page.body async for page in self.find(mine, [write.entity])]
        else:
            filters = {**changes.params, changes.param: changes.spelled(self.client.server_time(asked))}
            pages = [listed.body async for listed in self._listed(mine, filters)]
        records: list[dict[str, Any]] = [record for body in pages for record in json.loads(body)]
        record = next((record for record in records if dig(record, mine.reference or "-") == write.entity), None)
        if record is None:
            return None
        return Answer(write.key, Outcome.DONE, id=str(dig(record, mine.id)), record=spelled(record))

    async def _stale(self, mine: RestCollection, write: Write, now: Mapping[str, Any]) -> Answer | None:
        """The answer to a write that must not be sent, as far as the API lets us know; null where it may be."""
        how = self._api.writing
        if how.if_match_header and tag_of(write) is None:
            return Answer(write.key, Outcome.STALE, id=write.id, reason="its version is not known")
        if how.recheck:
            found = await self._current(mine, write.id or "")
            if found is None:
                return Answer(write.key, Outcome.GONE, id=write.id, reason="it is not there any more")
            sent = (*json_body(write.body), *self._requests.whole(mine, write))
            if not unchanged(mine, found, now, sent, replaced=how.full_update):
                return Answer(write.key, Outcome.STALE, id=write.id, reason="it was edited since it was read")
        return None

    def _done(self, mine: RestCollection, write: Write, response: httpx.Response) -> Answer:
        """The id of a new record is in the answer, or in the address of the new record."""
        record = self._record(mine, response)
        if record is not None:
            return Answer(write.key, Outcome.DONE, id=str(dig(record, mine.id)), record=spelled(record))
        place = response.headers.get("location", "").rstrip("/").rpartition("/")[2]
        if write.id or place:
            return Answer(write.key, Outcome.DONE, id=write.id or place)
        return Answer(write.key, Outcome.UNKNOWN, reason="the answer does not say what the new record's id is")

    def _record(self, mine: RestCollection, response: httpx.Response) -> dict[str, Any] | None:
        """The record in an answer, as the lens sees it; null where there is none."""
        found = dig(json_body(response.content), self._api.envelope.record)
        if not isinstance(found, dict) or dig(found, mine.id) in {None, ""}:
            return None
        record: dict[str, Any] = shown(self._api, found, plain=PLAIN in response.extensions)
        return record


def connecting(
    site: Site, profile: Profile, credentials: Mapping[str, str], connection: type[RestConnection] = RestConnection
) -> Callable[[], AbstractAsyncContextManager[Connection]]:
    """Return what opens a connection to such an API."""
    auth = profile.access.opener(site, credentials)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        async with Client(site, auth()) as client:
            yield connection(client, profile.api, profile.collections)

    return connect
