"""How records of webCRM are written: the bulk PATCH, whose results come one per record inside a 200, and DELETE.

An opportunity's lines are records of their own; they are brought in line once the opportunity itself is.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import httpx

from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.http import words
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Broke, Call, Forbidden, Unseen
from talk_assets.http.connection import ForbiddenAnswer, chunks, json_body, lost, refused
from talk_assets.http.exchange import LONGEST, Exchange, latest, told
from talk_assets.http.paging import gather
from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.systems.lines import Difference, Layout, difference
from talk_assets.systems.webcrm.wire import SIZE, WebcrmCollection, WebcrmReader, spell

Item = dict[str, object]
"""A record with the properties that are sent."""

READ_ONLY = re.compile(
    r"""
    (Created|Updated)(At|By)$ | TelephoneSearch$ | History$ | LoginLog$ | WrongPasswordCount$ | LastDisplayedAt$
    | LastItem | LastLoginDateTime$ | ^PersonName$ | ^ProductCombined$ | ^RowNumber$ | ^o_ | ^_
    """,
    re.VERBOSE,
)
"""Properties that the server computes. ASSUMED: no source marks any as read-only."""

CENSORED = "(censored)"
"""What is shown in place of a password; written back it would become the password."""

_RACE = re.compile(r"try again|\brace\b|deadlock|duplicate (id|key)|id generation", re.IGNORECASE)
_MISSING = re.compile(r"not found|does not exist|no such|unknown", re.IGNORECASE)
"""ASSUMED: how the result of a record says that two creates met, and that there is no record with that id."""

RACES = 4
"""How often records are sent that lost the race for an id."""

LINES = "QuotationLines"
LAYOUT = Layout(
    id="QuotationLineId",
    order="QuotationLineSortOrder",
    blank={
        "QuotationLineData4": "",
        "QuotationLineComment": "",
        "QuotationLineQuantity": 0,
        "QuotationLinePrice": 0,
        "QuotationLineDiscount": 0,
    },
)
LINES_PATH = "/QuotationLines"
LINES_NAME = "quotationline"


@dataclass(frozen=True)
class _Result:
    """What became of one item of a PATCH."""

    outcome: Outcome
    id: str | None = None
    reason: str | None = None
    exchange: Exchange | None = None
    forbidden: bool = False
    broke: int = 0
    """How often the API broke at it."""


class WebcrmConnection(WebcrmReader):
    """The whole connection: the reading half, and writes."""

    _failure: SystemFailure | CredentialsError | None = None
    """Why nothing more can be sent, where a part of a request was answered before."""

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
                if self._failure:
                    failure, self._failure = self._failure, None
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
        results = [_Result(Outcome.DONE, write.id) for write in writes]
        # Where only lines are to change, the record they belong to is none of our business.
        places = [place for place, write in enumerate(writes) if not _only_lines(write)]
        sent = await self._send(collection.path, collection.id, [items[place] for place in places])
        for place, result in zip(places, sent, strict=True):
            results[place] = result
        answers = [_answer(collection, write, result) for write, result in zip(writes, results, strict=True)]
        if any(result.outcome is Outcome.DONE for result in sent):
            answers = await self._shown(collection, answers, asked)
        return await self._with_lines([_Stored(*one) for one in zip(writes, items, answers, strict=True)])

    async def _shown(self, collection: WebcrmCollection, answers: Sequence[Answer], asked: float) -> list[Answer]:
        """Query what was stored since we began: a PATCH is answered with ids alone.

        Without the records, what webCRM cuts or rewrites would be taken for a person's edit by the next read.
        """
        try:
            body = await self._since(collection, spell(self.client.server_time(asked)), SIZE)
            found = [one for one in json.loads(join([body])) if isinstance(one, dict)]
        except (Refused, SystemFailure, CredentialsError, ValueError):
            return list(answers)
        records = {str(one.get(collection.id)): jsontext.spelled(one).encode() for one in found}
        return [
            replace(one, record=records[one.id]) if one.outcome is Outcome.DONE and one.id in records else one
            for one in answers
        ]

    async def _send(self, path: str, id_: str, items: Sequence[Item]) -> list[_Result]:
        """Send items until none of them lost the race for an id, or often enough."""
        results = await self._patch(path, id_, items)
        for tried in range(1, RACES):
            again = [place for place, result in enumerate(results) if result.outcome is Outcome.FAILED]
            if not again or self._failure:
                break
            self.usage.retries += 1
            await self.client.pause(tried)
            retried = await self._patch(path, id_, [items[place] for place in again])
            for place, result in zip(again, retried, strict=True):
                results[place] = result
        return results

    async def _patch(self, path: str, id_: str, items: Sequence[Item]) -> list[_Result]:
        """Send items in one request. One that makes the API refuse the whole, or break, is found by sending halves.

        New records that it breaks at are not sent again before they were looked for.
        """
        if not items:
            return []
        content = jsontext.spelled(items).encode()
        headers = {"Content-Type": "application/json"}
        repeatable = all(item[id_] for item in items)
        try:
            call = Call("PATCH", path, content=content, headers=headers, repeatable=repeatable)
            response = await self.send(call, several=len(items) > 1)
        except AnswerLost as error:
            broke = error.tried if isinstance(error, Broke) else 0
            if not broke or not repeatable or len(items) == 1:
                return [_Result(Outcome.UNKNOWN, reason=str(error), exchange=latest(), broke=broke) for _ in items]
        except Refused as error:
            if len(items) == 1:
                forbidden = isinstance(error, Forbidden)
                return [_Result(Outcome.REFUSED, reason=str(error), exchange=latest(), forbidden=forbidden)]
        else:
            return _results(id_, items, response)
        half = len(items) // 2
        return await self._half(path, id_, items[:half]) + await self._half(path, id_, items[half:])

    async def _half(self, path: str, id_: str, items: Sequence[Item]) -> list[_Result]:
        """Send a half of what was refused; where nothing more can be sent, the other half's results are kept."""
        if not self._failure:
            try:
                return await self._patch(path, id_, items)
            except (SystemFailure, CredentialsError) as error:
                self._failure = error
        return [_Result(Outcome.FAILED, reason=str(self._failure)) for _ in items]

    async def _delete(self, collection: WebcrmCollection, write: Write) -> Answer:
        if not collection.deletable:
            reason = f"webCRM's API cannot delete {collection.name}; delete the record in its user interface"
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason)
        try:
            await self._remove(collection.path, write.id or "")
        except AnswerLost as error:
            return lost(write, error)
        except Refused as error:
            if error.status == httpx.codes.NOT_FOUND:
                return Answer(write.key, Outcome.GONE, id=write.id, reason=str(error))
            return refused(write, error)
        return Answer(write.key, Outcome.DONE, id=write.id)

    async def _remove(self, path: str, id_: str) -> None:
        await self.send(Call("DELETE", f"{path}/{quote(id_, safe='')}", f"{path}/{{id}}", json=False))

    async def _with_lines(self, stored: Sequence["_Stored"]) -> list[Answer]:
        """Bring the lines of the opportunities that were stored in line, those of all of them together."""
        orders: list[_Order] = []
        if not self._failure:
            try:
                await self._bring_lines([one for one in stored if _has_lines(one)], orders)
            except (SystemFailure, CredentialsError) as error:
                self._failure = error
        if self._failure:
            begun = {order.stored.answer.key for order in orders}
            others = [one for one in stored if _has_lines(one) and one.answer.key not in begun]
            orders += [_Order(one, {}, Difference([], [], []), []) for one in others]
            for order in orders:
                order.results.append(_Result(Outcome.FAILED, reason=str(self._failure)))
        whole = {order.stored.answer.key: order.answer for order in orders}
        return [whole.get(one.answer.key, one.answer) for one in stored]

    async def _bring_lines(self, stored: Sequence["_Stored"], orders: "list[_Order]") -> None:
        """Send what the lines of opportunities need, and put into `orders` those of which anything may have been."""
        window = self.client.site.concurrency
        orders += [order async for order in gather(self._compare, stored, window=window)]
        await self._put_lines([(order, _sendable(line)) for order in orders for line in order.change.changed])
        await self._put_lines([(order, order.parents | line) for order in orders for line in order.change.added])
        removed = [(order, line) for order in orders for line in order.change.removed]
        async for order, result in gather(self._remove_line, removed, window=window):
            order.results.append(result)

    async def _compare(self, stored: "_Stored") -> "_Order":
        """Tell the lines that there are from those that are wanted: what an earlier try stored is not stored twice."""
        write, id_ = stored.write, stored.answer.id or ""
        wanted = json_body(write.body)[LINES]
        lines = [line for line in wanted if isinstance(line, dict)] if isinstance(wanted, list) else []
        try:
            current = [] if write.action is Action.CREATE else await self._lines(id_)
        except Unseen as error:
            unseen = _Result(Outcome.REFUSED, reason=str(error), forbidden=True)
            return _Order(stored, {}, Difference([], [], []), [], [unseen])
        return _Order(stored, _parents(id_, stored.item), difference(LAYOUT, current, lines), _missing(write, current))

    async def _lines(self, id_: str) -> list[Item]:
        path = f"/Opportunities/{quote(id_, safe='')}{LINES_PATH}"
        body = await self.fetch(Call("GET", path, f"/Opportunities/{{id}}{LINES_PATH}"))
        return [line for line in json.loads(join([body])) if isinstance(line, dict)]

    async def _put_lines(self, lines: Sequence[tuple["_Order", Item]]) -> None:
        for some in chunks(lines, self.collections[LINES_NAME].bulk):
            results = await self._send(LINES_PATH, LAYOUT.id, [line for _, line in some])
            for (order, _), result in zip(some, results, strict=True):
                order.results.append(result)

    async def _remove_line(self, one: tuple["_Order", str]) -> tuple["_Order", _Result]:
        """Remove a line, and note that it is gone, whoever removed it."""
        order, line = one
        try:
            await self._remove(LINES_PATH, line)
        except AnswerLost as error:
            broke = error.tried if isinstance(error, Broke) else 0
            return order, _Result(Outcome.UNKNOWN, reason=str(error), exchange=latest(), broke=broke)
        except Refused as error:
            if error.status != httpx.codes.NOT_FOUND:
                return order, _Result(Outcome.REFUSED, reason=str(error), exchange=latest())
        order.gone.append(line)
        return order, _Result(Outcome.DONE, line, exchange=latest())


