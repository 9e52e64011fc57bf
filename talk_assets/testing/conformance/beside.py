"""A system beside another one in memory, with the hub between them: what becomes of values on their way there."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Kind
from talk_assets.model.lens.lens import Instant, Lens, Text
from talk_assets.model.system import System
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync.hub import Hub
from talk_assets.testing.conformance.steps import PLAIN, Values, shown
from talk_assets.testing.memory import Memory, Record

SOURCE = "beside"


@dataclass
class Beside:
    """Records in memory that each get one in a collection of the system; they hold its texts, and what it requires."""

    system: System
    collection: Collection
    store: Store = field(default_factory=lambda: Store(None))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """The hub, with one pair."""
        entity = self.collection.entity
        both = set(settable(self.collection)) & set(updatable(self.collection)) - set(self.collection.lens.refs)
        kinds = {Kind.TEXT, Kind.EMAIL, Kind.PHONE, Kind.DIGITS}
        self.fields = tuple(name for name in entity.names if name in both and entity.field(name).kind in kinds)
        self.source = Collection(
            name="records", entity=entity, id="id", modified=Instant("modified"),
            lens=Lens(**{name: Text(name) for name in self.fields}),
        )  # fmt: skip
        self.memory = Memory([self.source])
        systems = {SOURCE: self.memory.system(SOURCE), self.system.name: self.system}
        self.pair = Pair(f"{SOURCE}/records", f"{self.system.name}/{self.collection.name}")
        self.hub = Hub(self.store, systems, [self.pair], run="run")

    @property
    def other(self) -> str:
        """A text that a new record can be without."""
        texts = [name for name in self.fields if self.collection.entity.field(name).kind is Kind.TEXT]
        return next(name for name in texts if name not in {"name", "last_name", "number"})

    def value(self, name: str) -> str:
        """A value that the system takes, another one each time."""
        number, kind = next(self.numbers), self.collection.entity.field(name).kind
        if kind is Kind.EMAIL:
            return f"somebody{number}@example.com"
        return PLAIN[kind][len(self.memory.records["records"]) % 2] if kind in PLAIN else f"{name} {number}"

    def add(self, values: Values) -> str:
        """Somebody creates a record in memory."""
        record: Record = {name: self.value(name) for name in self.fields} | values
        return str(self.memory.put(self.source, None, self._later(record))["id"])

    def edit(self, id_: str, values: Values) -> None:
        """Somebody edits a record in memory."""
        self.memory.put(self.source, id_, self._later(values))

    def _later(self, values: Mapping[str, str | None]) -> Mapping[str, str | None]:
        self.memory.clock.seconds = max(self.memory.clock.seconds + 60, datetime.now(UTC).timestamp())
        return values

    def sync(self) -> int:
        """Read, reconcile and write once; return how many records were written in the system."""
        self.hub.run = f"run {next(self.numbers)}"
        for name in self.hub.systems:
            asyncio.run(self.hub.read(name))
        self.hub.reconcile(self.collection.entity.name)
        written = [asyncio.run(self.hub.write(name)).collections.values() for name in self.hub.systems]
        return sum(report.writes for reports in written for report in reports)

    def there(self, id_: str) -> Values:
        """What the system shows of the record that belongs to one in memory, as canonical values."""
        links = tables.links(self.collection.entity.name)
        with self.store.transaction() as transaction:
            found = transaction.frame(
                f"SELECT r.id FROM {links} l JOIN {links} r USING (entity_id)"  # noqa: S608 -- our own table
                " WHERE l.collection = ? AND l.id = ? AND r.collection = ? AND r.gone_at IS NULL",
                self.pair.left,
                id_,
                self.pair.right,
            )
        return shown(self.system, self.collection, found["id"].item())

    def blamed(self) -> bool:
        """Whether a change, or a field of one, is held for what the system breaks at."""
        breaks = "contains(reason, 'It breaks at this one each time')"
        with self.store.transaction() as transaction:
            held = transaction.count(f"SELECT count(*) FROM sync.changes WHERE blocked AND {breaks}")  # noqa: S608 -- our own text
            return held + transaction.count(f"SELECT count(*) FROM sync.refused_fields WHERE {breaks}") > 0  # noqa: S608 -- as above

    def held(self) -> list[tuple[str, str | None]]:
        """The fields that are held, with their values."""
        with self.store.transaction() as transaction:
            return list(transaction.frame("SELECT field, value FROM sync.refused_fields").iter_rows())
