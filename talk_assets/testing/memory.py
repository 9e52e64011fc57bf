"""A system in memory: the shortest complete example of a `Connection`, and a stand-in for tests.

Records are plain dicts by property. A lens for it has flat properties: nested ones, with dots in their names, need an
API that nests them.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from talk_assets.model.collection import Collection
from talk_assets.model.system import PROBE_LIMIT, Action, Answer, Outcome, Page, System, Usage, Watermark, Write

Record = dict[str, Any]
CHANGE = "_change"
"""The property that numbers the changes; nobody is shown it."""


@dataclass
class Clock:
    """Time that stands still unless a test moves it: seconds since 1970, UTC."""

    seconds: float = 1_767_225_600.0

    def now(self) -> float:
        """Return the time."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.seconds += seconds


class Memory:
    """The records of one system by collection and id, with what the system does by itself.

    `refuses` returns what is wrong with a record, empty for nothing. `size` is how many records a page holds.
    """

    def __init__(
        self, collections: Iterable[Collection], *, size: int = 100, refuses: Callable[[Record], str] = lambda _: ""
    ) -> None:
        self.collections = tuple(collections)
        self.size, self.refuses, self.clock = size, refuses, Clock()
        self.records: dict[str, dict[str, Record]] = {collection.name: {} for collection in self.collections}
        self.changes = 0

    def system(self, name: str) -> System:
        """Return the system as the hub sees it."""

        @asynccontextmanager
        async def connect() -> AsyncIterator[MemoryConnection]:
            yield MemoryConnection(self)

        return System(name, name.title(), self.collections, connect)

    def put(self, collection: Collection, id_: str | None, values: Mapping[str, Any]) -> Record:
        """Change a record, or create one where `id_` is None; the system sets its id, version and time of change."""
        shelf = self.records[collection.name]
        self.changes += 1
        new = {**dict.fromkeys(collection.lens.columns), collection.id: str(self.changes)}
        record = {**(new if id_ is None else shelf[id_]), **values, CHANGE: self.changes}
        if collection.version:
            record[collection.version] = str(self.changes)
        if collection.modified:
            record[collection.modified.property] = datetime.fromtimestamp(self.clock.now(), UTC).isoformat()
        shelf[record[collection.id]] = record
        return record


class MemoryConnection:
    """A connection to the records in memory."""

    def __init__(self, memory: Memory) -> None:
        self.usage, self.skew = Usage(), timedelta()
        self._memory = memory

    async def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """The cursor is the number of the last change before the read began; a position adds that of the last record.

        A record that is changed meanwhile moves behind the position, so that no record is missed.
        """
        began, _, last = (position or f"{self._memory.changes}|{since or 0}").partition("|")
        while True:
            records = self._changed(collection, int(last))
            page = records[: self._memory.size]
            if len(records) == len(page):
                yield Page(_shown(page), cursor=began)
                return
            last = page[-1][CHANGE]
            yield Page(_shown(page), position=f"{began}|{last}")

    async def probe(self, collection: Collection, mark: Watermark) -> Page | None:
        """What changed since the mark."""
        return Page(_shown(self._changed(collection, int(mark.cursor or 0))[:PROBE_LIMIT]))

    async def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """One page."""
        shelf = self._shelf("look up", collection)
        yield Page(_shown(shelf[id_] for id_ in ids if id_ in shelf))

    async def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """One page."""
        shelf = self._shelf("find", collection)
        yield Page(_shown(one for one in shelf.values() if one.get(collection.reference or "") in references))

    async def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """One after the other."""
        for write in writes:
            yield self._carry_out(collection, write, self._shelf(write.action, collection))

    def _carry_out(self, collection: Collection, write: Write, shelf: dict[str, Record]) -> Answer:
        values = json.loads(write.body)
        if write.action is Action.CREATE and collection.reference:
            values[collection.reference] = write.entity
            for id_, record in shelf.items():
                if record.get(collection.reference) == write.entity:
                    return Answer(write.key, Outcome.EXISTS, id=id_)
        if write.action is not Action.CREATE:
            if write.id not in shelf:
                return Answer(write.key, Outcome.GONE, id=write.id)
            if collection.version and shelf[write.id][collection.version] != write.etag:
                return Answer(write.key, Outcome.STALE, id=write.id)
            if write.action is Action.DELETE:
                del shelf[write.id]
                return Answer(write.key, Outcome.DONE, id=write.id)
        if reason := self._memory.refuses({**shelf.get(write.id or "", {}), **values}):
            return Answer(write.key, Outcome.REFUSED, id=write.id, reason=reason)
        record = self._memory.put(collection, write.id, values)
        return Answer(write.key, Outcome.DONE, id=record[collection.id], record=_shown([record])[1:-1])

    def _changed(self, collection: Collection, since: int) -> list[Record]:
        """The records whose last change came after the one with this number, in the order of their changes."""
        records = self._shelf("read", collection).values()
        return sorted((one for one in records if one[CHANGE] > since), key=lambda one: int(one[CHANGE]))

    def _shelf(self, request: str, collection: Collection) -> dict[str, Record]:
        self.usage.requests[request] = self.usage.requests.get(request, 0) + 1
        return self._memory.records[collection.name]


def _shown(records: Iterable[Record]) -> bytes:
    shown = [{name: value for name, value in record.items() if name != CHANGE} for record in records]
    return json.dumps(shown).encode()
