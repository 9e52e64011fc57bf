"""From the JSON of a page to a frame of records, without a Python object per value.

What the API sent becomes columns of text; what that text means is the lens's concern. A record that cannot be used is
quarantined with the reason, so that one of them does not stop the rest: one without an id, or whose modified time
cannot be read. A property that does not fit is noted, and its record is one like any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from talk_assets.errors import NotTheApi
from talk_assets.jsonframes import jsonarrays, jsontext
from talk_assets.jsonframes.jsonarrays import Told
from talk_assets.model.collection import Collection, declared
from talk_assets.model.lens import texts
from talk_assets.model.lens.lens import SHOWN, first_faults
from talk_assets.model.lens.properties import Doubt
from talk_assets.sync.read import presence, validity


@dataclass(frozen=True)
class Parsed:
    """Pages parsed.

    `records` has a String column per declared property, and `_id`, `_record` (the record as JSON text with its own
    types, without the collection's ignored properties), `_modified` (Datetime in UTC or null), `_etag`, `_ref` (String
    or null), `_deleted` (Boolean), `_absent` (the properties of the lens that the record lacks, null where it has all;
    see `presence`), `_invalid` (those that hold what cannot be read, null where none does; see `validity`) and `_hash`
    (UInt64, of `_record` as it is written; comparable within one version of Polars). `invalid` are those that are not
    among the records: `_id` where there is one, `property`, `found` and `reason`. `values` are the values that cannot
    be read, as `validity.judge` has them. `unknown` are properties nobody declared, `shown` those of the lens that some
    record has, `strange` the ids of records that have none of the lens's properties, not even as null.
    """

    records: pl.DataFrame
    invalid: pl.DataFrame
    values: pl.DataFrame
    unknown: frozenset[str]
    strange: frozenset[str]
    shown: frozenset[str] = frozenset()


def parse(collection: Collection, *bodies: bytes) -> Parsed:
    """Take apart pages, one at least, each a JSON array of objects; raise NotTheApi for anything else."""
    return _together(collection, [_apart(collection, body) for body in bodies])


def ours(key: str, collection: Collection, parsed: Parsed) -> Parsed:
    """Quarantine records that have none of the lens's properties, not even as null: they would read as all cleared.

    Raise NotTheApi where no record is one of the collection's, each being like that or without an id.
    """
    records, invalid = parsed.records, parsed.invalid
    if parsed.strange:
        found = pl.col("_record").str.head(SHOWN)
        right = f"one with properties such as {', '.join(_names(collection)[:3])}"
        doubt = Doubt("the record", pl.col("_id").is_in(list(parsed.strange)), found, right)
        records, strange = _set_apart(records, [doubt])
        invalid = pl.concat([invalid, strange])
    others = parsed.records.height - records.height + parsed.invalid["_id"].null_count()
    if others and others == parsed.records.height + parsed.invalid.height:
        why = f"{invalid['reason'][-1]}; check base_url"
        message = f"{key}: {others} of {others} records are none of this collection: {why}"
        raise NotTheApi(message)
    values = parsed.values
    if values.height and records.height < parsed.records.height:
        values = values.join(records.select("_id"), on="_id", how="semi", maintain_order="left")
    return replace(parsed, records=records, invalid=invalid, values=values)


@dataclass(frozen=True)
class _Page:
    """A page's objects, not yet looked at: `records` without what is the same for all pages, `others` are invalid."""

    records: pl.DataFrame
    others: pl.DataFrame
    unknown: frozenset[str]
    shown: frozenset[str]


def _apart(collection: Collection, body: bytes) -> _Page:
    objects, others = _objects(collection, body)
    names = declared(collection)
    found = jsontext.pick(objects.columns, names, objects.texts.len())
    kept = objects.kept.alias("_record")  # verbatim but for ignored properties, which may be secrets
    identity = _text(collection.id).str.strip_chars().replace("", None)
    absent, shown = presence.absent(collection, objects.texts, objects.columns, found)
    records = found.with_columns(
        identity.alias("_id"),
        kept,
        kept.hash().alias("_hash"),
        (identity.is_not_null() & ~identity.is_last_distinct()).alias("_again"),
        _strange(collection, found, objects.texts),
        absent,
    )
    return _Page(records, others, _unknown(collection, objects.names, names), shown)


def _together(collection: Collection, pages: Sequence[_Page]) -> Parsed:
    """The records of some pages, and what does not fit: it takes hardly longer than for one page."""
    records = pl.concat([page.records for page in pages], rechunk=True).with_columns(_own(collection))
    fitting, invalid = _sort_out(collection, records)
    flawed, values = validity.judge(collection, fitting)
    return Parsed(
        fitting.drop("_again", "_strange").with_columns(flawed),
        pl.concat([*(page.others for page in pages), invalid]),
        values,
        frozenset().union(*(page.unknown for page in pages)),
        frozenset(records.filter(pl.col("_strange") & ~pl.col("_deleted"))["_id"].drop_nulls()),
        frozenset().union(*(page.shown for page in pages)),
    )


