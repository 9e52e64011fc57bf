"""What many tests begin with, made once: a copy of its database takes a tenth of the sync that filled it."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from talk_assets.config import wiring
from talk_assets.config.wiring import Wiring
from talk_assets.store.database import Store
from talk_assets_tests.office import Office, open_office
from talk_assets_tests.simulator.memory import MemoryCollection
from talk_assets_tests.simulator.world import World
from talk_assets_tests.sync.chain import Chain

_folder = TemporaryDirectory()


class Kept:
    """A database in memory as it was, to be copied into others."""

    def __init__(self, store: Store) -> None:
        self._file = Path(_folder.name) / f"{id(self)}.duckdb"
        self._run(store, "COPY FROM DATABASE memory TO kept")

    def store(self) -> Store:
        """Return a store of its own that holds the same."""
        store = Store(None)
        self._run(store, "COPY FROM DATABASE kept TO memory", " (READ_ONLY)")
        return store

    def _run(self, store: Store, statement: str, how: str = "") -> None:
        memory = store._memory
        assert isinstance(memory, duckdb.DuckDBPyConnection)
        memory.execute(f"ATTACH '{self._file}' AS kept{how}; {statement}; DETACH kept")


def _again(memories: dict[str, MemoryCollection], old: World, new: World) -> dict[str, MemoryCollection]:
    """Return copies of collections that stand in a copy of their world."""
    known = {id(one.collection): one.collection for one in memories.values()}
    return {key: copy.deepcopy(one, {id(old): new, **known}) for key, one in memories.items()}


@cache
def _chain(prepare: Callable[[], Chain]) -> tuple[Chain, Kept]:
    chain = prepare()
    return chain, Kept(chain.store)


def chain_of(prepare: Callable[[], Chain]) -> Chain:
    """Return a chain as `prepare` leaves it, which is called once."""
    first, kept = _chain(prepare)
    chain = Chain(first.pairs, first.limits, copy.deepcopy(first.world), kept.store())
    chain.memories = _again(first.memories, first.world, chain.world)
    for key in chain.memories:
        chain.declare(key)
    return chain


@cache
def _office(prepare: Callable[[Office], object]) -> tuple[Office, Kept]:
    with pytest.MonkeyPatch.context() as patched, TemporaryDirectory() as folder:
        office = open_office(Path(folder), patched)
        prepare(office)
        return office, Kept(office.hub.store)


def prepared(office: Office, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Office], object]) -> Office:
    """Return an office that was just opened as `prepare` leaves one, which is called once."""
    first, kept = _office(prepare)
    store, office.world = kept.store(), copy.deepcopy(first.world)
    office.memories = _again(first.memories, first.world, office.world)
    office.pairs, office.limits = first.pairs, first.limits
    monkeypatch.setattr(Wiring, "store", lambda _: store)
    monkeypatch.setattr(wiring, "SYSTEMS", {name: office.registered(name) for name in ("crm", "erp")})
    office.reopen()
    return office
