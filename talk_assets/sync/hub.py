"""The hub: reads collections, reconciles entities, writes changes. Everything that runs the sync calls these three.

    read(system)    HTTP → the collections' tables
    reconcile(entity)  the collections' tables → links, golden, conflicts, held, changes; no HTTP, and one transaction
                    unless there is too much for one: then it goes in steps, and what came before a crash stands
    write(system)   changes → HTTP → links, journal

Each may be interrupted anywhere, and run again. Reconciling is cheap where nothing moved, so writing reconciles first.
"""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

import polars as pl

from talk_assets.model import ids, topology
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import ENTITIES
from talk_assets.model.ids import NewId
from talk_assets.model.system import Answer, Connection, Outcome, Page, System, Usage
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.sync import guards, journal
from talk_assets.sync.guards import UNLIMITED, Limits
from talk_assets.sync.link import incoming, linking, remapping
from talk_assets.sync.link.weighed import OFF
from talk_assets.sync.merge.merging import MergeScope
from talk_assets.sync.plan import changes, configured
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.progress import Doing, Progress, Tell, silent
from talk_assets.sync.read import reading, storing
from talk_assets.sync.read.reading import Reader, ReadReport
from talk_assets.sync.read.records import parse
from talk_assets.sync.write import answers, breaking, undo_run
from talk_assets.sync.write.answers import Answered
from talk_assets.sync.write.tally import WriteReport
from talk_assets.sync.write.undo_run import UndoPlan
from talk_assets.sync.write.writing import Batch, Writer, asked_of

Report = TypeVar("Report")


def utc_now() -> datetime:
    """Return the current instant."""
    return datetime.now(UTC)


@dataclass
class SystemReport(Generic[Report]):
    """What was done with a system's collections, by name, and what it cost. `skew` is the system's clock less ours."""

    collections: dict[str, Report] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    skew: timedelta = field(default_factory=timedelta)


