"""The rate limit: the whole allowance and never more."""

import asyncio
import random
from itertools import pairwise

from talk_assets.http.limit import Limiter, Rate, Spent
from talk_assets_tests.http.fakes import Time

RATE = Rate(10, 60.0)


async def send(limiter: Limiter, time: Time, arrivals: list[float], latency: float) -> None:
    """A request that the server notices somewhere on the way."""
    async with limiter:
        await time.sleep(latency / 2)
        arrivals.append(time.now)
        await time.sleep(latency / 2)


def busiest(arrivals: list[float], seconds: float) -> int:
    """The most requests that any window holds."""
    return max(sum(start <= at <= start + seconds for at in arrivals) for start in arrivals)


def test_no_window_ever_holds_more_than_the_rate_however_long_requests_take() -> None:
    time, arrivals, rng = Time(), list[float](), random.Random(1)

    async def run() -> None:
        limiter = Limiter(RATE, Spent(), time.clock())
        await asyncio.gather(*(send(limiter, time, arrivals, rng.random() * 20) for _ in range(60)))

    asyncio.run(run())
    assert len(arrivals) == 60
    assert busiest(arrivals, 60.0) <= 10


def test_the_whole_allowance_is_used() -> None:
    time, arrivals = Time(), list[float]()
    start = time.now

    async def run() -> None:
        limiter = Limiter(RATE, Spent(), time.clock())
        await asyncio.gather(*(send(limiter, time, arrivals, 0.0) for _ in range(50)))
        assert 240 <= limiter.waited <= 241

    asyncio.run(run())
    assert 240 <= time.now - start <= 241
    assert busiest(arrivals, 60.0) == 10


def test_the_next_connection_knows_what_the_last_one_used() -> None:
    time, arrivals, spent = Time(), list[float](), Spent()

    async def run() -> None:
        limiter = Limiter(RATE, spent, time.clock())
        await asyncio.gather(*(send(limiter, time, arrivals, 0.0) for _ in range(10)))

    asyncio.run(run())
    asyncio.run(run())
    assert busiest(arrivals, 60.0) == 10


def test_a_pause_holds_everybody_up() -> None:
    time, arrivals = Time(), list[float]()
    start = time.now

    async def run() -> None:
        limiter = Limiter(RATE, Spent(), time.clock())
        limiter.pause(14.0)
        await asyncio.gather(*(send(limiter, time, arrivals, 0.0) for _ in range(5)))

    asyncio.run(run())
    assert min(arrivals) == start + 14.0


def test_more_requests_than_the_rate_at_once_wait_for_an_answer() -> None:
    time, arrivals = Time(), list[float]()

    async def run() -> None:
        limiter = Limiter(Rate(1, 1.0), Spent(), time.clock())
        await asyncio.gather(*(send(limiter, time, arrivals, 4.0) for _ in range(3)))

    asyncio.run(run())
    assert [later - earlier >= 5 for earlier, later in pairwise(arrivals)] == [True, True]
