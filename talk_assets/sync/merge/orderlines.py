"""What an edit of an order's lines says of those lines that its system can't show, or shows otherwise.

A system shows what it makes of the lines it was sent: some are left out, prices are rounded. Of its list, only what
differs from what it showed before was edited; everything else stays as it was sent.
"""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from difflib import SequenceMatcher

import polars as pl

from talk_assets.model.entities import LINE
from talk_assets.model.lens.orderlines import Lines, OneLine

CENT = Decimal("0.01")
ROUNDED = ("unit_price", "discount")
"""What systems round of a line."""

Line = dict[str, str]
"""A line's canonical values by key of `LINE`, blank ones left out."""


def whole(prop: Lines | OneLine, now: pl.Series, seen: pl.Series, sent: pl.Series) -> pl.Series:
    """Return canonical lists: those that records show `now`, as edits of what they were `sent` and showed (`seen`)."""
    lists = list(now)
    rows = [row for row, (one, other) in enumerate(zip(seen, sent, strict=True)) if other is not None and one != other]
    for place, lines in _shown(prop, sent.gather(rows)).items():
        row = rows[place]
        were, are = [line for line, _ in lines], [look for _, look in lines]
        lists[row] = _text(edited(_lines(now[row]), _lines(seen[row]), were, are))
    return pl.Series(now.name, lists, dtype=pl.String)


def expected(prop: Lines | OneLine, sending: pl.Series, sent: pl.Series, seen: pl.Series, now: pl.Series) -> pl.Series:
    """Return canonical lists as systems show what is being sent, where they show it `now`.

    Lines that were `sent` to them before are shown as `seen` then, and the others as their lens says, but for prices
    that make the same of the line to a cent: the system rounds them.
    """
    lists: list[str | None] = [None] * sending.len()
    before = _shown(prop, sent)
    for row, lines in _shown(prop, sending).items():
        held = [(line, look) for line, look in before.get(row, []) if look is not None]
        were = _lines(seen[row])
        known = {
            _key(held[n][0]): line
            for n, line in zip(_pair([look for _, look in held], were), were, strict=True)
            if n is not None
        }
        due = [known.get(_key(line), look) for line, look in lines if look is not None]
        are = _lines(now[row])
        for n, line in zip(_pair(due, are), are, strict=True):
            if n is not None and _amounts(due[n], line):
                prices = {key: line[key] for key in ROUNDED if key in line}
                due[n] = _ordered({key: value for key, value in due[n].items() if key not in ROUNDED} | prices)
        lists[row] = _text(due)
    return pl.Series(sending.name, lists, dtype=pl.String)


def _amounts(one: Line, other: Line) -> bool:
    """Whether two lines are of the same quantity and cost the same to a cent, before the discount and after it."""
    if one.get("quantity") != other.get("quantity"):
        return False
    quantity = Decimal(one.get("quantity", "1"))
    gross, net = [], []
    for line in (one, other):
        gross.append(quantity * Decimal(line.get("unit_price", "0")))
        net.append(gross[-1] * (100 - Decimal(line.get("discount", "0"))) / 100)
    return abs(gross[0] - gross[1]) <= CENT and abs(net[0] - net[1]) <= CENT


def _ordered(line: Line) -> Line:
    return {key: line[key] for key in LINE if key in line}


def _shown(prop: Lines | OneLine, lists: pl.Series) -> dict[int, list[tuple[Line, Line | None]]]:
    """By row, the lines of canonical lists, with what the lens says that systems show of each."""
    found: dict[int, list[tuple[Line, Line | None]]] = {}
    for row, element, shown in prop.of_entities().shown_lines(lists).iter_rows():
        found.setdefault(row, []).append((json.loads(element), shown and json.loads(shown)))
    return found


def _key(line: Line) -> str:
    return json.dumps(line, sort_keys=True)


