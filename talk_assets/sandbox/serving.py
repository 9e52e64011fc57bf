"""A sandbox inside this process, for tests: a thread with its own event loop, a free port, time that can be moved."""

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from talk_assets.sandbox.registry import generate, open_systems
from talk_assets.sandbox.server import Server
from talk_assets.sandbox.store import SandboxStore
from talk_assets.sandbox.surface import Surface
from talk_assets.sandbox.system import Properties
from talk_assets.sandbox.wire import Clock

EPOCH = 1_767_225_600
"""When the generated data end: the beginning of 2026."""

Given = Mapping[str, Mapping[str, Sequence[Properties]]]
"""Records by system and collection, each with the properties that matter."""


@dataclass(frozen=True)
class Serving(Surface):
    """A sandbox that runs as long as the block that opened it; `clock` is its time."""

    clock: Clock = field(default_factory=Clock)


@contextmanager
def serving(
    given: Given | None = None, *, records: int = 0, seed: int = 1, limits: bool = False, folder: Path | None = None
) -> Iterator[Serving]:
    """Serve generated data, `given` records or both, in memory, or in a `folder` that already may hold some."""
    clock, store = Clock(), SandboxStore(folder / "sandbox.sqlite" if folder else None)
    systems = open_systems(store, clock, limits=limits)
    if records:
        generate(store, systems, records=records, seed=seed, epoch=EPOCH)
    for name, collections in (given or {}).items():
        systems[name].fill(collections)
    loop = asyncio.new_event_loop()
    server = Server()
    server.open(systems, store, clock)
    port = loop.run_until_complete(server.start(0))
    thread = threading.Thread(target=loop.run_forever, name="sandbox", daemon=True)
    thread.start()
    try:
        yield Serving(port, clock)
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
        store.close()
