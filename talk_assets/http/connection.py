"""What the connections over HTTP have in common: the client they send through, and giving up when nothing gets through.

How an API lists, changes and refuses records is in `rest`, or in a system's own file.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TypeVar

import httpx

from talk_assets.errors import CredentialsError, Refused, Unreachable
from talk_assets.http.bodies import join
from talk_assets.http.client import AnswerLost, Call, Client, Forbidden, Unseen
from talk_assets.http.paging import gather
from talk_assets.model.system import Answer, Outcome, Page, Usage, Write

T = TypeVar("T")

Fetch = Callable[[str], Awaitable[bytes]]
"""Asks for the record with an id; nothing where there is none."""

_IN_A_ROW = 3
"""Writes whose answers are lost, one after the other, before the system counts as unreachable; and writes that are
forbidden, while none was ever taken, before our key counts as one that may write nothing."""


class HttpConnection:
    """`usage` and `skew` are those of the client."""

    usage: Usage
    skew: timedelta

    def __init__(self, client: Client) -> None:
        self.client = client
        self.usage = client.usage
        self.skew = client.skew
        self._lost = 0
        self._forbidden = 0
        self._may_write = False

    async def send(self, call: Call, *, several: bool = False) -> httpx.Response:
        """As `Client.send`; AnswerLost becomes Unreachable where it is one of several in a row.

        Forbidden becomes CredentialsError where nothing was ever taken before it, unless the request is about `several`
        records, of which one may be to blame.
        """
        try:
            response = await self.client.send(call)
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

    async def rightly(self, answers: AsyncIterator[Answer]) -> AsyncIterator[Answer]:
        """Yield the answers to writes, those that are forbidden last.

        Where it turns out that our key may write nothing, no record is to blame, and all of them are tried again later.
        """
        forbidden: list[ForbiddenAnswer] = []
        try:
            async for answer in answers:
                if isinstance(answer, ForbiddenAnswer):
                    forbidden.append(answer)
                else:
                    yield answer
        except CredentialsError:
            for answer in forbidden:
                yield replace(answer, outcome=Outcome.FAILED)
            raise
        for answer in forbidden:
            yield answer

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


def lost(write: Write, error: AnswerLost) -> Answer:
    """The answer to a write of which nobody knows what became."""
    return Answer(write.key, Outcome.UNKNOWN, id=write.id, reason=str(error))


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
