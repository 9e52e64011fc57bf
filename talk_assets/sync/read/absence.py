"""What is known of absent properties: those that no record has ever shown, and those that some records lack.

A property that no record shows is a mistake in the configuration where the API shows blank properties. It is worth a
warning where the API leaves them out, or where talk.toml can't name another property. A property that some records lack
is reported with their number; their fields keep the values they had (see `presence`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from difflib import get_close_matches

import polars as pl

from talk_assets.errors import ConfigurationError
from talk_assets.model.collection import Collection
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync.read import presence


def note_shown(transaction: Transaction, key: str, shown: Iterable[str]) -> None:
    """Note the properties that records of a collection have shown."""
    known = _shown(transaction, key)
    new = sorted(set(shown) - known)
    transaction.apply(
        "INSERT INTO sync.shown SELECT ? AS collection, property FROM new",
        key,
        new=pl.DataFrame({"property": new}, schema={"property": pl.String}),
    )


def known(transaction: Transaction) -> frozenset[str]:
    """Return the collections of which it is known what their records have shown."""
    return frozenset(transaction.frame("SELECT DISTINCT collection FROM sync.shown")["collection"])


def review(transaction: Transaction, key: str, collection: Collection, now: datetime) -> None:
    """Note what the records of a collection that was just read lack, and what none of them has ever shown."""
    records = transaction.count(f"SELECT count(*) FROM {tables.raw(key)} WHERE NOT _deleted AND _record IS NOT NULL")
    never = _never(transaction, key, collection) if records else ()
    found = _lacking(transaction, key, set(never))
    _store(transaction, key, {**found, **dict.fromkeys(never)}, now)


def require(transaction: Transaction, key: str, collection: Collection) -> None:
    """Raise ConfigurationError where the API shows blank properties, and no record shows one that the lens reads."""
    if not _must_show(collection):
        return
    never = transaction.frame(
        "SELECT property FROM sync.absent WHERE collection = ? AND records IS NULL ORDER BY property", key
    )["property"].to_list()
    if never:
        raise ConfigurationError(_message(transaction, key, collection, never[0]))


def mistaken(transaction: Transaction, collections: Mapping[str, Collection]) -> frozenset[str]:
    """Return the collections whose lens reads a property that no record shows, and that an API would show."""
    rows = transaction.frame("SELECT DISTINCT collection FROM sync.absent WHERE records IS NULL")["collection"]
    return frozenset(key for key in rows if key in collections and _must_show(collections[key]))


def _must_show(collection: Collection) -> bool:
    """Whether a property that no record shows is a mistake that a person can correct."""
    return collection.correctable and not collection.omits_blanks


def _message(transaction: Transaction, key: str, collection: Collection, name: str) -> str:
    records = transaction.count(f"SELECT count(*) FROM {tables.raw(key)} WHERE NOT _deleted")
    first, *more = presence.fields_of(collection, [name])
    fields = ", ".join([first, *more])
    others = transaction.frame("SELECT property FROM sync.unknown_properties WHERE collection = ?", key)["property"]
    likely = get_close_matches(name, others.to_list(), n=1)
    hint = f" Did you mean {likely[0]}?" if likely else ""
    return (
        f"{key}: none of its {records} records has the property {name}, which {fields} is read from.{hint} Correct the"
        f" name in talk.toml, under fields of this collection, or say {first} = false. If the API leaves"
        " blank properties out, say omits_blanks = true for the collection."
    )


def _shown(transaction: Transaction, key: str) -> set[str]:
    return set(transaction.frame("SELECT property FROM sync.shown WHERE collection = ?", key)["property"])


def _never(transaction: Transaction, key: str, collection: Collection) -> tuple[str, ...]:
    """The properties that no record has shown; those of an order's lines only if some order has lines."""
    shown = _shown(transaction, key)
    lines = collection.lens.lines
    listed = f"{getattr(lines, 'property', '')}{presence.INNER}"
    inner = [f"{listed}{name}" for name in presence.line_names(collection)] if listed in shown else []
    return tuple(name for name in (*presence.names(collection), *inner) if name not in shown)


def _lacking(transaction: Transaction, key: str, never: set[str]) -> Mapping[str, int]:
    """How many records lack each property."""
    rows = transaction.frame(
        f"SELECT _absent, count(*) AS n FROM {tables.raw(key)} WHERE _absent IS NOT NULL AND NOT _deleted GROUP BY 1"
    )
    found: Counter[str] = Counter()
    for listed, n in rows.iter_rows():
        found.update(dict.fromkeys((name for name in listed.split(tables.MARK) if name and name not in never), n))
    return found


def _store(transaction: Transaction, key: str, found: Mapping[str, int | None], now: datetime) -> None:
    before = transaction.frame("SELECT property, records, since FROM sync.absent WHERE collection = ?", key)
    if {name: count for name, count, _ in before.iter_rows()} == dict(found):
        return
    since = {name: moment for name, _, moment in before.iter_rows()}
    rows = pl.DataFrame(
        [(key, name, count, since.get(name, now)) for name, count in found.items()],
        schema={
            "collection": pl.String,
            "property": pl.String,
            "records": pl.Int64,
            "since": pl.Datetime("us", "UTC"),
        },
        orient="row",
    )
    transaction.run("DELETE FROM sync.absent WHERE collection = ?", key)
    transaction.apply("INSERT INTO sync.absent BY NAME SELECT * FROM rows", rows=rows)
