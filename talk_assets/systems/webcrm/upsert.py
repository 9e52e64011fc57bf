"""How records of webCRM are written: in bulk, queried afterwards for what was stored, and deleted one by one.

An opportunity's lines are records of their own; they are brought in line once the opportunity itself is.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import httpx

from talk_assets.errors import Refused
from talk_assets.http import words
from talk_assets.http.client import AnswerLost
from talk_assets.http.connection import ForbiddenAnswer, chunks, json_body, lost, refused
from talk_assets.http.exchange import told
from talk_assets.http.paging import gather
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.systems.webcrm.bulk import Item, Result, WebcrmSender, sendable
from talk_assets.systems.webcrm.lines import LINES, Stored, bring
from talk_assets.systems.webcrm.wire import WebcrmCollection


class WebcrmConnection(WebcrmSender):
    """The whole connection: the reading half, and writes."""

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Creates and updates in bulk, in requests of their own: only updates may be sent twice."""
        mine = self.collections[collection.name]
        async for answer in self.rightly(mine, writes, lambda some: self._written(mine, some)):
            yield answer

    async def _written(self, mine: WebcrmCollection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        for action in (Action.UPDATE, Action.CREATE):
            for some in chunks([write for write in writes if write.action is action], mine.bulk):
                for answer in await self._upsert(mine, some):
                    yield answer
                if self.failure:
                    failure, self.failure = self.failure, None
                    raise failure

        async def delete(write: Write) -> Answer:
            return await told(self._delete(mine, write))

        deletes = [write for write in writes if write.action is Action.DELETE]
        async for answer in gather(delete, deletes, window=self.client.site.concurrency):
            yield answer

    async def _upsert(self, collection: WebcrmCollection, writes: Sequence[Write]) -> Sequence[Answer]:
        if not collection.writable:
            reason = f"{collection.name} are read-only in webCRM"
            return [Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason, whole=True) for write in writes]
        asked = self.client.wall()
        items = [_item(collection, write) for write in writes]
        results = [Result(Outcome.DONE, write.id) for write in writes]
        # Where only lines are to change, the record they belong to is none of our business.
        places = [place for place, write in enumerate(writes) if not _only_lines(write)]
        sent = await self.send_items(collection.path, collection.id, [items[place] for place in places])
        for place, result in zip(places, sent, strict=True):
            results[place] = result
        answers = [_answer(collection, write, result) for write, result in zip(writes, results, strict=True)]
        if any(result.outcome is Outcome.DONE for result in sent):
            answers = await self._shown(collection, answers, asked)
        return await bring(self, [Stored(*one) for one in zip(writes, items, answers, strict=True)])

    async def _shown(self, collection: WebcrmCollection, answers: Sequence[Answer], asked: float) -> list[Answer]:
        """Lay what was stored into the answers."""
        found = await self.stored_since(collection, asked)
        records = {id_: jsontext.spelled(one).encode() for id_, one in found.items()}
        return [
            replace(one, record=records[one.id]) if one.outcome is Outcome.DONE and one.id in records else one
            for one in answers
        ]

    async def _delete(self, collection: WebcrmCollection, write: Write) -> Answer:
        if not collection.deletable:
            reason = f"webCRM's API cannot delete {collection.name}; delete the record in its user interface"
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason)
        try:
            await self.remove(collection.path, write.id or "")
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return Answer(write.key, Outcome.GONE, id=write.id, reason=str(error))
            return refused(write, error)
        return Answer(write.key, Outcome.DONE, id=write.id)


def _item(collection: WebcrmCollection, write: Write) -> Item:
    """The whole record with what is to change laid over it: what an omitted property does is not documented."""
    record = json_body(write.record) if write.action is Action.UPDATE else {}
    item = {**sendable(record), **json_body(write.body)}
    item.pop(LINES, None)
    if write.action is Action.CREATE and collection.reference:
        item.setdefault(collection.reference, write.entity)
    return {**item, collection.id: int(write.id) if write.id and write.action is Action.UPDATE else 0}


def _only_lines(write: Write) -> bool:
    return write.action is Action.UPDATE and set(json_body(write.body)) == {LINES}


def _answer(collection: WebcrmCollection, write: Write, result: Result) -> Answer:
    names = result.outcome is Outcome.REFUSED and not result.forbidden
    named = words.spoken(result.reason or "", collection.lens.columns) if names else ()
    kind = ForbiddenAnswer if result.forbidden else Answer
    answer = kind(
        write.key,
        result.outcome,
        id=result.id or write.id,
        reason=result.reason,
        properties=named,
        whole=result.forbidden,
        broke=result.broke,
    )
    return result.exchange.on(answer) if result.exchange else answer
