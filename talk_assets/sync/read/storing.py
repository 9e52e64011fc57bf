"""The collections' tables: every record as its system showed it last, with the store's version when it changed.

What stays the same is not touched. A record that is written as it was has not changed; one that is written otherwise,
and has no other modified time, is compared property by property.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.model.collection import Collection, declared
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.read import absence, backwards, invalid_values
from talk_assets.sync.read.records import Parsed, parse


def store(
    transaction: Transaction,
    key: str,
    collection: Collection,
    parsed: Parsed,
    now: datetime,
    skew: timedelta = timedelta(),
    *,
    believed: bool = True,
) -> int:
    """Store records as the system shows them, and what of them can't be read; return how many differ from before.

    Unless `believed`, records that show an older state than before are quarantined.
    """
    records = dated(parsed, now, skew)
    records = records.drop(part.property for part in collection.parts)
    differing = _differing(transaction, key, collection, records)
    rewritten, differing = _sorted_out(transaction, key, collection, differing, records)
    older = None if believed else backwards.apart(transaction, key, collection, differing, records)
    _set_aside(transaction, key, collection, parsed, now, older)
    absence.note_shown(transaction, key, parsed.shown)
    if older is not None:
        backwards.set_aside(transaction, key, older, now)
        differing = differing.join(older, on="_id", how="anti")
    if not collection.parts_move:
        records = _as_noticed(collection, differing, records)
    _replace(transaction, key, records, differing)
    _keep_text(transaction, key, records, rewritten)
    return differing.height


def map_properties(
    transaction: Transaction, collections: Mapping[str, Collection], now: datetime
) -> Mapping[str, Sequence[str]]:
    """Note which properties are mapped; those that were not before are filled in from the records as read.

    Return those by collection, of the collections that were mapped before at all.
    """
    before: dict[str, set[str]] = {}
    for key, name in transaction.frame("SELECT collection, property FROM sync.mapped_properties").iter_rows():
        before.setdefault(key, set()).add(name)
    now_mapped = {key: declared(collection) for key, collection in collections.items()}
    other = {key: names for key, names in now_mapped.items() if before.get(key) != set(names)}
    new = {key: [name for name in now_mapped[key] if name not in before[key]] for key in now_mapped if key in before}
    for key in other:
        if new.get(key):
            _fill_in(transaction, key, collections[key], new[key], now)
    if other:
        rows = [(key, name) for key, names in other.items() for name in names]
        mapped = pl.DataFrame(rows, schema={"collection": pl.String, "property": pl.String}, orient="row")
        keys = list(other)
        transaction.run("DELETE FROM sync.mapped_properties WHERE collection IN (SELECT unnest(?::VARCHAR[]))", keys)
        transaction.run("INSERT INTO sync.mapped_properties BY NAME SELECT * FROM mapped", mapped=mapped)
    return new


def note_stored(transaction: Transaction, key: str, collection: Collection) -> None:
    """Note what the records that were read have shown, for a database that doesn't say so."""
    raw = tables.raw(key)
    end = transaction.count(f"SELECT coalesce(max(rowid) + 1, 0) FROM {raw}")
    for first in range(0, end, tables.CHUNK):
        stored = transaction.frame(
            f"SELECT _record FROM {raw} WHERE rowid >= {first} AND rowid < {first + tables.CHUNK}"
            " AND _record IS NOT NULL AND NOT _deleted"
        )
        if stored.height:
            parsed = parse(collection, f"[{','.join(stored['_record'])}]".encode())
            absence.note_shown(transaction, key, parsed.shown)


