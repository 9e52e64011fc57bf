"""The two lens laws, for the lens of any collection, under generated values.

The API is played by JSON itself: what is put is laid over a record, sent as bytes, and read again. Strategies give
canonical text per kind and, per property, what an API may show. What one kind of property does in particular is tested
with the kinds.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal as Number
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from talk_assets.model.collection import Collection
from talk_assets.model.entities import LINE, Entity, Kind, order
from talk_assets.model.lens.lens import (
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    Instant,
    Lens,
    Lines,
    OneLine,
    OrganisationNumber,
    Phone,
    Property,
    Ref,
    Value,
    Writable,
)
from talk_assets.model.lens.orderlines import LineKind
from talk_assets.model.lens.properties import Json
from talk_assets.model.lens.texts import length
from talk_assets.sync.read.records import parse

Row = dict[str, Any]

EXAMPLES, FEWEST, ROWS = 3, 6, 16
"""The frames cost, not the rows in them: few examples, each with many rows, of which most can shrink to nothing."""

texts = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=30),
    st.text("aæÅ 𝄞\n\t\"\\'-", min_size=1, max_size=400),
    st.sampled_from(
        [
            "-",
            "null",
            "{}",
            "[]",
            "[x",
            "0",
            "Bjørg",
            "van der Berg",
            "Łódź",
            "日本",
            "🙂" * 60,
            "A &amp; B",
            "&#8203;&amp;amp;",
        ]
    ),
    st.text("aå\u030a\u0301O\u0338\u200b\u200d\u00ad\ufeff\u00a0\u2009 \u2028\n\0👩", min_size=1, max_size=12),
)
numbers = st.decimals(min_value=-(10**14), max_value=10**14, places=4)
moments = st.datetimes(min_value=datetime(2, 1, 2), max_value=datetime(9998, 1, 1))  # noqa: DTZ001 -- hypothesis asks so
phones = st.sampled_from(["+4791234567", "+46701234567", "+390612345678", "22 33 44 55 ext. 5", "ask Kari", "12"])
gtins = st.from_regex(r"\A[0-9]{1,14}\Z")
organisations = (
    gtins | st.from_regex(r"\A[A-Z]{1,3}[0-9]{6,9}[A-Z]{0,2}\Z") | st.sampled_from(["ATU13585627", "IE6433435F"])
)


def _plain(number: Number) -> str:
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def _trimmed(text: str) -> str | None:
    """A blank is null in canonical text, and Unicode's blanks are Rust's, which are not quite Python's."""
    trimmed: str = pl.Series([text]).str.strip_chars().item()
    return trimmed or None


_line = st.fixed_dictionaries(
    {},
    optional={
        "product": st.sampled_from(["1", "2", "A-7", 'x"y']),
        "description": texts.map(_trimmed),
        **dict.fromkeys(("quantity", "unit_price", "discount"), numbers.map(_plain)),
    },
).map(lambda line: {key: line[key] for key in LINE if line.get(key)})

CANONICAL: dict[Kind, st.SearchStrategy[str | None]] = {
    Kind.TEXT: texts.map(_trimmed),
    Kind.EMAIL: texts.map(_trimmed).map(lambda text: text and text.lower()) | st.emails().map(str.lower),
    Kind.PHONE: phones,
    Kind.DIGITS: gtins,
    Kind.ORGANISATION_NUMBER: organisations,
    Kind.DECIMAL: numbers.map(_plain),
    Kind.DATE: moments.map(lambda at: at.date().isoformat()),
    Kind.INSTANT: moments.map(lambda at: f"{at.isoformat(timespec='microseconds')}Z"),
    Kind.COUNTRY: st.sampled_from(["NO", "SE", "DK", "DE", "GB", "US", "CD", "Ruritania"]),
    Kind.CURRENCY: st.sampled_from(["NOK", "EUR", "SEK"]),
    Kind.CHOICE: st.sampled_from(order.field("status").values),
    Kind.REFERENCE: st.integers(1, 10**12).map(str) | st.uuids().map(str),
    Kind.LINES: st.lists(_line.filter(bool), max_size=4).map(
        lambda lines: json.dumps(lines, ensure_ascii=False, separators=(",", ":")) if lines else None
    ),
}
"""Canonical text of each kind, also long, odd and blank."""


