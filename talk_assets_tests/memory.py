"""Systems in memory: what a connection must do, in its shortest form, and the world that random histories happen in.

A world has a clock, systems, people who edit, and faults: at every boundary of input and output the process may die, or
somebody edits something meanwhile.
"""

import itertools
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from talk_assets.store import Store, Transaction
from talk_assets.sync.connection import Action, Answer, Collection, Outcome, Page, System, Usage, Write

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Record = dict[str, Any]
PAGE = 20


class Crash(BaseException):
    """The process died."""


@dataclass
class World:
    """What all systems of a history share. `crash` and `meddle` are the chances per boundary."""

    rng: random.Random
    now: int = 0
    crash: float = 0.0
    meddle: float = 0.0
    lost_answers: float = 0.0
    dead: bool = False
    crashes: int = 0
    somebody: Callable[[], None] = lambda: None
    unseen: set[tuple[str, str, str]] = field(default_factory=set)
    overwritten: list[tuple[str, str, str]] = field(default_factory=list)
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def tick(self) -> int:
        """Let a second pass."""
        self.now += 1
        return self.now

    def clock(self) -> datetime:
        """The instant it is."""
        return EPOCH + timedelta(seconds=self.tick())

    def boundary(self, *, meddle: bool = False) -> None:
        """Input or output happens here."""
        if self.dead:
            raise Crash
        if meddle and self.rng.random() < self.meddle:
            self.somebody()
        if self.rng.random() < self.crash:
            self.dead = True
            self.crashes += 1
            raise Crash


@dataclass
class MemoryCollection:
    """The records of one collection, behind the interface of a `Connection`.

    `rewrite` is what the system makes of a value it is given; `answers`: whether it returns what it stored.
    """

    world: World
    key: str
    collection: Collection
    rewrite: Callable[[str, str | None], str | None] = lambda _, value: value
    answers: bool = True
    tombstones: bool = False
    records: dict[str, Record] = field(default_factory=dict)
    graves: dict[str, Record] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties that people edit."""
        return tuple(self.collection.lens.columns)

    def create(self, values: Record, reference: str | None = None) -> str:
        """Create a record and return its id."""
        id_ = f"{self.key.split('/')[0]}{next(self.numbers)}"
        self.records[id_] = {"id": id_, **dict.fromkeys(self.properties), "version": 0}
        if self.collection.reference:
            self.records[id_][self.collection.reference] = reference
        self.write(id_, values)
        return id_

    def write(self, id_: str, values: Record) -> None:
        """Change a record."""
        record = self.records[id_]
        record |= {name: self.rewrite(name, value) for name, value in values.items()}
        record |= {"changed": self.world.tick(), "version": record["version"] + 1}
        record["modified"] = (EPOCH + timedelta(seconds=record["changed"])).isoformat()

    def edit(self, id_: str, values: Record) -> None:
        """A person changes a record."""
        self.write(id_, values)
        self.world.unseen |= {(self.key, id_, name) for name in values}

    def delete(self, id_: str) -> None:
        """A person deletes a record."""
        del self.records[id_]
        self.graves[id_] = {"id": id_, "deleted": True, "changed": self.world.tick()}

    def show(self, records: Sequence[Record]) -> bytes:
        """Return records as JSON; what was shown has been seen."""
        shown = {record["id"] for record in records}
        self.world.unseen = {edit for edit in self.world.unseen if edit[0] != self.key or edit[1] not in shown}
        return json.dumps([{k: v for k, v in record.items() if k != "changed"} for record in records]).encode()

    def changed_since(self, since: int) -> list[Record]:
        """Return what was changed at or after a time, tombstones included where the system has them."""
        graves = list(self.graves.values()) if self.tombstones else []
        return sorted(
            (r for r in [*self.records.values(), *graves] if r["changed"] >= since), key=lambda r: r["changed"]
        )


class MemoryConnection:
    """A `Connection` to collections in memory."""

    def __init__(self, world: World, collections: dict[str, MemoryCollection]) -> None:
        self.usage = Usage()
        self.skew = timedelta()
        self._world = world
        self._collections = collections

    def _request(self, name: str, *, meddle: bool = True) -> None:
        self._world.boundary(meddle=meddle)
        self.usage.requests[name] = self.usage.requests.get(name, 0) + 1

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Pages of `PAGE` records in a full read, one page in an incremental one."""
        memory = self._collections[collection.name]
        start, _, began = (position or "").partition("|")
        began = began or str(self._world.tick())
        if since is not None:
            self._request("GET changes")
            yield Page(memory.show(memory.changed_since(int(since))), cursor=began)
            return
        for page in itertools.count(int(start or 0)):
            self._request("GET page")
            records = sorted(memory.records.values(), key=lambda r: r["id"])[page * PAGE : (page + 1) * PAGE]
            yield Page(memory.show(records), position=f"{page + 1}|{began}", cursor=began)
            if len(records) < PAGE:
                return

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """One page."""
        memory = self._collections[collection.name]
        self._request("GET ids")
        yield Page(memory.show([memory.records[i] for i in ids if i in memory.records]))

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """One page."""
        memory = self._collections[collection.name]
        self._request("GET references")
        yield Page(memory.show([r for r in memory.records.values() if r[str(collection.reference)] in references]))

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """One request a write, or one for all. Nobody edits between the last look and an unwatched write.

        Without versions, no system could tell.
        """
        memory = self._collections[collection.name]
        for write in writes:
            self._request(f"{write.action} record", meddle=collection.watched)
            answer = self._carry_out(memory, write)
            self._world.boundary(meddle=collection.watched)
            if self._world.rng.random() < self._world.lost_answers:
                answer = Answer(write.key, Outcome.UNKNOWN, reason="the answer was lost")
            yield answer
        self._world.boundary(meddle=True)

    def _carry_out(self, memory: MemoryCollection, write: Write) -> Answer:
        values = json.loads(write.body)
        if write.action is Action.CREATE:
            for record in memory.records.values():
                if memory.collection.reference and record[memory.collection.reference] == write.entity:
                    return Answer(write.key, Outcome.EXISTS, id=record["id"])
            id_ = memory.create(values, write.entity)
            self._world.made[memory.key, id_] = write.entity
        else:
            id_ = str(write.id)
            if id_ not in memory.records:
                return Answer(write.key, Outcome.GONE)
            if memory.collection.watched and str(memory.records[id_]["version"]) != write.etag:
                return Answer(write.key, Outcome.STALE)
            self._world.overwritten += [
                (memory.key, id_, n) for n in values if (memory.key, id_, n) in self._world.unseen
            ]
            if write.action is Action.DELETE:
                memory.delete(id_)
                return Answer(write.key, Outcome.DONE, id=id_)
            memory.write(id_, values)
        record = {k: v for k, v in memory.records[id_].items() if k != "changed"}
        return Answer(write.key, Outcome.DONE, id=id_, record=json.dumps(record).encode() if memory.answers else None)


def system(world: World, name: str, collections: Sequence[MemoryCollection]) -> System:
    """Return a system over collections in memory."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[MemoryConnection]:
        yield MemoryConnection(world, {memory.collection.name: memory for memory in collections})

    return System(name, name.title(), tuple(memory.collection for memory in collections), connect)


class MortalStore(Store):
    """A database in memory; at every transaction the process may die, before it is committed or just after."""

    def __init__(self, world: World) -> None:
        super().__init__(None)
        self._world = world
        with super().transaction() as transaction:
            transaction.run("SET threads = 1")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """As of any store."""
        with super().transaction() as transaction:
            yield transaction
            self._world.boundary()
        self._world.boundary()
