"""The lines of a sales order, each with an endpoint of its own: brought in line with what is wanted, one by one.

Where a line is refused, what was stored of the others is put back: half a list of lines is nobody's.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx

from talk_assets.errors import Refused
from talk_assets.http.client import AnswerLost
from talk_assets.systems.lines import Difference, Layout, difference
from talk_assets.systems.powerofficego.confirmed import Item, value
from talk_assets.systems.powerofficego.patches import replace
from talk_assets.systems.powerofficego.wire import SIZE, items
from talk_assets.systems.powerofficego.writing import GoWriter

PATH = "/SalesOrders"
LINE = f"{PATH}/{{id}}/Lines/{{id}}"

HELD = ("ProductId", "Description", "Quantity", "ProductUnitPrice", "Allowance")
"""What we write of a line."""

UNSAID: Item = {"ProductId": None, "Allowance": 0}
"""What a line is to hold that says nothing of it. Anything else stays as the server filled it in."""

LAYOUT = Layout(id="Id", order="SortOrder", blank=UNSAID)


async def current(go: GoWriter, order: str) -> list[Item]:
    """An order's lines, none where it is no longer there."""
    path = f"{PATH}/{quote(order, safe='')}/Lines"
    found: list[Item] = []
    while True:
        params = {"OrderBy": "Id", "PageNumber": str(len(found) // SIZE + 1), "PageSize": str(SIZE)}
        some = items(await go.get(path, f"{PATH}/{{id}}/Lines", params) or b"[]")
        found += some
        if len(some) < SIZE:
            return found


async def bring(go: GoWriter, order: str, wanted: Sequence[Item], removed: list[str]) -> list[Item]:
    """Bring an order's lines to what they should be, from what they are now; return what they are then.

    `removed` gets the ids of those that are deleted. Raise `Refused` where one is refused and none has changed, and
    `AnswerLost` where that is not sure.
    """
    known = go.confirmed.lines(order)
    lines = sorted(await current(go, order) if known is None else known, key=position)
    before = {str(line["Id"]): line for line in lines}
    # Places begin with 0 here, and with 1 where differences are found.
    here = [_moved(line, 1) for line in lines]
    change = _same_products(here, difference(LAYOUT, here, wanted), wanted)
    after = dict(before)
    place = f"{PATH}/{quote(order, safe='')}/Lines"
    stored: list[_Undo] = []
    try:
        for line in change.changed:
            id_ = str(line["Id"])
            wished = _moved(line, -1)
            path = f"{place}/{quote(id_, safe='')}"
            if differing := _differing(before[id_], wished):
                after[id_] = await go.patch(path, LINE, differing)
                stored.append(_patching(go, path, _differing(wished, before[id_])))
        for line in change.added:
            made = await go.post(place, new_line(_moved(line, -1)), f"{PATH}/{{id}}/Lines")
            id_ = str(value(made, "Id"))
            after[id_] = made
            stored.append(_removing(go, f"{place}/{quote(id_, safe='')}"))
    except Refused as error:
        await _put_back(order, stored, error)
        raise
    for id_ in change.removed:
        await _remove(go, f"{place}/{quote(id_, safe='')}")
        removed.append(id_)
        del after[id_]
    return list(after.values())


_Undo = Callable[[], Coroutine[Any, Any, object]]
"""A request that takes back one that was carried out."""


def _patching(go: GoWriter, path: str, operations: Sequence[Item]) -> _Undo:
    return lambda: go.patch(path, LINE, operations)


def _removing(go: GoWriter, path: str) -> _Undo:
    return lambda: _remove(go, path)


async def _put_back(order: str, stored: Sequence[_Undo], error: Refused) -> None:
    for undo in reversed(stored):
        try:
            await undo()
        except Refused as other:
            message = f"{error}; the lines of order {order} that were stored before could not be put back: {other}"
            raise AnswerLost(message) from other


async def _remove(go: GoWriter, path: str) -> None:
    try:
        await go.delete(path, LINE)
    except Refused as error:
        if error.status != httpx.codes.NOT_FOUND:
            raise


def new_line(line: Mapping[str, object], place: int | None = None) -> Item:
    """Return the body of a new line. One that only says something is a text."""
    given = {name: new for name, new in line.items() if name in {*HELD, LAYOUT.order} and new is not None}
    body = {name: new for name, new in given.items() if UNSAID.get(name, ...) != new}
    if place is not None:
        body[LAYOUT.order] = place
    said_only = not {"ProductId", "Quantity", "ProductUnitPrice"} & body.keys()
    return {**body, "LineType": "Text"} if said_only else body


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[Item]:
    """Replace what a line is to hold otherwise."""
    return [
        replace(f"/{name}", after.get(name))
        for name in (*HELD, LAYOUT.order)
        if _plain(before.get(name)) != _plain(after.get(name))
    ]


def _plain(found: object) -> object:
    return float(found) if isinstance(found, int | float) else found


def _same_products(current: Sequence[Item], change: Difference, wanted: Sequence[Item]) -> Difference:
    """A line of another product is another line, so that the server fills in what that product is called and costs."""
    products = {str(line["Id"]): line.get("ProductId") for line in current}
    touched = {*change.removed, *(str(line["Id"]) for line in change.changed)}
    kept = [line for line in current if str(line["Id"]) not in touched]
    places = sorted(position(line)[0] for line in (*kept, *change.changed, *change.added))
    wanted_at = dict(zip(places, wanted, strict=True))
    stay, added, removed = [], list(change.added), list(change.removed)
    for line in change.changed:
        if products[str(line["Id"])] == line.get("ProductId"):
            stay.append(line)
        else:
            place = position(line)[0]
            added.append({**wanted_at[place], LAYOUT.order: place})
            removed.append(str(line["Id"]))
    return Difference(stay, added, removed)


def _moved(line: Mapping[str, object], by: int) -> Item:
    place = line.get(LAYOUT.order)
    return {**line, LAYOUT.order: (place if isinstance(place, int) else 0) + by}


def position(line: Mapping[str, object]) -> tuple[int, str]:
    """Return what an order's lines are sorted by."""
    place = value(line, LAYOUT.order)
    return place if isinstance(place, int) else 0, str(value(line, "Id"))