def shown(prop: Property) -> dict[str, st.SearchStrategy[Any]]:
    """Return per raw property what the API may show for it, as JSON values."""
    if isinstance(prop, OneLine):
        return {item.property: _shown_value(item) for item in prop.items.values()}
    if isinstance(prop, Lines):
        line = {item.property: _shown_value(item) for item in prop.items.values()}
        if prop.id:
            line[prop.id] = st.uuids().map(str)
        lines = st.fixed_dictionaries({}, optional=line).filter(lambda one: _can_be_held(prop, one))
        return {prop.property: st.none() | st.lists(lines, max_size=3)}
    assert isinstance(prop, Value), f"no strategy for {prop}"
    return {prop.property: _shown_value(prop)}


def _can_be_held(prop: Lines, line: Row) -> bool:
    """Whether an API shows such a line."""

    def shows(key: str) -> Any:  # noqa: ANN401 -- a JSON value is any
        return line.get(prop.items[key].property) if key in prop.items else None

    quantity, price = (Number(str(shows(key) or 0)) for key in ("quantity", "unit_price"))
    text = str(shows("product") or "0") == "0"
    kinds = {
        LineKind.ZERO: shows("quantity") is not None and not quantity and not text,
        LineKind.NEGATIVE: quantity < 0 or price < 0,
        LineKind.FRACTION: quantity % 1 != 0,
        LineKind.TEXT: text,
    }
    return not any(kinds[kind] for kind in prop.leaves_out)


def _shown_value(prop: Value) -> st.SearchStrategy[Any]:
    nothing = [None, *prop.nothing, *(s for s in (prop.empty, prop.blank) if s is not None)]
    blanks = st.sampled_from(nothing).map(lambda text: _typed(prop, text))
    return blanks | _spellings(prop).map(lambda text: _typed(prop, text))


def _spellings(prop: Value) -> st.SearchStrategy[str]:
    if isinstance(prop, Choice):
        return st.sampled_from(list(prop.values))
    if isinstance(prop, Ref) or prop.json is Json.INTEGER:
        return st.integers(1, 10**12).map(str)
    if isinstance(prop, Decimal):
        places = st.integers(0, prop.places)
        return st.tuples(st.integers(-(10**9), 10**9), places).map(lambda n: f"{Number(n[0]).scaleb(-n[1]):f}")
    if isinstance(prop, Date | Instant):
        forms = ["%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%d", "%Y-%m-%dT00:00:00Z"]
        if not isinstance(prop, Instant) or prop.precision == "us":
            forms.append("%Y-%m-%d %H:%M:%S.%f")
        recent = moments.filter(lambda at: at.year > 1900)  # strftime pads no years before 1000
        return st.builds(lambda at, form: at.strftime(form), recent, st.sampled_from(forms))
    short, unit = 400 if prop.max_length is None else prop.max_length, prop.length_unit
    return _words(prop).map(lambda text: text[:short]).filter(lambda text: length(text, unit) <= short)


def _words(prop: Value) -> st.SearchStrategy[str]:
    if isinstance(prop, Phone):
        return phones | st.sampled_from(
            ["91 23 45 67", "33 12 34 56", "(+47) 912-34-567", "0046 70 123 45 67", " 22334455 "]
        )
    if isinstance(prop, Digits):
        return gtins | st.sampled_from(["7 038010-009457", "GTIN: 7038010009457", "ISBN 0-306-40615-X", "n/a"])
    if isinstance(prop, OrganisationNumber):
        return (
            organisations
            | st.sampled_from(["NO 974 760 673 MVA", "SE556012579001", "Org.nr. 974760673", "n/a"])
            | texts
        )
    if isinstance(prop, Country):
        unknown = ["Ruritania"] if prop.wire == "name" else []  # an API that takes codes shows nothing else
        return st.sampled_from(["Norge", "NORWAY", "no", "Tyskland", " Danmark ", "EL", "NOR", "Kosovo", *unknown])
    if isinstance(prop, Currency):
        return st.sampled_from(["NOK", "nok", "kroner"])
    return st.emails() if isinstance(prop, Email) else texts


def _typed(prop: Value, text: str | None) -> Any:  # noqa: ANN401 -- a JSON value is any
    return text if text is None or prop.json is Json.TEXT else json.loads(text)


def check_laws(collection: Collection) -> None:
    """Raise AssertionError with a small example where the collection's lens breaks a law."""
    _check_put_then_get(collection)
    _check_get_then_put(collection)


def check_lens(lens: Lens, entity: Entity) -> None:
    """`check_laws` for a lens that no collection has yet."""
    check_laws(Collection(name="records", entity=entity, id="_the_id", lens=lens))


