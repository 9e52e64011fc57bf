"""How sales orders and their lines are read and written.

An order is created complete with its lines; afterwards header and lines have endpoints of their own. A confirmed order
is locked: it is patched back to Draft, changed, and confirmed in the same request as the last change. Where that is
interrupted, the order stands as Draft; the collection says so to the hub (`transient_values`), which takes that for no
edit as long as the outcome of the update is unknown, and confirms it again. An invoiced order has left the list, and
its lines are no more; it still exists, and is not written to.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace as with_
from itertools import groupby
from urllib.parse import quote

from talk_assets.errors import Refused
from talk_assets.http.client import AnswerLost
from talk_assets.http.connection import chunks, json_body, lost
from talk_assets.http.paging import gather
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Page, Write
from talk_assets.systems.powerofficego.confirmed import Item, changed, value
from talk_assets.systems.powerofficego.lines import PATH, bring, current, new_line, position
from talk_assets.systems.powerofficego.patches import operations, replace
from talk_assets.systems.powerofficego.seen import Seeing, Seen
from talk_assets.systems.powerofficego.wire import CHANGED, SIZE, GoCollection, dumped, items, spell
from talk_assets.systems.powerofficego.writing import GoWriter, created, refused

ORDERS, LINES = "salesorders", "salesorderlines"
LIST = "SalesOrderLines"
KEY = "SalesOrderId/Id"
"""The id by which the hub knows a line: its own is of no use without its order's. The connection adds it."""

PARENT = "SalesOrderId"
HEADER = "SalesOrder"
HEADER_OF_LINE = (
    "CustomerId",
    "CustomerReferenceContactPersonId",
    "SalesOrderDate",
    "DeliveryDate",
    "CurrencyCode",
    "SalesOrderStatus",
)
"""What a line is shown with of its order, under `HEADER`. The connection adds that as well."""

STATUS, DRAFT, CONFIRMED = "SalesOrderStatus", "Draft", "Confirmed"
WITHIN = "~"
"""In a position, between that of a page of orders and the last order whose lines were stored."""

ORDERS_AT_A_TIME = 100
"""Orders whose lines are stored together: there is a request for each."""


