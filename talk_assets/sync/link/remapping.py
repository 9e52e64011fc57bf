"""What records show once their lens has changed: it is seen anew, and never taken for an edit.

Until a collection was read in full after the change, the fields concerned keep what was last seen of them. Then each
record meets its entity again in these fields, as if it were linked just now: the newest value wins, and a blank never
beats a value. So a database that was there ends like one that begins with the new lens.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import incoming, links
from talk_assets.sync.merge import echoes, golden, merging
from talk_assets.sync.merge.merging import MergeScope
from talk_assets.sync.read import absence, storing
from talk_assets.sync.read.records import parse

WRITTEN_ONLY = {"writable", "required", "max_length", "length_unit", "folds", "read_only", "leaves_out"}
"""What of a property says how it is written, and not how it is read."""

IF_SET = {"vat"}
"""What says something of how a property is read only where it is set."""


@dataclass(frozen=True)
class Reread:
    """What came of reading fields of a collection anew: from how many records, and in how many they are others now."""

    key: str
    names: tuple[str, ...]
    records: int
    others: int

    def __str__(self) -> str:
        others = f"{self.others} show another value" if self.others else "all show the same value"
        return (
            f"{self.key}: {', '.join(self.names)} {'was' if len(self.names) == 1 else 'were'} read again from"
            f" {self.records} records, because the mapping changed; {others}"
        )


def reading(value: object) -> str:
    """Return how a property of a lens is read, as text that is equal where the reading is."""
    if is_dataclass(value):
        read = (one.name for one in fields(value) if one.name not in WRITTEN_ONLY)
        members = [(name, held) for name in read if (held := getattr(value, name)) or name not in IF_SET]
        edition = getattr(value, "edition", 1)
        name = type(value).__name__ if edition == 1 else f"{type(value).__name__} {edition}"
        return f"{name}({', '.join(f'{member}={reading(held)}' for member, held in members)})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {reading(member)}" for key, member in value.items()) + "}"
    return str(value) if isinstance(value, str) else repr(value)


def notice(transaction: Transaction, collections: Mapping[str, Collection], now: datetime) -> None:
    """Note which fields of the collections, by key, are read otherwise than before: they are to be read anew."""
    new = storing.map_properties(transaction, collections, now)
    stored: dict[str, dict[str, str]] = {}
    since: dict[tuple[str, str], datetime] = {}
    for key, name, lens, at in transaction.frame("SELECT collection, field, lens, since FROM sync.lenses").iter_rows():
        stored.setdefault(key, {})[name] = lens
        since[key, name] = at
    known = absence.known(transaction)
    for key, collection in collections.items():
        lens = {name: reading(collection.lens.property_of(name)) for name in collection.lens.fields}
        before = stored.get(key)
        if key not in known and key in new:
            storing.note_stored(transaction, key, collection)
        if before == lens:
            continue
        changed = _changed(collection, lens, before, new[key]) if key in new else []  # what was never read has none
        _read_anew(transaction, key, changed, now)
        rows = pl.DataFrame(
            [(key, name, text, now if name in changed else since.get((key, name))) for name, text in lens.items()],
            schema=dict.fromkeys(("collection", "field", "lens"), pl.String) | {"since": pl.Datetime("us", "UTC")},
            orient="row",
        )
        transaction.run("DELETE FROM sync.lenses WHERE collection = ?", key)
        transaction.run("INSERT INTO sync.lenses BY NAME SELECT * FROM rows", rows=rows)


def _changed(
    collection: Collection, lens: Mapping[str, str], before: Mapping[str, str] | None, new: Iterable[str]
) -> list[str]:
    """The fields that are read otherwise; a database that doesn't say how they were read says of which properties."""
    if before is not None:
        return [name for name, text in lens.items() if before.get(name) != text]
    properties = set(new)
    return [name for name in lens if properties & set(collection.lens.sources(name))]


def _read_anew(transaction: Transaction, key: str, names: Sequence[str], now: datetime) -> None:
    if not names:
        return
    rows = pl.DataFrame({"field": names}, schema={"field": pl.String})
    transaction.run(
        "DELETE FROM sync.remapped WHERE collection = ? AND field IN (SELECT field FROM rows)", key, rows=rows
    )
    transaction.run("INSERT INTO sync.remapped SELECT ?, field, ? FROM rows", key, now, rows=rows)
    transaction.run("UPDATE sync.cursors SET cursor = NULL WHERE collection = ?", key)