@dataclass(frozen=True)
class _Stored:
    """A write, what was sent of it apart from its lines, and the answer to that."""

    write: Write
    item: Item
    answer: Answer


@dataclass(frozen=True)
class _Order:
    """An opportunity that was stored: what its lines need, what came of that, and which lines are there no more.

    `parents` is what a new line holds besides what is wanted of it.
    """

    stored: _Stored
    parents: Item
    change: Difference
    gone: list[str]
    results: list[_Result] = field(default_factory=list)

    @property
    def answer(self) -> Answer:
        """A create whose lines did not all arrive counts as unknown: it will be found, and its lines updated."""
        answer = replace(self.stored.answer, gone=tuple((LINES_NAME, line) for line in self.gone))
        problem = next((result for result in self.results if result.outcome is not Outcome.DONE), None)
        create = self.stored.write.action is Action.CREATE
        if problem is not None and problem.broke and not create:
            answer = replace(answer, broke=problem.broke)
        if problem is not None and (problem.outcome is Outcome.REFUSED or problem.broke):
            answer = replace(answer, properties=(LINES,))
        if problem is not None:
            outcome = Outcome.UNKNOWN if create else _OF_A_LINE.get(problem.outcome, problem.outcome)
            answer = replace(answer, outcome=outcome, reason=problem.reason, request_id=None)
        said = problem or (self.results[-1] if self.results else None)
        return said.exchange.on(answer) if said and said.exchange and not answer.request_id else answer


