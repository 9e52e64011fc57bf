"""What the connections over HTTP have in common: the client they send through, and giving up when nothing gets through.

How an API lists, changes and refuses records is in `rest`, or in a system's own file.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TypeVar

import httpx

from talk_assets.errors import Refused, Unreachable
from talk_assets.http.client import AnswerLost, Call, Client
from talk_assets.model.system import Answer, Outcome, Usage, Write

T = TypeVar("T")

_IN_A_ROW = 3
"""Writes whose answers are lost, one after the other, before the system counts as unreachable."""


class HttpConnection:
    """`usage` and `skew` are those of the client."""

    usage: Usage
    skew: timedelta

    def __init__(self, client: Client) -> None:
        self.client = client
        self.usage = client.usage
        self.skew = client.skew
        self._lost = 0

    async def send(self, call: Call) -> httpx.Response:
        """As `Client.send`; AnswerLost becomes Unreachable where it is one of several in a row."""
        try:
            response = await self.client.send(call)
        except AnswerLost as error:
            self._lost += 1
            if self._lost > _IN_A_ROW:
                raise Unreachable(str(error)) from error
            raise
        self._lost = 0
        self.skew = self.client.skew
        return response

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


def refused(write: Write, error: Refused) -> Answer:
    """The answer to a write that was refused for good."""
    return Answer(write.key, Outcome.REFUSED, id=write.id, reason=str(error), whole=error.status in WHOLE)


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
