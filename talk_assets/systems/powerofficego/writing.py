"""How records of PowerOffice Go are written, one request each; orders and their lines are in `orders`."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

import httpx

from talk_assets.errors import Refused
from talk_assets.http import connection, words
from talk_assets.http.client import AnswerLost, Call
from talk_assets.http.connection import json_body, lost
from talk_assets.http.exchange import told
from talk_assets.http.paging import gather
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.systems.powerofficego.confirmed import Item, value
from talk_assets.systems.powerofficego.patches import ADDRESS, address, operations
from talk_assets.systems.powerofficego.wire import GoCollection, GoReader, dumped, with_address_time

MEDIA = "application/json-patch+json"
PARENT = "ContactId"
"""Where a contact person lives: part of its address, and never of its body."""

BY_MAIL, ON_PAPER = "PdfByEmail", "Print"
"""How invoices are delivered; the first is the default and demands an e-mail."""

_TAKEN = re.compile(r"already in use\b.*\bId = ([0-9A-Fa-f-]+)", re.DOTALL)
"""The words about a reference that another record has. ASSUMED: they are the same for every collection."""


class GoWriter(GoReader):
    """Writing whatever is no order."""

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Each by itself, several at a time."""
        mine = self.collections[collection.name]

        async def send(write: Write) -> Answer:
            return await told(self.carried_out(mine, write))

        def sending(some: Sequence[Write]) -> AsyncIterator[Answer]:
            return gather(send, some, window=self.client.site.concurrency)

        async for answer in self.rightly(mine, writes, sending):
            yield answer

    async def carried_out(self, collection: GoCollection, write: Write) -> Answer:
        """Send a write and say what became of it."""
        try:
            match write.action:
                case Action.CREATE:
                    return await self._create(collection, write)
                case Action.UPDATE | Action.ARCHIVE:
                    return await self._update(collection, write)
                case Action.DELETE:
                    return await self._delete(collection, write)
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            return refused(collection, write, error)

    async def _create(self, collection: GoCollection, write: Write) -> Answer:
        flat, path = json_body(write.body), collection.path
        if collection.listed_only:
            parent = flat.pop(PARENT, None)
            if parent is None:
                reason = f"{PARENT} must not be blank: a contact person belongs to a customer"
                return Answer(write.key, Outcome.REFUSED, reason=reason, whole=True)
            path = f"{path}/{parent}"
        return self.done(collection, write, await self.post(path, created(collection, write, flat)))

    async def _update(self, collection: GoCollection, write: Write) -> Answer:
        record = json_body(write.record)
        changes = operations(record, _deliverable(record, json_body(write.body)))
        if not changes:
            return Answer(write.key, Outcome.DONE, id=write.id)
        path, template = self._place(collection, write)
        return self.done(collection, write, await self.patch(path, template, changes))

    async def _delete(self, collection: GoCollection, write: Write) -> Answer:
        path, template = self._place(collection, write)
        await self.delete(path, template)
        self.confirmed.keep(collection.name, write.id or "", None)
        return Answer(write.key, Outcome.DONE, id=write.id)

    def _place(self, collection: GoCollection, write: Write) -> tuple[str, str]:
        id_ = quote(write.id or "", safe="")
        if not collection.listed_only:
            return f"{collection.path}/{id_}", f"{collection.path}/{{id}}"
        parent = value(json_body(write.record), PARENT)
        return f"{collection.path}/{parent}/{id_}", f"{collection.path}/{{id}}/{{id}}"

    async def post(self, path: str, body: Item, template: str = "") -> Item:
        """Create, and return what was stored. Sent once: a second time would create another."""
        call = Call("POST", path, template or path, content=dumped(body), headers=_json(), repeatable=False)
        return json_body((await self.send(call)).content)

    async def patch(self, path: str, template: str, changes: Sequence[Item]) -> Item:
        """Change, and return what was stored."""
        headers = {"Content-Type": MEDIA}
        response = await self.send(Call("PATCH", path, template, content=dumped(changes), headers=headers))
        return json_body(response.content)

    async def delete(self, path: str, template: str) -> None:
        """Delete; the answer says nothing."""
        await self.send(Call("DELETE", path, template, json=False))

    def done(self, collection: GoCollection, write: Write, record: Item) -> Answer:
        """The answer to a write that was carried out; what was answered is what is stored, whatever GETs show."""
        id_ = value(record, collection.id) if record else None
        if id_ is None:
            return Answer(write.key, Outcome.DONE if write.id else Outcome.UNKNOWN, id=write.id)
        self.confirmed.keep(collection.name, str(id_), record)
        shown = with_address_time(record) if collection.address else record
        return Answer(write.key, Outcome.DONE, id=str(id_), record=dumped(shown))


def created(collection: GoCollection, write: Write, flat: Mapping[str, object]) -> Item:
    """The body of a create: what was asked for, the entity, and what the API demands besides."""
    body = {name: new for name, new in flat.items() if not name.startswith(f"{ADDRESS}.")}
    where = address(flat)
    if where:
        body[ADDRESS] = where
    if collection.reference:
        body.setdefault(collection.reference, write.entity)
    if collection.address and not body.get("EmailAddress"):
        body["InvoiceDeliveryType"] = ON_PAPER
    return {**dict(collection.named), **body}


def _deliverable(record: Mapping[str, object], flat: Mapping[str, object]) -> dict[str, object]:
    """What is to change; a customer that loses its e-mail gets its invoices on paper: the API demands one."""
    loses = "EmailAddress" in flat and not flat["EmailAddress"]
    mailed = value(record, "InvoiceDeliveryType") == BY_MAIL and not value(record, "InvoiceEmailAddress")
    return {**flat, "InvoiceDeliveryType": ON_PAPER} if loses and mailed else dict(flat)


def refused(collection: GoCollection, write: Write, error: Refused) -> Answer:
    """What a refusal means for a write."""
    reason = str(error)
    taken = _TAKEN.search(reason)
    if write.action is Action.CREATE and taken and (collection.reference or "?").lower() in reason.lower():
        return Answer(write.key, Outcome.EXISTS, id=taken[1], reason=reason)
    gone = error.status == httpx.codes.NOT_FOUND and write.action is not Action.CREATE and _own(write, reason)
    if gone:
        return Answer(write.key, Outcome.GONE, id=write.id, reason=reason)
    return replace(connection.refused(write, error), properties=words.named(error.body, collection.lens.columns))


def _own(write: Write, reason: str) -> bool:
    """Whether a 404 is about the record itself: about one it refers to, it names that one's id.

    ASSUMED: where it names no id at all, it is about the record.
    """
    named = re.findall(r"\bid = '?([0-9A-Fa-f-]+)", reason, re.IGNORECASE)
    return not named or (write.id or "").rpartition("/")[2].lower() in {one.lower() for one in named}


def _json() -> dict[str, str]:
    return {"Content-Type": "application/json"}
