"""The HTTP server in front of the systems: one port, one prefix per system, and everything that goes wrong on purpose.

No API is known here. A write is committed before its answer leaves.
"""

import asyncio
import os
from collections.abc import Mapping
from email.utils import formatdate

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage

from talk_assets.sandbox.batches import Batches, Spoiled
from talk_assets.sandbox.control import control
from talk_assets.sandbox.store import SandboxStore
from talk_assets.sandbox.system import READS, Emulation, limited
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

HOST = "127.0.0.1"
LARGEST_BODY = 64 * 1024 * 1024
LONGEST_LINE = 64 * 1024
LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Sign in</form></body></html>"
GATEWAY = Reply(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", content_type="text/html")
"""What stands in front of an API answers in its own words."""

FORBIDDEN = 403

PERSON = "X-Sandbox-Person"
"""The header of a request that stands for somebody in the system's own user interface: neither counted nor faulty."""


class Dropped(Exception):  # noqa: N818 -- a signal between two functions of this file
    """The connection is to be closed without an answer."""


class Server:
    """The systems of one store over HTTP. It can take its port before it has any."""

    def __init__(self) -> None:
        self._systems: Mapping[str, Emulation] = {}
        self._about: Mapping[str, object] = {}
        self._batches: Batches | None = None
        self._clock = Clock()
        self._date = (0, "")
        self._runner: web.ServerRunner | None = None

    def open(
        self,
        systems: Mapping[str, Emulation],
        store: SandboxStore,
        clock: Clock,
        about: Mapping[str, object] | None = None,
    ) -> None:
        """Serve these systems; `about` is shown at `/_sandbox`."""
        self._systems, self._batches, self._clock, self._about = systems, Batches(store), clock, about or {}

    async def start(self, port: int) -> int:
        """Listen on loopback, on a free port where `port` is 0, and return the port; OSError when it is taken."""
        server = web.Server(self._handle, request_factory=_large, access_log=None, max_line_size=LONGEST_LINE)
        self._runner = web.ServerRunner(server, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port, backlog=1024)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Close the port and what is open on it."""
        if self._runner:
            await self._runner.cleanup()

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        name, _, path = incoming.path.lstrip("/").partition("/")
        request = HttpRequest(incoming.method, path, incoming.query, incoming.headers, await incoming.read())
        try:
            answer = await self._answer(name, request)
        except (Dropped, Spoiled):
            if incoming.transport:
                incoming.transport.abort()
            answer = Reply(503)
        headers = {"Date": self._now()} | dict(answer.headers)
        if answer.body:
            headers["Content-Type"] = answer.content_type
        return web.Response(status=answer.status, body=answer.body, headers=headers)

    async def _answer(self, name: str, request: HttpRequest) -> Reply:
        system = self._systems.get(name)
        if system is None:
            return self._outside(name)
        if request.path.startswith("_sandbox/"):
            return control(system, request)
        if PERSON in request.headers:
            return await self._perform(system, request)
        system.count(request)
        return system.sent(await self._through(system, request))

    async def _through(self, system: Emulation, request: HttpRequest) -> Reply:
        early = self._fault(system) or system.kept_off(request) or system.admit(request)
        if early:
            return early
        try:
            return await self._carry_out(system, request)
        finally:
            system.release(request)

    def _outside(self, name: str) -> Reply:
        names = sorted(self._systems)
        if name == "_sandbox":
            return reply({"pid": os.getpid(), "systems": names, **self._about})
        message = (
            f"the sandbox does not emulate {name!r}, only {', '.join(names)}. A package that was installed meanwhile is"
            " known after `talk sandbox down`; a system without emulation needs credentials, or enabled = false."
        )
        return reply({"error": message}, 404)

    async def _carry_out(self, system: Emulation, request: HttpRequest) -> Reply:
        if system.faults.latency:
            await asyncio.sleep(system.faults.latency)
        answer = await self._perform(system, request)
        system.answered(answer)
        if system.happens(system.faults.drop_after_accept, "dropped after"):
            raise Dropped
        return GATEWAY if system.happens(system.faults.error_after_accept, "502 after") else answer

    async def _perform(self, system: Emulation, request: HttpRequest) -> Reply:
        if request.method in READS or self._batches is None:
            return system.answer(request)
        return await self._write(self._batches, system, request)

    async def _write(self, batches: Batches, system: Emulation, request: HttpRequest) -> Reply:
        committed = batches.join()
        try:
            answer = system.answer(request)
        except BaseException:
            batches.spoil()
            raise
        await asyncio.shield(committed)
        return answer

    def _fault(self, system: Emulation) -> Reply | None:
        faults = system.faults
        if system.happens(faults.drop_rate, "dropped before"):
            raise Dropped
        if system.happens(faults.throttle_rate, "429"):
            return system.throttled(1)
        if system.happens(faults.limit_403_rate, "403 for too many"):
            return limited(system.throttled(1), FORBIDDEN)
        status = system.chance.choice((500, 502, 503)) if faults.error_rate else 0
        if system.happens(faults.error_rate, str(status)):
            return GATEWAY if status == GATEWAY.status else system.broken(status)
        if system.happens(faults.html_rate, "login page"):
            return Reply(body=LOGIN_PAGE, content_type="text/html; charset=utf-8")
        return None

    def _now(self) -> str:
        second = int(self._clock.now())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


def _large(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    """A request whose body may hold a thousand whole records."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY)
