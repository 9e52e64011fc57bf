"""What a write makes of a record of PowerOffice v1, and how a record is shown. Values only: no requests, no store.

Words of refusals are ASSUMED: the description has only the shape they come in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from talk_assets.sandbox.poweroffice import times
from talk_assets.sandbox.poweroffice.properties import ADDRESS, CONTACT_PERSON, EMPLOYEE, HIDDEN, Role
from talk_assets.sandbox.store import Stored, Value
from talk_assets.sandbox.system import Invalid
from talk_assets.sandbox.wire import dumps

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PDF_BY_EMAIL = 1
ADDRESSES = ("mailAddress", "streetAddresses")
SHOWN_HIDDEN, HIDDEN_GENDER = "hidden", -1
TYPES: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "date": (str,),
    "bool": (bool,),
    "int": (int,),
    "number": (int, float),
    "texts": (list,),
    "address": (dict,),
    "addresses": (list,),
}

Record = dict[str, Any]


class Rejected(Invalid):
    """The API does not take the record: the message is its summary, `kind` its name for the exception."""

    def __init__(self, message: str, kind: str = "Validation") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True)
class Manner:
    """How a write is taken: `clears` what it leaves out; `by_email` wants an address for invoices sent by e-mail."""

    clears: bool
    by_email: bool
    address_moves: bool


def written(
    role: Role, old: Record | None, sent: Mapping[str, Any], manner: Manner, new_id: Callable[[], int], now: int
) -> Record:
    """The record after a write; raises Rejected. What is hidden stays where it is left out."""
    record: Record = {}
    for name, kind in role.kinds.items():
        before, value = (old or {}).get(name), sent.get(name)
        if name in role.read_only:
            value = before
        elif value is None or value == "":
            unsaid = name not in sent or value is None
            value = before if unsaid and (not manner.clears or name in {*HIDDEN, "code", "gender"}) else None
        else:
            value = _checked(role, name, kind, value)
            if kind in {"address", "addresses"}:
                value = _address(before, value, new_id, now)
        if value is not None:
            record[name] = value
    record = {**role.filled, **record}
    if record.get("isPerson"):
        record["name"] = " ".join(record[name] for name in ("firstName", "lastName") if record.get(name))
    _check(role, record, manner)
    created = {
        name: times.to_text(now) for name in role.kinds if name.endswith(("reatedDate",)) and name not in (old or {})
    }
    return {**record, **created, "lastChanged": times.to_text(_moved(old, record, manner, now))}


def _checked(role: Role, name: str, kind: str, value: Any) -> Any:  # noqa: ANN401 -- JSON values
    if type(value) not in TYPES[kind]:
        message = f"{name} has an invalid value"
        raise Rejected(message)
    if kind == "date":
        try:
            date.fromisoformat(value)
        except ValueError as error:
            message = f"{name} is not a valid date"
            raise Rejected(message) from error
    if name.lower().endswith("emailaddress") and not EMAIL.fullmatch(value):
        message = f"{name} '{value}' is not a valid email address"
        raise Rejected(message)
    if name == "gender" and value not in (0, 1, 2):
        message = "Gender is not valid"
        raise Rejected(message)
    _short(name, value, role.lengths.get(name))
    return value


def _short(name: str, value: object, length: int | None) -> None:
    if length and isinstance(value, str) and len(value) > length:
        message = f"{name} cannot be longer than {length} characters"
        raise Rejected(message)


def _address(before: Any, sent: Any, new_id: Callable[[], int], now: int) -> Any:  # noqa: ANN401 -- JSON values
    """An address with its id, or a list of them: what the list leaves out is deleted, what has no id is new."""
    if isinstance(sent, list):
        known = {one["id"]: one for one in before or ()}
        found = [_address(known.get(one.get("id")), one, new_id, now) for one in sent if isinstance(one, dict)]
        return [one for one in found if one] or None
    kept = {name: sent[name] for name in ADDRESS if sent.get(name)}
    for name, length in ADDRESS.items():
        _short(name, kept.get(name), length)
    if not kept:
        return None
    same = before if before and before["id"] == sent.get("id") else None
    if same and {**same, "id": 0, "lastChanged": 0} == {**kept, "id": 0, "lastChanged": 0}:
        return same
    return {**kept, "id": same["id"] if same else new_id(), "lastChanged": times.to_text(now)}


def _check(role: Role, record: Record, manner: Manner) -> None:
    person = bool(record.get("isPerson"))
    required = ("firstName", "lastName") if person else role.required
    for name in required:
        if not record.get(name):
            message = f"{name[0].upper()}{name[1:]} is required"
            raise Rejected(message)
    reachable = record.get("emailAddress") or record.get("invoiceEmailAddress")
    if manner.by_email and record.get("invoiceDeliveryType") == PDF_BY_EMAIL and not reachable:
        message = "Email address is required when invoices are delivered by email"
        raise Rejected(message)


def _moved(old: Record | None, record: Record, manner: Manner, now: int) -> int:
    """When the record counts as changed: an address that was changed alone does not move it."""
    if old is None or manner.address_moves:
        return now
    outside = {*ADDRESSES, "lastChanged"}
    same = all(old.get(name) == record.get(name) for name in {*old, *record} - outside)
    moved = any(old.get(name) != record.get(name) for name in ADDRESSES)
    return int(times.to_seconds(old["lastChanged"])) if same and moved else now


def shown(role: Role, record: Record, *, privileged: bool) -> Record:
    """A record as the API shows it."""
    if role is CONTACT_PERSON:
        return {name: value for name, value in record.items() if name != "socialSecurityNumber"}
    if privileged:
        return record
    hidden: Record = {name: SHOWN_HIDDEN for name in HIDDEN if name in record}
    if role is EMPLOYEE:
        hidden["gender"] = HIDDEN_GENDER
    return {**record, **hidden}


def keys(role: Role, record: Mapping[str, Any]) -> tuple[Value | None, ...]:
    """The values by which a record is searched, as `properties.KEYS` names them."""
    person = record.get("isPerson")
    return (record.get(role.reference), None if person is None else int(person), record.get("partyId"))


def stored(role: Role, record: Mapping[str, Any]) -> Stored:
    """The record as it lies on the shelf; its id comes first."""
    ordered = {"id": record["id"], **{name: record[name] for name in role.kinds if record.get(name) is not None}}
    stamp = int(times.to_seconds(record["lastChanged"]))
    return Stored(record["id"], dumps(ordered), stamp, keys=keys(role, record))
