"""What Customerp's records hold, and what is wrong with one that was sent.

A property is added to `RESOURCES`. Values only: whether a reference exists is asked through a function.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LONGEST = 255
READ_ONLY = ("id", "version", "change_seq", "created_at", "updated_at")
ADDRESS = ("street", "postal_code", "city", "country")
LINE: Mapping[str, str] = {
    "product_id": "reference",
    "description": "text",
    "quantity": "decimal",
    "unit_price": "decimal",
    "discount": "decimal",
}
PATTERNS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "decimal": re.compile(r"-?\d{1,15}(\.\d{1,10})?"),
    "currency": re.compile(r"[A-Z]{3}"),
}

Exists = Callable[[str, str], bool]
"""Whether a resource has a record with this id."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: a JSON pointer into what was sent, a code for programs, words for people."""

    pointer: str
    code: str
    detail: str


@dataclass(frozen=True)
class Resource:
    """One collection: kinds of its properties, which one is required, and what its references refer to."""

    name: str
    kinds: Mapping[str, str]
    required: str | None = None
    references: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ("external_ref",)
    unique: str | None = None

    def blank(self) -> dict[str, Any]:
        """A record without any value."""
        nothing: dict[str, Any] = {"address": dict.fromkeys(ADDRESS), "lines": [], "status": "draft"}
        return {name: nothing.get(kind) for name, kind in self.kinds.items()}


TEXT = "text"
ORDER_STATUSES = ("draft", "confirmed", "delivered", "invoiced", "cancelled")

RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(
            "customers",
            dict.fromkeys(("external_ref", "name", "organisation_number"), TEXT)
            | {"email": "email", "phone": TEXT, "website": TEXT, "address": "address"},
            required="name",
        ),
        Resource(
            "contacts",
            dict.fromkeys(("external_ref", "first_name", "last_name", "job_title"), TEXT)
            | {"email": "email", "phone": TEXT, "mobile": TEXT, "birth_date": "date"}
            | {"customer_id": "reference", "address": "address"},
            required="last_name",
            references={"customer_id": "customers"},
        ),
        Resource(
            "products",
            dict.fromkeys(("external_ref", "number", "name", "description"), TEXT)
            | {"unit_price": "decimal", "unit_cost": "decimal", "unit": TEXT, "gtin": TEXT},
            required="name",
            keys=("external_ref", "number"),
            unique="number",
        ),
        Resource(
            "orders",
            dict.fromkeys(("external_ref", "number", "description"), TEXT)
            | {"customer_id": "reference", "contact_id": "reference", "order_date": "date", "delivery_date": "date"}
            | {"currency": "currency", "status": "status", "lines": "lines"},
            references={"customer_id": "customers", "contact_id": "contacts", "product_id": "products"},
        ),
        Resource(
            "projects",
            dict.fromkeys(("external_ref", "number", "name", "description"), TEXT)
            | {"starts_at": "instant", "ends_at": "instant", "customer_id": "reference", "owner_id": "reference"},
            required="name",
            references={"customer_id": "customers", "owner_id": "contacts"},
        ),
    )
}


def trimmed(value: object) -> object:
    """The value as the server keeps it: texts without blanks around them, and none instead of an empty one."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, dict):
        return {name: trimmed(part) for name, part in value.items()}
    return [trimmed(part) for part in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Check:
    """What records of one resource are held against."""

    resource: Resource
    exists: Exists
    longest: int = LONGEST

    def problems(self, sent: Mapping[str, Any]) -> Iterator[Problem]:
        """Everything that is wrong with what was sent; whether something required is missing is not looked at."""
        for name, value in sent.items():
            pointer = f"/{name}"
            kind = self.resource.kinds.get(name)
            if kind is None:
                known = "read_only" if name in READ_ONLY else "unknown_property"
                yield Problem(pointer, known, f"{name} cannot be set")
            else:
                yield from self._value(kind, pointer, value)

    def _value(self, kind: str, pointer: str, value: object) -> Iterator[Problem]:
        if value is None:
            return
        if kind in {"address", "lines"}:
            yield from self._nested(kind, pointer, value)
        elif not isinstance(value, str):
            yield Problem(pointer, "wrong_type", "must be a string")
        elif len(value) > self.longest:
            yield Problem(pointer, "too_long", f"must have at most {self.longest} characters, has {len(value)}")
        elif kind == "reference":
            to = self.resource.references[pointer.rpartition("/")[2]]
            if not self.exists(to, value):
                yield Problem(pointer, "unknown_reference", f"no record {value} in {to}")
        elif not _spelled(kind, value):
            yield Problem(pointer, "invalid_format", f"{value!r} is not a valid {kind}")

    def _nested(self, kind: str, pointer: str, value: object) -> Iterator[Problem]:
        parts = _parts(kind, pointer, value)
        if parts is None:
            yield Problem(pointer, "wrong_type", f"must be {'an object' if kind == 'address' else 'a list of objects'}")
        for place, inner, part in parts or ():
            if inner is None:
                yield Problem(place, "unknown_property", "is no property")
            else:
                yield from self._value(inner, place, part)


def _parts(kind: str, pointer: str, value: object) -> list[tuple[str, str | None, Any]] | None:
    """The parts of a nested value with their places and kinds; null where it is not of the right shape."""
    if kind == "address":
        known = dict.fromkeys(ADDRESS, TEXT)
        if not isinstance(value, dict):
            return None
        return [(f"{pointer}/{name}", known.get(name), part) for name, part in value.items()]
    if not isinstance(value, list) or not all(isinstance(line, dict) for line in value):
        return None
    known = {**LINE, "id": TEXT}
    return [
        (f"{pointer}/{number}/{name}", known.get(name), part)
        for number, line in enumerate(value)
        for name, part in line.items()
    ]


def _spelled(kind: str, value: str) -> bool:
    if kind in PATTERNS:
        return PATTERNS[kind].fullmatch(value) is not None
    if kind == "status":
        return value in ORDER_STATUSES
    try:
        if kind == "date":
            return date.fromisoformat(value).isoformat() == value
        if kind == "instant":
            return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
    return True
