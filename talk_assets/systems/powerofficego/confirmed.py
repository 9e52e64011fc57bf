"""What writes were answered with, for as long as a GET may show something older.

Only ever a few records of the last seconds; nothing is kept of what others write. The lines of an order are kept for
longer, since to ask for them takes a request: they are what they were as long as the order says the same time.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from talk_assets.jsonframes import jsontext

Item = dict[str, object]
"""A record as the API sends it."""

LAG = 5.0
"""Seconds. ASSUMED: v1 says that GETs lag by less than one, and advises to wait for two; nothing is said of v2."""


KEPT = 1000
"""Orders whose lines are kept: more than are written until what was written is read."""


@dataclass(frozen=True)
class _Lines:
    """An order's lines, until when they are newer than what a GET tells, and the time that their order says."""

    lines: list[Item]
    until: float
    changed: str | None


class Confirmed:
    """Records by collection and id, None where it was deleted, and the lines of orders by the order's id."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: dict[tuple[str, str], tuple[float, Item | None]] = {}
        self._lines: dict[str, _Lines] = {}

    def keep(self, collection: str, id_: str, record: Item | None) -> None:
        """Note what a record is, as the answer to a write has it."""
        self._forget()
        self._records[collection, id_] = (self._now() + LAG, record)

    def keep_lines(self, order: str, lines: list[Item], changed: str | None = None) -> None:
        """Note what an order's lines are, and what time the order says with them, where that is known."""
        self._lines.pop(order, None)
        self._lines[order] = _Lines(lines, self._now() + LAG, changed)
        if len(self._lines) > KEPT:
            del self._lines[next(iter(self._lines))]

    def keep_line(self, order: str, id_: str, line: Item | None) -> None:
        """Note what one of an order's lines is, where its lines are known, None where it was deleted."""
        known = self.lines(order)
        if known is not None:
            found = [line if str(value(one, "Id")) == id_ else one for one in known]
            self.keep_lines(order, [one for one in found if one is not None])

    def lines(self, order: str, changed: str | None = None) -> list[Item] | None:
        """An order's lines, None where a GET must tell them; `changed` is the time that the order says now."""
        found = self._lines.get(order)
        return found.lines if found and (found.until > self._now() or self.told(order, changed)) else None

    def told(self, order: str, changed: str | None) -> bool:
        """Whether an answer had the lines of the order together with this very time."""
        found = self._lines.get(order)
        return found is not None and changed is not None and found.changed == changed

    def laid_over(self, collection: str, body: bytes) -> bytes:
        """A JSON array of records, those in it replaced that are older than we know, those removed that are gone."""
        self._forget()
        known = {id_: item for (name, id_), (_, item) in self._records.items() if name == collection}
        if not known:
            return body
        found = json.loads(body or b"[]")
        newer = [_newer(item, known) for item in found if isinstance(item, dict)]
        return jsontext.spelled([item for item in newer if item is not None]).encode()

    def _forget(self) -> None:
        now = self._now()
        self._records = {key: entry for key, entry in self._records.items() if entry[0] > now}


def _newer(item: Item, known: Mapping[str, Item | None]) -> Item | None:
    id_ = str(value(item, "Id"))
    if id_ not in known:
        return item
    mine = known[id_]
    if mine is None:
        return None
    here, there = changed(item), changed(mine)
    return mine if here and there and datetime.fromisoformat(here) < datetime.fromisoformat(there) else item


def value(item: Mapping[str, object], name: str) -> object:
    """A property, in whatever case it is written."""
    if name in item:
        return item[name]
    return next((found for spelled, found in item.items() if spelled.lower() == name.lower()), None)


def changed(item: Mapping[str, object]) -> str | None:
    """When a record was last changed, as the API writes it."""
    found = value(item, "LastChangedDateTimeOffset")
    return found if isinstance(found, str) else None