def nearer(now: pl.Series, this: pl.Series, that: pl.Series) -> pl.Series:
    """Say of canonical lists which have at least as many lines of `this` as of `that`."""

    def common(one: str | None, other: str | None) -> int:
        return sum(line in _lines(other) for line in _lines(one))

    lists = zip(now, this, that, strict=True)
    return pl.Series([common(one, mine) >= common(one, yours) for one, mine, yours in lists], dtype=pl.Boolean)


def edited(now: Sequence[Line], seen: Sequence[Line], sent: Sequence[Line], shown: Sequence[Line | None]) -> list[Line]:
    """Return the lines that were `sent`, with what was edited between `seen` and `now`.

    `shown` is what becomes of each line that was sent, None where it is left out.
    """
    held = [place for place, line in enumerate(shown) if line is not None]
    source = [None if n is None else held[n] for n in _pair([shown[place] or {} for place in held], seen)]
    befores = _pair(seen, now)
    known = [n for n, before in enumerate(befores) if before is not None and source[before] is not None]
    groups: list[tuple[int, list[Line]]] = [(-1, [])]
    for n, (line, before) in enumerate(zip(now, befores, strict=True)):
        origin = None if before is None else source[before]
        if before is not None and origin is not None:
            groups.append((origin, [_item_by_item(line, seen[before], sent[origin])]))
        elif n > max(known, default=-1):
            groups.append((len(sent), [line]))  # it was added at the end
        else:
            groups[-1][1].append(line)  # it was put behind that line
    unseen = [(place, [sent[place]]) for place in sorted(set(range(len(sent))) - set(source))]
    stayed = [before for before in befores if before is not None]
    if stayed == sorted(stayed):
        groups = sorted([*groups, *unseen], key=lambda group: group[0])  # in the order in which they were sent
    else:
        for place, lines in unseen:
            behind = (n for n, (origin, _) in enumerate(groups, 1) if origin < place)
            groups.insert(max(behind), (place, lines))
    return [line for _, lines in groups for line in lines]


def _item_by_item(now: Line, seen: Line, sent: Line) -> Line:
    """What was sent, with those items that are others than were seen."""
    items = {key: (sent if now.get(key) == seen.get(key) else now).get(key) for key in LINE}
    return {key: value for key, value in items.items() if value is not None}


def _pair(before: Sequence[Line], after: Sequence[Line]) -> list[int | None]:
    """Return for each line after an edit the place of the line before that it is, None for a new one.

    Unchanged lines come first, in their order; the others are of the same product, those first that have
    most in common.
    """
    found: list[int | None] = [None] * len(after)
    keys, others = ([_key(line) for line in lines] for lines in (before, after))
    for low, start, size in SequenceMatcher(None, keys, others, autojunk=False).get_matching_blocks():
        found[start : start + size] = range(low, low + size)
    left = set(range(len(before))) - {place for place in found if place is not None}
    for place, other in sorted(_alike(before, after, left, found), key=lambda pair: _distance(before, after, *pair)):
        if place in left and found[other] is None:
            found[other] = place
            left.remove(place)
    return found


def _alike(
    before: Sequence[Line], after: Sequence[Line], left: set[int], found: Sequence[int | None]
) -> Iterator[tuple[int, int]]:
    """Pairs of places of lines of the same product, which have no other yet."""
    of_product: dict[str | None, list[int]] = {}
    for place in sorted(left):
        of_product.setdefault(before[place].get("product"), []).append(place)
    for other, line in enumerate(after):
        if found[other] is None:
            yield from ((place, other) for place in of_product.get(line.get("product"), ()))


def _distance(before: Sequence[Line], after: Sequence[Line], place: int, other: int) -> tuple[int, int]:
    common = sum(after[other].get(key) == value for key, value in before[place].items())
    return -common, abs(place - other)


def _lines(text: str | None) -> list[Line]:
    return json.loads(text) if text else []


def _text(lines: list[Line]) -> str | None:
    return json.dumps(lines, ensure_ascii=False, separators=(",", ":")) if lines else None
