"""Lenses as tables for people: a row per field of one lens, and a row per field that two lenses both map.

An order's lines are shown item by item, as `lines.quantity`.
"""

from collections.abc import Iterator
from dataclasses import astuple, dataclass

from talk_assets.model.collection import Collection
from talk_assets.model.entities import LINE, Field, Kind
from talk_assets.model.lens.lens import (
    ALWAYS,
    NEVER,
    Choice,
    Decimal,
    FullName,
    Instant,
    Lines,
    OneLine,
    Property,
    Ref,
    Text,
    Value,
)

HEADINGS = ("field", "property", "type", "direction", "limits")


@dataclass(frozen=True)
class LensRow:
    """One field of a lens: what holds it, what it holds, which way it travels, and what the API cannot keep of it."""

    field: str
    property: str
    type: str
    direction: str
    limits: str


@dataclass(frozen=True)
class SharedRow:
    """One field that two lenses map: the property that holds it on either side, and what it is."""

    left: str
    right: str
    type: str


@dataclass(frozen=True)
class _Held:
    """A field, or one item of its lines, with the property that holds it and what to call that."""

    name: str
    field: Field
    property: str
    prop: Property


def rows(collection: Collection) -> list[LensRow]:
    """Return a row per field of the collection's lens, in the order of the entity's fields."""
    return [
        LensRow(
            held.name,
            held.property,
            _kind(held.field) + _wire(held),
            _direction(collection, held.prop),
            ", ".join(_limits(held.prop)),
        )
        for held in _held(collection)
    ]


def shared(left: Collection, right: Collection) -> list[SharedRow]:
    """Return a row per field that both lenses map."""
    there = {held.name: held for held in _held(right)}
    return [
        SharedRow(held.property, there[held.name].property, _kind(held.field))
        for held in _held(left)
        if held.name in there
    ]


def drawn(key: str, collection: Collection) -> Iterator[str]:
    """Yield the lines of a collection's table, below what it says of the collection itself."""
    own = {
        "id": collection.id,
        "modified": collection.modified.property if collection.modified else None,
        "version": collection.version,
        "deleted": collection.deleted,
        "reference": collection.reference,
    }
    yield f"{key}: {collection.entity.name} ({', '.join(f'{what} {name}' for what, name in own.items() if name)})"
    lines = [HEADINGS, *(astuple(row) for row in rows(collection))]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEADINGS))]
    for line in lines:
        yield "    " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def _held(collection: Collection) -> Iterator[_Held]:
    lens = collection.lens
    for field in collection.entity.fields:
        if field.name not in lens.fields:
            continue
        prop = lens.property_of(field.name)
        if isinstance(prop, Lines | OneLine):
            path = f"{prop.property}." if isinstance(prop, Lines) else ""
            for key, item in prop.items.items():
                yield _Held(f"{field.name}.{key}", LINE[key], path + item.property, item)
        else:
            yield _Held(field.name, field, ", ".join(prop.columns()), prop)


def _kind(field: Field) -> str:
    return f"reference to {field.to}" if field.kind is Kind.REFERENCE else field.kind.value


def _wire(held: _Held) -> str:
    """How the API writes it, where that is not as text."""
    json = next(iter(held.prop.columns().values()))
    return "" if json == "text" else f" as {json}"


def _direction(collection: Collection, prop: Property) -> str:
    created = collection.creatable and prop.writable is not NEVER
    updated = collection.writable and prop.writable is ALWAYS
    return ", ".join(["read", *(["created"] if created else []), *(["updated"] if updated else [])])


def _limits(prop: Property) -> Iterator[str]:
    if prop.required:
        yield "required"
    if isinstance(prop, Value):
        if prop.max_length is not None:
            unit = "characters" if prop.length_unit == "character" else "UTF-16 code units"
            yield f"at most {prop.max_length} {unit}"
        if prop.blank is not None:
            yield f'"{prop.blank}" where blank'
    yield from _limits_of_kind(prop)


def _limits_of_kind(prop: Property) -> Iterator[str]:
    match prop:
        case Text(multiline=True):
            yield "several lines"
        case FullName():
            yield "first and last name in one"
        case Decimal():
            yield f"{prop.places} decimals"
        case Instant():
            yield f"to the {({'us': 'microsecond', 'ms': 'millisecond', 's': 'second'})[prop.precision]}"
        case Ref():
            yield f"of {prop.to}" + (f" by {prop.by}" if prop.by else "")
        case Choice():
            yield from (f"{wire} is {meaning}" for wire, meaning in prop.values.items())
            yield from (f"{meaning} becomes {wire}" for meaning, wire in prop.folds.items())