def _quick(function: Any) -> Any:  # noqa: ANN401 -- hypothesis's decorators have no narrower type
    return settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)(function)


def _check_put_then_get(collection: Collection) -> None:
    @_quick
    @given(values=st.lists(_values(collection), min_size=FEWEST, max_size=ROWS), raw=_records(collection))
    def holds(values: list[Row], raw: list[Row]) -> None:
        lens = collection.lens
        wanted = pl.DataFrame(values, schema=dict.fromkeys(lens.fields, pl.String))
        limit = lens.limit(wanted)
        assert_frame_equal(lens.limit(limit), limit)
        created = _read(collection, [_laid_over({}, body) for body in lens.put(wanted, create=True)])
        _assert_same(lens.get(created), limit, _written(lens, Writable.ALWAYS, Writable.ON_CREATE))
        bodies = lens.put(wanted)
        before = [raw[i % len(raw)] for i in range(len(values))]
        after = lens.get(_read(collection, [_laid_over(*pair) for pair in zip(before, bodies, strict=True)]))
        _assert_same(_where_spelled(after, wanted, limit), limit, _written(lens, Writable.ALWAYS))

    holds()


def _check_get_then_put(collection: Collection) -> None:
    @_quick
    @given(raw=_records(collection))
    def holds(raw: list[Row]) -> None:
        lens = collection.lens
        read = _read(collection, raw)
        got = lens.get(read)
        bodies = lens.put(got, raw=read)
        again = lens.get(_read(collection, [_laid_over(*pair) for pair in zip(raw, bodies, strict=True)]))
        _assert_same(again, got, lens.fields)
        _assert_same(lens.limit(got), got, lens.fields)

    holds()


def _values(collection: Collection) -> st.SearchStrategy[Row]:
    kinds = {field: collection.entity.field(field).kind for field in collection.lens.fields}
    canonical = {**CANONICAL, Kind.LINES: CANONICAL[Kind.LINES].map(lambda text: _spellable(collection.lens, text))}
    return st.fixed_dictionaries({field: st.none() | canonical[kind] for field, kind in kinds.items()})


def _spellable(lens: Lens, text: str | None) -> str | None:
    """Lines of products whose ids the API can write: a part of a line that it cannot would stay as it was."""
    product = lens.lines.product if isinstance(lens.lines, OneLine) else None
    if text is None or product is None or product.json is not Json.INTEGER:
        return text
    return text.replace('"A-7"', '"7"').replace('"x\\"y"', '"8"')


def _records(collection: Collection) -> st.SearchStrategy[list[Row]]:
    properties = {name: s for prop in collection.lens.properties.values() for name, s in shown(prop).items()}
    flat = st.lists(st.fixed_dictionaries(properties), min_size=FEWEST, max_size=ROWS)
    return flat.map(lambda rows: [_laid_over({}, json.dumps(row)) for row in rows])


def _laid_over(record: Row, body: str) -> Row:
    """Return the record with the properties of a body, nested where their names have dots."""
    result: Row = json.loads(json.dumps(record))
    for name, value in json.loads(body).items():
        *parents, last = name.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = value
    return result


def _read(collection: Collection, rows: list[Row]) -> pl.DataFrame:
    at = datetime(2024, 5, 17, tzinfo=UTC).isoformat()
    own = {collection.modified.property: at} if collection.modified else {}
    parsed = parse(collection, json.dumps([{**row, **own, collection.id: i} for i, row in enumerate(rows, 1)]).encode())
    assert parsed.invalid.is_empty(), f"does not fit: {parsed.invalid.to_dicts()}"
    return parsed.records


def _written(lens: Lens, *when: Writable) -> tuple[str, ...]:
    return tuple(field for field in lens.fields if lens.property_of(field).writable in when)


def _where_spelled(after: pl.DataFrame, wanted: pl.DataFrame, limit: pl.DataFrame) -> pl.DataFrame:
    """Return what was read, or the limit where the API has no form for a value, so that nothing is written."""
    return after.select(
        pl.when(wanted[field].is_not_null() & limit[field].is_null())
        .then(limit[field])
        .otherwise(after[field])
        .alias(field)
        for field in after.columns
    )


def _assert_same(found: pl.DataFrame, right: pl.DataFrame, fields: tuple[str, ...]) -> None:
    assert_frame_equal(found.select(fields), right.select(fields))