def _fill_in(transaction: Transaction, key: str, collection: Collection, names: Sequence[str], now: datetime) -> None:
    """Fill columns from the records as read, and have all of these reconciled again.

    They would not come again by themselves: it is our reading of them that has changed. A record that cannot be used
    any more stays as it was, and is quarantined.
    """
    raw = tables.raw(key)
    end = transaction.count(f"SELECT coalesce(max(rowid) + 1, 0) FROM {raw}") if names else 0
    if not end:
        return
    version = transaction.next_version()
    transaction.run("INSERT INTO sync.unfinished SELECT ? EXCEPT FROM sync.unfinished", collection.entity.name)
    for first in range(0, end, tables.CHUNK):
        stored = transaction.frame(
            f"SELECT rowid AS place, _id, _record FROM {raw} WHERE rowid >= {first} AND rowid < {first + tables.CHUNK}"
            " AND _record IS NOT NULL AND NOT _deleted"
        )
        if stored.is_empty():
            continue
        parsed = parse(collection, f"[{','.join(stored['_record'])}]".encode())
        _set_aside(transaction, key, collection, parsed, now)
        filled = parsed.records.join(stored.select("_id", "place"), on="_id")
        columns = ["_etag", "_ref", "_absent", "_invalid", *(name for name in names if name in filled.columns)]
        taken = ", ".join(f'f."{name}" AS "{name}"' for name in columns)
        transaction.run(
            f"""
            INSERT INTO {raw} BY NAME
            SELECT t.* REPLACE ({taken}, coalesce(t._modified, f._modified) AS _modified, {version} AS _version)
            FROM {raw} t JOIN filled f ON f.place = t.rowid
            """,
            filled=filled,
        )
        transaction.run(f"DELETE FROM {raw} WHERE rowid IN (SELECT place FROM filled)", filled=filled)


def dated(parsed: Parsed, now: datetime, skew: timedelta) -> pl.DataFrame:
    """Return the records, each as it came last, with their times as our clock has them."""
    records = parsed.records
    if records["_id"].n_unique() < records.height:
        records = records.unique("_id", keep="last", maintain_order=True)
    return records.with_columns(pl.col("_modified") - skew, noticed(now), pl.col("_deleted").fill_null(value=False))


def _differing(transaction: Transaction, key: str, collection: Collection, records: pl.DataFrame) -> pl.DataFrame:
    """Return which records differ from what is there, and of that what `_sorted_out`, `apart` and `_replace` need."""
    kept = [part.property for part in collection.parts]
    known = [collection.modified.property] if collection.modified else []
    return transaction.frame(
        f"""
        SELECT s._id, t.rowid AS place, t._deleted = s._deleted AS there {"".join(f', t."{name}"' for name in kept)}
            {"".join(f', t."{name}" AS known' for name in known)},
            NOT t._deleted AND t._hash <> s._hash AND s._modified < t._modified AS newer
        FROM records s LEFT JOIN {tables.raw(key)} t ON t._id = s._id
        WHERE t._id IS NULL OR t._hash <> s._hash OR t._deleted <> s._deleted
            OR t._invalid IS DISTINCT FROM s._invalid
        """,
        records=records.select("_id", "_hash", "_deleted", "_modified", "_invalid"),
    )


