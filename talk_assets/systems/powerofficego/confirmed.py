"""What writes were answered with, for as long as a GET may show something older.

Only ever a few records of the last seconds; nothing is kept of what others write.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime

Item = dict[str, object]
"""A record as the API sends it."""

LAG = 5.0
"""Seconds. ASSUMED: v1 says that GETs lag by less than one, and advises to wait for two; nothing is said of v2."""


class Confirmed:
    """Records by collection and id, None where it was deleted, and the lines of orders by the order's id."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._records: dict[tuple[str, str], tuple[float, Item | None]] = {}
        self._lines: dict[str, tuple[float, list[Item]]] = {}

    def keep(self, collection: str, id_: str, record: Item | None) -> None:
        """Note what a record is, as the answer to a write has it."""
        self._forget()
        self._records[collection, id_] = (self._now() + LAG, record)

    def keep_lines(self, order: str, lines: list[Item]) -> None:
        """Note what an order's lines are."""
        self._forget()
        self._lines[order] = (self._now() + LAG, lines)

    def keep_line(self, order: str, id_: str, line: Item | None) -> None:
        """Note what one of an order's lines is, where its lines are known, None where it was deleted."""
        known = self.lines(order)
        if known is not None:
            found = [line if str(value(one, "Id")) == id_ else one for one in known]
            self.keep_lines(order, [one for one in found if one is not None])

    def lines(self, order: str) -> list[Item] | None:
        """An order's lines, None where a GET tells them as well."""
        self._forget()
        found = self._lines.get(order)
        return found[1] if found else None

    def laid_over(self, collection: str, body: bytes) -> bytes:
        """A JSON array of records, those in it replaced that are older than we know, those removed that are gone."""
        self._forget()
        known = {id_: item for (name, id_), (_, item) in self._records.items() if name == collection}
        if not known:
            return body
        found = json.loads(body or b"[]")
        newer = [_newer(item, known) for item in found if isinstance(item, dict)]
        return json.dumps([item for item in newer if item is not None], ensure_ascii=False).encode()

    def _forget(self) -> None:
        now = self._now()
        self._records = {key: entry for key, entry in self._records.items() if entry[0] > now}
        self._lines = {key: entry for key, entry in self._lines.items() if entry[0] > now}


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
    """A property, in whatever case it is spelled."""
    if name in item:
        return item[name]
    return next((found for spelled, found in item.items() if spelled.lower() == name.lower()), None)


def changed(item: Mapping[str, object]) -> str | None:
    """When a record was last changed, as the API spells it."""
    found = value(item, "LastChangedDateTimeOffset")
    return found if isinstance(found, str) else None
