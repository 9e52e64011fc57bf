"""Lines of an order in PowerOffice Go of which one is refused, against a server that plays exactly what is asked."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from talk_assets.errors import Refused
from talk_assets.http.client import AnswerLost
from talk_assets.systems.powerofficego.confirmed import Confirmed, Item
from talk_assets.systems.powerofficego.lines import bring
from talk_assets.systems.powerofficego.wire import dumped
from talk_assets.systems.powerofficego.writing import GoWriter

BLANK: Item = {"ProductId": None, "ProductUnitPrice": 1, "Allowance": 0}
A: Item = {"Id": 1, "SortOrder": 0, "Description": "A", "Quantity": 1, **BLANK}
B: Item = {"Id": 2, "SortOrder": 1, "Description": "B", "Quantity": 1, **BLANK}


class Orders:
    """One order's lines; what says "bad" is refused, and so is every request after as many as `takes`."""

    def __init__(self, takes: int = 100) -> None:
        self.confirmed = Confirmed(lambda: 0.0)
        self.lines: dict[int, Item] = {1: dict(A), 2: dict(B)}
        self.takes = takes

    def _take(self, said: object) -> None:
        if said == "bad" or self.takes <= 0:
            message = "400 no"
            raise Refused(message, status=400)
        self.takes -= 1

    async def get(self, *_: object) -> bytes:
        return dumped(list(self.lines.values()))

    async def patch(self, path: str, _: str, changes: Sequence[Item]) -> Item:
        new = {str(one["path"]).strip("/"): one["value"] for one in changes}
        self._take(new.get("Description"))
        line = self.lines[int(path.rpartition("/")[2])]
        line |= new
        return line

    async def post(self, _: str, body: Item, __: str) -> Item:
        self._take(body.get("Description"))
        id_ = max(self.lines) + 1
        self.lines[id_] = {**body, "Id": id_}
        return self.lines[id_]

    async def delete(self, path: str, _: str) -> None:
        self._take(None)
        del self.lines[int(path.rpartition("/")[2])]


def put(orders: Orders, *wanted: dict[str, Any]) -> list[str]:
    """Bring the lines in line; return the ids of those that were removed."""
    removed: list[str] = []
    asyncio.run(bring(cast("GoWriter", orders), "7", wanted, removed))
    return removed


def test_lines_are_changed_added_and_removed() -> None:
    orders = Orders()
    assert put(orders, {"Description": "A", "Quantity": 5}, {"Description": "B"}, {"Description": "C"}) == []
    assert [(line["Description"], line.get("Quantity")) for line in orders.lines.values()] == [
        ("A", 5),
        ("B", 1),
        ("C", None),
    ]
    assert put(orders, {"Description": "B"}) == ["1", "3"]


@pytest.mark.parametrize("bad", [[{"Description": "bad"}], [{"Description": "C"}, {"Description": "bad"}]])
def test_where_a_line_is_refused_those_that_were_stored_are_put_back(bad: list[dict[str, Any]]) -> None:
    orders = Orders()
    with pytest.raises(Refused, match="400 no"):
        put(orders, {"Description": "A", "Quantity": 5}, {"Description": "B"}, *bad)
    assert orders.lines == {1: A, 2: B}


def test_where_they_cant_be_put_back_nobody_knows_how_the_order_stands() -> None:
    with pytest.raises(AnswerLost, match=r"400 no; the lines of order 7 .* could not be put back: 400 no"):
        put(Orders(takes=1), {"Description": "A", "Quantity": 5}, {"Description": "B"}, {"Description": "bad"})
