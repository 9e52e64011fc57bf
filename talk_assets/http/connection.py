"""What the connections over HTTP have in common: the client they send through, and giving up when nothing gets through.

How an API lists, changes and refuses records is in `rest`, or in a system's own file.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import ClassVar, TypeVar

import httpx

from talk_assets.errors import CredentialsError, Refused, SystemFailure, Unreachable
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Broke, Call, Client, Forbidden, Unseen
from talk_assets.http.paging import gather
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Page, Usage, Write

T = TypeVar("T")

Fetch = Callable[[str], Awaitable[bytes]]
"""Asks for the record with an id; nothing where there is none."""

Send = Callable[[Sequence[Write]], AsyncIterator[Answer]]
"""Sends writes, and answers each exactly once."""

_IN_A_ROW = 3
"""Writes whose answers are lost, one after the other, before the system counts as unreachable. And while none was ever
taken: writes that the API breaks at before it counts as unreachable, and those that are forbidden before our key counts
as one that may write nothing."""


class HttpConnection:
    """`usage` and `skew` are those of the client."""

    usage: Usage
    skew: timedelta

    lag: ClassVar[float] = 0.0
    """Seconds that a search may be behind a write, unless `find` waits for them."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.usage = client.usage
        self.skew = client.skew
        self._lost = 0
        self._broken = 0
        self._breaking = 0
        self._again = False
        self._forbidden = 0
        self._may_write = False

    async def send(self, call: Call, *, several: bool = False) -> httpx.Response:
        """As `Client.send`; AnswerLost becomes Unreachable where it is one of several in a row.

        Broke becomes Unreachable, and Forbidden CredentialsError, where nothing was ever taken before it, unless the
        request is about `several` records, of which one may be to blame. Of Broke it takes more than go out at a time,
        or records that come first would hide that others are taken.
        """
        try:
            response = await self.client.send(call)
        except Broke as error:
            self._broken += not several and not self._again
            if self._broken > self.client.site.concurrency and not self._may_write:
                raise Unreachable(str(error)) from error
            raise
        except AnswerLost as error:
            self._lost += 1
            if self._lost > _IN_A_ROW:
                raise Unreachable(str(error)) from error
            raise
        except Forbidden as error:
            self._forbidden += not several
            if self._forbidden > _IN_A_ROW and not self._may_write:
                raise CredentialsError(error.key_at_fault) from error
            raise
        self._lost = 0
        self._may_write = self._may_write or call.method != "GET"
        self.skew = self.client.skew
        return response

    async def rightly(self, collection: Collection, writes: Sequence[Write], send: Send) -> AsyncIterator[Answer]:
        """Send writes, and yield their answers: last those that the API broke at, or that are forbidden.

        Where it turns out that the whole system is broken, or that our key may write nothing, no record is to blame,
        and all of them are tried again later.
        """
        kept = _Kept()
        try:
            async for answer in self._sent(collection, writes, send, kept):
                yield answer
        except (CredentialsError, SystemFailure):
            for answer in kept.blameless():
                yield answer
            raise
        for answer in (*kept.blamed, *kept.forbidden):
            yield answer

    async def _sent(
        self, collection: Collection, writes: Sequence[Write], send: Send, kept: "_Kept"
    ) -> AsyncIterator[Answer]:
        """Send writes, then once more those that the API broke at; yield the answers that are not to be kept."""
        asked, sent = self.client.wall(), {write.key: write for write in writes}
        self._again = False

        async def look(answer: Answer) -> Answer:
            return await self._tried_again(collection, sent[answer.key], answer, send, asked)

        async for answer in send(writes):
            if isinstance(answer, ForbiddenAnswer):
                kept.forbidden.append(answer)
            elif answer.broke:
                kept.broken[answer.key] = answer
            else:
                yield answer
        self._again = True
        async for answer in gather(look, [*kept.broken.values()], window=self.client.site.concurrency):
            if answer.broke:
                kept.blamed.append(answer)
            else:
                del kept.broken[answer.key]
                yield answer

    async def _tried_again(
        self, collection: Collection, write: Write, answer: Answer, send: Send, asked: float
    ) -> Answer:
        """What becomes of a write that the API breaks at, again and again, while it goes on answering otherwise.

        A create is looked for before it is sent again; where nobody can look, nobody knows.
        """
        if write.action is Action.CREATE and collection.reference is None:
            return answer
        tried = answer.broke
        while True:
            last = tried >= self.client.site.retry.tries
            if not last:
                await self.client.pause(tried)
            if became := await self._became(collection, write, answer, asked):
                return became
            if last:
                self._breaking += 1
                if self._breaking > _IN_A_ROW and not self._may_write:
                    raise Unreachable(str(answer.reason))
                reason = f"{answer.reason}. It breaks at this one each time"
                return replace(answer, outcome=Outcome.REFUSED, reason=reason)
            (again,) = [one async for one in send([write])]
            if not again.broke:
                return again
            answer, tried = again, tried + again.broke

    async def _became(self, collection: Collection, write: Write, answer: Answer, asked: float) -> Answer | None:
        """The answer to a write that was carried out though the API broke, null where it was not, or can be sent again.

        Raise where it is the whole system that is broken.
        """
        if write.action is Action.CREATE:
            await self.client.site.retry.clock.sleep(self.lag)
            return await self.made(collection, write, answer, asked)
        pages = [page async for page in self.look_up(collection, [write.id or ""])]
        there = any(page.kept or json.loads(page.body) for page in pages)
        return None if there or write.action is not Action.DELETE else Answer(write.key, Outcome.GONE, id=write.id)

    async def made(self, collection: Collection, write: Write, answer: Answer, asked: float) -> Answer | None:  # noqa: ARG002 -- for APIs that are searched by time
        """Return the answer to a create that was first sent at `asked`, and is there; null where it is not."""
        found = [page async for page in self.find(collection, [write.entity])]
        return replace(answer, broke=0) if any(json.loads(page.body) for page in found) else None

    def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """As `Connection.look_up`."""
        raise NotImplementedError

    def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """As `Connection.find`."""
        raise NotImplementedError

    async def one_by_one(self, fetch: Fetch, ids: Sequence[str], size: int) -> AsyncIterator[Page]:
        """Yield records that are asked for each by itself, up to `size` at a time; what our key may not see is kept."""
        for some in chunks(ids, size):
            unseen: list[str] = []

            async def visible(id_: str, unseen: list[str] = unseen) -> bytes:
                try:
                    return await fetch(id_)
                except Unseen:
                    unseen.append(id_)
                    return b""

            found = [body async for body in gather(visible, some, window=self.client.site.concurrency)]
            yield Page(join(found), kept=tuple(unseen))

    async def fetch(self, call: Call) -> bytes:
        """As `Client.read`."""
        body = await self.client.read(call)
        self.skew = self.client.skew
        return body


