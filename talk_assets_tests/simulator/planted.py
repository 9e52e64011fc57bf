"""Planted bugs: one protection of the hub switched off at a time, each of which the simulator must find.

The hub itself has no switches: each is patched from here, at a place that must be there.
"""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest import mock

import polars as pl

from talk_assets.http import moving
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.model.system import Connection
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync import journal
from talk_assets.sync.hub import Hub
from talk_assets.sync.link import incoming, matching, remapping
from talk_assets.sync.merge import merging
from talk_assets.sync.plan import changes, configured, waiting
from talk_assets.sync.plan.permits import Permits
from talk_assets.sync.read import storing
from talk_assets.sync.read.reading import Reader, ReadReport
from talk_assets.sync.write.writing import Writer


@contextmanager
def guard() -> Iterator[None]:
    """Records are created before both sides of a pair were read in full."""
    with mock.patch.object(waiting, "for_reads"):
        yield


@contextmanager
def sent() -> Iterator[None]:
    """Golden is compared with what the system shows instead of with what it was sent."""
    real = changes._known

    def known(
        transaction: Transaction,
        entity: Entity,
        these: pl.DataFrame,
        fields: Sequence[str],
        more: Sequence[str] = (),
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        golden, links = real(transaction, entity, these, fields, more)
        shown = ", ".join(["collection", "id", *(f"seen_{field} AS sent_{field}" for field in fields)])
        seen = transaction.frame(f"SELECT {shown} FROM {tables.links(entity.name)}")
        return golden, links.drop(f"sent_{field}" for field in fields).join(seen, on=["collection", "id"])

    with mock.patch.object(changes, "_known", known):
        yield


@contextmanager
def intent() -> Iterator[None]:
    """Nothing is written down before it is sent."""
    with mock.patch.object(journal, "intend"):
        yield


@contextmanager
def recovery() -> Iterator[None]:
    """What became of creates whose answer was lost is not looked for, and nobody is asked what may be it."""

    async def nothing(hub: Hub, connection: Connection, key: str, collection: Collection) -> None:
        """Send them again."""

    real = matching.unanswered

    def unanswered(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
        return real(transaction, key, collection).clear()

    with (
        mock.patch.object(Hub, "_look_for_lost", nothing),
        mock.patch.object(matching, "_by_values"),
        mock.patch.object(matching, "unanswered", unanswered),
    ):
        yield


@contextmanager
def hold() -> Iterator[None]:
    """Where several records or entities could be meant, the first is taken."""
    with _other_sql(matching, "records = 1", "records > 0"), _other_sql(matching, "candidates = 1", "candidates > 0"):
        yield


@contextmanager
def repoll() -> Iterator[None]:
    """Collections without versions are not read again before a batch."""
    real = Hub._writer

    def writer(hub: Hub, key: str) -> Writer:
        found = real(hub, key)
        return dataclasses.replace(found, collection=dataclasses.replace(found.collection, optimistic_lock=True))

    with mock.patch.object(Hub, "_writer", writer):
        yield


@contextmanager
def look_up() -> Iterator[None]:
    """What a full read does not show is deleted."""

    async def believe(reader: Reader, missing: Sequence[str], report: ReadReport) -> None:
        with reader.store.transaction() as transaction:
            gone = pl.DataFrame({"id": missing}, schema={"id": pl.String})
            report.deleted += storing.mark_deleted(transaction, reader.key, gone)

    with mock.patch.object(Reader, "_look_once_more", believe):
        yield


@contextmanager
def newest() -> Iterator[None]:
    """Whichever edit is looked at last wins."""
    real = merging.decide

    def decide(
        transaction: Transaction,
        scope: merging.MergeScope,
        proposals: pl.DataFrame,
        *rest: Any,  # noqa: ANN401
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        later = pl.datetime(2030, 1, 1, time_unit="us", time_zone="UTC").alias("edited_at")
        return real(transaction, scope, proposals.with_columns(later), *rest)

    with mock.patch.object(merging, "decide", decide):
        yield


@contextmanager
def plan() -> Iterator[None]:
    """A dataflow in mode plan writes."""
    with mock.patch.object(Permits, "within", lambda _, pairs: Permits(pairs)):
        yield


@contextmanager
def absent() -> Iterator[None]:
    """A property that a record doesn't show is blank."""

    def unknown(collection: Collection, raw: pl.DataFrame) -> pl.DataFrame:
        return pl.DataFrame({name: [False] * raw.height for name in collection.lens.fields})

    with mock.patch.object(incoming, "unknown", unknown):
        yield


@contextmanager
def mapping() -> Iterator[None]:
    """What records show by a lens that has changed is taken for edits."""

    def meet(transaction: Transaction, scope: merging.MergeScope) -> tuple[list[remapping.Reread], pl.DataFrame]:
        transaction.run("DELETE FROM sync.remapped WHERE collection IN (SELECT unnest(?))", list(scope.collections))
        return [], pl.DataFrame(schema={"entity_id": pl.String})

    with mock.patch.object(remapping, "meet", meet):
        yield


@contextmanager
def start() -> Iterator[None]:
    """A pair that is switched on demands nothing of records that are in order."""
    with mock.patch.object(configured, "differences", return_value=[]):
        yield


@contextmanager
def _other_sql(module: object, right: str, wrong: str) -> Iterator[None]:
    """Statements say `wrong` where they say `right`; the module must."""
    real, met = Transaction._executed, []

    def executed(
        transaction: Transaction, sql: str, parameters: Sequence[object], frames: dict[str, pl.DataFrame]
    ) -> AbstractContextManager[Any]:
        if right in sql:
            met.append(sql)
        return real(transaction, sql.replace(right, wrong), parameters, frames)

    with mock.patch.object(Transaction, "_executed", executed):
        yield
    assert met, f"no statement of {module} says {right!r}"


Planted = Callable[[], AbstractContextManager[None]]


@contextmanager
def copies() -> Iterator[None]:
    """What a create left in a record is believed of every record that carries it."""
    with mock.patch.object(matching, "_no_copy", return_value="true"):
        yield


@contextmanager
def misread() -> Iterator[None]:
    """A record without a link is not there for whoever decides on a create, if a value of it can't be read."""
    real = incoming._dirty

    def dirty(transaction: Transaction, key: str, collection: Collection, due: str) -> Iterator[pl.DataFrame]:
        links = tables.links(collection.entity.name)
        for raw in real(transaction, key, collection, due):
            linked = transaction.frame(f"SELECT id FROM {links} WHERE collection = ?", key)["id"]
            yield raw.filter(pl.col("_invalid").is_null() | pl.col("_id").is_in(linked.implode()))

    with mock.patch.object(incoming, "_dirty", dirty):
        yield


@contextmanager
def moved_page() -> Iterator[None]:
    """What a page shows of a list that has moved is taken for what follows on the page before."""
    with mock.patch.object(moving, "moved", return_value=False):
        yield


PROTECTIONS: dict[str, Planted] = {
    "guard": guard,
    "sent": sent,
    "intent": intent,
    "recovery": recovery,
    "hold": hold,
    "re-poll": repoll,
    "delete look-up": look_up,
    "newest edit": newest,
    "plan ignored": plan,
    "absent taken for cleared": absent,
    "mapping taken for edits": mapping,
    "pair's start ignored": start,
    "copy taken for the original": copies,
    "moved page believed": moved_page,
    "misfit invisible to creates": misread,
}
"""By the name of what is switched off."""