class GoConnection(GoWriter):
    """The whole connection."""

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Lines have no time of their own: those of each order that changed are read, all of them."""
        pages = (
            self._read_lines(Seen.of(since), position)
            if collection.name == LINES
            else super().read(collection, since=since, position=position)
        )
        async for page in pages:
            yield page

    async def _read_lines(self, seen: Seen, position: str | None) -> AsyncIterator[Page]:
        """Some orders at a time: within a page of them, a read goes on behind the last whose lines were stored."""
        mine, seeing = self.collections[ORDERS], Seeing(spell(self.client.server_time(self.client.wall())))
        here, _, behind = (position or "").partition(WITHIN)
        async for page, listed in self.pages(mine, seen.moment, here or None, SIZE):
            orders = items(self.shaped(mine, listed.body))
            known = [order for order in orders if seen.knows(order)]
            seeing.note([], certain=known)
            unread = _behind([order for order in orders if not seen.knows(order)], behind)
            parts = list(chunks(unread, ORDERS_AT_A_TIME)) or [()]
            for some in parts[:-1]:
                yield await self._page(some, seeing, f"{here}{WITHIN}{value(some[-1], 'Id')}")
            last = await self._page(parts[-1], seeing, page.position)
            yield with_(last, cursor=seeing.cursor(page.cursor))
            here, behind = page.position or "", ""

    async def _page(self, orders: Sequence[Item], seeing: Seeing, position: str | None) -> Page:
        answered = [order for order in orders if self.confirmed.told(str(value(order, "Id")), changed(order))]
        body = dumped(await self._lines_of(orders))
        seeing.note(orders, certain=answered)
        return Page(body, position, whole=(PARENT, tuple(str(value(order, "Id")) for order in orders)))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """Orders and lines that are invoiced are no longer shown, and not deleted either."""
        if collection.name not in {ORDERS, LINES}:
            async for page in super().look_up(collection, ids):
                yield page
            return
        asked = {id_.partition("/")[0] for id_ in ids}
        found = [one async for one in gather(self._order, sorted(asked), window=self.client.site.concurrency)]
        orders = [order for _, order, _ in found if order is not None]
        invoiced = {id_ for id_, _, sent in found if sent}
        body = await self._lines_of(orders) if collection.name == LINES else orders
        wanted = set(ids)
        body = [item for item in body if str(value(item, collection.id)) in wanted]
        yield Page(dumped(body), kept=tuple(id_ for id_ in ids if id_.partition("/")[0] in invoiced))

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """Orders cannot be asked for by reference: what we have created is searched."""
        if collection.name != ORDERS:
            async for page in super().find(collection, references):
                yield page
            return
        params = {"onlyCreatedByCurrentIntegration": "true"}
        async for body in self.picked(self.collections[ORDERS], params, collection.reference or "", references):
            yield Page(body)

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Lines of one order one after the other, everything else several at a time."""
        if collection.name != LINES:
            async for answer in super().write(collection, writes):
                yield answer
            return

        async def send(some: Sequence[Write]) -> list[Answer]:
            return [await self._line(write) for write in some]

        async def sending(all_: Sequence[Write]) -> AsyncIterator[Answer]:
            async for several in gather(send, _by_order(all_), window=self.client.site.concurrency):
                for answer in several:
                    yield answer

        async for answer in self.rightly(collection, writes, sending):
            yield answer

    async def carried_out(self, collection: GoCollection, write: Write) -> Answer:
        """Orders their own way."""
        if collection.name != ORDERS:
            return await super().carried_out(collection, write)
        try:
            if write.action is Action.CREATE:
                return await self._create_order(collection, write)
            if write.action is Action.DELETE:
                return await self._delete_order(write)
            return await self._update_order(collection, write)
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            return await self._unless_invoiced(write, refused(collection, write, error))

    async def _lines_of(self, orders: Sequence[Item]) -> list[Item]:
        async def fetch(order: Item) -> list[Item]:
            id_ = str(value(order, "Id"))
            known = self.confirmed.lines(id_, changed(order))
            if known is None:
                known = await current(self, id_) if value(order, "LineCount") != 0 else []
            return [_shown(order, line) for line in known]

        found = [lines async for lines in gather(fetch, orders, window=self.client.site.concurrency)]
        return [line for lines in found for line in lines]

    async def _order(self, id_: str) -> tuple[str, Item | None, bool]:
        """An order by its id, and whether it is none any more because it was invoiced."""
        body = await self.single(self.collections[ORDERS], id_)
        if body is not None:
            found = items(self.confirmed.laid_over(ORDERS, b"[" + body + b"]"))
            return id_, next(iter(found), None), False
        return id_, None, await self._invoiced(id_)

    async def _invoiced(self, id_: str) -> bool:
        """Ask what became of an order. ASSUMED: this answers for invoiced orders, with a 404 for any other."""
        return await self.get(f"{PATH}/sentState", f"{PATH}/sentState", {"id": id_}) is not None

    async def _unless_invoiced(self, write: Write, answer: Answer) -> Answer:
        if answer.outcome is not Outcome.GONE or not await self._invoiced((write.id or "").partition("/")[0]):
            return answer
        return with_(answer, outcome=Outcome.REFUSED, reason="the order is invoiced, and changes no more", whole=True)

    async def _create_order(self, collection: GoCollection, write: Write) -> Answer:
        body = created(collection, write, json_body(write.body))
        given = _objects(body.get(LIST))
        body[LIST] = [new_line(line, place) for place, line in enumerate(given)]
        record = await self.post(f"{PATH}/Complete", body)
        answer = self.done(collection, write, {name: new for name, new in record.items() if name != LIST})
        return self._with_lines(answer, _objects(value(record, LIST)))

    async def _delete_order(self, write: Write) -> Answer:
        path, template = _order_path(write.id)
        if value(json_body(write.record), STATUS) == CONFIRMED:
            await self.patch(path, template, [replace(f"/{STATUS}", DRAFT)])
        await self.delete(path, template)
        self.confirmed.keep(ORDERS, write.id or "", None)
        return Answer(write.key, Outcome.DONE, id=write.id)

    async def _update_order(self, collection: GoCollection, write: Write) -> Answer:
        """Unlock, change the lines, then the header and its status in one request."""
        record, flat = json_body(write.record), json_body(write.body)
        lines = _objects(flat.pop(LIST)) if LIST in flat else None
        now = value(record, STATUS)
        status = flat.pop(STATUS, now)
        header = operations(record, flat)
        path, template = _order_path(write.id)
        unlocked = now == CONFIRMED and bool(header or lines is not None)
        removed: list[str] = []
        stored: list[Item] | None = None
        if unlocked:
            record = await self.patch(path, template, [replace(f"/{STATUS}", DRAFT)]) or record
        try:
            if lines is not None:
                stored = await bring(self, write.id or "", lines, removed)
            if status != (DRAFT if unlocked else now):
                header.append(replace(f"/{STATUS}", status))
            if header:
                record = await self.patch(path, template, header) or record
        except (Refused, AnswerLost) as error:
            answer = await self._half_done(collection, write, error, unlocked=unlocked)
            return with_(answer, gone=_keys(write.id, removed))
        self.confirmed.keep(ORDERS, write.id or "", record)
        answer = Answer(write.key, Outcome.DONE, id=write.id, record=dumped(record), gone=_keys(write.id, removed))
        return answer if stored is None else self._with_lines(answer, stored)

    async def _half_done(
        self, collection: GoCollection, write: Write, error: Refused | AnswerLost, *, unlocked: bool
    ) -> Answer:
        """Confirm again what was unlocked. Where even that fails, nobody knows how the order stands."""
        answer = lost(write, error) if isinstance(error, AnswerLost) else refused(collection, write, error)
        if not unlocked:
            return await self._unless_invoiced(write, answer)
        with suppress(Refused, AnswerLost):
            await self.patch(*_order_path(write.id), [replace(f"/{STATUS}", CONFIRMED)])
            return answer
        return Answer(write.key, Outcome.UNKNOWN, id=write.id, reason=f"{error}; the order is left as {DRAFT}")

    def _with_lines(self, answer: Answer, lines: list[Item]) -> Answer:
        """The answer with the lines as they are stored now, which is what they will be seen as."""
        if answer.outcome is not Outcome.DONE or answer.id is None:
            return answer
        lines = sorted(lines, key=position)
        self.confirmed.keep_lines(answer.id, lines, changed(json_body(answer.record)))
        return with_(answer, record=dumped({**json_body(answer.record), LIST: lines}))

    async def _line(self, write: Write) -> Answer:
        """Change or delete one line; of a confirmed order it is the order that must be changed."""
        if write.action is Action.CREATE:
            return Answer(write.key, Outcome.REFUSED, reason="a line is created with its order", whole=True)
        record, collection = json_body(write.record), self.collections[LINES]
        order, _, id_ = (write.id or "").partition("/")
        path, template = f"{PATH}/{order}/Lines/{id_}", f"{PATH}/{{id}}/Lines/{{id}}"
        header = value(record, HEADER)
        if isinstance(header, dict) and header.get(STATUS) == CONFIRMED:
            reason = "the order is confirmed, which locks its lines: change it there, or set it to Draft"
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason, whole=True)
        try:
            if write.action is Action.DELETE:
                await self.delete(path, template)
                self.confirmed.keep_line(order, id_, None)
                return Answer(write.key, Outcome.DONE, id=write.id)
            stored = await self.patch(path, template, operations(record, json_body(write.body)))
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            return await self._unless_invoiced(write, refused(collection, write, error))
        self.confirmed.keep_line(order, id_, stored)
        own = {KEY: write.id, HEADER: header, CHANGED: changed(record)}
        return Answer(write.key, Outcome.DONE, id=write.id, record=dumped({**stored, **own}))


def _behind(orders: Sequence[Item], id_: str) -> Sequence[Item]:
    """The orders behind one of them, all where that is none of them any more."""
    ids = [str(value(order, "Id")) for order in orders]
    return orders[ids.index(id_) + 1 :] if id_ in ids else orders


def _shown(order: Item, line: Item) -> Item:
    """A line with its key, its order's time and what its order says."""
    header = {name: value(order, name) for name in HEADER_OF_LINE}
    own = {PARENT: value(order, "Id"), KEY: f"{value(order, 'Id')}/{value(line, 'Id')}"}
    return {**line, **own, CHANGED: changed(order), HEADER: header}


def _objects(found: object) -> list[Item]:
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _by_order(writes: Iterable[Write]) -> list[list[Write]]:
    def order(write: Write) -> str:
        return (write.id or "").partition("/")[0]

    return [list(some) for _, some in groupby(sorted(writes, key=order), key=order)]


def _order_path(id_: str | None) -> tuple[str, str]:
    return f"{PATH}/{quote(id_ or '', safe='')}", f"{PATH}/{{id}}"


def _keys(order: str | None, lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((LINES, f"{order}/{line}") for line in lines)
