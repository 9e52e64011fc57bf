"""Which changes a run may send: those that are due to a pair whose dataflow writes, and that the run is asked for.

Everything is read, linked, merged and planned, whatever the modes. A change is then sent only if pairs in mode write
explain it. A create needs a record on the left side of such a pair; a delete or an archive needs the pair that demands
it; an update needs a record that holds the new value and that such pairs connect with the one to be written. The rest
waits, and `WAITS` says for which dataflow. A record from before its dataflow's `start_date` is not created either.
Pure but for `of_changes`, which reads.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection, settable
from talk_assets.model.dataflows import OnDelete, Pair, dataflow_of
from talk_assets.model.entities import Entity
from talk_assets.model.system import Action
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import deletes, refused

SENT = {"entity_id": pl.String, "action": pl.String, "fields": pl.String, "kept_back": pl.String}
"""What `of_changes` returns of each change that may be sent, at least in part."""

ORDERED = "seen_order_date"
"""The column of links with the day of an order."""

WAITS = {"entity_id": pl.String, "action": pl.String, "reason": pl.String}
"""What `of_changes` returns of each change of which nothing may be sent."""


@dataclass(frozen=True)
class Permits:
    """The pairs in use, by what they may cause: `planned` are in mode plan, `left_out` is not part of this run.

    `starts` is from which day on (UTC) a pair creates: no record is created for one that is older.
    """

    pairs: Sequence[Pair]
    planned: frozenset[Pair] = frozenset()
    left_out: frozenset[Pair] = frozenset()
    starts: Mapping[Pair, date] = field(default_factory=dict)

    @cached_property
    def writing(self) -> tuple[Pair, ...]:
        """The pairs that may cause writes."""
        return tuple(pair for pair in self.pairs if pair not in self.planned and pair not in self.left_out)

    def within(self, pairs: Sequence[Pair]) -> "Permits":
        """Return what of it concerns some pairs, as those of one entity."""
        own = frozenset(pairs)
        return Permits(
            pairs,
            self.planned & own,
            self.left_out & own,
            {pair: day for pair, day in self.starts.items() if pair in own},
        )

    @property
    def everything(self) -> bool:
        """Whether every pair may cause writes, of whatever age, as mostly."""
        return not self.planned and not self.left_out and not self.starts

    @cached_property
    def writable(self) -> frozenset[str]:
        """The collections that may be written to: a pair that may cause writes names them."""
        return frozenset(side for pair in self.writing for side in (pair.left, pair.right))

    def lefts(self, key: str) -> tuple[str, ...]:
        """Return the collections whose records may be created in this one."""
        return tuple(pair.left for pair in self.writing if pair.right == key)

    def started(self, key: str) -> tuple[tuple[str, date], ...]:
        """Return the collections whose older records are not created in this one, each with its first day."""
        return tuple(
            (pair.left, self.starts[pair]) for pair in self.writing if pair.right == key and pair in self.starts
        )

    def counts(self, origin: str, key: str) -> bool:
        """Whether what a record of `origin` shows may be written to the collection `key`.

        Collections that no pairs connect, planned ones included, share records by matching alone: no dataflow in mode
        plan stands between them.
        """
        if key not in self.writable:
            return False
        if origin == key or origin not in self._named:
            return True
        if origin not in self.writable:
            return False
        return origin in self._component(key, self.writing) or origin not in self._component(key, self.pairs)

    def why_not(self, origin: str, key: str) -> str:
        """Say which dataflow keeps what a record of `origin` shows from being written to the collection `key`."""
        pairs = self._between(origin, key) or [pair for pair in self.pairs if origin in (pair.left, pair.right)]
        return self._said([pair for pair in pairs if pair not in self.writing])

    def why_not_written(self, key: str) -> str:
        """Say which dataflows keep a collection from being written to at all."""
        return self._said([pair for pair in self.pairs if key in (pair.left, pair.right)])

    def why_not_created(self, key: str) -> str:
        """Say which dataflows keep records from being created in a collection."""
        return self._said([pair for pair in self.pairs if pair.right == key and pair not in self.writing])

    def why_not_deleted(self, key: str) -> str:
        """Say which dataflows keep records of a collection from being deleted or archived."""
        own = [pair for pair in self.pairs if key in (pair.left, pair.right) and pair.on_delete is not OnDelete.KEEP]
        return self._said([pair for pair in own if pair not in self.writing])

    def _said(self, pairs: Iterable[Pair]) -> str:
        names = {dataflow_of(pair): pair in self.planned for pair in pairs}
        planned = [name for name, is_planned in names.items() if is_planned]
        others = [name for name, is_planned in names.items() if not is_planned]
        parts = []
        if planned:
            parts.append(f"{', '.join(planned)} {'is' if len(planned) == 1 else 'are'} in mode plan")
        if others:
            parts.append(f"this run is not about {', '.join(others)}")
        return " and ".join(parts) or "no dataflow in mode write leads there"

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(side for pair in self.pairs for side in (pair.left, pair.right))

    def _component(self, key: str, pairs: Sequence[Pair]) -> frozenset[str]:
        """The collections that pairs connect with one, in whatever direction."""
        found, new = {key}, {key}
        while new:
            sides = [(pair.left, pair.right) for pair in pairs]
            new = {other for one, two in sides for this, other in ((one, two), (two, one)) if this in new} - found
            found |= new
        return frozenset(found)

    def _between(self, origin: str, key: str) -> Sequence[Pair]:
        """The pairs on the shortest way between two collections."""
        ways: dict[str, tuple[Pair, ...]] = {origin: ()}
        new = [origin]
        while new and key not in ways:
            steps = [(here, there, pair) for here in new for there, pair in self._next(here) if there not in ways]
            for here, there, pair in steps:
                ways.setdefault(there, (*ways[here], pair))
            new = list(dict.fromkeys(there for _, there, _ in steps))
        return ways.get(key, ())

    def _next(self, key: str) -> Iterator[tuple[str, Pair]]:
        for pair in self.pairs:
            if key in (pair.left, pair.right):
                yield (pair.right if pair.left == key else pair.left), pair


@dataclass(frozen=True)
class Judged:
    """Changes of a collection: those that may be `sent` (`SENT`), and those that wait for a dataflow (`WAITS`).

    `fields` of an update are those that may be sent; `kept_back` says why the others wait, null where all are sent. A
    create carries every field: where a value may not be sent yet, the one that the record on the left shows.
    """

    sent: pl.DataFrame
    waits: pl.DataFrame


def of_changes(
    transaction: Transaction,
    permits: Permits,
    key: str,
    collection: Collection,
    changes: pl.DataFrame,
    collections: Mapping[str, Collection],
) -> Judged:
    """Judge changes (`entity_id, action, fields`) of a collection; `collections` are all of the entity, by key."""
    if key not in permits.writable:
        reason = pl.lit(permits.why_not_written(key)).alias("reason")
        return Judged(pl.DataFrame(schema=SENT), changes.select("entity_id", "action", reason))
    scene = _Scene(permits, key, collection, collections, refused.of(transaction, collection.entity))
    known = _known(transaction, collection.entity, changes, scene)
    older = _older(transaction, permits.started(key), known)
    parts = [
        _updates(scene, changes.filter(pl.col("action") == Action.UPDATE), known),
        _creates(scene, changes.filter(pl.col("action") == Action.CREATE), known, older),
        _leaving(scene, changes.filter(~pl.col("action").is_in([Action.UPDATE.value, Action.CREATE.value])), known),
    ]
    return Judged(pl.concat(part.sent for part in parts), pl.concat(part.waits for part in parts))


@dataclass(frozen=True)
class _Scene:
    permits: Permits
    key: str
    collection: Collection
    collections: Mapping[str, Collection]
    refused: pl.DataFrame
    """The fields that collections did not take, as `refused.of` has them."""

    @cached_property
    def closed(self) -> tuple[str, ...]:
        """The collections whose records may not be shown in this one."""
        return tuple(key for key in self.collections if not self.permits.counts(key, self.key))

    @cached_property
    def open(self) -> tuple[str, ...]:
        """The other collections whose records may."""
        return tuple(key for key in self.collections if key not in self.closed and key != self.key)


@dataclass(frozen=True)
class _Known:
    """Golden of the changes' entities with where each value is from, and all their links with what was seen."""

    golden: pl.DataFrame
    links: pl.DataFrame