def _strange(collection: Collection, records: pl.DataFrame, objects: pl.Series) -> pl.Series:
    """Which records have none of the lens's properties, as `objects` has them, nulls included."""
    nothing = records.select(pl.all_horizontal(pl.col(name).is_null() for name in collection.lens.columns)).to_series()
    if nothing.any():
        spelled = [f'"{name}"' for name in _names(collection)]
        nothing &= ~objects.str.contains_any(spelled, ascii_case_insensitive=True)
    return nothing.alias("_strange")


def _names(collection: Collection) -> list[str]:
    """The top-level properties that the lens is about."""
    return sorted({name.split(".", 1)[0] for name in collection.lens.columns})


def _needed(collection: Collection) -> frozenset[str]:
    """The top-level properties among those that come with the record, in lower case."""
    parts = {part.property for part in collection.parts}
    return frozenset(name.split(".", 1)[0].lower() for name in declared(collection) if name not in parts)


def _objects(collection: Collection, body: bytes) -> tuple[Told, pl.DataFrame]:
    """The objects among the items of the page, and a row of invalid for each of the others."""
    text = body.strip()
    if text[:1] != b"[" or text[-1:] != b"]" or b"\0" in text:
        raise NotTheApi(_not_records(collection, text))
    try:
        return jsonarrays.told_apart(text, _needed(collection), collection.ignore), _NONE
    except pl.exceptions.ComputeError:  # nested lists of objects, or items that are none: read more slowly
        items = _items(collection, text)
    good = items.filter(jsontext.is_object(pl.col("item")))["item"]
    return jsonarrays.told(jsontext.taken_apart(good), collection.ignore), _no_objects(items)


def _items(collection: Collection, text: bytes) -> pl.DataFrame:
    try:
        lists = pl.read_ndjson(
            jsontext.guarded(b'{"r":' + text.replace(b"\n", b" ") + b"}"), schema={"r": pl.List(pl.String)}
        )
    except pl.exceptions.ComputeError as error:
        raise NotTheApi(_not_records(collection, text)) from error
    items = lists.filter(pl.col("r").list.len() > 0).explode("r")["r"]
    return items.alias("item").to_frame()


def _not_records(collection: Collection, text: bytes) -> str:
    begins = text[: 4 * SHOWN].decode(errors="replace")
    found = f"{begins[:SHOWN]!r}" + ("…" if len(begins) > SHOWN else "") if text else "nothing"
    return f"{collection.name}: the answer is {found}; it should be a JSON array of objects"


def _own(collection: Collection) -> list[pl.Expr]:
    """What the hub wants to know of every record, whatever the API calls it."""
    modified = collection.modified
    moment = modified.moment(pl.col(modified.property)) if modified else pl.lit(None, pl.Datetime("us", "UTC"))
    return [
        moment.alias("_modified"),
        _text(collection.version).alias("_etag"),
        _text(collection.reference).alias("_ref"),
        (_text(collection.deleted) == "true").fill_null(value=False).alias("_deleted"),
    ]


def _text(name: str | None) -> pl.Expr:
    return pl.lit(None, pl.String) if name is None else pl.col(name).replace("", None)


def _ignored(collection: Collection) -> frozenset[str]:
    return frozenset(name.lower() for name in collection.ignore)


def _sort_out(collection: Collection, records: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the records that can be used, and a row of invalid for each of the others."""
    identity = pl.col("_id")
    doubts = [
        Doubt(collection.id, identity.is_null() | ~texts.whole(identity), pl.col(collection.id), "the record's id"),
        Doubt(collection.id, pl.col("_again"), identity, "on one record of a page; the last one is used"),
    ]
    if modified := collection.modified:
        raw = pl.col(modified.property)
        unreadable = modified.present(raw).is_not_null() & pl.col("_modified").is_null()
        doubts.append(Doubt(modified.property, unreadable, raw, modified.right))
    return _set_apart(records, doubts)


def _set_apart(records: pl.DataFrame, doubts: Sequence[Doubt]) -> tuple[pl.DataFrame, pl.DataFrame]:
    faults = first_faults(records, doubts)
    fits = faults["reason"].is_null()
    if fits.all():
        return records, _NONE
    return records.filter(fits), pl.concat([records.select("_id"), faults], how="horizontal").filter(~fits)


_NONE = pl.DataFrame(schema=dict.fromkeys(("_id", "property", "found", "reason"), pl.String))
"""No invalid."""


NOTHING = Parsed(
    pl.DataFrame(schema={"_id": pl.String, "_deleted": pl.Boolean}), _NONE, validity.NONE, frozenset(), frozenset()
)
"""What no page holds; of the columns, those that say which records there are."""


def _no_objects(items: pl.DataFrame) -> pl.DataFrame:
    doubt = Doubt("an item of the page", ~jsontext.is_object(pl.col("item")), pl.col("item"), "a JSON object")
    faults = first_faults(items, [doubt]).filter(pl.col("reason").is_not_null())
    return faults.select(pl.lit(None, pl.String).alias("_id"), pl.all())


def _unknown(collection: Collection, found: Sequence[str], names: tuple[str, ...]) -> frozenset[str]:
    known = {name.split(".", 1)[0].lower() for name in names} | _ignored(collection)
    return frozenset(name for name in found if name.lower() not in known)
