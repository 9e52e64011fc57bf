"""The lines of webCRM's opportunities, which are records of their own: brought in line with what is wanted.

The lines of all opportunities of a request are sent together. Where a line of an opportunity is refused, what was
stored of the others is put back: half a list of lines is nobody's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

import httpx

from talk_assets.errors import CredentialsError, Refused, SystemFailure
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Broke, Call, Unseen
from talk_assets.http.connection import chunks, json_body
from talk_assets.http.exchange import latest
from talk_assets.http.paging import gather
from talk_assets.jsonframes import jsontext
from talk_assets.model.system import Action, Answer, Outcome, Write
from talk_assets.systems.lines import Difference, Layout, difference
from talk_assets.systems.webcrm.bulk import Item, Result, WebcrmSender, sendable

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
PATH = "/QuotationLines"
NAME = "quotationline"


@dataclass(frozen=True)
class Stored:
    """A write, what was sent of it apart from its lines, and the answer to that."""

    write: Write
    item: Item
    answer: Answer

    @property
    def has_lines(self) -> bool:
        """Whether the record was stored and its lines are still to be."""
        answer = self.answer
        return answer.outcome is Outcome.DONE and answer.id is not None and LINES in json_body(self.write.body)


async def bring(sender: WebcrmSender, stored: Sequence[Stored]) -> list[Answer]:
    """Bring the lines of the opportunities that were stored in line; return the answers to all of the writes."""
    orders: list[_Order] = []
    if not sender.failure:
        try:
            await _bring(sender, [one for one in stored if one.has_lines], orders)
        except (SystemFailure, CredentialsError) as error:
            sender.failure = error
    if sender.failure:
        begun = {order.stored.answer.key for order in orders}
        others = [one for one in stored if one.has_lines and one.answer.key not in begun]
        orders += [_Order(one) for one in others]
        for order in orders:
            order.results.append(Result(Outcome.FAILED, reason=str(sender.failure)))
    whole = {order.stored.answer.key: order.answer for order in orders}
    return [whole.get(one.answer.key, one.answer) for one in stored]


async def _bring(sender: WebcrmSender, stored: Sequence[Stored], orders: "list[_Order]") -> None:
    """Send what the lines of opportunities need, and put into `orders` those of which anything may have been."""
    window, asked = sender.client.site.concurrency, sender.client.wall()

    async def compare(one: Stored) -> _Order:
        return await _compare(sender, one)

    async def remove(one: tuple[_Order, str]) -> None:
        await _remove(sender, *one)

    orders += [order async for order in gather(compare, stored, window=window)]
    await _put(sender, [(order, sendable(line)) for order in orders for line in order.change.changed])
    whole = [order for order in orders if not order.refused]
    await _put(sender, [(order, order.parents | line) for order in whole for line in order.change.added])
    removed = [(order, line) for order in whole if not order.refused for line in order.change.removed]
    async for _ in gather(remove, removed, window=window):
        pass
    await _put_back(sender, [order for order in orders if order.refused and order.updates])
    await _show(sender, [order for order in orders if not order.problem], asked)


async def _compare(sender: WebcrmSender, stored: Stored) -> "_Order":
    """Tell the lines that there are from those that are wanted: what an earlier try stored is not stored twice."""
    write, id_ = stored.write, stored.answer.id or ""
    wanted = json_body(write.body)[LINES]
    lines = [line for line in wanted if isinstance(line, dict)] if isinstance(wanted, list) else []
    try:
        current = [] if write.action is Action.CREATE else await _lines(sender, id_)
    except Unseen as error:
        return _Order(stored, results=[Result(Outcome.REFUSED, reason=str(error), forbidden=True)])
    return _Order(stored, difference(LAYOUT, current, lines), current, _missing(write, current))


async def _lines(sender: WebcrmSender, id_: str) -> list[Item]:
    path = f"/Opportunities/{quote(id_, safe='')}{PATH}"
    body = await sender.fetch(Call("GET", path, f"/Opportunities/{{id}}{PATH}"))
    return [line for line in json.loads(join([body])) if isinstance(line, dict)]


async def _put(sender: WebcrmSender, lines: Sequence[tuple["_Order", Item]]) -> None:
    for some in chunks(lines, sender.collections[NAME].bulk):
        results = await sender.send_items(PATH, LAYOUT.id, [line for _, line in some])
        for (order, _), result in zip(some, results, strict=True):
            order.results.append(result)
            if result.outcome is Outcome.DONE:
                order.put.append(result.id or "")


async def _remove(sender: WebcrmSender, order: "_Order", line: str) -> None:
    """Remove a line, and note that it is gone, whoever removed it."""
    try:
        await sender.remove(PATH, line)
    except AnswerLost as error:
        broke = error.tried if isinstance(error, Broke) else 0
        order.results.append(Result(Outcome.UNKNOWN, reason=str(error), exchange=latest(), broke=broke))
        return
    except Refused as error:
        if error.status != httpx.codes.NOT_FOUND:
            order.results.append(Result(Outcome.REFUSED, reason=str(error), exchange=latest()))
            return
    order.gone.append(line)
    order.results.append(Result(Outcome.DONE, line, exchange=latest()))


async def _put_back(sender: WebcrmSender, orders: Sequence["_Order"]) -> None:
    """Undo what was stored of lists of which a line was refused; what can't be undone stays in `put`."""
    if sender.failure:
        return
    before = [(order, line) for order in orders for line in order.changed_before]
    for some in chunks(before, sender.collections[NAME].bulk):
        results = await sender.send_items(PATH, LAYOUT.id, [sendable(line) for _, line in some])
        for (order, line), result in zip(some, results, strict=True):
            if result.outcome is Outcome.DONE:
                order.put.remove(str(line[LAYOUT.id]))
    for order in orders:
        for id_ in order.added:
            await _remove(sender, order, id_)
            if id_ in order.gone:
                order.put.remove(id_)