def _known(transaction: Transaction, entity: Entity, changes: pl.DataFrame, scene: _Scene) -> _Known:
    fields = scene.collection.lens.fields
    these = changes.select("entity_id").unique()
    agreed = ", ".join(f"\"{name}\", regexp_extract({name}_from, '^[^/]+/[^/]+') AS {name}_from" for name in fields)
    seen = ", ".join(f"seen_{name}" for name in fields)
    return _Known(
        transaction.frame(
            f"SELECT entity_id, {agreed} FROM {tables.golden(entity.name)} SEMI JOIN these USING (entity_id)",
            these=these,
        ),
        transaction.frame(
            "SELECT entity_id, collection, id, linked_at, gone_at, gone_by, archived_at, gone_at IS NULL AS live,"
            f" {seen} FROM {tables.links(entity.name)} SEMI JOIN these USING (entity_id)",
            these=these,
        ),
    )


def _older(transaction: Transaction, started: Sequence[tuple[str, date]], known: _Known) -> pl.DataFrame:
    """Return `entity_id, collection, reason` of the live records from before the first day of their pair.

    The day of a record is its order's, where it has one, else the one on which its system last changed it.
    """
    found = [pl.DataFrame(schema={"entity_id": pl.String, "collection": pl.String, "reason": pl.String})]
    for left, first in started:
        records = known.links.filter("live", pl.col("collection") == left)
        modified = transaction.frame(
            f"SELECT n.*, timezone('UTC', r._modified)::DATE AS modified FROM records n"
            f" LEFT JOIN {tables.raw(left)} r ON r._id = n.id",
            records=records.select("entity_id", "collection", "id"),
        )
        own = pl.col(ORDERED).cast(pl.Date, strict=False) if ORDERED in records.columns else pl.lit(None, pl.Date)
        day = pl.coalesce(own, pl.col("modified"))
        dated = modified.join(records, on=["entity_id", "collection", "id"], maintain_order="left")
        reason = pl.format(
            f"{left}/{{}} is of {{}}, before the start_date {first} of its dataflow",
            pl.col("id"), day.cast(pl.String),
        )  # fmt: skip
        found.append(dated.filter(day < first).select("entity_id", "collection", reason.alias("reason")))
    return pl.concat(found)


