"""What is declared of a collection, and what follows from the declaration alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from talk_assets.model.entities import Entity
from talk_assets.model.lens.lens import Instant, Lens, Writable


@dataclass(frozen=True)
class Part:
    """A property that the API does not send with the record: the list of its records in another collection.

    `property` is filled with a JSON array of the records of the collection `of` whose property `parent` holds this
    record's id, sorted by `order`; each holds the properties `columns`.
    """

    property: str
    of: str
    parent: str
    columns: tuple[str, ...]
    order: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One kind of record in one system. Systems subclass it for what their wire needs.

    `id`, `modified`, `version`, `deleted` and `reference` name properties: the record's id, when it was last changed,
    its version for optimistic locking, a flag that marks a tombstone, and where a create leaves the entity id. `ignore`
    names properties that say nothing about the record, `extra_columns` those that another collection's `parts` need.
    `bulk` is how many records one write request takes. `transient_values` says which values fields may hold for as long
    as a write takes: found where the outcome of an update is not known, they are no edit. `archived` are the
    properties, with their values, that set a record aside without deleting it; null where the API has no such flag.
    `optimistic_lock`: whether a write is refused if the record was edited since we read it; where not, the collection's
    changes are read once more before each batch. `needs_current`: whether a write needs the record as it was last
    shown; where not, it is not looked up. `changes_via` names the collection whose changes tell of this one's, where it
    is not asked by itself. `omits_blanks`: whether the API leaves blank properties out of a record, so that an absent
    one is a blank; where it shows them, an absent property is unknown. `sparse` names objects that have a property only
    as long as it holds something, whatever the API does elsewhere. `correctable`: whether talk.toml can say that the
    lens reads another property. `side_effects` is what the system does besides when a record is created, as a sentence
    for people; empty where that is nothing that anybody would notice. `total` names the property with an order's total
    without VAT, followed by those that are to be subtracted from it; empty where only the lines tell. `parts_move`:
    whether an edit of a part, as of an order's line, moves the record's modified time; where not, an edit that left it
    counts from when it was noticed.
    """

    name: str
    entity: Entity
    id: str
    lens: Lens
    modified: Instant | None = None
    version: str | None = None
    deleted: str | None = None
    reference: str | None = None
    ignore: tuple[str, ...] = ()
    extra_columns: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    transient_values: Mapping[str, str] = field(default_factory=dict)
    archived: Mapping[str, object] | None = None
    bulk: int = 1
    optimistic_lock: bool = False
    needs_current: bool = True
    writable: bool = True
    creatable: bool = True
    changes_via: str | None = None
    omits_blanks: bool = False
    sparse: tuple[str, ...] = ()
    correctable: bool = True
    side_effects: str = ""
    total: tuple[str, ...] = ()
    parts_move: bool = True


def updatable(collection: Collection) -> tuple[str, ...]:
    """Return the fields that can be changed on a record that exists."""
    if not collection.writable:
        return ()
    lens = collection.lens
    return tuple(field for field in lens.fields if lens.property_of(field).writable is Writable.ALWAYS)


def settable(collection: Collection) -> tuple[str, ...]:
    """Return the fields that a create can carry."""
    lens = collection.lens
    return tuple(field for field in lens.fields if lens.property_of(field).writable is not Writable.NEVER)


def declared(collection: Collection) -> tuple[str, ...]:
    """Return the properties that are columns of the collection's frame."""
    own = [
        collection.modified.property if collection.modified else None,
        collection.version,
        collection.deleted,
        collection.reference,
    ]
    parts = [part.property for part in collection.parts]
    names = [
        collection.id,
        *collection.lens.columns,
        *(name for name in own if name),
        *parts,
        *collection.extra_columns,
    ]
    return tuple(dict.fromkeys(names))
