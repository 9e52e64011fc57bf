"""Bringing a collection's table up to what the system shows: incrementally from a cursor, or in full.

Pages are stored as they come, with the position to go on from, so that an interrupted first read is not begun again. A
full read, or a page that is whole, also tells which records are gone; each is looked up once more before that is
believed.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.system import Connection, CursorExpired, Page
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync import guards
from talk_assets.sync.guards import UNLIMITED, Limits
from talk_assets.sync.progress import Doing, Progress, Tell, silent
from talk_assets.sync.read import absence, backwards, invalid_values, storing
from talk_assets.sync.read.records import NOTHING, Parsed, ours, parse

T = TypeVar("T")

FLUSH = 20_000_000
"""Bytes of pages that are stored in one transaction."""

PATIENCE = 1.0
"""Seconds after which pages are stored in any case: a process that dies loses no more reading than that."""


@dataclass
class ReadReport:
    """What reading a collection brought: records received, changed among them, deleted, and quarantined as invalid.

    `values` are the values that could not be read, of records that were received.
    """

    read: int = 0
    changed: int = 0
    deleted: int = 0
    invalid: int = 0
    values: int = 0
    full: bool = False
    unknown: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Checkpoint:
    """How far a collection was read: the cursor, where an interrupted full read goes on, whether there ever was one.

    `doubts`: whether deletions of it need approval, see `guards`. `lacks`: whether its records lack properties.
    """

    cursor: str | None
    position: str | None
    full: bool
    doubts: bool
    lacks: bool


def places(transaction: Transaction, keys: Iterable[str]) -> dict[str, Checkpoint]:
    """Return how far collections were read."""
    found = transaction.frame(
        "SELECT collection, cursor, position, full_at IS NOT NULL, collection IN (SELECT collection FROM sync.doubted),"
        " collection IN (SELECT collection FROM sync.absent)"
        " FROM sync.cursors WHERE collection IN (SELECT unnest(?::VARCHAR[]))",
        list(keys),
    )
    return {key: Checkpoint(*rest) for key, *rest in found.iter_rows()}


def unread(transaction: Transaction, keys: Iterable[str]) -> frozenset[str]:
    """Return those of some collections that were never read in full."""
    wanted = frozenset(keys)
    return wanted - {key for key, at in places(transaction, wanted).items() if at.full}


def prepare(transaction: Transaction, collections: Iterable[str]) -> None:
    """Note of collections, which have their tables, that nothing was read yet of those that are new."""
    transaction.run(
        "INSERT INTO sync.cursors (collection, reconciled_version)"
        " SELECT key, 0 FROM keys WHERE key NOT IN (SELECT collection FROM sync.cursors)",
        keys=pl.DataFrame({"key": list(collections)}, schema={"key": pl.String}),
    )


def begin_anew(transaction: Transaction) -> None:
    """Forget how far every collection was read: each is read in full before anything is created."""
    transaction.run("DELETE FROM sync.full_reads")
    transaction.run("UPDATE sync.cursors SET cursor = NULL, position = NULL, full_read_cursor = NULL, full_at = NULL")


@dataclass
class Reader:
    """Reads one collection over an open connection."""

    store: Store
    connection: Connection
    key: str
    collection: Collection
    now: datetime
    limits: Limits = UNLIMITED
    tell: Tell = silent
    _doubts: bool = field(default=False, init=False)
    _nameless: set[str] = field(default_factory=set, init=False)
    """Why records without an id were quarantined, of those that this read has shown."""

    async def read(self, at: Checkpoint, *, full: bool = False) -> ReadReport:
        """Read what changed since the cursor; in full where there is none, where asked, or where it is too old.

        Raise ConfigurationError where no record shows a property that the lens reads, unless the API omits blanks.
        Only a first full read goes on where it was interrupted: what another one had shown by then may be gone since.
        """
        if at.full:
            at = replace(at, position=None)
        self._doubts = at.doubts
        report = await self._read(at, full=full)
        if self._doubts:
            with self.store.transaction() as transaction:
                approved = guards.doubted(transaction, self.key)
            await self._look_once_more(approved, report)
        if report.read or at.lacks:
            with self.store.transaction() as transaction:
                absence.review(transaction, self.key, self.collection, self.now)
            with self.store.transaction() as transaction:
                absence.require(transaction, self.key, self.collection)
        self._told(report.read, report.read)
        return report

    def _told(self, done: int, total: int | None) -> None:
        self.tell(Progress(self.key, Doing.READ, done, total, self.connection.usage.waited))

    async def _read(self, at: Checkpoint, *, full: bool) -> ReadReport:
        if at.cursor and at.full and not full:
            try:
                return await self._incremental(at.cursor)
            except CursorExpired:
                pass
        return await self._full(at)

    async def _incremental(self, cursor: str) -> ReadReport:
        report = ReadReport()
        pages = self.connection.read(self.collection, since=cursor, position=None)
        async for batch, last in _batches(pages):
            parsed = await self._parsed(batch)
            with self.store.transaction() as transaction:
                ids, buried = self._store(transaction, parsed, report)
                missing = [*buried, *self._missing(transaction, batch, ids)]
                expired = backwards.ahead(cursor, self.now + self.connection.skew)
                if not missing and not expired:
                    self._move(transaction, batch, last=last)
            self._told(report.read, _total(batch))
            await self._look_once_more(missing, report)
            if expired:
                raise CursorExpired(cursor)
            if missing:
                with self.store.transaction() as transaction:
                    self._move(transaction, batch, last=last)
        return report

    def _move(self, transaction: Transaction, batch: Sequence[Page], *, last: bool) -> None:
        """Everything in the batch was taken in."""
        transaction.run(
            "UPDATE sync.cursors SET cursor = coalesce(?, cursor), read_at = coalesce(?, read_at) WHERE collection = ?",
            batch[-1].cursor if batch else None,
            self.now if last else None,
            self.key,
        )

    async def _full(self, at: Checkpoint) -> ReadReport:
        """The cursor moves only at the end; until then, `position` and `full_read_cursor` tell where to go on.

        What was interrupted goes on, and is then looked through from the start: a record that was edited since may be
        on a page that had been shown, and deletions may have moved one there that was to come.
        """
        report = ReadReport(full=True)
        if at.position is not None:
            await self._pages(at.position, report)
        with self.store.transaction() as transaction:
            transaction.run("DELETE FROM sync.full_reads WHERE collection = ?", self.key)
            transaction.run(
                "UPDATE sync.cursors SET position = NULL, full_read_cursor = NULL WHERE collection = ?", self.key
            )
        await self._pages(None, report)
        with self.store.transaction() as transaction:
            missing = self._unshown(transaction)
            if not missing and not backwards.lasting(transaction, self.key, self.now):
                self._end(transaction)
                return report
        await self._look_once_more(missing, report)
        await self._believe(report)
        with self.store.transaction() as transaction:
            self._end(transaction)
        return report

    def _end(self, transaction: Transaction) -> None:
        """Everything was read."""
        invalid_values.forget_unshown(transaction, self.key, sorted(self._nameless))
        transaction.run("DELETE FROM sync.full_reads WHERE collection = ?", self.key)
        transaction.run(
            """
            UPDATE sync.cursors SET cursor = coalesce(full_read_cursor, cursor), position = NULL,
                full_read_cursor = NULL,
                read_at = $1, full_at = $1 WHERE collection = $2
            """,
            self.now,
            self.key,
        )

    async def _pages(self, position: str | None, report: ReadReport) -> None:
        """Read from a position to the end, and store with each batch where to go on, while the next one comes."""
        batches = self._taken_apart(self.connection.read(self.collection, since=None, position=position))
        async for batch, parsed in ahead(batches):
            await asyncio.to_thread(self._store_page, batch, parsed, report)
            self._told(report.read, _total(batch))

    async def _taken_apart(self, pages: AsyncIterator[Page]) -> AsyncIterator[tuple[list[Page], Parsed]]:
        async for batch, _ in ahead(_batches(pages)):
            yield batch, await self._parsed(batch)

    def _store_page(self, batch: Sequence[Page], parsed: Parsed, report: ReadReport) -> None:
        with self.store.transaction() as transaction:
            ids, _ = self._store(transaction, parsed, report)
            transaction.apply("INSERT INTO sync.full_reads SELECT ? AS collection, id FROM ids", self.key, ids=ids)
            transaction.run(
                "UPDATE sync.cursors SET position = ?, full_read_cursor = coalesce(?, full_read_cursor)"
                " WHERE collection = ?",
                batch[-1].position if batch else None,
                next((page.cursor for page in reversed(batch) if page.cursor), None),
                self.key,
            )

    def _missing(self, transaction: Transaction, pages: Sequence[Page], ids: pl.DataFrame) -> list[str]:
        """Ids of records that should be in pages which are whole, and are not."""
        missing: list[str] = []
        for name, values in (page.whole for page in pages if page.whole):
            wanted = pl.DataFrame({"value": values}, schema={"value": pl.String})
            found = transaction.frame(
                f'SELECT _id FROM {tables.raw(self.key)} WHERE NOT _deleted AND "{name}" IN (SELECT value FROM wanted)'
                " AND _id NOT IN (SELECT id FROM ids)",
                wanted=wanted,
                ids=ids,
            )
            missing.extend(found["_id"])
        return missing

    def _unshown(self, transaction: Transaction) -> list[str]:
        """Ids of records that a full read did not show."""
        found = transaction.frame(
            f"""
            SELECT _id FROM {tables.raw(self.key)} WHERE NOT _deleted
              AND _id NOT IN (SELECT id FROM sync.full_reads WHERE collection = ?)
            """,
            self.key,
        )
        return found["_id"].to_list()

    async def _look_once_more(self, missing: Sequence[str], report: ReadReport) -> None:
        """What is missing is deleted only if the system, asked for it by id, does not know it either."""
        if not missing:
            return
        found = [page async for page in self.connection.look_up(self.collection, missing)]
        parsed = await self._parsed(found)
        with self.store.transaction() as transaction:
            kept = pl.DataFrame({"id": [id_ for page in found for id_ in page.kept]}, schema={"id": pl.String})
            shown, _ = self._store(transaction, parsed, report)
            gone = pl.DataFrame({"id": missing}, schema={"id": pl.String})
            gone = gone.unique().join(pl.concat([shown, kept]), on="id", how="anti")
            gone = guards.believe(transaction, self.key, gone, self.limits, self.now)
            self._doubts = True  # there may be some now
            report.deleted += storing.mark_deleted(transaction, self.key, gone)

    async def _believe(self, report: ReadReport) -> None:
        """What has long shown an older state than before is in that state, if it still is when asked for by id."""
        with self.store.transaction() as transaction:
            lasting = backwards.lasting(transaction, self.key, self.now)
        if lasting:
            found = [page async for page in self.connection.look_up(self.collection, lasting)]
            parsed = await self._parsed(found)
            with self.store.transaction() as transaction:
                self._store(transaction, parsed, report, believed=True)

    async def _parsed(self, pages: Sequence[Page]) -> Parsed:
        """Pages parsed on a thread, while requests go on and no transaction waits."""
        shown = [page.body for page in pages if page.body.strip() != b"[]"]
        if not shown:
            return NOTHING
        parsed = await asyncio.to_thread(parse, self.collection, *shown)
        return ours(self.key, self.collection, parsed)

    def _store(
        self, transaction: Transaction, parsed: Parsed, report: ReadReport, *, believed: bool = False
    ) -> tuple[pl.DataFrame, list[str]]:
        """Store records; return the ids of those that came, and of those that came with the mark of a deleted one."""
        records, marked = parsed.records, parsed.records["_deleted"]
        buried = records["_id"].filter(marked)
        if buried.len():
            records = records.filter(~marked)
        new = parsed.unknown - report.unknown
        report.read += records.height
        report.invalid += parsed.invalid.height
        report.values += parsed.values.height
        report.unknown |= new
        self._nameless |= set(parsed.invalid.filter(pl.col("_id").is_null())["reason"])
        if records.height or parsed.invalid.height:
            parsed = replace(parsed, records=records, unknown=new)
            report.changed += storing.store(
                transaction, self.key, self.collection, parsed, self.now, self.connection.skew, believed=believed
            )
        present = pl.concat([records.select(id="_id"), parsed.invalid.select(id="_id").drop_nulls()])
        if self._doubts:
            guards.shown(transaction, self.key, present)
        return present, self._buried(transaction, buried, present)

    def _buried(self, transaction: Transaction, ids: pl.Series, present: pl.DataFrame) -> list[str]:
        """Of the ids that came with the mark of a deleted record, those of records that we take to be there."""
        if ids.is_empty():
            return []
        found = transaction.frame(
            f"SELECT _id FROM {tables.raw(self.key)} WHERE NOT _deleted AND _id IN (SELECT id FROM marked)"
            " AND _id NOT IN (SELECT id FROM present)",
            marked=ids.alias("id").to_frame(),
            present=present,
        )
        return found["_id"].to_list()


async def ahead(items: AsyncIterator[T]) -> AsyncIterator[T]:
    """Yield the items, each when the next one has been asked for."""
    coming = asyncio.ensure_future(anext(items, None))
    try:
        while (item := await coming) is not None:
            coming = asyncio.ensure_future(anext(items, None))
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _total(batch: Sequence[Page]) -> int | None:
    return batch[-1].total if batch else None


async def _batches(pages: AsyncIterator[Page]) -> AsyncIterator[tuple[list[Page], bool]]:
    """Pages until there are enough of them, and whether they are the last: there is a last batch.

    What came before a failure comes too, so that the next read goes on from there.
    """
    batch: list[Page] = []
    since = time.monotonic()
    try:
        async for page in pages:
            if sum(len(one.body) for one in batch) > FLUSH or time.monotonic() - since > PATIENCE:
                yield batch, False
                batch, since = [], time.monotonic()
            batch.append(page)
    except Exception:
        if batch:
            yield batch, False
        raise
    yield batch, True