def meet(transaction: Transaction, scope: MergeScope) -> tuple[list[Reread], pl.DataFrame]:
    """Let records meet their entities again in the fields that are read otherwise, where they were read in full since.

    Return what was read anew, and the entities (`entity_id`) that this may concern.
    """
    due = _due(transaction, scope.collections)
    met, affected = [], [pl.DataFrame(schema={"entity_id": pl.String})]
    for key, names in due.items():
        reread, shown = _see(transaction, scope, key, names)
        met.append(reread)
        for name in names:
            mine = shown.filter(pl.col("field") == name)
            remapped = [other for other, others in due.items() if name in others]
            for some in mine.iter_slices(tables.CHUNK):
                if some.height:
                    _meet(transaction, scope, name, some, remapped)
        affected.append(shown.select("entity_id"))
        transaction.run(
            "DELETE FROM sync.remapped WHERE collection = ? AND field IN (SELECT unnest(?::VARCHAR[]))",
            key,
            list(names),
        )
    return met, pl.concat(affected).unique()


def _due(transaction: Transaction, collections: Mapping[str, Collection]) -> dict[str, tuple[str, ...]]:
    """The fields to see anew, by collection, where the new lens is no mistake."""
    rows = transaction.frame(
        "SELECT r.collection, r.field FROM sync.remapped r JOIN sync.cursors c USING (collection)"
        " WHERE c.full_at >= r.since ORDER BY ALL"
    )
    mistaken = absence.mistaken(transaction, collections)
    found: dict[str, tuple[str, ...]] = {}
    for key, name in rows.iter_rows():
        if key in collections and name in collections[key].lens.fields and key not in mistaken:
            found[key] = (*found.get(key, ()), name)
    return found


def _see(transaction: Transaction, scope: MergeScope, key: str, names: Sequence[str]) -> tuple[Reread, pl.DataFrame]:
    """Note what the linked records of a collection show in some fields; return what is another than before.

    The rows have `entity_id, field, value, edited_at, origin`, as the long form of `sync.golden`; no `origin` where a
    record was created and not shown yet.
    """
    collection, raw = scope.collections[key], tables.raw(key)
    last = transaction.count(f"SELECT coalesce(max(rowid) + 1, 0) FROM {raw}")
    records, shown = 0, [_NOTHING]
    for first in range(0, last, tables.CHUNK):
        rows = transaction.frame(
            f"SELECT * FROM {raw} WHERE rowid >= {first} AND rowid < {first + tables.CHUNK} AND _record IS NOT NULL"
        )
        there = rows.filter(~pl.col("_deleted"))
        records += there.height
        for some in (there, _deleted(collection, rows)):
            if some.height:
                noticed = some.with_columns(storing.noticed(scope.now))
                shows = incoming.canonical(transaction, key, collection, noticed, anew=names)
                shown.append(_compare(transaction, scope, key, names, shows))
    moved = pl.concat(shown)
    others = moved["origin"].n_unique()
    return Reread(key, tuple(names), records, others), pl.concat(
        [moved, *_blank(transaction, scope, key, names)], how="diagonal"
    )


def _blank(transaction: Transaction, scope: MergeScope, key: str, names: Sequence[str]) -> list[pl.DataFrame]:
    """Note that nothing is known of what was created by the old lens, and not shown yet."""
    linked = tables.links(scope.entity.name)
    rows = transaction.frame(
        f"SELECT l.rowid AS link, l.entity_id FROM {linked} l JOIN {tables.raw(key)} r ON r._id = l.id"
        " WHERE l.collection = ? AND l.gone_at IS NULL AND r._record IS NULL",
        key,
    )
    if rows.is_empty():
        return []
    nothing = [pl.lit(None, pl.String).alias(f"{state}_{name}") for name in names for state in ("seen", "sent")]
    links.update(transaction, scope.collections[key], rows.select("link", *nothing))
    return [rows.select("entity_id", pl.lit(name).alias("field")) for name in names]


_NOTHING = pl.DataFrame(schema=dict.fromkeys(tables.PROPOSAL, pl.String) | {"edited_at": pl.Datetime("us", "UTC")})
"""No proposals."""


def _deleted(collection: Collection, rows: pl.DataFrame) -> pl.DataFrame:
    """The deleted records by the new lens: who takes one out of the trash edits nothing."""
    texts = rows.filter("_deleted")["_record"]
    return parse(collection, f"[{','.join(texts)}]".encode()).records if texts.len() else rows.clear()


