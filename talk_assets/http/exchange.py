"""What a write was answered with, beside what that means: the request's id, the status and the API's own words.

The client notes each request that may change something; whoever makes the `Answer` of it takes the latest one along.
A write has a task of its own, and so a latest request of its own.
"""

from collections.abc import Awaitable
from contextvars import ContextVar
from dataclasses import dataclass, replace

import httpx

from talk_assets.model.system import Answer

HEADER = "X-Request-Id"
"""Goes with each request that may change something; APIs that know it answer with it, others overlook it."""

NAMES = (HEADER, "Request-Id", "X-Correlation-Id", "X-Trace-Id", "X-Amzn-RequestId", "CF-Ray")
"""Headers by which an API says how its own logs call a request, the most telling first."""

LONGEST = 200


@dataclass(frozen=True)
class Exchange:
    """`request_id` is the API's own, or the one that went with the request; `said` is null where no answer came."""

    request_id: str
    said: str | None = None

    def on(self, answer: Answer) -> Answer:
        """Return the answer with this beside it."""
        return replace(answer, request_id=self.request_id, said=self.said)


_latest: ContextVar[Exchange | None] = ContextVar("latest", default=None)


def note(exchange: Exchange) -> None:
    """Note the task's latest request."""
    _latest.set(exchange)


def id_of(response: httpx.Response, sent: str) -> str:
    """Return what the API calls the request, or what we called it."""
    return next((response.headers[name][:LONGEST] for name in NAMES if response.headers.get(name)), sent)


def latest() -> Exchange | None:
    """Return the task's latest request."""
    return _latest.get()


def beside(answer: Answer) -> Answer:
    """Return the answer with the task's latest request beside it, unless it has one."""
    exchange = _latest.get()
    return exchange.on(answer) if exchange and answer.request_id is None else answer


async def told(answering: Awaitable[Answer]) -> Answer:
    """Return the answer with the latest request that it took."""
    _latest.set(None)
    return beside(await answering)