def _kept_back(scene: _Scene, rows: pl.DataFrame, known: _Known, fields: Sequence[str]) -> pl.DataFrame:
    """Say per row and field from which collection its value is, where that may not be sent; null where it may."""
    both = rows.select("entity_id").join(known.golden, on="entity_id", how="left", maintain_order="left")
    shown = known.links.filter("live")
    columns = []
    for name in fields:
        closed = pl.col(f"{name}_from").is_in(scene.closed)
        holding = [key for key in scene.open if name in scene.collections[key].lens.fields]
        holders = (
            shown.filter(pl.col("collection").is_in(holding))
            .select("entity_id", pl.col(f"seen_{name}").alias(name))
            .unique()
            .with_columns(held=True)
        )
        held = both.select("entity_id", name).join(
            holders, on=["entity_id", name], how="left", nulls_equal=True, maintain_order="left"
        )["held"]
        origin = both.select(pl.when(closed & held.is_null()).then(f"{name}_from").alias(name)).to_series()
        columns.append(origin)
    return pl.DataFrame(columns)


def _reasons(scene: _Scene, origins: pl.DataFrame) -> pl.Series:
    """Return per row a sentence for the fields that may not be sent, null where all may."""
    sentences = [
        pl.when(pl.col(name) == origin).then(
            pl.lit(f"{name} was set in {origin}, and {scene.permits.why_not(origin, scene.key)}")
        )
        for name in origins.columns
        for origin in origins[name].drop_nulls().unique().sort()
    ]
    if not sentences:
        return pl.Series("kept_back", [None] * origins.height, dtype=pl.String)
    said = pl.concat_str(sentences, separator="; ", ignore_nulls=True).replace("", None)
    return origins.select(said.alias("kept_back")).to_series()


