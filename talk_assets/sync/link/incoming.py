"""What needs a decision: records that changed, and those that waited for one, in canonical text.

`gather` puts those of one entity into a relation, `incoming`, with a row per record: its number `n`, `collection, id,
modified, reference, deleted, unresolved, awaits, unknown` and the entity's fields. `unknown` lists the fields that are
not known from the record as it is, and are as last seen. `links.know` says which of them have a link.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity, company
from talk_assets.model.lens.lens import COUNTRY, FIRST
from talk_assets.store import tables
from talk_assets.store.spill import Spill
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import full_names, references
from talk_assets.sync.link.references import Direction
from talk_assets.sync.read import invalid_values, presence, validity

OWN = ("_id", "_modified", "_noticed", "_ref", "_deleted", "_absent", "_invalid")
"""What is looked at of a record beside its lens's properties."""


@dataclass(frozen=True)
class Gathered:
    """The records of an entity that need a decision: how many, of which collections, and up to which version."""

    entity_type: str
    incoming: Relation | None
    """None where there are no such records."""
    count: int
    collections: Sequence[str] = ()
    version: int = 0

    def note_reconciled(self, transaction: Transaction) -> None:
        """Note that all of them were reconciled."""
        if self.collections:
            transaction.run(
                "UPDATE sync.cursors SET reconciled_version = ? WHERE collection IN (SELECT unnest(?::VARCHAR[]))",
                self.version,
                list(self.collections),
            )
            transaction.run("DELETE FROM sync.unfinished WHERE entity_type = ?", self.entity_type)


def gather(transaction: Transaction, entity: Entity, collections: Mapping[str, Collection]) -> Gathered:
    """Return the records of an entity that need a decision."""
    expected = moved(transaction, entity, collections)
    if not expected:
        return Gathered(entity.name, None, 0)
    transaction.in_steps = expected > tables.CHUNK
    if transaction.in_steps:
        transaction.run("INSERT INTO sync.unfinished SELECT ? EXCEPT FROM sync.unfinished", entity.name)
    types = {"n": "BIGINT", "collection": "VARCHAR", "id": "VARCHAR", "modified": "TIMESTAMPTZ", "reference": "VARCHAR"}
    types |= {"deleted": "BOOLEAN", "unresolved": "BOOLEAN", "awaits": "VARCHAR", "unknown": "VARCHAR"}
    rows = Spill(transaction, "incoming", types | dict.fromkeys(entity.names, "VARCHAR"))
    due = _due(transaction, entity, collections)
    for key, collection in collections.items():
        _assemble(transaction, key, collection)
        for raw in _dirty(transaction, key, collection, due[key]):
            rows.add(canonical(transaction, key, collection, raw).with_row_index("n", offset=rows.count))
            transaction.step()
    incoming = rows.show() if rows.count else None
    return Gathered(entity.name, incoming, rows.count, list(collections), transaction.version())


def interrupted(transaction: Transaction, entity: Entity) -> bool:
    """Whether reconciling went in steps, or still does: more may be out of order then than was gathered."""
    return bool(transaction.count("SELECT count(*) FROM sync.unfinished WHERE entity_type = ?", entity.name))


def moved(transaction: Transaction, entity: Entity, collections: Mapping[str, Collection]) -> int:
    """Count what there may be to reconcile, in one statement, since mostly there is nothing."""
    if not collections:
        return 0
    versions = " UNION ALL ".join(
        f"SELECT count(*) AS n FROM {tables.raw(other)}"
        f" WHERE _version > (SELECT reconciled_version FROM sync.cursors WHERE collection = '{key}')"
        for key, collection in collections.items()
        for other in (key, *(f"{key.split('/')[0]}/{part.of}" for part in collection.parts))
    )
    return transaction.count(
        f"""
        SELECT sum(n)::BIGINT FROM ({versions}
            UNION ALL SELECT count(*) FROM sync.held WHERE entity_type = $1
            UNION ALL SELECT count(*) FROM sync.mass_edits WHERE entity_type = $1
            UNION ALL SELECT count(*) FROM {tables.links(entity.name)} WHERE unresolved
            UNION ALL SELECT count(*) FROM ({journal.LOOKED_UP}) WHERE entity_type = $1)
        """,
        entity.name,
    )