async def _show(sender: WebcrmSender, orders: Sequence["_Order"], asked: float) -> None:
    """Query the lines that were stored, for the answers: a PATCH is answered with ids alone."""
    found: Mapping[str, Item] = {}
    if any(order.put for order in orders):
        found = await sender.stored_since(sender.collections[NAME], asked)
    for order in orders:
        there: dict[str, Item | None] = {**order.before, **{id_: found.get(id_) for id_ in order.put}}
        lines = [line for id_, line in there.items() if id_ not in order.gone]
        known = [line for line in lines if line is not None]
        if len(known) == len(lines):
            order.shown = sorted(known, key=_place)


@dataclass
class _Order:
    """An opportunity that was stored: what its lines need, and what came of that.

    `current` are the lines that there were, `put` the ids of those that were stored, `gone` the ids of those that
    there are no more, `shown` all of them afterwards, null where that is not known.
    """

    stored: Stored
    change: Difference = field(default_factory=lambda: Difference([], [], []))
    current: Sequence[Item] = ()
    gone: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    put: list[str] = field(default_factory=list)
    shown: Sequence[Item] | None = None

    @property
    def updates(self) -> bool:
        """Whether the opportunity was there before, so that its lines have a state to go back to."""
        return self.stored.write.action is Action.UPDATE

    @property
    def refused(self) -> bool:
        """Whether a line was refused."""
        return any(result.outcome is Outcome.REFUSED for result in self.results)

    @property
    def problem(self) -> Result | None:
        """What came of the first line that was not stored."""
        return next((result for result in self.results if result.outcome is not Outcome.DONE), None)

    @property
    def before(self) -> dict[str, Item]:
        """The lines that there were, by id."""
        return {str(line[LAYOUT.id]): line for line in self.current}

    @property
    def changed_before(self) -> list[Item]:
        """Those that were changed, unchanged."""
        before = self.before
        return [before[id_] for id_ in self.put if id_ in before]

    @property
    def added(self) -> list[str]:
        """The ids of those that were added."""
        before = self.before
        return [id_ for id_ in self.put if id_ not in before]

    @property
    def parents(self) -> Item:
        """What a new line holds besides what is wanted of it."""
        opportunity = self.stored.item
        known = {
            "QuotationLineOrganisationId": opportunity.get("OpportunityOrganisationId"),
            "QuotationLinePersonId": opportunity.get("OpportunityPersonId"),
        }
        id_ = int(self.stored.answer.id or 0)
        return {"QuotationLineOpportunityId": id_, **{name: value for name, value in known.items() if value}}

    @property
    def answer(self) -> Answer:
        """A create whose lines did not all arrive counts as unknown: it will be found, and its lines updated.

        So does an update some of whose lines are stored: half a list is no edit of anybody's.
        """
        answer, problem = self.stored.answer, self.problem
        answer = replace(answer, gone=tuple((NAME, line) for line in self.gone))
        create = not self.updates
        if problem is not None and problem.broke and not create:
            answer = replace(answer, broke=problem.broke)
        if problem is not None and (problem.outcome is Outcome.REFUSED or problem.broke):
            answer = replace(answer, properties=(LINES,))
        if problem is not None:
            outcome = Outcome.UNKNOWN if create or self.put else _OF_A_LINE.get(problem.outcome, problem.outcome)
            answer = replace(answer, outcome=outcome, reason=problem.reason, request_id=None)
        elif self.shown is not None and (record := answer.record or self.stored.write.record):
            answer = replace(answer, record=jsontext.spelled({**json_body(record), LINES: self.shown}).encode())
        said = problem or (self.results[-1] if self.results else None)
        return said.exchange.on(answer) if said and said.exchange and not answer.request_id else answer


_OF_A_LINE = {Outcome.GONE: Outcome.STALE}
"""What the outcome of a line is for its opportunity, where it is not the same: one is gone, so look again."""


def _place(line: Item) -> tuple[float, float]:
    place, id_ = line.get(LAYOUT.order), line.get(LAYOUT.id)
    return (place if isinstance(place, int) else 0), (id_ if isinstance(id_, int) else 0)


def _missing(write: Write, current: Sequence[Item]) -> list[str]:
    """Ids of lines that the record was known to have and has no more: webCRM tells nothing of a line's deletion."""
    known = json.loads(write.parts.get(LINES, b"[]"))
    there = {str(line[LAYOUT.id]) for line in current}
    return [id_ for line in known if (id_ := str(line[LAYOUT.id])) not in there]