_OF_A_LINE = {Outcome.GONE: Outcome.STALE}
"""What the outcome of a line is for its opportunity, where it is not the same: one is gone, so look again."""


def _has_lines(stored: _Stored) -> bool:
    answer = stored.answer
    return answer.outcome is Outcome.DONE and answer.id is not None and LINES in json_body(stored.write.body)


def _item(collection: WebcrmCollection, write: Write) -> Item:
    """The whole record with what is to change laid over it: what an omitted property does is not documented."""
    record = json_body(write.record) if write.action is Action.UPDATE else {}
    item = {**_sendable(record), **json_body(write.body)}
    item.pop(LINES, None)
    if write.action is Action.CREATE and collection.reference:
        item.setdefault(collection.reference, write.entity)
    return {**item, collection.id: int(write.id) if write.id and write.action is Action.UPDATE else 0}


def _missing(write: Write, current: Sequence[Item]) -> list[str]:
    """Ids of lines that the record was known to have and has no more: webCRM tells nothing of a line's deletion."""
    known = json.loads(write.parts.get(LINES, b"[]"))
    there = {str(line[LAYOUT.id]) for line in current}
    return [id_ for line in known if (id_ := str(line[LAYOUT.id])) not in there]


def _only_lines(write: Write) -> bool:
    return write.action is Action.UPDATE and set(json_body(write.body)) == {LINES}