def _sorted_out(
    transaction: Transaction, key: str, collection: Collection, differing: pl.DataFrame, records: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Tell those that are only written otherwise than before from those that say something else."""
    doubtful = differing.filter("there")
    if doubtful.height and collection.modified:
        shown = records.select("_id", pl.col(collection.modified.property).alias("shown"))
        doubtful = doubtful.join(shown, on="_id").filter(pl.col("shown").eq_missing(pl.col("known")))
    if doubtful.height:
        was = transaction.frame(
            f"SELECT rowid AS place, _record AS was, _absent AS lacked, _invalid AS flawed FROM {tables.raw(key)}"
            " WHERE rowid IN (SELECT place FROM doubtful) AND _record IS NOT NULL",
            doubtful=doubtful.select("place"),
        )
        now = records.select("_id", "_record", "_absent", "_invalid")
        doubtful = doubtful.join(was, on="place").join(now, on="_id")
        doubtful = doubtful.filter(
            pl.col("lacked").eq_missing(pl.col("_absent")) & pl.col("flawed").eq_missing(pl.col("_invalid"))
        )
        doubtful = doubtful.filter(jsontext.said(doubtful["was"]) == jsontext.said(doubtful["_record"]))
    differing = differing.drop("there")
    if doubtful.height:
        differing = differing.join(doubtful, on="_id", how="anti")
    return doubtful.select("_id", "place"), differing


def _as_noticed(collection: Collection, differing: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Records that say something else under the same time as before, as modified when that was noticed."""
    if collection.modified is None:
        return records
    shown = pl.col(collection.modified.property)
    before = differing.select("_id", "place", before="known").drop_nulls("place")
    joined = records.join(before, on="_id", how="left", maintain_order="left")
    unmoved = pl.col("place").is_not_null() & shown.eq_missing(pl.col("before"))
    modified = pl.when(unmoved).then("_noticed").otherwise("_modified").alias("_modified")
    return joined.with_columns(modified).drop("place", "before")


def _keep_text(transaction: Transaction, key: str, records: pl.DataFrame, rewritten: pl.DataFrame) -> None:
    """Keep how records are written now, so that they need not be compared again; nothing has changed for anybody."""
    transaction.apply(
        f"UPDATE {tables.raw(key)} t SET _record = s._record, _hash = s._hash FROM rewritten s WHERE t.rowid = s.place",
        rewritten=rewritten.join(records.select("_id", "_record", "_hash"), on="_id"),
    )


def _replace(transaction: Transaction, key: str, records: pl.DataFrame, differing: pl.DataFrame) -> None:
    """Store the records that differ from what is there in its place.

    They are added at the table's end: what changed lately stands together there, and is found by its version without
    looking at the rest. Properties that are lists of another collection's records stay unchanged.
    """
    there = differing.select("place").drop_nulls()
    if there.height:
        transaction.run(f"DELETE FROM {tables.raw(key)} WHERE rowid IN (SELECT place FROM there)", there=there)
    if differing.height:
        kept = differing.drop("place", "known", "newer", strict=False)
        if kept.width > 1 or kept.height < records.height:  # mostly all of them do, or none
            records = records.join(kept, on="_id", maintain_order="left")
        version = transaction.next_version()
        transaction.run(
            f"INSERT INTO {tables.raw(key)} BY NAME SELECT *, {version} AS _version FROM records", records=records
        )


def _set_aside(
    transaction: Transaction,
    key: str,
    collection: Collection,
    parsed: Parsed,
    now: datetime,
    older: pl.DataFrame | None = None,
) -> None:
    """Note what can't be read and undeclared properties; what fits now is noted no longer.

    Of what shows an `older` state, all stays as it was noted.
    """
    kept = parsed.records["_id"]
    rows = pl.concat([parsed.invalid, parsed.values], how="diagonal")
    if older is not None:
        backwards.forget(transaction, key, older)
        kept, rows = kept.filter(~kept.is_in(older["_id"].implode())), rows.join(older, on="_id", how="anti")
    ids = pl.concat([kept, parsed.invalid["_id"].drop_nulls()])
    invalid_values.note(transaction, key, collection, ids, rows, now)
    if parsed.unknown:
        transaction.run(
            """
            INSERT INTO sync.unknown_properties SELECT $1, property, $2 FROM (SELECT unnest($3::VARCHAR[]) AS property)
            WHERE property NOT IN (SELECT property FROM sync.unknown_properties WHERE collection = $1)
            """,
            key,
            now,
            sorted(parsed.unknown),
        )


def expect(transaction: Transaction, key: str, created: pl.DataFrame, now: datetime) -> None:
    """Note records (`answer_id`) that exist without having been shown, so that their absence is noticed."""
    transaction.apply(
        f"""
        INSERT INTO {tables.raw(key)} (_id, _deleted, _hash, _version, _noticed)
        SELECT answer_id, false, 0, 0, ? FROM created WHERE answer_id NOT IN (SELECT _id FROM {tables.raw(key)})
        """,
        now,
        created=created,
    )


def mark_deleted(transaction: Transaction, key: str, gone: pl.DataFrame) -> int:
    """Mark records, by `id`, as no longer in the system; return how many were not marked yet."""
    if gone.is_empty():
        return 0
    invalid_values.forget(transaction, key, gone)
    version = transaction.next_version()
    return transaction.count(
        f"UPDATE {tables.raw(key)} SET _deleted = true, _version = {version}"
        " WHERE _id IN (SELECT id FROM gone) AND NOT _deleted",
        gone=gone,
    )


def noticed(moment: datetime) -> pl.Expr:
    """Return the column that says when records were read."""
    return pl.lit(moment).cast(pl.Datetime("us", "UTC")).alias("_noticed")
