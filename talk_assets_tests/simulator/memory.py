"""Systems in memory: what a connection must do, in its shortest form, with the traits and the faults of the real ones.

What is as with them: a list lags behind what people do, by less than a read goes back; it never shows less than what a
write was answered with, since the connectors see to that; the systems' clocks are off by what the connection measures.
"""

import itertools
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest import mock

from talk_assets.http.moving import Slice, Slices, from_any_place, joined
from talk_assets.model.collection import Collection
from talk_assets.model.system import Action, Answer, Outcome, Page, System, Usage, Watermark, Write
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets_tests.simulator.script import Hidden, Kind
from talk_assets_tests.simulator.world import EPOCH, TICK, Edit, World, identity

Record = dict[str, Any]
PAGE = 6

LAG = 12
"""Ticks that a list may lag behind."""

OVERLAP = 2 * LAG
"""Ticks that a read goes back behind its cursor."""

FEWEST = 2
"""Records that have gone from a list that has moved, at least: pages have one in common, and hide what one hides."""

NARROW = 6
"""Ticks that may pass between the last look at a collection and the first write to it."""


@dataclass
class MemoryCollection:
    """The records of one collection, behind the interface of a `Connection`.

    `rewrite` is what the system makes of a value it is given; `answers`: whether it returns what it stored. `skew` is
    its clock less ours. `archived` are records that no list shows, but a look-up does.
    """

    world: World
    key: str
    collection: Collection
    rewrite: Callable[[str, str | None], str | None] = lambda _, value: value
    answers: bool = True
    tombstones: bool = False
    whole_seconds: bool = False
    lag: int = 0
    skew: timedelta = timedelta()
    records: dict[str, Record] = field(default_factory=dict)
    graves: dict[str, Record] = field(default_factory=dict)
    history: dict[str, int] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    slipped: set[str] = field(default_factory=set)
    """Archived before anybody was shown them."""
    buried: set[str] = field(default_factory=set)
    """Deleted before anybody was shown them."""
    born: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    """Ids of records that the hub was ever shown, or that it created."""
    fresh: set[str] = field(default_factory=set)
    """Those of them that it was shown for the first time since its process began."""
    shown: dict[str, Record] = field(default_factory=dict)
    """Records as the hub was last shown them."""
    also: tuple[str, ...] = ()
    """Properties that records have beside those that the lens reads."""
    edited: tuple[str, ...] = ()
    """Properties that people edit, whatever the lens reads; those that it reads, if none are named."""
    hidden: set[tuple[str, str]] = field(default_factory=set)
    """Records and the properties that the API shows of them no longer."""
    hides: tuple[Hidden, ...] = ()
    shadows: dict[str, tuple[int, Record | None]] = field(default_factory=dict)
    """What lists show of a record, null if nothing, and until when."""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def properties(self) -> tuple[str, ...]:
        """Names of the properties that people edit."""
        return self.edited or tuple(self.collection.lens.columns)

    def create(
        self, values: Mapping[str, Any], reference: str | None = None, *, history: int = 0, id_: str | None = None
    ) -> str:
        """Create a record and return its id."""
        id_ = id_ or f"{self.key.split('/')[0]}{next(self.numbers)}"
        self.graves.pop(id_, None)
        self.archived.discard(id_)
        self.history[id_], self.born[id_] = history, self.world.now
        self.records[id_] = {"id": id_, **dict.fromkeys((*self.properties, *self.also)), "version": 0}
        if self.collection.reference:
            self.records[id_][self.collection.reference] = reference
        self.write(id_, values)
        return id_

    def write(self, id_: str, values: Mapping[str, Any]) -> None:
        """Change a record."""
        record = self.records[id_]
        stored = {name: self.rewrite(name, value) for name, value in values.items()}
        self.world.faults["rewritten value"] += sum(stored[name] != value for name, value in values.items())
        record |= stored | {"changed": self.world.tick(), "version": record["version"] + 1}
        moment = EPOCH + TICK * record["changed"] + self.skew
        if self.whole_seconds:
            self.world.faults["whole-second clock"] += bool(moment.microsecond)
            moment = moment.replace(microsecond=0)
        self.world.faults["skewed clock"] += bool(self.skew)
        record["modified"] = moment.isoformat()

    def employ(self, history: int, values: Mapping[str, Any], id_: str | None = None) -> str:
        """A person creates a record, by accident with the id of one that was deleted."""
        again = id_ is not None
        id_ = self.create(values, history=history, id_=id_)
        if again:
            self._clear_what_it_lacks(id_)
        self.known.discard(id_)
        self.world.made.pop((self.key, id_), None)
        self._hide(id_, None)
        self._note(id_, self.properties, created=True)
        self.world.put(self.key, values.values())
        self.world.nicks.pop((self.key, id_), None)
        if nick := values.get("nick"):
            self.world.nicks[self.key, id_] = identity(nick)
        return id_

    def copy(self, history: int, values: Mapping[str, Any], original: str, *, replaced: bool) -> None:
        """A person copies a record, with what our create left in it, changes the copy, and may delete the original."""
        copy = self.employ(history, values)
        if mark := self.records[original].get("ref"):
            self.records[copy]["ref"] = mark
            self.world.copies[self.key, copy] = original
        if replaced:
            if mark and original not in self.known:  # nobody can tell it from the record whose answer was lost
                self._clear_what_it_lacks(copy)
            self.delete(original)

    def _clear_what_it_lacks(self, id_: str) -> None:
        """A record stands in place of another one: what it lacks counts as cleared by a person."""
        lacks = [name for name in self.properties if self.records[id_][name] is None]
        self.world.clearings |= {(name, self.history[id_]) for name in lacks}

    def edit(self, id_: str, values: Mapping[str, Any]) -> None:
        """A person changes a record; who does so takes it out of the archive. What stays as it was is no edit."""
        before = dict(self.records[id_])
        self._hide(id_, before)
        if id_ in self.archived:
            self.archived.remove(id_)
            self.born[id_] = self.world.now  # no list showed it before
        self.write(id_, values)
        self.world.put(self.key, values.values())
        self._note(id_, [name for name in values if self.records[id_][name] != before[name]], created=False)

    def delete(self, id_: str) -> None:
        """A person deletes a record."""
        record = self.records.pop(id_)
        self._hide(id_, record)
        self.archived.discard(id_)
        if id_ not in self.known:
            self.buried.add(id_)
        self.graves[id_] = record | {"deleted": True, "changed": self.world.tick()}

    def restore(self, id_: str) -> None:
        """A person takes a record out of the trash."""
        self.records[id_] = {name: value for name, value in self.graves.pop(id_).items() if name != "deleted"}
        self.write(id_, {})

    def archive(self, id_: str) -> None:
        """A person archives a record: what is in the archive is shown to who asks for it."""
        self.archived.add(id_)
        if id_ not in self.known:
            self.slipped.add(id_)
        if not self.collection.optimistic_lock:
            self.world.hidden(self.key, id_)

    def _note(self, id_: str, names: Sequence[str], *, created: bool) -> None:
        for name in names:
            value = self.records[id_][name]
            history, hidden = self.history[id_], self.is_hidden(id_, name)
            self.world.edited(Edit(self.key, id_, name, value, self.world.now, created, history, hidden=hidden))

    def _hide(self, id_: str, now: Record | None) -> None:
        if self.lag:
            self.shadows.setdefault(id_, (self.world.now + self.lag, now and dict(now)))

    def forget(self) -> None:
        """The process died, and may not have stored what it was shown."""
        self.known -= self.fresh

    def listed(self) -> dict[str, Record]:
        """The records as lists show them."""
        self.shadows = {id_: shadow for id_, shadow in self.shadows.items() if shadow[0] > self.world.now}
        listed = {id_: record for id_, record in self.records.items() if id_ not in self.archived}
        for id_, (_, before) in self.shadows.items():
            self.world.faults["lagging read"] += listed.get(id_) != before
            listed.pop(id_, None)
            if before is not None:
                listed[id_] = before
        return listed

    def show(self, records: Sequence[Record]) -> bytes:
        """Return records as JSON; what was shown has been seen."""
        for record in records:
            changed = record["changed"] if self.collection.modified else None
            if record["id"] not in self.shown:
                self.world.echoed((record[name] for name in self.properties if name in record), changed)
            if record["id"] not in self.known:
                self.fresh.add(record["id"])
            self.known.add(record["id"])
            self.shown[record["id"]] = dict(record)
            names = [name for name in self.properties if not self.is_hidden(record["id"], name)]
            self.world.shown(self.key, record["id"], {name: record.get(name) for name in names}, changed)
        return json.dumps([self.visible(record) for record in records]).encode()

    def visible(self, record: Record) -> Record:
        """A record as the API shows it: what is garbled reads otherwise with each value, and can never be read."""
        id_, garbled = record["id"], self.garbled(record["id"])
        self.world.faults["value that can't be read"] += len(garbled)
        return {
            name: f"#{value}!" if name in garbled else value
            for name, value in record.items()
            if name != "changed" and (name in garbled or not self.is_hidden(id_, name))
        }

    def garbled(self, id_: str) -> set[str]:
        """Return the properties of a record that the API shows, and that can't be read."""
        return {one.name for one in self.hides if one.garbled and one.hides(id_)}

    def is_hidden(self, id_: str, name: str) -> bool:
        """Whether the API doesn't show a property of a record, or nothing in it that can be read."""
        return (id_, name) in self.hidden or any(one.name == name and one.hides(id_) for one in self.hides)

    def changed_since(self, since: int) -> list[Record]:
        """Return what was changed at or after a time, tombstones included where the system has them."""
        graves = [grave for id_, grave in self.graves.items() if id_ not in self.shadows] if self.tombstones else []
        return sorted(
            (r for r in [*self.listed().values(), *graves] if r["changed"] >= since), key=lambda r: r["changed"]
        )


