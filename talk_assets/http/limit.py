"""The rate limit: how many requests a system takes within a sliding window, one limiter for all its collections.

What a request is and whether it is tried again is no concern of this file.
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Rate:
    """At most `requests` within any `seconds`."""

    requests: int
    seconds: float


UNLIMITED = Rate(requests=1_000_000_000, seconds=1.0)


@dataclass(frozen=True)
class Clock:
    """Where time comes from: `now` in seconds that never run backwards, `wall` in seconds since 1970 UTC."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def steady(self) -> "Clock":
        """The same, but `wall` moves on with `now`: whoever sets the computer's clock meanwhile does not move it."""
        ahead = self.wall() - self.now()
        return replace(self, wall=lambda: self.now() + ahead)


@dataclass
class Spent:
    """What is used of a rate. It outlives connections, so that the next one does not start with a full allowance."""

    answered: deque[float] = field(default_factory=deque)
    paused_until: float = 0.0
    answers: int = 0
    quickest: float = math.inf
    """Seconds that the quickest answer took, the first ones aside."""
    refused: bool = False
    """Whether the system ever said that there were too many."""


class Limiter:
    """Use as `async with limiter.turn():` around one request; those who wait are let through in the order they came.

    A request counts from when it is let through until the window has passed after its answer: the server counted it
    at some moment in between. No request is quicker on its way there and back than the quickest answer was, so nearly
    that much is taken off the window: what is let through now still arrives outside the server's own. Should the
    system refuse one all the same, nothing is taken off any more.
    """

    def __init__(self, rate: Rate, spent: Spent, clock: Clock) -> None:
        self.waited = 0.0
        self._rate = rate
        self._spent = spent
        self._clock = clock
        self._open = 0
        self._turn = asyncio.Lock()
        self._answer = asyncio.Event()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until one more may be sent."""
        async with self._turn:
            asked = self._clock.now()
            while not self._free():
                await self._change()
            sent = self._clock.now()
            self.waited += sent - asked
            self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self._answered(sent, self._clock.now())

    def _answered(self, sent: float, now: float) -> None:
        self._spent.answered.append(now)
        self._spent.answers += 1
        if self._spent.answers > _FIRST:
            self._spent.quickest = min(self._spent.quickest, now - sent)
        self._answer.set()

    def pause(self, seconds: float) -> None:
        """Let nobody through for so long, because the system said so; what was let through goes on."""
        self._spent.refused = True
        self._spent.paused_until = max(self._spent.paused_until, self._clock.now() + seconds)

    @property
    def _window(self) -> float:
        """Seconds for which a request counts after its answer."""
        if self._spent.refused or self._spent.answers < _FIRST + _ENOUGH:
            return self._rate.seconds
        return max(self._rate.seconds - _CERTAIN * self._spent.quickest, 0.0)

    def _free(self) -> bool:
        now, answered, window = self._clock.now(), self._spent.answered, self._window
        while answered and now - answered[0] > window:
            answered.popleft()
        return now >= self._spent.paused_until and self._open + len(answered) < self._rate.requests

    async def _change(self) -> None:
        """Return when the limiter may have become free."""
        now, answered = self._clock.now(), self._spent.answered
        if now < self._spent.paused_until:
            await self._clock.sleep(self._spent.paused_until - now)
        elif answered:
            await self._clock.sleep(max(answered[0] + self._window - now, 0) + _A_LITTLE)
        else:
            self._answer.clear()
            await self._answer.wait()


_A_LITTLE = 0.001
"""Seconds past the window's end, as the window holds both its ends."""

_FIRST = 50
"""Answers that tell nothing of how quick the system is: a connection was opened for some of them."""

_ENOUGH = 50
"""Answers after those of which the quickest is taken for as quick as any will be."""

_CERTAIN = 0.9
"""How much of the quickest answer is taken off: the ways there and back are not the same each time."""