def _sendable(record: Mapping[str, object]) -> Item:
    return {
        name: value
        for name, value in record.items()
        if not READ_ONLY.search(name) and value != CENSORED and name != LINES and value is not None
    }


def _parents(id_: str, opportunity: Item) -> Item:
    known = {
        "QuotationLineOrganisationId": opportunity.get("OpportunityOrganisationId"),
        "QuotationLinePersonId": opportunity.get("OpportunityPersonId"),
    }
    return {"QuotationLineOpportunityId": int(id_), **{name: value for name, value in known.items() if value}}


def _results(id_: str, items: Sequence[Item], response: httpx.Response) -> list[_Result]:
    """One string per item, in order (ASSUMED): the id where it was stored, what went wrong otherwise."""
    try:
        found = json.loads(response.content)
    except ValueError:
        found = None
    if not isinstance(found, list) or len(found) != len(items):
        reason = f"{len(items)} records were sent, and the answer was {words.of(response.content)}, not one result each"
        return [_Result(Outcome.UNKNOWN, reason=reason, exchange=latest()) for _ in items]
    said = [str(text).strip() for text in found]
    return [_noted(_result(id_, item, text), response, text) for item, text in zip(items, said, strict=True)]


def _noted(result: _Result, response: httpx.Response, text: str) -> _Result:
    """The result of an item with what was said about that item alone."""
    exchange = latest()
    said = f"{response.status_code} {text}"[:LONGEST]
    return replace(result, exchange=exchange and replace(exchange, said=said))


def _result(id_: str, item: Item, text: str) -> _Result:
    own = str(item[id_] or "")
    if text.isdigit() and (not own or text == own):
        return _Result(Outcome.DONE, text)
    if not own and _RACE.search(text):
        return _Result(Outcome.FAILED, reason=text)
    if own and _MISSING.search(text) and re.search(rf"\b{id_.removesuffix('Id')}\b\D*\b{own}\b", text):
        return _Result(Outcome.GONE, own, text)
    return _Result(Outcome.REFUSED, own or None, text)


def _answer(collection: WebcrmCollection, write: Write, result: _Result) -> Answer:
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
