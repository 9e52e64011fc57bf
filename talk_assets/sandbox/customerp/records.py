"""How a Customerp record comes to be and how it is shown: ids, versions, lines, tombstones, cursors.

Values only: no requests, no store.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from talk_assets.sandbox.customerp.properties import LINE, Resource
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.wire import dumps

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = EPOCH.replace(tzinfo=None)


def instant(micros: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC."""
    return (NAIVE_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds") + "Z"


def micros(text: str) -> int:
    """Microseconds since 1970 of an RFC 3339 text; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def uuid7(millis: int, rest: int) -> str:
    """A UUID of version 7: milliseconds since 1970, then 74 bits of `rest`."""
    high, low = rest >> 62 & 0xFFF, rest & (1 << 62) - 1 | 1 << 63
    return f"{millis >> 16:08x}-{millis & 0xFFFF:04x}-7{high:03x}-{low >> 48:04x}-{low & (1 << 48) - 1:012x}"


def patched(old: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396: what is absent stays, null is cleared, objects are laid over objects."""
    record = dict(old)
    for name, value in sent.items():
        before = record.get(name)
        if isinstance(before, dict):  # an address is always shown with all its parts
            record[name] = patched(before, value) if isinstance(value, dict) else dict.fromkeys(before)
        else:
            record[name] = value
    return record


def completed(before: Any, value: Any) -> Any:  # noqa: ANN401 -- JSON
    """A nested object with what it leaves out as null, as who takes it for the whole object shows it."""
    return dict.fromkeys(before) | value if isinstance(before, dict) and isinstance(value, dict) else value


def reconciled(resource: Resource, record: dict[str, Any], new_id: Callable[[], str]) -> dict[str, Any]:
    """The record with the lists and choices that it never lacks; lines without an id get one."""
    if "lines" in resource.kinds:
        blank = {"id": None, **dict.fromkeys(LINE)}
        lines = [blank | line for line in record["lines"] or ()]
        record["lines"] = [line | {"id": line["id"] or new_id()} for line in lines]
        record["status"] = record["status"] or "draft"
    return record


def stored(resource: Resource, record: Mapping[str, Any]) -> Stored:
    """The record as it lies on the shelf."""
    keys = tuple(record[name] for name in resource.keys)
    return Stored(record["id"], dumps(record), micros(record["updated_at"]), record["change_seq"], keys=keys)


def tombstone(resource: Resource, record: Mapping[str, Any], seq: int, now: int) -> Stored:
    """What is left of a deleted record."""
    rest = {"id": record["id"], "deleted": True, "deleted_at": instant(now), "version": record["version"] + 1}
    return Stored(
        record["id"], dumps(rest | {"change_seq": seq}), now, seq, gone=True, keys=(None,) * len(resource.keys)
    )


def cursor(seq: int, now: int) -> str:
    """Where to go on reading: after the change `seq`, seen `now` (microseconds)."""
    return base64.urlsafe_b64encode(f"{seq}:{now}".encode()).decode().rstrip("=")


def opened(text: str) -> tuple[int, int]:
    """The change and the time of a cursor; raises ValueError for what is none."""
    try:
        seq, _, seen = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
        return int(seq), int(seen)
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        message = "not a cursor of this API"
        raise ValueError(message) from error


def load(record: Stored) -> dict[str, Any]:
    """A record's properties."""
    found: dict[str, Any] = json.loads(record.body)
    return found
