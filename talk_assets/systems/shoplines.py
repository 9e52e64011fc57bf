"""What a shop does with the lines of an order: what it refuses of them, and what it keeps beside them.

Freight, fees and coupons are lists of their own there. Where a product stands for them, they are lines of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Any

from talk_assets.http.shapes import Record, Unfit

QUANTITY = "_talk_quantity"
"""The key in a line's `meta_data` with a quantity that no shop takes. The underscore keeps it out of sight."""

NOBODY = 2**31 - 1
"""A product that no shop has: a line must name a product, and one that is not there makes it a line of text."""

LINES, FREIGHT, FEES, COUPONS = "line_items", "shipping_lines", "fee_lines", "coupon_lines"
_TITLES = {FREIGHT: "method_title", FEES: "name", COUPONS: "code"}
_REMOVED = {FREIGHT: "method_id", FEES: "name"}
"""What is null of what is to be removed."""
_NAMELESS = {FREIGHT: "Freight", FEES: "Fee"}

CENT = Number("0.01")


@dataclass(frozen=True)
class ShopLines:
    """What a shop refuses of lines: text without a product, and the quantity 0."""

    def shown(self, record: Record) -> None:
        """No product, and the quantity that was put beside, where somebody has not changed it."""
        for line in _lines(record):
            # A variation is an article, its parent is none. A line that is sent may name it as its product.
            line["product_id"] = line.get("variation_id") or line.get("product_id") or None
            if (beside := _beside(line)) is not None and line.get("quantity") == 1:
                line["quantity"] = beside or None

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """Text names a product that is not there; one of something that costs nothing stands for none of it."""
        marked = {str(line.get("id")) for line in _lines(now) if _beside(line) is not None}
        for place, line in enumerate(_lines(record), 1):
            quantity = _number(line.get("quantity"))
            text = not line.get("product_id")
            if quantity == 0 and not text:
                message = (
                    f"line {place} has the quantity 0 of a product, which no shop takes; a quantity of 1 or more, or a"
                    " line of text without the product, would be right"
                )
                raise Unfit(message)
            if text and not line.get("id"):
                line["product_id"] = NOBODY
            if text and not quantity:
                line["meta_data"] = [{"key": QUANTITY, "value": "blank" if quantity is None else "0"}]
                line["quantity"] = 1
                if quantity == 0:
                    line["price"] = 0
            elif str(line.get("id")) in marked:
                line["meta_data"] = [{"key": QUANTITY, "value": ""}]


@dataclass(frozen=True)
class Besides:
    """Freight, fees and coupons as lines of the products that stand for them; none where no product does.

    A line's id then says in which list it is, as `fee_lines:7`. What a coupon takes off is in the totals of the lines
    as well, so these are shown without it, unless something else has taken off more; nor can such lines be written, as
    the shop would take the coupon off once more.
    """

    freight: int | None = None
    fees: int | None = None
    coupons: int | None = None

    def shown(self, record: Record) -> None:
        """One line for each, behind the others."""
        lines = record.get(LINES)
        if not isinstance(lines, list):
            return
        found = [self._line(name, one) for name in self._articles for one in _objects(record.get(name))]
        if self._in_coupons(record):
            for line in _lines(record):
                line["discount"] = None
        else:
            found = [line for line in found if not str(line["id"]).startswith(f"{COUPONS}:")]
        record[LINES] = [*lines, *found]

    def _in_coupons(self, record: Record) -> bool:
        """Whether coupons are all that takes anything off the lines."""
        if self.coupons is None or not record.get(COUPONS):
            return False
        off = sum((_amount(line.get("subtotal")) - _amount(line.get("total")) for line in _lines(record)), Number(0))
        return abs(off - sum(_amount(one.get("discount")) for one in _objects(record[COUPONS]))) <= CENT

    def _line(self, name: str, one: Record) -> Record:
        price = -_amount(one.get("discount")) if name == COUPONS else _amount(one.get("total"))
        return {
            "id": f"{name}:{one.get('id')}",
            "product_id": self._articles[name],
            "name": one.get(_TITLES[name]) or None,
            "quantity": 1,
            "price": float(price),
            "discount": None,
        }

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """Freight and fees in their own lists, with what is to be removed of them; an order with coupons not at all."""
        if LINES not in record or not self._articles:
            return
        if any(str(line.get("id")).startswith(f"{COUPONS}:") for line in _lines(now)):
            message = (
                "the order has a coupon, which the shop would take off its lines again; edit its lines in the shop"
            )
            raise Unfit(message)
        names = {article: name for name, article in self._articles.items() if name != COUPONS}
        lines = list(_lines(record))
        own = [line for line in lines if _int(line.get("product_id")) in names]
        record[LINES] = [line for line in lines if line not in own]
        for line in own:
            name = names[_int(line["product_id"])]
            record.setdefault(name, []).append(_beside_lines(name, line))
        kept = {str(line.get("id")) for line in own}
        for line in _lines(now):
            name, _, id_ = str(line.get("id")).partition(":")
            if id_ and str(line["id"]) not in kept:
                record.setdefault(name, []).append({"id": int(id_), _REMOVED[name]: None})

    @property
    def _articles(self) -> Mapping[str, int]:
        every = {FREIGHT: self.freight, FEES: self.fees, COUPONS: self.coupons}
        return {name: article for name, article in every.items() if article is not None}


def _beside_lines(name: str, line: Record) -> Record:
    """A line as the list has it: only what is on it counts, a price for all of it."""
    quantity, off = _amount(line.get("quantity", 1)), _amount(line.get("discount"))
    total = _amount(line.get("price")) * quantity * (100 - off) / 100
    found: Record = {_TITLES[name]: line.get("name") or _NAMELESS[name], "total": f"{round(total, 6).normalize():f}"}
    _, _, id_ = str(line.get("id") or "").partition(":")
    if id_:
        return {"id": int(id_), **found}
    return {"method_id": "other", **found} if name == FREIGHT else found


def _lines(record: Mapping[str, Any]) -> Iterator[Record]:
    listed = record.get("line_items")
    return (line for line in (listed if isinstance(listed, list) else ()) if isinstance(line, dict))


def _beside(line: Mapping[str, Any]) -> str | None:
    """The quantity that stands beside a line: `0`, empty for a blank one, null where none does."""
    entries = line.get("meta_data")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("key") == QUANTITY:
            return {"0": "0", "blank": ""}.get(str(entry.get("value")))
    return None


def _number(value: object) -> Number | None:
    try:
        return None if value is None or value == "" else Number(str(value))
    except InvalidOperation:
        return None


def _objects(value: object) -> list[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _amount(value: object) -> Number:
    return _number(value) or Number(0)


def _int(value: object) -> int:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else 0
