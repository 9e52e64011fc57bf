"""A server that has its answers ready, so that it is not what a benchmark waits for: some of Webcrm and of Customerp.

    python -m talk_assets_tests.benchmarks.canned all PERSONS [SECONDS]
    python -m talk_assets_tests.benchmarks.canned edits PERSONS

The first serves so many persons, and the organisations that they work at, in pages of 1,000, and takes what is created,
`SECONDS` after it was asked to. The second says, each time that it is asked what changed, that some of so many people
of the population were given another title, and takes what is to be changed of them. There are no limits. The first line
that is printed is the URL.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count, islice
from typing import Any, Protocol

from aiohttp import web

from talk_assets.sandbox.customerp.properties import RESOURCES
from talk_assets.sandbox.customerp.records import cursor, patched, uuid7
from talk_assets.sandbox.serving import EPOCH
from talk_assets.sandbox.webcrm.data import Renderer
from talk_assets.sandbox.wire import dumps
from talk_assets.sandbox.world.world import World
from talk_assets_tests.benchmarks import population

SIZE = 1000
EDITED = 1000
DIFFERENT = 20_000
"""Persons that are different in more than their ids."""

NOW = "2026-01-01T00:00:00.000000Z"


def pages(persons: int) -> dict[str, list[bytes]]:
    """Return Webcrm's pages by path: that many persons as the sandbox spells them, and their organisations."""
    world = World("webcrm", seed=1, records=min(persons, DIFFERENT), epoch=EPOCH)
    found = {name: [row.body for row in rows] for name, rows in Renderer(world).collections() if name in _SERVED}
    people = found["Persons"][: world.records]
    again = [
        b'{"PersonId":%d,%b' % (n + 1, people[n % len(people)].partition(b",")[2]) for n in range(len(people), persons)
    ]
    records = {"/webcrm/Persons": people + again, "/webcrm/Organisations": found["Organisations"]}
    return {path: list(_pages(bodies)) for path, bodies in records.items()}


_SERVED = {"Persons", "Organisations"}


def _pages(bodies: list[bytes]) -> Iterator[bytes]:
    rest = iter(bodies)
    while page := list(islice(rest, SIZE)):
        yield b"[" + b",".join(page) + b"]"


class Server(Protocol):
    """Answers a request as Webcrm or Customerp would."""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""


class Everything:
    """What there is, and takes what is created."""

    def __init__(self, persons: int, seconds: float = 0.0) -> None:
        self._pages = pages(persons)
        self._seconds = seconds
        self._numbers = count(1)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.method == "POST" and request.path.startswith("/customerp"):
            return await self._created(request)
        if request.path in self._pages:
            return _json(self._page(request))
        return _json(_OTHERS[request.path])

    def _page(self, request: web.BaseRequest) -> bytes:
        number, found = int(request.query["Page"]), self._pages[request.path]
        return found[number - 1] if number <= len(found) else b"[]"

    async def _created(self, request: web.BaseRequest) -> web.Response:
        sent = json.loads(await request.read())
        if self._seconds:
            await asyncio.sleep(self._seconds)
        number = next(self._numbers)
        stamps = {"id": uuid7(number, number), "version": 1, "change_seq": number, "created_at": NOW, "updated_at": NOW}
        blank = RESOURCES[request.path.rpartition("/")[2]].blank()
        headers = {"ETag": '"1"', "X-Request-Id": request.headers.get("X-Request-Id", "")}
        return _json(dumps(stamps | patched(blank, sent)), 201, headers)


class Edits:
    """What was edited, and takes what is changed."""

    def __init__(self, persons: int) -> None:
        (self._who,) = population.some(persons, EDITED)
        self._titles = (f"Title {number}" for number in count(1))
        self._contacts: dict[str, dict[str, Any]] = {}

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if request.method == "PATCH":
            return self._changed(request.path.rpartition("/")[2], json.loads(await request.read()))
        if request.path == "/webcrm/Queries":
            return _json(self._edited(request.query["script"]))
        return _json(_OTHERS[request.path])

    def _edited(self, script: str) -> bytes:
        """Webcrm's list goes on at the last time in it, after which nothing was edited."""
        since = script.split("'")[1]
        return population.webcrm_page(self._who, next(self._titles)) if since < population.MODIFIED else b"[]"

    def _changed(self, id_: str, sent: dict[str, object]) -> web.Response:
        number = int(id_.removeprefix("c-"))
        if id_ not in self._contacts:
            (self._contacts[id_],) = json.loads(population.customerp_page(range(number, number + 1), ""))
        contact = self._contacts[id_]
        contact |= sent | {"version": contact["version"] + 1}
        return _json(dumps(contact), headers={"ETag": f'"{contact["version"]}"'})


_NOTHING = dumps({"items": [], "next_cursor": cursor(0, EPOCH * 1_000_000), "has_more": False})
_OTHERS = {
    "/webcrm/Auth/ApiLogin": dumps({"AccessToken": "canned", "ExpiresIn": 3600}),
    "/customerp/v1/contacts": _NOTHING,
    "/customerp/v1/customers": _NOTHING,
}


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


SERVERS: Mapping[str, Callable[..., Server]] = {"all": Everything, "edits": Edits}


@contextmanager
def canned(persons: int, seconds: float = 0.0) -> Iterator[str]:
    """Yield the URL of a server of everything, in a process of its own."""
    with _process("all", str(persons), str(seconds)) as url:
        yield url


@contextmanager
def edits(persons: int) -> Iterator[str]:
    """Yield the URL of a server of edits, in a process of its own."""
    with _process("edits", str(persons)) as url:
        yield url


@contextmanager
def _process(*words: str) -> Iterator[str]:
    command = [sys.executable, "-m", __name__, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 -- our own words
        try:
            yield (process.stdout.readline() if process.stdout else "").strip()
        finally:
            process.terminate()


async def _serve(server: Server) -> None:
    runner = web.ServerRunner(web.Server(server.answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    name, persons, *rest = sys.argv[1:]
    asyncio.run(_serve(SERVERS[name](int(persons), *map(float, rest))))