@dataclass
class _Kept:
    """Answers that are not given before it is known who is to blame.

    `broken` are the first ones to writes that the API broke at, by key, `blamed` those after which the record is.
    """

    forbidden: list[Answer] = field(default_factory=list)
    broken: dict[str, Answer] = field(default_factory=dict)
    blamed: list[Answer] = field(default_factory=list)

    def blameless(self) -> Iterator[Answer]:
        """Give them as they are where no record is."""
        yield from self.broken.values()
        yield from (replace(answer, outcome=Outcome.FAILED) for answer in self.forbidden)


def lost(write: Write, error: AnswerLost) -> Answer:
    """The answer to a write of which nobody knows what became."""
    broke = error.tried if isinstance(error, Broke) else 0
    return Answer(write.key, Outcome.UNKNOWN, id=write.id, reason=str(error), broke=broke)


WHOLE = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.LOCKED}
"""Statuses of a refusal that no other value would change."""


class ForbiddenAnswer(Answer):
    """The answer to a write of a record that our key may not write."""


def refused(write: Write, error: Refused) -> Answer:
    """The answer to a write that was refused for good."""
    kind = ForbiddenAnswer if isinstance(error, Forbidden) else Answer
    return kind(write.key, Outcome.REFUSED, id=write.id, reason=str(error), whole=error.status in WHOLE)


def nested(flat: dict[str, object]) -> dict[str, object]:
    """`{"address.city": …}` as `{"address": {"city": …}}`."""
    whole: dict[str, object] = {}
    for name, value in flat.items():
        *outer, last = name.split(".")
        place = whole
        for part in outer:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                message = f"{name} lies inside {part}, which is written as a whole as well"
                raise TypeError(message)
            place = inner
        place[last] = value
    return whole


def nested_in(names: Iterable[str]) -> tuple[str, ...]:
    """Return the objects that dotted names lead into, as a record has them: `address` for `address.city`."""
    return tuple(dict.fromkeys(name.partition(".")[0] for name in names if "." in name))


def json_body(body: bytes | None) -> dict[str, object]:
    """A JSON object; an empty one for anything else, since answers are not ours to choose."""
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def chunks(items: Iterable[T], size: int) -> Iterator[Sequence[T]]:
    """The items, so many at a time."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