def _updates(scene: _Scene, rows: pl.DataFrame, known: _Known) -> Judged:
    fields = scene.collection.lens.fields
    asked = objects.present(rows["fields"], fields)
    origins = _kept_back(scene, rows, known, fields)
    origins = origins.select(pl.when(asked[name]).then(pl.col(name)).alias(name) for name in fields)
    may = pl.DataFrame({name: asked[name] & origins[name].is_null() for name in fields})
    reasons = _reasons(scene, origins)
    some = may.select(pl.any_horizontal(pl.all())).to_series() if rows.height else reasons.is_null()
    sent = rows.select(
        "entity_id", "action", objects.encode(objects.decode(rows["fields"], fields), may).alias("fields")
    )
    return Judged(
        sent.with_columns(reasons).filter(some),
        rows.select("entity_id", "action", reasons.alias("reason")).filter(~some),
    )


def _creates(scene: _Scene, rows: pl.DataFrame, known: _Known, older: pl.DataFrame) -> Judged:
    fields = settable(scene.collection)
    live = known.links.filter("live").join(older, on=["entity_id", "collection"], how="anti", maintain_order="left")
    lefts = [live.filter(pl.col("collection") == left) for left in scene.permits.lefts(scene.key)]
    demanded = pl.concat([known.links.clear(), *lefts]).unique("entity_id", keep="first", maintain_order=True)
    both = rows.join(demanded, on="entity_id", how="left", maintain_order="left")
    may = both["live"].fill_null(value=False)
    origins = refused.without(
        _kept_back(scene, rows, known, fields), rows["entity_id"], scene.key, scene.refused
    )  # what is held waits for no dataflow
    values = objects.decode(rows["fields"], fields)
    shown = pl.DataFrame(
        [
            pl.select(pl.when(origins[name].is_null()).then(values[name]).otherwise(both[f"seen_{name}"]))
            .to_series()
            .alias(name)
            for name in fields
        ]
    )
    shown = refused.without(shown, rows["entity_id"], scene.key, scene.refused)
    sent = rows.select("entity_id", "action", objects.encode(shown).alias("fields")).with_columns(
        _reasons(scene, origins)
    )
    too_old = rows.join(older.unique("entity_id"), on="entity_id", how="left", maintain_order="left")["reason"]
    reason = too_old.fill_null(scene.permits.why_not_created(scene.key)).alias("reason")
    return Judged(sent.filter(may), rows.select("entity_id", "action", reason).filter(~may))


def _leaving(scene: _Scene, rows: pl.DataFrame, known: _Known) -> Judged:
    """What a deletion elsewhere demands is due to the pair that says so."""
    links = deletes.Sides(scene.collections, scene.permits.pairs, known.golden, known.links, defaultdict(tuple))
    demanding = [
        deletes.following(links, pair.right if pair.left == scene.key else pair.left, scene.key)["entity_id"]
        for pair in scene.permits.writing
        if scene.key in (pair.left, pair.right) and deletes.follows(scene.collection, pair.on_delete)
    ]
    may = rows["entity_id"].is_in(pl.concat([known.links["entity_id"].clear(), *demanding]).implode())
    reason = pl.lit(scene.permits.why_not_deleted(scene.key)).alias("reason")
    return Judged(
        rows.select("entity_id", "action", "fields", pl.lit(None, pl.String).alias("kept_back")).filter(may),
        rows.select("entity_id", "action", reason).filter(~may),
    )


def reasons(
    transaction: Transaction,
    permits: Permits,
    key: str,
    collections: Mapping[str, Collection],
    entity: str | None = None,
) -> Mapping[tuple[str, str], str]:
    """Return by entity and action why something of a collection's changes waits for a dataflow.

    `collections` are all of the instance, by key; `entity_id` is whose changes are looked at, all without one.
    """
    collection = collections[key]
    own = {other: one for other, one in collections.items() if one.entity == collection.entity}
    within = permits.within([pair for pair in permits.pairs if pair.left in own])
    if within.everything:
        return {}
    changes = transaction.frame(
        "SELECT entity_id, action, fields FROM sync.changes"
        " WHERE collection = $1 AND NOT blocked AND ($2 IS NULL OR entity_id = $2)",
        key,
        entity,
    )
    judged = of_changes(transaction, within, key, collection, changes, own)
    kept = judged.sent.select("entity_id", "action", pl.col("kept_back").alias("reason")).drop_nulls("reason")
    rows = pl.concat([kept, judged.waits])
    return {(entity, action): reason for entity, action, reason in rows.iter_rows()}