class Hub:
    """One run of the sync over a store, some systems and the pairs between them."""

    def __init__(
        self,
        store: Store,
        systems: Mapping[str, System],
        pairs: Sequence[Pair],
        *,
        run: str,
        limits: Limits = UNLIMITED,
        clock: Callable[[], datetime] = utc_now,
        new_id: NewId = ids.new_id,
    ) -> None:
        self.store = store
        self.systems = systems
        self.run = run
        self.limits = limits
        self.clock = clock
        self.tell: Tell = silent
        self.new_id = new_id
        self.evidence = OFF
        """How likely records must be the same to be suggested, or linked by themselves; nothing is weighed without."""
        self.topologies = {name: topology.of(entity, systems, pairs) for name, entity in ENTITIES.items()}
        self._reconciled: dict[str, int] = {}
        """By entity, the store's version up to which everything was decided that can be."""
        self.notes: list[str] = []
        """What was read or planned again because the configuration has changed, for people."""
        self._prepared = False

    @property
    def _every_collection(self) -> dict[str, Collection]:
        return {f"{system.name}/{one.name}": one for system in self.systems.values() for one in system.collections}

    def prepare(self) -> None:
        """Create the tables and columns that are lacking, and note what is configured otherwise than in the run before.

        Only the first call does anything. `read`, `reconcile` and `write` prepare first; whoever else changes the
        database through a hub calls it, under the run lock.
        """
        if self._prepared:
            return
        own = self._every_collection
        with self.store.transaction() as transaction:
            transaction.ensure(tables.of(own))
            reading.prepare(transaction, own)
            remapping.notice(transaction, own, self.clock())
        self._prepared = True

    def collections(self, system: str) -> dict[str, Collection]:
        """Return a system's collections that take part, by key, parents before children."""
        return {
            key: collection
            for topology_ in self.topologies.values()
            for key, collection in topology_.collections.items()
            if key.split("/")[0] == system
        }

    async def read(
        self, system: str, keys: Sequence[str] | None = None, *, full: bool = False
    ) -> SystemReport[ReadReport]:
        """Read a system's collections, or those of them in `keys`, concurrently under its one rate limit."""
        chosen = {
            key: collection for key, collection in self.collections(system).items() if keys is None or key in keys
        }
        report = SystemReport[ReadReport]()
        self.prepare()
        async with self.systems[system].connect() as connection:
            report.usage = connection.usage
            with self.store.transaction() as transaction:
                places = reading.places(transaction, chosen)
            readers = [
                Reader(self.store, connection, key, collection, self.clock(), self.limits, self.tell)
                for key, collection in chosen.items()
            ]
            reads = (reader.read(places[reader.key], full=full) for reader in readers)
            found = await asyncio.gather(*reads, return_exceptions=True)
            failures = [one for one in found if isinstance(one, BaseException)]
            if failures:
                raise failures[0]
            report.skew = connection.skew
            report.collections = {
                key: one for key, one in zip(chosen, found, strict=True) if isinstance(one, ReadReport)
            }
        return report

    async def read_back(self, system: str, keys: Sequence[str]) -> SystemReport[ReadReport]:
        """Read what changed in collections that were written to, and in those that show in them; reconcile it."""
        own = self.collections(system)
        related = dict.fromkeys(other for key in keys for other in (key, *self._relatives(key, own[key])))
        report = await self.read(system, list(related))
        for entity_type in dict.fromkeys(own[key].entity.name for key in related):
            self.reconcile(entity_type, outstanding=False)
        return report

    def reconcile(self, entity: str, *, outstanding: bool = True) -> int:
        """Link, merge and compute the changes of one entity; return how many records there were to reconcile.

        With `outstanding`, everything that was not in order is decided again as well; without, nothing is where nothing
        has moved since.
        """
        topology_ = self.topologies[entity]
        if not topology_.collections:
            return 0
        self.prepare()
        with self.store.transaction() as transaction:
            if not outstanding and transaction.version() == self._reconciled.get(entity):
                return 0
            scope = MergeScope(topology_.entity, topology_.collections, self.clock(), self.run)
            notes, anew = configured.anew(transaction, topology_, scope, known=entity in self._reconciled)
            self.notes += notes
            touched = changes.outstanding(transaction, topology_.entity) if outstanding else None
            gathered = incoming.gather(transaction, topology_.entity, topology_.collections)
            only_fields: Sequence[str] | None = ()
            if gathered.incoming:
                linked = linking.link_all(transaction, topology_, gathered.incoming, scope, self.new_id, self.evidence)
                only_fields = linked.only_fields
                if linked.moved:
                    transaction.next_version()  # what refers to these, or waited for them, is to look again
                affected = pl.concat([changes.affected(transaction, linked.known), linked.asked]).unique()
                touched = affected if touched is None else pl.concat([touched, affected]).unique()
            if anew is not None:
                touched, only_fields = anew if touched is None else pl.concat([touched, anew]).unique(), None
            if touched is not None:
                changes.reconcile(transaction, topology_, touched, self.clock(), only_fields=only_fields)
            gathered.note_reconciled(transaction)
            if anew is not None or entity not in self._reconciled:
                configured.note(transaction, topology_)
            version = transaction.version()
        self._reconciled[entity] = version
        return gathered.count

    async def write(
        self, system: str, keys: Sequence[str] | None = None, permits: Permits | None = None
    ) -> SystemReport[WriteReport]:
        """Carry out what is asked of a system's collections, parents first, as far as the run permits it.

        Without `permits`, every pair may cause writes.
        """
        self.prepare()
        writers = [self._writer(key, permits) for key in self.collections(system) if keys is None or key in keys]
        report = SystemReport({writer.key: WriteReport() for writer in writers})
        for entity in self.topologies:
            self.reconcile(entity, outstanding=False)
        with self.store.transaction() as transaction:
            asked = asked_of(transaction)
            busy = [
                writer.key
                for writer in writers
                if writer.key in asked
                and (writer.pending(transaction, WriteReport()) or journal.open_creates(transaction, writer.key).height)
            ]
            guards.calm(transaction, [writer.key for writer in writers if writer.key not in busy])
        if busy:
            async with self.systems[system].connect() as connection:
                report.usage = connection.usage
                for writer in writers:
                    await self._write(connection, writer, report.collections[writer.key])
        return report

    def _writer(self, key: str, permits: Permits | None = None) -> Writer:
        collection = topology.collection_of(self.systems, key)
        topology_ = self.topologies[collection.entity.name]
        within = (permits or Permits(topology_.pairs)).within(topology_.pairs)
        return Writer(key, collection, within, self.run, topology_.collections, self.new_id)

    async def _write(self, connection: Connection, writer: Writer, report: WriteReport) -> None:
        key, collection = writer.key, writer.collection
        with self.store.transaction() as transaction:
            if key not in asked_of(transaction):
                return
        await self._look_for_lost(connection, key, collection)
        if self._stopped(writer, report):
            return
        await self._carry_out(connection, writer, report)
        with self.store.transaction() as transaction:
            guards.written(transaction, key, writer.pairs, self.clock())
        if report.writes and self._relatives(key, collection):
            await self._look_again(connection, key, collection)

    async def _carry_out(self, connection: Connection, writer: Writer, report: WriteReport) -> None:
        while pending := self._pending(writer, report):
            total = report.tried + pending
            if not writer.collection.optimistic_lock:
                await self._look_again(connection, writer.key, writer.collection)
            with self.store.transaction() as transaction:
                if writer.source == undo_run.TABLE:
                    undo_run.drop_edited(transaction, writer.key)
                batch = writer.prepare(transaction, report, self.clock())
            if batch.writes:
                await self._send(connection, writer, batch, report, total)

    def plan_undo(self, run: str) -> UndoPlan:
        """Return what taking back a run would send, as things are now; it is put where `undo` finds it."""
        self.prepare()
        collections = {key: one for topology_ in self.topologies.values() for key, one in topology_.collections.items()}
        with self.store.transaction() as transaction:
            plan = undo_run.plan(transaction, collections, run)
            kinds = {key: one.entity.name for key, one in collections.items()}
            undo_run.store(transaction, plan.possible, kinds, self.clock())
        return plan

    async def undo(self, system: str, writable: Container[str]) -> SystemReport[WriteReport]:
        """Send to a system what was planned to take back a run, children before parents, where it may be written to."""
        writers = [
            replace(self._writer(key), source=undo_run.TABLE)
            for key in reversed(self.collections(system))
            if key in writable
        ]
        report = SystemReport({writer.key: WriteReport() for writer in writers})
        with self.store.transaction() as transaction:
            busy = any(writer.pending(transaction, WriteReport()) for writer in writers)
        if busy:
            async with self.systems[system].connect() as connection:
                report.usage = connection.usage
                for writer in writers:
                    await self._carry_out(connection, writer, report.collections[writer.key])
        return report

    async def _look_again(self, connection: Connection, key: str, collection: Collection) -> None:
        """Read what changed since, in everything that shows in a record, and decide again about that."""
        shown = {key: collection, **self._relatives(key, collection)}
        with self.store.transaction() as transaction:
            places = reading.places(transaction, shown)
        for other, related in shown.items():
            await Reader(self.store, connection, other, related, self.clock(), self.limits).read(places[other])
        self.reconcile(collection.entity.name, outstanding=False)

    def _relatives(self, key: str, collection: Collection) -> dict[str, Collection]:
        """The collections that a record's parts are in, and those whose parts it is, which a write changes as well."""
        parts = {part.of for part in collection.parts}
        return {
            other: related
            for other, related in self.collections(key.split("/", maxsplit=1)[0]).items()
            if related.name in parts or any(part.of == collection.name for part in related.parts)
        }

    def _stopped(self, writer: Writer, report: WriteReport) -> bool:
        with self.store.transaction() as transaction:
            asked = writer.asked(transaction)
            report.stopped = guards.too_many(transaction, asked, self.limits, self.run, self.clock())
        return report.stopped is not None

    def _pending(self, writer: Writer, report: WriteReport) -> int:
        with self.store.transaction() as transaction:
            return writer.pending(transaction, report)

    async def _look_for_lost(self, connection: Connection, key: str, collection: Collection) -> None:
        """Creates of unknown outcome: what carries their entity's id is theirs; else, reading has found it."""
        with self.store.transaction() as transaction:
            lost = journal.open_creates(transaction, key)["entity_id"].unique().to_list()
        if not lost:
            return
        if collection.reference:
            found = [page async for page in connection.find(collection, lost)]
            self._show(key, collection, found, connection.skew)
            self.reconcile(collection.entity.name, outstanding=False)
        else:
            await self._look_again(connection, key, collection)
        with self.store.transaction() as transaction:
            journal.close_overtaken(transaction, key, collection.entity.name, self.clock())
            # Nothing is sent again for which the look has found what may be it.
            these = pl.DataFrame({"entity_id": lost}, schema={"entity_id": pl.String})
            changes.reconcile(transaction, self.topologies[collection.entity.name], these, self.clock())

    def _show(self, key: str, collection: Collection, pages: Sequence[Page], skew: timedelta) -> None:
        """Store records that were asked for by id or by reference."""
        if pages:
            parsed = parse(collection, *(page.body for page in pages))
            with self.store.transaction() as transaction:
                storing.store(transaction, key, collection, parsed, self.clock(), skew)

    async def _send(
        self, connection: Connection, writer: Writer, batch: Batch, report: WriteReport, total: int
    ) -> None:
        """Answers that came before the system failed, whatever it was, are stored all the same."""
        given: list[Answer] = []
        failure: Exception | None = None
        try:
            async for answer in connection.write(writer.collection, batch.writes):
                given.append(answer)
                done = report.tried + len(given)
                self.tell(Progress(writer.key, Doing.WRITTEN, done, total, connection.usage.waited))
        except Exception as error:  # noqa: BLE001 -- raised below
            failure = error
        entity = writer.collection.entity
        with self.store.transaction() as transaction:
            given = breaking.given_up(transaction, writer.source, writer.key, batch.rows, given)
            answered = answers.join(writer, batch, given, connection.skew)
            still = transaction.version() == batch.version
            transaction.next_version()  # what waited for these records is to look again
            verdict = answers.judge(answered, report)
            answers.store(transaction, answered, verdict, self.limits, self.clock())
            answers.reconcile(transaction, self.topologies[entity.name], answered, verdict, self.clock(), still=still)
            writer.leave(transaction, batch)
        report.count(batch.writes, given, verdict.held)
        if failure:
            raise failure
        await self._read_again(connection, writer, answered)

    async def _read_again(self, connection: Connection, writer: Writer, answered: Answered) -> None:
        """Read by id the records that turned out to be other ones than we knew, and decide again.

        What changed since the last read may never show them: an edit need not move the modified time.
        """
        existing = answered.of(Outcome.EXISTS)["answer_id"].drop_nulls().to_list()
        edited = answered.of(Outcome.STALE)["id"].drop_nulls().to_list()
        if not existing and not edited:
            return
        found = [page async for page in connection.look_up(writer.collection, [*existing, *edited])]
        self._show(writer.key, writer.collection, found, connection.skew)
        if edited and self._relatives(writer.key, writer.collection):
            await self._look_again(connection, writer.key, writer.collection)
        self.reconcile(writer.collection.entity.name, outstanding=False)
