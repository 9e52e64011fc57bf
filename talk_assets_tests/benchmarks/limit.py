"""How much of what a rate limit allows is used, over five minutes of writing and reading one record after the other.

The minutes are the sandbox's, which pass faster than the machine's, and so are the client's. Answers thereby seem to
take longer: some tens of milliseconds, as they would over the Internet, and more where the machine has much else to do.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, cycle, takewhile
from pathlib import Path

from talk_assets.http.limit import Clock
from talk_assets.http.paging import gather
from talk_assets.http.retry import Retry
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Connection, Write
from talk_assets.sandbox.surface import Surface
from talk_assets.systems import SYSTEMS, SystemSettings
from talk_assets_tests.benchmarks.figures import TIMES, Count, apart
from talk_assets_tests.readme import free_port

SECONDS = 300.0
AT_A_TIME = 16


@dataclass(frozen=True)
class Case:
    """What is written, and how many seconds of the sandbox's pass in each of the machine's."""

    body: dict[str, str]
    speed: float


CASES = {
    "powerofficego/product": Case({"Name": "Spade"}, 4.0),
    "webcrm/persons": Case({"PersonLastName": "Berg"}, 10.0),
}
"""By collection: one system that counts by the second, one that counts by the minute."""


def figures() -> list[Count]:
    """Return a figure for each limit."""
    return [_figure(key) for key in CASES]


def _figure(key: str) -> Count:
    rate = SYSTEMS[key.partition("/")[0]].rate
    allowed = round(rate.requests * SECONDS / rate.seconds)
    used = [apart(used_of, key) for _ in range(TIMES)]
    refused = max(one.result[1] for one in used)
    what = f"five minutes of {key}, {rate.requests} requests in {rate.seconds:.0f} s: {refused} refused"
    taken, peak = [one.result[0] for one in used], max(one.peak for one in used)
    return Count(what, taken, "what the limit allows", allowed, peak)


@contextmanager
def _fast_sandbox(speed: float) -> Iterator[Surface]:
    """An empty sandbox whose limits hold and whose clock is fast, as a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        surface = Surface(free_port())
        options = {"folder": folder, "port": surface.port, "records": 0, "speed": speed}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        process = subprocess.Popen([sys.executable, "-m", "talk_assets.sandbox", *words])  # noqa: S603 -- our own words
        try:
            while surface.about() is None or not (Path(folder) / "sandbox.json").exists():
                time.sleep(0.1)
            yield surface
        finally:
            process.terminate()
            process.wait()


def _fast(speed: float) -> Clock:
    began, wall = time.monotonic(), time.time()

    def passed() -> float:
        return (time.monotonic() - began) * speed

    return Clock(now=passed, wall=lambda: wall + passed(), sleep=lambda seconds: asyncio.sleep(seconds / speed))


async def _use(sandbox: Surface, key: str) -> tuple[int, int]:
    """Keep the system busy for five minutes; return how many requests it took, and how many it refused."""
    system, _, name = key.partition("/")
    case = CASES[key]
    clock = _fast(case.speed)
    opened = SYSTEMS[system].build(SystemSettings(sandbox.base_urls[system], retry=Retry(clock=clock)))
    async with opened.connect() as connection:
        work = asyncio.create_task(_work(connection, opened.collection(name), case.body, clock))
        await clock.sleep(SECONDS)
        counted = sandbox.requests(system)
        if work.done():
            work.result()
        work.cancel()
    return counted["total"] - counted["refused"], counted["refused"]


async def _work(connection: Connection, collection: Collection, body: dict[str, str], clock: Clock) -> None:
    """Create records for half of the time, then ask for them one by one until somebody stops us."""

    async def create(number: int) -> list[Answer]:
        write = Write(f"key-{number}", Action.CREATE, f"entity-{number}", None, json.dumps(body).encode())
        return [answer async for answer in connection.write(collection, [write])]

    async def show(id_: str) -> int:
        return len([page async for page in connection.look_up(collection, [id_])])

    writing = takewhile(lambda _: clock.now() < SECONDS / 2, count())
    answered = gather(create, writing, window=AT_A_TIME)
    ids = [answer.id async for answers in answered for answer in answers if answer.id]
    async for _ in gather(show, cycle(ids), window=AT_A_TIME):
        pass


def used_of(key: str) -> tuple[int, int]:
    """Return how many requests a sandbox of its own took within five minutes, and how many it refused."""
    with _fast_sandbox(CASES[key].speed) as sandbox:
        return asyncio.run(_use(sandbox, key))