def _compare(
    transaction: Transaction, scope: MergeScope, key: str, names: Sequence[str], shows: pl.DataFrame
) -> pl.DataFrame:
    """Note as seen and sent what records (`shows`) hold in some fields now; return what differs, as proposals.

    What records hold that are gone is no proposal.
    """
    states = ", ".join(f"l.seen_{name}" for name in names)
    linked = transaction.frame(
        f"SELECT l.rowid AS link, l.entity_id, l.id, l.gone_at, {states} FROM {tables.links(scope.entity.name)} l"
        " JOIN ids USING (id) WHERE l.collection = ?",
        key,
        ids=shows.select("id"),
    )
    both = linked.join(shows.select("collection", "id", "modified", *names), on="id", maintain_order="left")
    both = both.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"seen_{name}")) for name in names))
    collection = scope.collections[key]
    links.update(
        transaction,
        collection,
        both.select("link", *(pl.col(name).alias(f"{state}_{name}") for name in names for state in ("seen", "sent"))),
    )
    both = both.filter(pl.col("gone_at").is_null())
    parts = [merging.proposals(both.filter(pl.col(name).ne_missing(pl.col(f"seen_{name}"))), [name]) for name in names]
    return pl.concat(parts)


def _meet(transaction: Transaction, scope: MergeScope, name: str, shown: pl.DataFrame, remapped: Sequence[str]) -> None:
    """Decide one field of entities anew, of which records show another value than before.

    What is agreed on counts, unless it was read by a lens that has changed; and so do the records that hold it, as late
    in which they were changed. Where it doesn't count, all of the entity's records do.
    """
    these = shown.select("entity_id").unique()
    agreed = tables.golden(scope.entity.name)
    standing = transaction.frame(
        f'SELECT g.rowid AS place, g.entity_id, g."{name}", g.{name}_at, g.{name}_from FROM {agreed} g'
        " SEMI JOIN these USING (entity_id)",
        these=these,
    )
    standing = golden.drop_future_times(standing, [name], scope.now)
    misread = pl.col("origin").str.extract("^([^/]+/[^/]+)/").is_in(remapped).fill_null(value=False)
    stands = golden.lengthen(standing, shown).filter(~misread)
    others = _others(
        transaction, scope, name, these, [*shown["origin"].str.extract("^([^/]+/[^/]+)/").drop_nulls().unique()]
    )
    held = stands.select("entity_id", pl.col("value").alias("agreed"), stands=pl.lit(value=True))
    others = others.join(held, on="entity_id", how="left", maintain_order="left")
    others = others.filter(pl.col("stands").is_null() | pl.col("value").eq_missing(pl.col("agreed")))
    shown = shown.drop_nulls("origin")
    stands, proposed = echoes.reconcile(stands, pl.concat([others.select(tables.PROPOSAL), shown]), scope.collections)
    merging.agree_on(transaction, scope, standing, golden.introduce(stands, proposed))


def _others(
    transaction: Transaction, scope: MergeScope, name: str, these: pl.DataFrame, seen: Sequence[str]
) -> pl.DataFrame:
    """What the other records of entities are up to date with in a field, as proposals in the collections' order.

    Those of systems that are switched off count as well: what only they hold is not to be cleared there later. A record
    whose lens no longer has the field doesn't: how late it was changed says nothing of a value that it may not hold.
    """
    linked = tables.links(scope.entity.name)
    holding = transaction.frame(
        f"SELECT DISTINCT collection FROM {linked} SEMI JOIN these USING (entity_id)"
        f" WHERE gone_at IS NULL AND sent_{name} IS NOT NULL ORDER BY collection",
        these=these,
    )["collection"].to_list()
    found = [_NOTHING]
    for key in sorted(holding, key=[*scope.collections, *holding].index):
        unmapped = key in scope.collections and name not in scope.collections[key].lens.fields
        if key not in seen and not unmapped:
            rows = transaction.frame(
                f"""
                SELECT l.entity_id, l.collection, l.id, l.sent_{name} AS "{name}", coalesce(r._modified, $2) AS modified
                FROM {linked} l SEMI JOIN these USING (entity_id) JOIN {tables.raw(key)} r ON r._id = l.id
                WHERE l.collection = $1 AND l.gone_at IS NULL ORDER BY l.id
                """,
                key,
                scope.now,
                these=these,
            )
            found.append(merging.proposals(rows, [name]))
    return pl.concat(found)
