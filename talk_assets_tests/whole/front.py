"""A front before a sandbox, over real HTTP, that may lie: lists pass through a function that alters what is in them.

Single records may be said not to be there. Everything else passes as it is: tokens, refusals, writes.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web

Record = dict[str, Any]
Lie = Callable[["Asked", list[Record]], "list[Record] | bytes"]
"""What a list of records becomes; bytes are a page for people in place of the whole answer."""

JSON = "application/json"
ENVELOPES = ("items", "data")
"""Members that hold the records of a list; the lists in a single record are its own."""
PASSED_ON = ("content-type", "etag", "link", "location", "x-wp-total", "x-wp-totalpages", "date")


@dataclass(frozen=True)
class Asked:
    """A request for a list. `by_id`: the records are named one by one, as in a look-up."""

    path: str
    by_id: bool


def honest(_: Asked, records: list[Record]) -> list[Record]:
    """What is there."""
    return records


@dataclass
class Front:
    """A server on a port of its own. `lie` may be replaced at any time, as may `absent`: which single records are not.

    The latter is told the path, which ends with the record's id.
    """

    root: str
    lie: Lie = honest
    absent: Callable[[str], bool] = lambda _: False
    spelled: Callable[[bytes, str], bytes] = lambda body, _: body
    """How the body of an answer is written, whatever it answers; the second argument is the path that was asked for."""
    taken: Callable[[bytes, str], bytes | None] = lambda body, _: body
    """What the system makes of the body of a write to a path; null if it refuses it."""
    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    def url(self, system: str) -> str:
        """Where the system is behind the front."""
        return f"http://127.0.0.1:{self.port}/{system}"

    async def answer(self, session: ClientSession, request: web.BaseRequest) -> web.Response:
        """Pass a request on, and its answer back."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in {"host", "connection"}}
        url = f"{self.root}{request.raw_path}"
        sent = await request.read()
        if sent and request.content_type.endswith("json"):
            made = self.taken(sent, request.path)
            if made is None:
                return web.Response(status=422, body=b'{"message": "This is not valid."}', content_type=JSON)
            sent = made
            headers.pop("Content-Length", None)
        async with session.request(request.method, url, headers=headers, data=sent, allow_redirects=False) as given:
            body = self.spelled(await given.read(), request.path)
            kept = {name: value for name, value in given.headers.items() if name.lower() in PASSED_ON}
            if request.method == "GET" and given.ok and given.content_type.endswith("json"):
                return self._altered(_asked(request), body, kept)
            return web.Response(status=given.status, body=body, headers=kept)

    def _altered(self, asked: Asked, body: bytes, headers: dict[str, str]) -> web.Response:
        found = json.loads(body)
        records, put = _list_in(found)
        if records is None and self.absent(asked.path):
            return web.Response(status=404, body=b'{"message": "There is no such record."}', content_type=JSON)
        if records is not None:
            self.asked.append(asked)
            told = self.lie(asked, records)
            if isinstance(told, bytes):
                return web.Response(body=told, content_type="text/html")
            body = json.dumps(put(told)).encode()
        return web.Response(body=body, headers=headers)


def _asked(request: web.BaseRequest) -> Asked:
    names = {"ids", "id", "include"}
    by_id = not names.isdisjoint(request.query) or "Id eq " in request.query.get("$filter", "")
    return Asked(request.path, by_id)


def _list_in(body: Any) -> tuple[list[Record] | None, Callable[[list[Record]], Any]]:  # noqa: ANN401 -- whatever JSON
    """The list of records in an answer, and what puts another one in its place."""
    if isinstance(body, list):
        return body, lambda records: records
    if isinstance(body, dict):
        name = next((name for name in ENVELOPES if isinstance(body.get(name), list)), None)
        if name is not None:
            return body[name], lambda records: {**body, name: records}
    return None, lambda _: body


@contextmanager
def front(root: str) -> Iterator[Front]:
    """Serve in a thread of its own, before the sandbox at `root`, for as long as the block lasts."""
    found, loop, ready, done = Front(root), asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with ClientSession() as session:
            runner = web.ServerRunner(web.Server(lambda request: found.answer(session, request)))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            found.port = runner.addresses[0][1]
            ready.set()
            await done.wait()
            await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), name="front", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
