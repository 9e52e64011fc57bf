"""How a record of Powerofficego comes to be: what was sent laid over what was there, checked, and what the server adds.

Values only: no requests, no store. The words of errors that the description gives no example of are ASSUMED.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from talk_assets.sandbox.powerofficego.properties import CUSTOMERS, ENUMS, Property, Table
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.system import Invalid
from talk_assets.sandbox.wire import dumps

Record = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS = 10_000_000
"""Ticks of a second: the API shows times to seven decimals."""

NATIONAL_ID = re.compile(r"\d{11}")
HIDDEN = "hidden"
NO_COUNTRY = "NO"


class Rejected(Invalid):
    """The API does not take it; `title` null is the title that validation errors have."""

    def __init__(self, detail: str, status: int = 400, title: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.title = status, title


def missing(table: Table, id_: object) -> Rejected:
    """Nothing under this id."""
    return Rejected(f"{table.name} with id = {id_} not found.", 404, "Object(s) not found")


def instant(ticks: int) -> str:
    """A time as the API writes it, of ticks since 1970."""
    seconds, fraction = divmod(ticks, TICKS)
    return f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{fraction:07d}+00:00"


def ticks(text: str) -> int:
    """Ticks since 1970 of an ISO 8601 text; raises ValueError."""
    found = re.fullmatch(r"(.{19})(?:[.](\d{1,7})\d*)?\s*(.*)", text.strip())
    if found is None:
        message = f"{text} is no time"
        raise ValueError(message)
    moment = datetime.fromisoformat(found[1] + (found[3].replace(" ", "") or "+00:00"))
    return int((moment - EPOCH).total_seconds()) * TICKS + int((found[2] or "").ljust(7, "0"))


def blank(table: Table) -> Record:
    """A record of nothing but what every new one has."""
    return {**dict.fromkeys(table.properties), **table.fixed}


def posted(table: Table, sent: object) -> Record:
    """What a POST says, by property; what it may not say, or is not known, is passed over."""
    if not isinstance(sent, dict):
        message = "The body is not an object."
        raise Rejected(message)
    found = {}
    for name, value in sent.items():
        known = table.settable.get(name.lower())
        if known is not None and value is not None:
            found[known] = _checked(table, known, value, post=True)
    return found


def patched(table: Table, old: Record, operations: object, *, lenient: bool = False) -> Record:
    """The record after a JSON Patch; raises Rejected for a path that is not there or may not be written to.

    `lenient`: such a path is passed over.
    """
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        message = "A JSON patch document is an array of operations."
        raise Rejected(message)
    record = {**old}
    for operation in operations:
        try:
            _operate(table, record, operation)
        except KeyError as error:
            if not lenient:
                segment = str(error.args[0]).lower()
                message = (
                    f"{table.name}PatchDto: The target location specified by path segment '{segment}' was not found."
                )
                raise Rejected(message) from error
    return record


def _operate(table: Table, record: Record, operation: Mapping[str, Any]) -> None:
    """Carry out one operation; raises KeyError with the segment that leads nowhere."""
    path, from_ = _segments(operation.get("path")), _segments(operation.get("from"))
    match operation.get("op"):
        case "replace" | "add":
            _set(table, record, path, operation.get("value"))
        case "remove":
            _set(table, record, path, None)
        case "copy":
            _set(table, record, path, _at(record, from_))
        case "move":
            value = _at(record, from_)
            _set(table, record, from_, None)
            _set(table, record, path, value)
        case "test":
            found, wanted = _at(record, path), operation.get("value")
            if found != wanted:
                where = "/".join(path)
                message = f"{table.name}PatchDto: The current value '{found}' at path '{where}' is not '{wanted}'."
                raise Rejected(message)
        case other:
            message = f"{table.name}PatchDto: The operation '{other}' is not supported."
            raise Rejected(message)


def _segments(path: object) -> list[str]:
    return [part for part in str(path or "").split("/") if part]


def _at(record: Record, path: Sequence[str]) -> object:
    """What a path leads to; raises KeyError with the segment that leads nowhere."""
    found: object = record
    for part in path:
        inner = {name.lower(): value for name, value in found.items()} if isinstance(found, dict) else {}
        if part.lower() not in inner:
            raise KeyError(part)
        found = inner[part.lower()]
    return found


def _set(table: Table, record: Record, path: Sequence[str], value: object) -> None:
    """Set what a path leads to; raises KeyError with the segment that leads nowhere."""
    name = table.patchable.get(path[0].lower()) if path else None
    if name is None:
        raise KeyError(path[0] if path else "")
    if len(path) == 1:
        record[name] = None if value is None else _checked(table, name, value, post=False)
        return
    inner = {one.lower(): one for one in table.address} if name == "MailAddress" else {}
    member = inner.get(path[1].lower())
    if member is None or record[name] is None:
        raise KeyError(path[1])
    if value is not None:
        _check(f"{table.name}PatchDto", member, table.address[member], value)
    record[name] = {**record[name], member: value}


def _checked(table: Table, name: str, value: object, *, post: bool) -> object:
    dto = f"{table.name}{'Post' if post else 'Patch'}Dto"
    if name != "MailAddress":
        _check(dto, name, table.properties[name], value)
        return _canonical(table.properties[name], value)
    if not isinstance(value, dict):
        raise Rejected(_invalid(dto, value))
    given = {one.lower(): (one, item) for one, item in value.items()}
    lacking = [one for one in ("City", "ZipCode") if one.lower() not in given]
    if lacking:
        message = f"The {lacking[0]} field is required."
        raise Rejected(message)
    address: Record = {}
    for one, known in table.address.items():
        address[one] = given.get(one.lower(), (one, None))[1]
        if address[one] is not None:
            _check(dto, one, known, address[one])
    return {**address, "CountryCode": address["CountryCode"] or NO_COUNTRY}


def _check(dto: str, name: str, prop: Property, value: object) -> None:
    if not _fits(prop, value):
        raise Rejected(_invalid(dto, value))
    if prop.length and len(str(value)) > prop.length:
        message = f"The field {name} must be a string with a maximum length of {prop.length}."
        raise Rejected(message)


def _invalid(dto: str, value: object) -> str:
    return f"{dto}: The value '{value}' is invalid for target location."


def _fits(prop: Property, value: object) -> bool:  # noqa: PLR0911 -- one for each kind
    kind, _, values = prop.kind.partition(" ")
    match kind:
        case "text":
            return isinstance(value, str)
        case "int":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "bool":
            return isinstance(value, bool)
        case "ids":
            return isinstance(value, list)
        case "enum":
            if isinstance(value, int):
                message = "Enums is not allowed to be represented as integers"
                raise Rejected(message)
            return isinstance(value, str) and value.lower() in {one.lower() for one in ENUMS[values]}
        case "date" | "uuid":
            return _reads(date.fromisoformat if kind == "date" else UUID, value)
    return isinstance(value, dict)


def _canonical(prop: Property, value: object) -> object:
    """A value as the API shows it: what is one of a few is taken whatever its case."""
    kind, _, values = prop.kind.partition(" ")
    if kind != "enum" or not isinstance(value, str):
        return value
    return next((one for one in ENUMS[values] if one.lower() == value.lower()), value)


def _reads(read: Any, value: object) -> bool:  # noqa: ANN401 -- any constructor from a text
    try:
        return isinstance(value, str) and read(value) is not None
    except ValueError:
        return False


def check(table: Table, record: Mapping[str, Any], *, needs_email: bool) -> None:
    """What only the whole record can tell; raises Rejected."""
    required = table.required.split()
    if table is CUSTOMERS:
        required = ["FirstName", "LastName"] if record["IsPerson"] else ["Name"]
        mailed = record["InvoiceDeliveryType"] == "PdfByEmail"
        if mailed and needs_email and not (record["EmailAddress"] or record["InvoiceEmailAddress"]):
            message = "InvoiceDeliveryType PdfByEmail requires an e-mail address."
            raise Rejected(message)
        if record["NationalIdNumber"] is not None and not NATIONAL_ID.fullmatch(record["NationalIdNumber"]):
            message = "NationalIdNumber is not valid."
            raise Rejected(message)
    for name in required:
        if not str(record[name] or "").strip():
            message = f"The {name} field is required."
            raise Rejected(message)
    email = record.get("EmailAddress")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", email):
        message = f"EmailAddress '{email}' is not a valid e-mail address."
        raise Rejected(message)


def stamped(record: Record, id_: object, now: int) -> Record:
    """A new record with its id, and now as the time of everything."""
    times = [name for name in record if name.endswith(("CreatedDateTimeOffset", "LastChangedDateTimeOffset"))]
    return {**record, "Id": id_, **dict.fromkeys(times, instant(now))}


def stored(table: Table, record: Mapping[str, Any], *, gone: bool = False) -> Stored:
    """The record as it lies on the shelf; `gone` is an invoiced order, which is an order no longer."""
    changed = record.get("LastChangedDateTimeOffset")
    body = dumps({name: record[name] for name in table.properties})
    keys = tuple(record[name] if record[name] != "" else None for name in table.keys.split())
    return Stored(record["Id"], body, ticks(changed) if changed else 0, gone=gone, keys=keys)
