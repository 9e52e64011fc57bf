"""What can be scored: the rules' keys alone, Splink by itself, and the product through a hub between two systems."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import ENTITIES, Entity, Kind
from talk_assets.model.lens.lens import (
    Country,
    Date,
    Decimal,
    Digits,
    Email,
    Instant,
    Lens,
    OrganisationNumber,
    Phone,
    Text,
)
from talk_assets.model.lens.properties import Property
from talk_assets.report.candidates import candidates
from talk_assets.store import tables
from talk_assets.store.database import Store
from talk_assets.store.transaction import Transaction
from talk_assets.sync.hub import Hub
from talk_assets.testing.memory import CHANGE, Memory
from talk_assets_tests.evidence_sets.labelled import Labelled
from talk_assets_tests.evidence_sets.raw import raw
from talk_assets_tests.evidence_sets.score import Scorer, scored

LEFT, RIGHT = "left/records", "right/records"

POSSIBLE = 0.5
"""The probability of what is shown to a person because a key agrees."""

LENSES: Mapping[Kind, Callable[[str], Property]] = {
    Kind.TEXT: Text,
    Kind.EMAIL: Email,
    Kind.PHONE: Phone,
    Kind.DIGITS: Digits,
    Kind.ORGANISATION_NUMBER: OrganisationNumber,
    Kind.DECIMAL: lambda name: Decimal(name, wire="string"),
    Kind.DATE: Date,
    Kind.COUNTRY: Country,
}
"""By kind, the property that holds a field; fields of other kinds are left out."""


def keys(labelled: Labelled) -> pl.DataFrame:
    """Link what the rules of an entity link, without any evidence; candidates of what is held are suggested."""
    return _said(labelled, reconciled(labelled))


def _said(labelled: Labelled, hub: Hub) -> pl.DataFrame:
    """What a hub has linked and what it shows a person, as a scorer returns it."""
    with hub.store.transaction() as transaction:
        return scored([*_linked(transaction, labelled.entity), *_suggested(transaction, labelled.entity)])


def evidence(labelled: Labelled) -> pl.DataFrame:
    """Link what a key links and the evidence bears out, and suggest what only one of them says."""
    weighing = import_module("talk_assets.sync.link.evidence.weighing")
    return borne_out(labelled, keys(labelled), weighing.weigh)


def borne_out(labelled: Labelled, alone: pl.DataFrame, weigh: Callable[..., Any]) -> pl.DataFrame:
    """Return what is linked and suggested where `alone` is what `keys` says, and `weigh` how likely a pair is the same.

    It is called as `weigh(transaction, entity, left, right, above)`, and returns `left_id, right_id, probability`, as a
    frame or as the name of a relation. A key is contradicted where its pair is not above `POSSIBLE`.
    """
    by_key = {(left, right): linked for left, right, _, linked in alone.iter_rows()}
    with Store(None).transaction() as transaction:
        sides = [transaction.temporary(name, f"SELECT * FROM {name}_side", **{f"{name}_side": frame})
                 for name, frame in (("left", labelled.left), ("right", labelled.right))]  # fmt: skip
        said = weigh(transaction, ENTITIES[labelled.entity], *sides, POSSIBLE)
        found = said if isinstance(said, pl.DataFrame) else transaction.frame(f"SELECT * FROM {said}")
    likely = {(left, right): one for left, right, one in found.select("left_id", "right_id", "probability").iter_rows()}
    return scored(
        (*pair, likely.get(pair, 0.0), by_key.get(pair, False) and pair in likely) for pair in by_key | likely
    )


def product(labelled: Labelled) -> pl.DataFrame:
    """Link and suggest what a hub does that weighs evidence as the product ships it."""
    shipped = import_module("talk_assets.sync.link.weighed").Evidence(suggest_above=POSSIBLE, link_above=None)
    return _said(labelled, reconciled(labelled, shipped))


def reconciled(labelled: Labelled, evidence: object = None) -> Hub:
    """Return a hub that has read both sides and linked what it links; nothing is written.

    `evidence` is what it weighs with; without, only keys count.
    """
    collection = _collection(ENTITIES[labelled.entity])
    systems = {name: _memory(collection, labelled.side(name)).system(name) for name in ("left", "right")}
    hub = Hub(Store(None), systems, (Pair(LEFT, RIGHT), Pair(RIGHT, LEFT)), run="run", clock=_now)
    if evidence is not None:
        vars(hub)["evidence"] = evidence
    for name in systems:
        asyncio.run(hub.read(name))
    hub.reconcile(labelled.entity)
    return hub


def _now() -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC)


def _collection(entity: Entity) -> Collection:
    lens = Lens(**{field.name: LENSES[field.kind](field.name) for field in entity.fields if field.kind in LENSES})
    return Collection(name="records", entity=entity, id="id", modified=Instant("at"), version="version", lens=lens)


def _memory(collection: Collection, side: pl.DataFrame) -> Memory:
    """A system that holds one side, under the ids that it has there."""
    memory = Memory([collection], size=1000)
    for row in side.select("id", *collection.lens.fields).iter_rows(named=True):
        memory.changes += 1
        record = {**row, "version": "1", "at": _now().isoformat(), CHANGE: memory.changes}
        memory.records[collection.name][row["id"]] = record
    return memory


def _linked(transaction: Transaction, entity_type: str) -> Iterator[tuple[str, str, float, bool]]:
    """The pairs of records that have one entity."""
    links = tables.links(entity_type)
    rows = transaction.frame(
        f"SELECT l.id, r.id FROM {links} l JOIN {links} r USING (entity_id)"
        f" WHERE l.collection = '{LEFT}' AND r.collection = '{RIGHT}'"
    )
    yield from ((left, right, 1.0, True) for left, right in rows.iter_rows())


def _suggested(transaction: Transaction, entity_type: str) -> Iterator[tuple[str, str, float, bool]]:
    """The pairs of which one record is held, and the other shown to a person beside it."""
    collection = _collection(ENTITIES[entity_type])
    for key, id_ in transaction.frame("SELECT DISTINCT collection, id FROM sync.held").iter_rows():
        for candidate in candidates(transaction, key, collection, id_):
            for other in candidate.records:
                sides = {key: id_, other.rpartition("/")[0]: other.rpartition("/")[2]}
                if len(sides) == 2:
                    yield sides[LEFT], sides[RIGHT], POSSIBLE, False


SCORERS: Mapping[str, Scorer] = {"keys": keys, "raw": raw, "evidence": evidence, "product": product}
"""Every scorer by name."""
