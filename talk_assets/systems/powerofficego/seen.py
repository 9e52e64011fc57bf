"""Which orders' lines a read has seen, so that the next one does not ask for them again.

Lines have no time of their own and are asked for order by order. A read goes back a while before its cursor, and lists
the same orders again; those in it that say the time that they said before have the lines that they had. The cursor of
the lines tells them: a time as the API writes it, then a mark for each order that is listed again, after a `|`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import blake2b

from talk_assets.systems.powerofficego.confirmed import LAG, Item, changed, value
from talk_assets.systems.powerofficego.wire import OVERLAP, instant

MOST = 1000
"""Orders that a cursor tells at most, the newest; those beyond are asked for again."""


@dataclass(frozen=True)
class Seen:
    """What a cursor says: its time, null at the very beginning, and the marks of orders."""

    moment: str | None
    marks: frozenset[str]

    @classmethod
    def of(cls, cursor: str | None) -> "Seen":
        """Read what `Seeing.cursor` wrote."""
        moment, _, marks = (cursor or "").partition("|")
        return cls(moment or None, frozenset(marks.split(",")) - {""})

    def knows(self, order: Item) -> bool:
        """Whether the order's lines were seen as they are."""
        return _mark(order) in self.marks


@dataclass
class Seeing:
    """Collects the orders of one read, which `began` then by the system's clock."""

    began: str
    _found: list[tuple[str, str]] = field(default_factory=list)

    def note(self, orders: Iterable[Item], certain: Iterable[Item] = ()) -> None:
        """Take in orders whose lines are seen now.

        Those that changed a moment before the read may have been shown with lines of before, unless they are `certain`.
        """
        reconciled = instant(self.began) - timedelta(seconds=LAG)
        known = [*certain, *(order for order in orders if instant(changed(order)) <= reconciled)]
        self._found += [(changed(order) or "", _mark(order)) for order in known]
        if len(self._found) > 2 * MOST:
            self._found = self._newest()

    def cursor(self, moment: str | None) -> str | None:
        """The cursor for the next read, from its time."""
        if moment is None:
            return None
        again = instant(moment) - OVERLAP
        marks = sorted({mark for at, mark in self._newest() if instant(at) > again})
        return f"{moment}|{','.join(marks)}" if marks else moment

    def _newest(self) -> list[tuple[str, str]]:
        return sorted(self._found, key=lambda one: instant(one[0]))[-MOST:]


def _mark(order: Item) -> str:
    """A short name of an order at a time."""
    return blake2b(f"{value(order, 'Id')} {changed(order)}".encode(), digest_size=8).hexdigest()
