"""A clock that only moves when everybody sleeps, and clients whose network is a plain function."""

import asyncio
import heapq
import itertools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import httpx

from talk_assets.http.client import Client, Site
from talk_assets.http.limit import Clock
from talk_assets.http.retry import Retry

Handler = Callable[[httpx.Request], httpx.Response]


class Time:
    """Seconds since 1970 that pass by sleeping alone, at once for whoever watches from outside."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self.slept: list[float] = []
        self._sleepers: list[tuple[float, int]] = []
        self._numbers = itertools.count()

    async def sleep(self, seconds: float) -> None:
        """Let the one who wakes first move the clock."""
        self.slept.append(seconds)
        mine = (self.now + seconds, next(self._numbers))
        heapq.heappush(self._sleepers, mine)
        while True:
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers[0] == mine:
                heapq.heappop(self._sleepers)
                self.now = max(self.now, mine[0])
                return

    def clock(self) -> Clock:
        """As the code under test takes it."""
        return Clock(now=lambda: self.now, wall=lambda: self.now, sleep=self.sleep)


def client(
    handler: Handler,
    time: Time,
    *,
    auth: httpx.Auth | None = None,
    retry: Retry | None = None,
    secrets: tuple[str, ...] = (),
) -> AbstractAsyncContextManager[Client]:
    """A client of a system called demo whose requests `handler` answers."""
    site = Site(
        "demo",
        "https://demo.example/api",
        retry=retry or Retry(clock=time.clock(), chance=lambda: 1.0),
        variables=("TALK_DEMO_TOKEN",),
        secrets=secrets,
        hint="is the sandbox running? talk sandbox up",
    )
    return Client(site, auth or httpx.Auth(), httpx.MockTransport(handler))
