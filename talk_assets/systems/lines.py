"""Bringing an order's lines in a system that keeps each line as a record of its own to what they should be.

Which lines to change, to add and to remove is decided here; how that is sent is the system's concern.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import SequenceMatcher
from itertools import product

Line = Mapping[str, object]
"""A line's properties as the API writes them."""


@dataclass(frozen=True)
class Layout:
    """The properties that hold a line's id and its place among its order's lines.

    `blank` is what a property holds of which a wanted line says nothing; one that is not named stays as it is.
    """

    id: str
    order: str
    blank: Line = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """`changed` are lines to update, whole; `added` lines to create; `removed` the ids of lines to delete."""

    changed: Sequence[dict[str, object]]
    added: Sequence[dict[str, object]]
    removed: Sequence[str]


def difference(layout: Layout, current: Sequence[Line], wanted: Sequence[Line]) -> Difference:
    """What turns the current lines into the wanted ones, keeping as many as possible as they are.

    A line that is wanted with its id is that line. The others are distinguished by what they hold, in their order: what
    stands between two lines that did not change is taken to be the same lines, edited, each the one it is likest to.
    """
    wanted = [{**layout.blank, **line} for line in wanted]
    current = sorted(current, key=lambda line: (_number(line.get(layout.order)), _number(line.get(layout.id))))
    names = sorted({name for line in wanted for name in line} - {layout.id, layout.order})
    kept = _pair(layout, names, current, wanted)
    changed, added = _placed(layout, kept, wanted)
    used = {str(line[layout.id]) for line in kept if line is not None}
    ids = (str(line[layout.id]) for line in current)
    return Difference(changed, added, [id_ for id_ in ids if id_ not in used])


def _pair(layout: Layout, names: Sequence[str], current: Sequence[Line], wanted: Sequence[Line]) -> list[Line | None]:
    """For each wanted line the current one that it is, None for a new one."""
    by_id = {str(line[layout.id]): line for line in current}
    kept: list[Line | None] = [by_id.pop(str(line.get(layout.id)), None) for line in wanted]
    here = list(by_id.values())
    there = [place for place, line in enumerate(kept) if line is None]
    before = [_content(names, line) for line in here]
    after = [_content(names, wanted[place]) for place in there]
    for tag, low, high, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag in {"equal", "replace"}:
            for place, other in _likest(before[low:high], after[start:end]):
                kept[there[start + other]] = here[low + place]
    return kept


def _likest(before: Sequence[tuple[str, ...]], after: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Pair lines with lines, those first that have most in common, then those that stand in the same place."""

    def unlike(pair: tuple[int, int]) -> tuple[int, int]:
        one, other = before[pair[0]], after[pair[1]]
        return -sum(mine == yours != "" for mine, yours in zip(one, other, strict=True)), abs(pair[0] - pair[1])

    left, right = set(range(len(before))), set(range(len(after)))
    for place, other in sorted(product(left, right), key=unlike):
        if place in left and other in right:
            left.remove(place)
            right.remove(other)
            yield place, other


def _placed(
    layout: Layout, kept: Sequence[Line | None], wanted: Sequence[Line]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """The lines to write, with places that put all of them in the wanted order, moving as few as possible."""
    changed, added = [], []
    last = (Decimal(0), Decimal(0))
    for line, want in zip(kept, wanted, strict=True):
        if line is None:
            # Its id will be higher than that of any other line in the same place.
            last = (last[0] + 1, Decimal("Infinity"))
            added.append({**want, layout.id: 0, layout.order: int(last[0])})
            continue
        place = (_number(line.get(layout.order)), _number(line[layout.id]))
        moved = place <= last
        last = (last[0] + 1, place[1]) if moved else place
        if moved or any(_plain(line.get(name)) != _plain(value) for name, value in want.items() if name != layout.id):
            changed.append({**line, **want, layout.id: line[layout.id], layout.order: int(last[0])})
    return changed, added


def _content(names: Sequence[str], line: Line) -> tuple[str, ...]:
    return tuple(_plain(line.get(name)) for name in names)


def _plain(value: object) -> str:
    """A value such that two that mean the same are the same: 2 and 2.0; null, "" and 0."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _number(value)
        return f"{number.normalize():f}" if number else ""
    return "" if value is None else str(value).strip()


def _number(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
