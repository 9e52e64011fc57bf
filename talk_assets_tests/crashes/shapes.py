"""What a sandbox's records come to once ids, versions and times are left out, so that two sandboxes can be compared.

A reference becomes the natural key of the record it leads to, an external reference whether there is one. Records that
come twice, or with other values, are told by their natural key.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from talk_assets.sandbox.surface import Surface

Properties = Mapping[str, Any]

ASSIGNED = re.compile(r"SO-\d+")
"""A number that Customerp gives in the order of arrival."""

STAMPS = ("id", "version", "change_seq", "created_at", "updated_at")


@dataclass(frozen=True)
class Shape:
    """One collection of a sandbox, by the name it has in the API.

    `keys` are the natural keys, as tuples of properties, the first that a record has being its own; `references` says
    which collection of the same system a property leads to.
    """

    system: str
    collection: str
    id: str
    keys: tuple[tuple[str, ...], ...]
    external: str
    references: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = STAMPS

    @property
    def name(self) -> str:
        """As `system/collection`."""
        return f"{self.system}/{self.collection}"


def _webcrm(
    collection: str, table: str, external: str, *keys: str, references: Mapping[str, str] | None = None
) -> Shape:
    stamps = ("Id", "CreatedAt", "CreatedBy", "UpdatedAt", "UpdatedBy")
    return Shape(
        "webcrm",
        collection,
        f"{table}Id",
        tuple(tuple(f"{table}{name}" for name in key.split()) for key in keys),
        external,
        {f"{table}{name}": to for name, to in (references or {}).items()},
        tuple(f"{table}{name}" for name in stamps),
    )


def _customerp(collection: str, *keys: str, references: Mapping[str, str] | None = None) -> Shape:
    return Shape("customerp", collection, "id", tuple(tuple(k.split()) for k in keys), "external_ref", references or {})


PARENTS = {"OrganisationId": "Organisations", "PersonId": "Persons"}

SHAPES = (
    _webcrm("Organisations", "Organisation", "OrganisationCustom15", "VatNumber", "Name"),
    _webcrm("Persons", "Person", "PersonCustom15", "Email", "Name", references={"OrganisationId": "Organisations"}),
    _webcrm("Users", "User", "UserIntegrationId", "Email"),
    _webcrm("Products", "Product", "ProductCustom15", "Custom1"),
    _webcrm("Opportunities", "Opportunity", "OpportunityErpId", "Number", references=PARENTS),
    _webcrm(
        "QuotationLines",
        "QuotationLine",
        "QuotationLineData9",
        "OpportunityId Data4 SortOrder",
        "Comment",
        references={**PARENTS, "OpportunityId": "Opportunities"},
    ),
    _customerp("customers", "organisation_number", "name"),
    _customerp("contacts", "email", "first_name last_name", references={"customer_id": "customers"}),
    _customerp("products", "number", "name"),
    _customerp(
        "orders",
        "number",
        "description lines",
        "lines",
        references={"customer_id": "customers", "contact_id": "contacts", "product_id": "products"},
    ),
    _customerp("projects", "number", references={"customer_id": "customers", "owner_id": "contacts"}),
)
"""Every collection, parents before children."""


@dataclass(frozen=True)
class Record:
    """One record: where it is, its natural key, what it holds, and its external reference."""

    id: Any
    key: str
    values: Properties
    external: str | None

    @property
    def text(self) -> str:
        """What it holds, comparable."""
        return json.dumps(self.values, sort_keys=True, ensure_ascii=False)


Snapshot = Mapping[str, Sequence[Record]]
"""The records of each collection of both systems, by `system/collection`."""


def snapshot(surface: Surface) -> Snapshot:
    """Return what the sandbox holds now."""
    found: dict[str, list[Record]] = {}
    for shape in SHAPES:
        names = {
            to: {record.id: record.key for record in found[f"{shape.system}/{to}"]} for to in shape.references.values()
        }
        found[shape.name] = [_record(shape, names, raw) for raw in surface.records(shape.system, shape.collection)]
    return found


def _record(shape: Shape, names: Mapping[str, Mapping[Any, str]], raw: Properties) -> Record:
    external = raw[shape.external] or None
    values = {
        name: _value(shape, names, name, value)
        for name, value in raw.items()
        if name not in (*shape.left_out, shape.external)
    }
    return Record(raw[shape.id], _key(shape, values), values | {"has external reference": bool(external)}, external)


def _value(shape: Shape, names: Mapping[str, Mapping[Any, str]], name: str, value: Any) -> Any:  # noqa: ANN401 -- JSON
    if name in shape.references:
        return names[shape.references[name]].get(value, f"missing: {value}") if value else None
    if name == "lines":
        return [{k: _value(shape, names, k, v) for k, v in line.items() if k != "id"} for line in value]
    return None if isinstance(value, str) and ASSIGNED.fullmatch(value) else value


def _key(shape: Shape, values: Properties) -> str:
    for key in shape.keys:
        parts = [values[name] for name in key]
        if all(part not in (None, "") for part in parts):
            return "/".join(
                json.dumps(part, sort_keys=True) if isinstance(part, list) else str(part) for part in parts
            ).lower()
    return ""


def common(one: Snapshot, other: Snapshot) -> Snapshot:
    """Return the records of `one` whose natural keys `other` has as well."""
    keys = {name: {record.key for record in records} for name, records in other.items()}
    return {name: [record for record in records if record.key in keys[name]] for name, records in one.items()}


def differences(found: Snapshot, right: Snapshot) -> Iterator[str]:
    """Say what is there twice, and where `found` is not as `right`."""
    for shape in SHAPES:
        yield from twice(shape.name, found[shape.name])
        mine, theirs = _by_key(found[shape.name]), _by_key(right[shape.name])
        for key in sorted(mine.keys() | theirs.keys()):
            yield from _compared(f"{shape.name} {key}", mine[key], theirs[key])


def twice(name: str, records: Sequence[Record]) -> Iterator[str]:
    """Say which external references more than one record carries."""
    counts = Counter(record.external for record in records if record.external)
    for external, count in counts.items():
        if count > 1:
            yield f"{name}: {count} records carry the external reference {external}"


def _by_key(records: Sequence[Record]) -> "defaultdict[str, list[Record]]":
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda record: record.text):
        found[record.key].append(record)
    return found


def _compared(place: str, mine: Sequence[Record], theirs: Sequence[Record]) -> Iterator[str]:
    if len(mine) != len(theirs):
        yield f"{place}: {len(mine)} here, {len(theirs)} in the twin"
        return
    for here, there in zip(mine, theirs, strict=True):
        for name in sorted(here.values.keys() | there.values.keys()):
            if here.values.get(name) != there.values.get(name):
                yield f"{place}: {name} is {here.values.get(name)!r}, in the twin {there.values.get(name)!r}"