def _dirty(transaction: Transaction, key: str, collection: Collection, due: str) -> Iterator[pl.DataFrame]:
    """The collection's records to reconcile, as read, so many at once as stand near each other."""
    columns = ", ".join(f'"{name}"' for name in dict.fromkeys((*collection.lens.columns, *OWN)))
    source = f"FROM {tables.raw(key)} WHERE (_record IS NOT NULL OR _deleted) AND ({due})"
    if not transaction.in_steps:
        if (few := transaction.frame(f"SELECT {columns} {source}")).height:
            yield few
        return
    where = transaction.frame(f"SELECT rowid // {tables.CHUNK} AS place, count(*) AS n {source} GROUP BY 1 ORDER BY 1")
    for first, last in _ranges(where.iter_rows()):
        yield transaction.frame(f"SELECT {columns} {source} AND rowid >= {first} AND rowid < {last}")


def _ranges(places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges of rows with CHUNK of the counted ones or, as these are counted by place, fewer than twice as many."""
    first, held = 0, 0
    for place, n in places:
        last, held = (place + 1) * tables.CHUNK, held + n
        if held >= tables.CHUNK:
            yield first, last
            first, held = last, 0
    if held:
        yield first, last


def _due(transaction: Transaction, entity: Entity, collections: Iterable[str]) -> dict[str, str]:
    """SQL conditions for records that changed since, or wait for a decision, by collection.

    The numbers are in them as such, so that blocks without a newer version are not read; mostly nothing waits, and
    asked for all the same, it would have every id read.
    """
    keys = list(collections)
    waiting = transaction.temporary(
        "waiting",
        f"""
        SELECT collection, id FROM (
            SELECT collection, id FROM sync.held
            UNION SELECT collection, id FROM sync.mass_edits
            UNION SELECT collection, id FROM {tables.links(entity.name)} WHERE unresolved
            UNION SELECT collection, id FROM ({journal.LOOKED_UP}))
        WHERE collection IN (SELECT unnest(?::VARCHAR[]))
        """,
        keys,
    )
    found = transaction.frame(
        f"SELECT collection, reconciled_version, collection IN (SELECT collection FROM {waiting}) FROM sync.cursors"
        " WHERE collection IN (SELECT unnest(?::VARCHAR[]))",
        keys,
    )
    return {
        key: f"_version > {version}"
        + (f" OR _id IN (SELECT id FROM {waiting} WHERE collection = '{key}')" if waits else "")
        for key, version, waits in found.iter_rows()
    }


def canonical(
    transaction: Transaction, key: str, collection: Collection, raw: pl.DataFrame, *, anew: Sequence[str] = ()
) -> pl.DataFrame:
    """Return rows of `incoming` for rows of the collection's table.

    A field is as it was last seen, so that it is no edit, where its reference leads to a record that has no link yet,
    where the record doesn't show its property or that can't be read, where it was written and the record not shown
    since, and where its lens has changed and it was not read by the new one yet. What is read `anew` is blank then, as
    nothing was seen of it.
    """
    system = key.split("/", maxsplit=1)[0]
    foreign = collection.lens.get(raw)
    translated = references.translate(transaction, system, collection, foreign, Direction.INWARD)
    values = _with_phones(transaction, collection, raw, translated.values)
    if FIRST not in anew:
        values = full_names.as_seen(transaction, key, collection, values, raw["_id"])
    missing = pl.Series("unresolved", [False] * raw.height, dtype=pl.Boolean)
    awaits = pl.Series("awaits", [None] * raw.height, dtype=pl.String)
    for field in translated.unresolved.columns:
        unresolved = translated.unresolved[field]
        if unresolved.any():
            seen = _seen(transaction, key, collection.entity, field, raw["_id"], anew)
            values = values.with_columns(pl.when(unresolved).then(seen).otherwise(pl.col(field)).alias(field))
            missing = missing | unresolved
            awaited = _awaited(transaction, system, collection, field, foreign[field])
            awaits = pl.select(pl.coalesce(awaits, pl.when(unresolved).then(awaited))).to_series().alias("awaits")
    values, kept = _kept(transaction, key, collection, raw, values, anew)
    return values.with_columns(
        pl.lit(key).alias("collection"),
        raw["_id"].alias("id"),
        raw["_modified"].fill_null(raw["_noticed"]).alias("modified"),
        raw["_ref"].alias("reference"),
        raw["_deleted"].fill_null(value=False).alias("deleted"),
        missing.alias("unresolved"),
        awaits,
        kept.alias("unknown"),
    )


def _with_phones(
    transaction: Transaction, collection: Collection, raw: pl.DataFrame, values: pl.DataFrame
) -> pl.DataFrame:
    """The values with telephone numbers in the country of the record's company, where the record says none."""
    phones, entity = collection.lens.phones, collection.entity
    companies = [name for name in collection.lens.refs if entity.field(name).to == company.name]
    if not phones or not companies:
        return values
    blank = pl.col(COUNTRY).is_null() if COUNTRY in values.columns else pl.lit(value=True)
    open_ = blank & pl.any_horizontal(pl.col(name).is_not_null() for name in phones)
    theirs = values.select(pl.when(open_).then(pl.col(companies[0])).alias("entity_id")).to_series()
    if theirs.null_count() == theirs.len():
        return values
    known = transaction.frame(
        f"SELECT entity_id, {COUNTRY} FROM {tables.golden(company.name)}"
        f" WHERE {COUNTRY} IS NOT NULL AND entity_id IN (SELECT entity_id FROM wanted)",
        wanted=theirs.drop_nulls().unique().to_frame(),
    )
    if known.is_empty():
        return values
    countries = theirs.to_frame().join(known, on="entity_id", how="left", maintain_order="left")[COUNTRY]
    return values.with_columns(collection.lens.get(raw, countries).select(phones))


def _kept(
    transaction: Transaction,
    key: str,
    collection: Collection,
    raw: pl.DataFrame,
    values: pl.DataFrame,
    anew: Sequence[str],
) -> tuple[pl.DataFrame, pl.Series]:
    """The values, with those last seen where nothing is known of them now; and a list of the fields that are so."""
    pending = transaction.frame("SELECT field FROM sync.remapped WHERE collection = ?", key)["field"].to_list()
    absent, written = unknown(collection, raw), _written_since(transaction, key, collection, raw)
    lacking = absent.select(
        pl.col(field) | pl.lit(written[field]) | pl.lit(value=field in pending and field not in anew)
        for field in collection.lens.fields
    )
    some = [field for field, one in lacking.select(pl.all().any()).row(0, named=True).items() if one]
    if not some:
        return values, pl.Series("unknown", [None] * raw.height, dtype=pl.String)
    for field in some:
        seen = _seen(transaction, key, collection.entity, field, raw["_id"], anew)
        values = values.with_columns(pl.when(lacking[field]).then(seen).otherwise(pl.col(field)).alias(field))
    listed = [pl.when(pl.col(field)).then(pl.lit(f"{field}{tables.MARK}")) for field in some]
    said = pl.concat_str(pl.lit(tables.MARK), pl.concat_str(listed, ignore_nulls=True)).replace(tables.MARK, None)
    return values, lacking.select(said.alias("unknown")).to_series()


def _written_since(transaction: Transaction, key: str, collection: Collection, raw: pl.DataFrame) -> pl.DataFrame:
    """Return per linked record and field whether we wrote it after the system last showed the record.

    Not every system answers with the record. Once the collection was read, what was not shown in it is as it was.
    """
    names = collection.lens.fields
    writes = transaction.frame(
        f"""
        SELECT DISTINCT s._id, j.after FROM shown s JOIN sync.journal j ON j.id = s._id
        JOIN {tables.links(collection.entity.name)} l
        ON l.collection = j.collection AND l.id = j.id AND l.entity_id = j.entity_id
        WHERE j.collection = $1 AND j.action = 'update' AND j.outcome = 'done' AND j.intended_at > s._noticed
          AND j.intended_at > (SELECT coalesce(max(read_at), '-infinity') FROM sync.cursors WHERE collection = $1)
        """,
        key,
        shown=raw.select("_id", "_noticed"),
    )
    fields = (
        objects.present(writes["after"], names).with_columns(writes["_id"]).group_by("_id").agg(pl.col(names).any())
    )
    found = raw.select("_id").join(fields, on="_id", how="left", maintain_order="left")
    return found.select(pl.col(name).fill_null(value=False) for name in names)


def unknown(collection: Collection, raw: pl.DataFrame) -> pl.DataFrame:
    """Return per record and field whether the record lacks a property that the field is read from, or can't be read.

    `raw` has `_absent`, `_invalid`, and the lists that are put together.
    """
    missing, misread = absent(collection, raw), validity.invalid(collection, raw)
    return missing.select((pl.col(name) | misread[name]).alias(name) for name in collection.lens.fields)


def absent(collection: Collection, raw: pl.DataFrame) -> pl.DataFrame:
    """Return per record and field whether the record lacks a property that the field is read from."""
    names = collection.lens.fields
    if not raw["_absent"].is_not_null().any():
        return objects.none(names, raw.height)
    return raw.select(
        pl.any_horizontal(
            pl.col("_absent").str.contains(f"{tables.MARK}{source}{end}", literal=True)
            for source in collection.lens.sources(name)
            for end in (tables.MARK, presence.INNER)
        )
        .fill_null(value=False)
        .alias(name)
        for name in names
    )


def _seen(
    transaction: Transaction, key: str, entity: Entity, field: str, ids: pl.Series, anew: Sequence[str]
) -> pl.Series:
    if field in anew:
        return pl.repeat(None, ids.len(), dtype=pl.String, eager=True).alias("seen")
    wanted = ids.alias("id").to_frame()
    seen = transaction.frame(
        f"SELECT w.id, l.seen_{field} AS seen FROM wanted w JOIN {tables.links(entity.name)} l"
        " ON l.id = w.id AND l.collection = ?",
        key,
        wanted=wanted,
    )
    return wanted.join(seen, on="id", how="left", maintain_order="left")["seen"]


def _awaited(
    transaction: Transaction, system: str, collection: Collection, field: str, foreign: pl.Series
) -> pl.Series:
    """The records that references by id lead to, where they exist: they are held, and will have an entity some day."""
    ref = collection.lens.refs.get(field)
    if ref is None or ref.by:
        return pl.Series("awaits", [None] * foreign.len(), dtype=pl.String)
    target = f"{system}/{ref.to}"
    wanted = foreign.drop_nulls().unique().alias("id").to_frame()
    known = transaction.frame(
        f"SELECT w.id, ? || '/' || w.id AS record FROM wanted w JOIN {tables.raw(target)} r"
        " ON r._id = w.id AND NOT r._deleted",
        target,
        wanted=wanted,
    )
    return foreign.alias("id").to_frame().join(known, on="id", how="left", maintain_order="left")["record"]


def _assemble(transaction: Transaction, key: str, collection: Collection) -> None:
    """Fill in the properties that are lists of another collection's records, where those or the record changed.

    A record counts as edited when one of its parts was.
    """
    system = key.split("/", maxsplit=1)[0]
    since = f"(SELECT reconciled_version FROM sync.cursors WHERE collection = '{key}')"
    for part in collection.parts:
        child = tables.raw(f"{system}/{part.of}")
        members = ", ".join(f"'{name}': c.\"{name}\"" for name in part.columns)
        order = ", ".join([*(f'TRY_CAST(c."{name}" AS BIGINT)' for name in part.order), "c._id"])
        lists = transaction.frame(
            f"""
            WITH parents AS (
                SELECT _id AS id FROM {tables.raw(key)} WHERE _version > {since}
                UNION SELECT "{part.parent}" FROM {child} WHERE _version > {since}),
            assembled AS (
                SELECT p.id, max(c._modified) AS modified, max(c._noticed) AS noticed,
                    to_json(list({{{members}}} ORDER BY {order}) FILTER (c._id IS NOT NULL))::VARCHAR AS list
                FROM parents p LEFT JOIN {child} c ON c."{part.parent}" = p.id AND NOT c._deleted
                GROUP BY p.id)
            SELECT r.rowid AS place, r._id, r._deleted AS gone, l.list, l.modified, l.noticed
            FROM assembled l JOIN {tables.raw(key)} r ON r._id = l.id
            WHERE r."{part.property}" IS DISTINCT FROM l.list
            """
        )
        if lists.height:
            version = transaction.next_version()
            transaction.run(
                f"""
                UPDATE {tables.raw(key)} t SET "{part.property}" = l.list, _version = {version},
                    _modified = greatest(t._modified, l.modified)
                FROM lists l WHERE l.place = t.rowid
                """,
                lists=lists,
            )
            records = lists.filter(~pl.col("gone")).select("_id", "noticed", pl.col("list").alias(part.property))
            invalid_values.note_lists(transaction, key, replace(collection, parts=(part,)), records)
