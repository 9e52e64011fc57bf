"""What CRMOffice's records hold, what is wrong with one that was sent, and how it is kept. Values only."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps

Record = dict[str, Any]

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
READ_ONLY = frozenset({"id", "createdAt", "modifiedAt"})
POSTAL = ("streetAddress", "postCode", "postalArea", "country")
LONGEST = 1000


@dataclass(frozen=True)
class Resource:
    """One collection: its properties (nested ones with their parts), and the one that is required."""

    name: str
    texts: tuple[str, ...]
    required: str
    nested: Mapping[str, tuple[str, ...]]
    instants: tuple[str, ...] = ()

    def blank(self) -> Record:
        """A record without any value."""
        return {
            **dict.fromkeys((*self.texts, *self.instants)),
            **{name: dict.fromkeys(parts) for name, parts in self.nested.items()},
        }


RESOURCES = {
    resource.name: resource
    for resource in (
        Resource(
            "companies",
            ("externalId", "orgNr", "name", "email", "price"),
            "name",
            {"postAddress": POSTAL, "visitAddress": POSTAL},
        ),
        Resource(
            "contacts",
            ("externalId", "givenName", "familyName", "email", "directPhone", "mobilePhone"),
            "familyName",
            {"company": ("id",)},
        ),
        Resource(
            "activities",
            ("externalId", "subject", "ownerId"),
            "subject",
            {"address": ("postalArea", "country")},
            ("startsAt", "endsAt"),
        ),
    )
}

USERS = Resource("users", ("userName", "givenName", "familyName", "email"), "userName", {})
"""Those who work with it: only to be read, as a bare list. ASSUMED: all of their properties but `userName`."""


def instant(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, in milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def problems(resource: Resource, sent: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Property and what is wrong with it, for everything in a body that is."""
    for name, value in sent.items():
        if name in resource.nested:
            yield from _nested(name, resource.nested[name], value)
        elif name not in (*resource.texts, *resource.instants):
            yield name, "cannot be set" if name in READ_ONLY else "is no property"
        elif value is not None:
            yield from ((name, wrong) for wrong in _value(name, value, instant_=name in resource.instants))


def _nested(name: str, parts: tuple[str, ...], value: object) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if not isinstance(value, dict):
        yield name, "must be an object"
        return
    for part, inner in value.items():
        if part not in parts:
            yield f"{name}.{part}", "is no property"
        elif inner is not None:
            yield from ((f"{name}.{part}", wrong) for wrong in _value(part, inner, instant_=False))


def _value(name: str, value: object, *, instant_: bool) -> Iterator[str]:
    if not isinstance(value, str):
        yield "must be a string"
    elif len(value) > LONGEST:
        yield f"has more than {LONGEST} characters"
    elif name == "email" and value and not EMAIL.fullmatch(value):
        yield f"{value!r} is no e-mail address"
    elif instant_ and not _is_instant(value):
        yield f"{value!r} is no ISO 8601 time with an offset"


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def laid_over(old: Mapping[str, Any], sent: Mapping[str, Any]) -> Record:
    """The record with what was sent; an empty text is kept as null, and a nested object part by part."""
    record = dict(old)
    for name, value in sent.items():
        before = record.get(name)
        if isinstance(before, dict):
            record[name] = laid_over(before, value) if isinstance(value, dict) else dict.fromkeys(before)
        else:
            record[name] = value or None
    return record


def stored(record: Mapping[str, Any], modified: float) -> Stored:
    """The record as it lies on the shelf; `modified` in seconds since 1970."""
    keys = (record["externalId"],) if "externalId" in record else ()
    return Stored(int(record["id"]), dumps(record), int(modified * 1000), keys=keys)


def load(record: Stored) -> Record:
    """A record's properties."""
    found: Record = json.loads(record.body)
    return found
