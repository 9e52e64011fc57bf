"""Names of people that a system has in one property: split as a person did elsewhere, and not anew each time.

A lens can only guess where a first name ends. Once records are linked, a person's split is known: a name that is the
same as a whole is split the same way, and one in which a letter was corrected as nearly so as can be.
"""

from collections.abc import Iterable, Mapping

import polars as pl

from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.model.lens.lens import FIRST, LAST, FullName, Lens
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction

BOTH = (FIRST, LAST)


def whole(lens: Lens) -> bool:
    """Say whether a lens has one property for both names."""
    return FIRST in lens.fields and isinstance(lens.property_of(FIRST), FullName)


def as_seen(
    transaction: Transaction, key: str, collection: Collection, values: pl.DataFrame, ids: pl.Series
) -> pl.DataFrame:
    """Return what records show, with their names split as last seen."""
    if not whole(collection.lens):
        return values
    return split_as(values, _state(transaction, key, collection, "seen", ids))


def split_as(values: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return values with their names split as those of `known`, row by row, as far as they are alike."""
    rows = zip(*(values[name] for name in BOTH), *(known[name] for name in BOTH), strict=True)
    found = [split(" ".join(filter(None, own)), own, (first, last)) for *own, first, last in rows]
    columns = zip(BOTH, zip(*found, strict=True) if found else ((), ()), strict=True)
    return values.with_columns(pl.Series(name, list(column), dtype=pl.String) for name, column in columns)


def completed(
    transaction: Transaction, key: str, collection: Collection, values: pl.DataFrame, mask: pl.DataFrame, ids: pl.Series
) -> pl.DataFrame:
    """Return the values to write to records, where one of the names is written with the other that they were sent."""
    if not whole(collection.lens) or not (mask[FIRST] ^ mask[LAST]).any():
        return values
    known = _state(transaction, key, collection, "sent", ids)
    return values.with_columns(
        pl.select(pl.when(mask[name] | ~mask[other]).then(values[name]).otherwise(known[name]).alias(name)).to_series()
        for name, other in (BOTH, BOTH[::-1])
    )


def _state(transaction: Transaction, key: str, collection: Collection, state: str, ids: pl.Series) -> pl.DataFrame:
    """What records are seen with, or were sent, in both names; null for those without a link."""
    wanted = ids.alias("id").to_frame()
    both = ", ".join(f"any_value(l.{state}_{name}) AS {name}" for name in BOTH)
    known = transaction.frame(
        f"SELECT w.id, {both} FROM wanted w JOIN {tables.links(collection.entity.name)} l ON l.id = w.id"
        " WHERE l.collection = ? GROUP BY w.id",
        key,
        wanted=wanted.drop_nulls().unique(),
    )
    return wanted.join(known, on="id", how="left", maintain_order="left")


def split(
    name: str, guess: Iterable[str | None], known: tuple[str | None, str | None]
) -> tuple[str | None, str | None]:
    """Return the first and the last name that a name consists of, as `known` has them or else as the `guess` is."""
    words = name.split(" ")
    first, last = ((one or "").split(" ") if one else [] for one in known)
    if first and words[: len(first)] == first and (len(words) > len(first) or not last):
        at = len(first)
    elif last and words[-len(last) :] == last and (len(words) > len(last) or not first):
        at = len(words) - len(last)
    elif (first or last) and len(words) == len(first) + len(last):
        at = len(first)
    else:
        one, other = guess
        return one, other
    return " ".join(words[:at]) or None, " ".join(words[at:]) or None


def meet(
    transaction: Transaction, records: Relation, entities: str, key: str, collections: Mapping[str, Collection]
) -> None:
    """Split names alike that are the same as a whole, of records that are to be linked and of their entities.

    The split of a record that has both names counts, whichever was there first. `entities` is the SQL of the records of
    the collection that have one: `n, entity_id`.
    """
    wholes, collection = _wholes(collections), collections[key]
    if not wholes or not set(BOTH) <= set(collection.lens.fields):
        return
    golden = tables.golden(collection.entity.name)
    met = f"FROM {entities} d, {golden} g WHERE d.n = i.n AND g.entity_id = d.entity_id AND {_respelt('i', 'g')}"
    if key in wholes:
        transaction.run(f"UPDATE {records} i SET {FIRST} = g.{FIRST}, {LAST} = g.{LAST} {met}")
        return
    found = transaction.frame(
        f"SELECT d.entity_id, i.{FIRST}, i.{LAST} FROM {records} i, {met.removeprefix('FROM ')}"
        f" AND regexp_extract(g.{FIRST}_from, '^[^/]+/[^/]+') IN (SELECT unnest($1::VARCHAR[]))",
        wholes,
    )
    if found.height:
        names = f"{FIRST} = f.{FIRST}, {LAST} = f.{LAST}"
        transaction.run(f"UPDATE {golden} g SET {names} FROM found f WHERE f.entity_id = g.entity_id", found=found)
        _follow(transaction, collection.entity, wholes, found)


def follow(
    transaction: Transaction, records: Relation, known: Relation, entity: Entity, collections: Mapping[str, Collection]
) -> None:
    """Where somebody moved only the split of a name, records that have it as a whole show the new one already."""
    wholes = _wholes(collections)
    if not wholes:
        return
    found = transaction.frame(
        f"""
        SELECT k.entity_id, any_value(i.{FIRST}) AS {FIRST}, any_value(i.{LAST}) AS {LAST}
        FROM {known} k JOIN {records} i USING (n) JOIN {tables.golden(entity.name)} g USING (entity_id)
        JOIN {tables.links(entity.name)} l ON l.collection = i.collection AND l.id = i.id
        WHERE k.compared AND NOT i.deleted AND {_respelt("i", "g")} AND {_respelt("i", "l", "seen_")}
            AND i.collection NOT IN (SELECT unnest($1::VARCHAR[]))
        GROUP BY k.entity_id HAVING count(*) = 1
        """,
        wholes,
    )
    if found.height:
        _follow(transaction, entity, wholes, found)


def _wholes(collections: Mapping[str, Collection]) -> list[str]:
    """The collections with one property for both names."""
    return [key for key, one in collections.items() if whole(one.lens)]


def _follow(transaction: Transaction, entity: Entity, wholes: list[str], found: pl.DataFrame) -> None:
    """Note that records with one property for both names show the names of entities as they are split in `found`."""
    for state in ("seen", "sent"):
        names = f"{state}_{FIRST} = f.{FIRST}, {state}_{LAST} = f.{LAST}"
        transaction.run(
            f"UPDATE {tables.links(entity.name)} l SET {names} FROM found f WHERE f.entity_id = l.entity_id"
            f" AND collection IN (SELECT unnest($1::VARCHAR[])) AND {_joined('l', f'{state}_')} = {_joined('f')}",
            wholes,
            found=found,
        )


def _respelt(table: str, other: str, prefix: str = "") -> str:
    """The SQL condition that a name is the same as a whole, and split otherwise."""
    theirs = f"{other}.{prefix}{FIRST}, {other}.{prefix}{LAST}"
    return (
        f"{_joined(table)} = {_joined(other, prefix)} AND ({table}.{FIRST}, {table}.{LAST}) IS DISTINCT FROM ({theirs})"
    )


def _joined(table: str, prefix: str = "") -> str:
    """The SQL of a name as a whole."""
    return f"concat_ws(' ', {table}.{prefix}{FIRST}, {table}.{prefix}{LAST})"