@dataclass(frozen=True)
class Listed:
    """The page of this number, the first being 0."""

    records: list[Record]
    number: int

    @property
    def ids(self) -> list[str]:
        """The ids of its records."""
        return [record["id"] for record in self.records]

    @property
    def full(self) -> bool:
        """Whether it has as many records as were asked for."""
        return len(self.records) >= PAGE

    @property
    def last(self) -> bool:
        """Whether nothing follows."""
        return not self.full


class MemoryConnection:
    """A `Connection` to collections in memory."""

    def __init__(self, world: World, collections: dict[str, MemoryCollection]) -> None:
        self.usage = Usage()
        self.skew = next((memory.skew for memory in collections.values()), timedelta())
        self._world = world
        self._collections = collections

    def _request(self, name: str, memory: MemoryCollection, *, meddle: bool = True) -> None:
        repeated = self._world.request(f"{name} {memory.key}", meddle=meddle)
        self.usage.retries += repeated
        self.usage.requests[name] = self.usage.requests.get(name, 0) + 1 + repeated

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Pages of `PAGE` records in a full read, overlapping as the connectors' do; one page in an incremental one."""
        memory = self._collections[collection.name]
        start, _, began = (position or "").partition("|")
        began = began or str(self._world.tick())
        if since is not None:
            self._request("GET changes", memory)
            yield Page(memory.show(memory.changed_since(int(since) - OVERLAP)), cursor=began)
            return
        slices = Slices(PAGE, from_any_place)

        async def pages(number: int) -> AsyncGenerator[Listed, None]:
            for index in itertools.count(number):
                self._request("GET page", memory)
                yield self._listed(memory, slices[index], index)

        async for listed, known in joined(pages, int(start or 0), memory.key):
            yield Page(memory.show(listed.records[known:]), position=f"{listed.number + 1}|{began}", cursor=began)
            if listed.last:
                return

    def _listed(self, memory: MemoryCollection, wanted: Slice, number: int) -> "Listed":
        """A page, by numbers: a list that has moved since the page before shows another part of itself."""
        moved = number > 0 and Kind.MOVED in self._world.point(f"page of {memory.key}", Kind.MOVED)
        self._world.faults[Kind.MOVED] += moved
        gone = FEWEST + number % (PAGE - FEWEST) if moved else 0
        records = sorted(memory.listed().values(), key=lambda r: r["id"])
        return Listed(records[wanted.start + gone : wanted.end + gone], number)

    async def probe(self, collection: Collection, mark: Watermark) -> Page:
        """What changed since."""
        memory = self._collections[collection.name]
        self._request("GET changes", memory)
        return Page(memory.show(memory.changed_since(int(mark.cursor or 0) - OVERLAP)))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """One page, of the records as they are."""
        memory = self._collections[collection.name]
        self._request("GET ids", memory)
        found = [memory.records[id_] for id_ in ids if id_ in memory.records]
        listed = memory.listed()
        self._world.faults["full list that lacks a record"] += sum(record["id"] not in listed for record in found)
        yield Page(memory.show(found))

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """One page, of the records as they are."""
        memory = self._collections[collection.name]
        self._request("GET references", memory)
        yield Page(memory.show([r for r in memory.records.values() if r[str(collection.reference)] in references]))

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """So many writes in one request as the API takes.

        Nobody edits between the last look and an unwatched write: without versions, no system could tell.
        """
        memory = self._collections[collection.name]
        size = memory.collection.bulk
        for start in range(0, len(writes), size):
            some = writes[start : start + size]
            self._request("write", memory, meddle=memory.collection.optimistic_lock)
            answers = [self._answer(memory, write) for write in some]
            failed = sum(answer.outcome in {Outcome.FAILED, Outcome.REFUSED, Outcome.UNKNOWN} for answer in answers)
            self._world.faults["partial bulk failure"] += 0 < failed < len(some)
            for answer in answers:
                yield answer
        self._world.point("written", Kind.MEANWHILE)

    def _answer(self, memory: MemoryCollection, write: Write) -> Answer:
        """Carry out one write, or not; the answer may be lost."""
        optimistic_lock = memory.collection.optimistic_lock
        history = self._history(memory, write)
        meanwhile = (Kind.MEANWHILE,) if optimistic_lock else ()
        wrong = self._world.point(
            f"{write.action} {memory.key}", *meanwhile, Kind.LOST, Kind.FAILED, Kind.REFUSED, history=history
        )
        if Kind.FAILED in wrong:
            self._world.faults[Kind.FAILED] += 1
            return Answer(write.key, Outcome.FAILED, id=write.id, reason="busy")
        if Kind.REFUSED in wrong:
            self._world.faults[Kind.REFUSED] += 1
            self._world.refused.add((memory.key, write.entity))
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason="not like this")
        lost = Kind.LOST in wrong
        answer = self._carry_out(memory, write, history, lost=lost)
        self._world.point(f"{write.action}d {memory.key}", *meanwhile, history=history)
        if lost and answer.outcome is Outcome.DONE:
            self._world.faults[Kind.LOST] += 1
            return Answer(write.key, Outcome.UNKNOWN, reason="the answer was lost")
        return answer

    @staticmethod
    def _history(memory: MemoryCollection, write: Write) -> int:
        """The history that a record is of: in the simulator, every value of one begins with its number."""
        if write.id in memory.history:
            return memory.history[write.id]
        values = json.loads(write.body)
        named = (
            str(values.get(name) or "")[:2] for name in ("number", "email", "first_name", "nick", "job_title", "name")
        )
        return next((int(first) for first in named if first.isdecimal()), 0)

    def _carry_out(self, memory: MemoryCollection, write: Write, history: int, *, lost: bool) -> Answer:
        values = json.loads(write.body)
        if write.action is Action.CREATE:
            for record in memory.records.values():
                if memory.collection.reference and record[memory.collection.reference] == write.entity:
                    return Answer(write.key, Outcome.EXISTS, id=record["id"])
            self._look_beside(memory, values)
            self._world.carried(memory.key, values, None, history)
            id_ = memory.create(values, write.entity, history=history)
            self._world.made[memory.key, id_] = write.entity
            if not lost:
                memory.fresh.add(id_)
                memory.known.add(id_)
        else:
            id_ = str(write.id)
            if id_ not in memory.records:
                return Answer(write.key, Outcome.GONE)
            if memory.collection.optimistic_lock and str(memory.records[id_]["version"]) != write.etag:
                return Answer(write.key, Outcome.STALE)
            if write.action is Action.DELETE:
                memory.delete(id_)
                self._world.removed.append(f"{memory.key}/{id_}")
                return Answer(write.key, Outcome.DONE, id=id_)
            self._look_under(memory, id_, values)
            self._world.carried(memory.key, values, memory.records[id_], history)
            memory.write(id_, values)
            memory.shadows.pop(id_, None)
        shown = {value: memory.rewrite(name, value) for name, value in values.items()}
        self._world.written |= {now: self._world.now for value, now in shown.items() if now != value}
        if lost or not memory.answers:
            self._world.echoes |= dict.fromkeys(shown.values(), self._world.now)
        answered = json.dumps(memory.visible(memory.records[id_])).encode() if memory.answers else None
        return Answer(write.key, Outcome.DONE, id=id_, record=answered)

    def _look_under(self, memory: MemoryCollection, id_: str, values: Record) -> None:
        """Note what nobody had read and is written over, unless no list showed it yet when last looked at.

        What was shown and can't be read gives way to a newer edit.
        """
        for name, value in values.items():
            at = self._world.unseen.pop((memory.key, id_, name), None)
            if at is None:
                continue
            visible = memory.collection.optimistic_lock or not memory.lag
            shown = memory.shown.get(id_, {}).get("changed") == memory.records[id_]["changed"]
            if shown and self._world.edited_since(at, memory.history.get(id_), name, value):
                continue
            if visible or at + memory.lag <= self._world.now - NARROW:
                self._world.overwritten.append(f"{memory.key}/{id_}.{name}")

    def _look_beside(self, memory: MemoryCollection, values: Record) -> None:
        """Note a record with the same key that was in the lists before the first run, and that nobody looked at.

        Nor does the hub look at what it was shown, is not linked, and has a value that can't be read.
        """
        key = "number" if "number" in values else "email"
        if not values.get(key):
            return
        for id_, record in memory.records.items():
            listed = memory.born[id_] + memory.lag < self._world.opened
            unread = listed and id_ not in memory.known | memory.archived
            known = id_ in memory.known - memory.fresh and not self._world.linked(memory.key, id_)
            misread = known and memory.garbled(id_) and memory.shown[id_][key] == values[key]
            if (unread or misread) and record[key] == values[key]:
                self._world.beside.append(f"{memory.key}/{id_}")


def system(world: World, name: str, collections: Sequence[MemoryCollection]) -> System:
    """Return a system over collections in memory."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[MemoryConnection]:
        yield MemoryConnection(world, {memory.collection.name: memory for memory in collections})

    return System(name, name.title(), tuple(memory.collection for memory in collections), connect)


class MortalStore(Store):
    """A database in memory; at every commit the process may die, before or just after.

    New ids are counted, so that a history can be lived again exactly as it was.
    """

    def __init__(self, world: World) -> None:
        super().__init__(None)
        self._world = world
        with super().transaction() as transaction:
            transaction.run("SET threads = 1")
            transaction.run("CREATE SEQUENCE made")
            transaction.run("CREATE MACRO uuidv7() AS ('e' || lpad(nextval('made')::VARCHAR, 9, '0'))")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """As of any store."""
        with super().transaction() as transaction:
            step = transaction.step

            def mortal() -> None:
                if transaction.in_steps:
                    self._world.point("commit")
                    step()
                    self._world.point("committed")

            with mock.patch.object(transaction, "step", mortal):
                yield transaction
            self._world.point("commit")
        self._world.point("committed")
