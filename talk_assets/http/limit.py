"""The rate limit: how many requests a system takes within a sliding window, one limiter for all its collections.

What a request is and whether it is tried again is no concern of this file.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import TracebackType


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


class Limiter:
    """Use as `async with limiter:` around one request; those who wait are let through in the order they came.

    A request counts from when it is let through until the window has passed after its answer: the server counted it
    at some moment in between, so no window of the server's own ever holds more than the rate allows.
    """

    def __init__(self, rate: Rate, spent: Spent, clock: Clock) -> None:
        self.waited = 0.0
        self._rate = rate
        self._spent = spent
        self._clock = clock
        self._open = 0
        self._turn = asyncio.Lock()
        self._answer = asyncio.Event()

    async def __aenter__(self) -> None:
        async with self._turn:
            started = self._clock.now()
            while not self._free():
                await self._change()
            self.waited += self._clock.now() - started
            self._open += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open -= 1
        self._spent.answered.append(self._clock.now())
        self._answer.set()

    def pause(self, seconds: float) -> None:
        """Let nobody through for so long, because the system said so; what was let through goes on."""
        self._spent.paused_until = max(self._spent.paused_until, self._clock.now() + seconds)

    def _free(self) -> bool:
        now, answered = self._clock.now(), self._spent.answered
        while answered and now - answered[0] > self._rate.seconds:
            answered.popleft()
        return now >= self._spent.paused_until and self._open + len(answered) < self._rate.requests

    async def _change(self) -> None:
        """Return when the limiter may have become free."""
        now, answered = self._clock.now(), self._spent.answered
        if now < self._spent.paused_until:
            await self._clock.sleep(self._spent.paused_until - now)
        elif answered:
            await self._clock.sleep(max(answered[0] + self._rate.seconds - now, 0) + _A_LITTLE)
        else:
            self._answer.clear()
            await self._answer.wait()


_A_LITTLE = 0.001
"""Seconds past the window's end, as the window holds both its ends."""
