"""How a Webcrm record comes to be: what was sent laid over what was there, cut to length, and what the server computes.

Values only: no requests, no store.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.system import Invalid
from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import Property, Table
from talk_assets.sandbox.wire import dumps

LARGEST, INFINITE = 1 << 31, float("inf")


class Rejected(Invalid):
    """The API does not take the record; the message is what it answers."""


@dataclass(frozen=True)
class Manner:
    """How writes are taken.

    `replace` blanks what was not sent; `cut` shortens long texts, else they are refused; `fixed` keeps what cannot
    change.
    """

    replace: bool = False
    cut: bool = True
    fixed: bool = True


def merged(table: Table, old: Mapping[str, Any] | None, sent: Mapping[str, Any], manner: Manner) -> dict[str, Any]:
    """The record after a write; raises Rejected.

    What is absent or null stays as it is, what is "" becomes blank; properties that nobody may set, and those the API
    does not know, are passed over without a word.
    """
    record = dict(old or table.blanks)
    fixed = set(table.full(table.fixed)) if old and manner.fixed else set()
    for name, prop in table.properties.items():
        if name in table.locked or name in fixed:
            continue
        value = sent.get(name)
        if value is not None:
            record[name] = _value(name, prop, value, cut=manner.cut)
        elif manner.replace and old:
            record[name] = prop.blank
    if table.required and not record[table.name + table.required]:
        message = f"{table.name + table.required} is mandatory"
        raise Rejected(message)
    return record | computed(table, record)


def _value(name: str, prop: Property, value: Any, *, cut: bool) -> Any:  # noqa: ANN401 -- JSON scalars
    if value == "":
        return prop.blank
    if isinstance(value, str) and prop.kind == "time":
        return _time(name, value)
    if isinstance(value, str) and prop.kind == "text":
        return _text(name, prop.length, value, cut=cut)
    if not _fits(prop, value):
        message = f"{name} has an invalid value"
        raise Rejected(message)
    return float(value) if prop.kind == "number" else value


def _fits(prop: Property, value: object) -> bool:
    match prop.kind:
        case "choice":
            return value in prop.choices
        case "bool":
            return isinstance(value, bool)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < INFINITE
    return False


def _text(name: str, length: int, value: str, *, cut: bool) -> str:
    if length and len(value) > length and not cut:
        message = f"{name} is longer than {length} characters"
        raise Rejected(message)
    return value[:length] if length else value


def _time(name: str, value: str) -> str:
    try:
        return times.to_text(times.to_seconds(value))
    except (ValueError, OverflowError) as error:
        message = f"{name} is not a valid date"
        raise Rejected(message) from error


def computed(table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
    """What the server works out itself."""
    if table.name == "Person":
        parts = (record["PersonFirstName"], record["PersonMiddleName"], record["PersonLastName"])
        numbers = (_digits(record["PersonDirectPhone"]), "", _digits(record["PersonMobilePhone"]))
        return {"PersonName": " ".join(part for part in parts if part), "PersonTelephoneSearch": "-".join(numbers)}
    if table.name == "Organisation":
        return {
            "OrganisationTelephoneSearch": _digits(record["OrganisationTelephone"]),
            "OrganisationCompareName": re.sub(r"\W", "", record["OrganisationName"]).lower()[:500],
        }
    return {}


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


@dataclass(frozen=True)
class Stamp:
    """Who wrote a record and when, in seconds since 1970; `created` null leaves what the record says of that."""

    by: str
    modified: int
    created: int | None = None

    def on(self, table: Table, record: Mapping[str, Any], id_: int) -> dict[str, Any]:
        """The record with its id and this stamp."""
        name = table.name
        stamps = {table.id: id_, table.updated: times.to_text(self.modified), f"{name}UpdatedBy": self.by}
        if self.created is not None:
            stamps |= {f"{name}CreatedAt": times.to_text(self.created), f"{name}CreatedBy": self.by}
        return {**record, **stamps}


def stored(table: Table, record: Mapping[str, Any]) -> Stored:
    """The record as it lies on the shelf; its properties are in the table's order."""
    keys = tuple(record[name] or None for name in table.full(table.keys))
    body = dumps({name: record[name] for name in table.properties})
    return Stored(record[table.id], body, times.to_seconds(record[table.updated]), keys=keys)


def tail(table: Table) -> bytes:
    """How the text of a record ends whose properties outside the core are all blank."""
    core = core_blanks(table)
    return b"," + dumps({name: value for name, value in table.blanks.items() if name not in core})[1:]


def core_blanks(table: Table) -> dict[str, Any]:
    """The core of a record without any value."""
    return {name: table.blanks[name] for name in table.full(table.core)}
