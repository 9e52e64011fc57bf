"""What the webshop makes of what it is sent: properties checked and laid over the record, its meta data, its lines.

As WooCommerce does it: meta data by key, addresses part by part, lines by id. Where other records are, the caller says.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from talk_assets.sandbox.customwebshop.records import Record, Resource

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PRICE = re.compile(r"(-?\d+(\.\d+)?)?")
PRICES = frozenset({"regular_price", "sale_price", "subtotal", "total"})
LINE_TEXTS = ("name", "subtotal", "total", "sku", "tax_class")
READ_ONLY = frozenset({"id", "number", "price", "type", "date_created", "date_modified", "total", "slug", "permalink"})


class Wrong(Exception):  # noqa: N818 -- an answer on its way out
    """What was sent cannot be taken: a status, a code of the API, a sentence."""

    def __init__(self, status: int, code: str, message: str, **more: object) -> None:
        super().__init__(message)
        self.code, self.message, self.status, self.more = code, message, status, more


@dataclass(frozen=True)
class Shop:
    """What a write needs of the rest of the shop."""

    product: Callable[[int], Record | None]
    next_id: Callable[[str], int]
    fills_lines: bool


def taken(resource: Resource, sent: Mapping[str, Any]) -> None:
    """Raise Wrong for the first property that is of another type than the API says; unknown ones are ignored."""
    for name, value in sent.items():
        if wrong := _wrong(resource, name, value):
            raise Wrong(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: wrong})


def _wrong(resource: Resource, name: str, value: object) -> str | None:
    if name in resource.texts:
        return _wrong_text(name, value)
    if name in resource.objects:
        return _wrong_address(name, value)
    if name == "status" and resource.statuses and value not in resource.statuses:
        return f"status is not one of {', '.join(resource.statuses)}."
    if name == "customer_id" and (isinstance(value, bool) or not isinstance(value, int)):
        return "customer_id is not of type integer."
    return f"{name} is not of type array." if name in {"meta_data", "line_items"} and not _objects(value) else None


def _wrong_text(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return f"{name} is not of type string."
    if name == "email" and not EMAIL.fullmatch(value):
        return "Invalid email address."
    return f"{name} is no price." if name in PRICES and not PRICE.fullmatch(value) else None


def _wrong_address(name: str, value: object) -> str | None:
    if not isinstance(value, dict):
        return f"{name} is not of type object."
    for part, text in value.items():
        if not isinstance(text, str):
            return f"{name}[{part}] is not of type string."
        if part == "email" and text and not EMAIL.fullmatch(text):
            return f"{name}[{part}] is no e-mail address."
    return None


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def laid_over(resource: Resource, old: Mapping[str, Any], sent: Mapping[str, Any], shop: Shop) -> Record:
    """The record with what was sent."""
    record = dict(old)
    for name, value in sent.items():
        if name in resource.objects:
            record[name] = {**record[name], **{part: text for part, text in value.items() if part in record[name]}}
        elif name == "meta_data":
            record[name] = _meta(record[name], value, shop)
        elif name == "line_items" and name in record:
            record[name] = list(_lines(record[name], value, shop))
        elif name in record and name not in READ_ONLY:
            record[name] = value.strip() if isinstance(value, str) else value
    return record


def _meta(old: list[Record], sent: list[Record], shop: Shop) -> list[Record]:
    found = {entry["key"]: entry for entry in old}
    for entry in sent:
        key = str(entry.get("key", ""))
        id_ = found[key]["id"] if key in found else shop.next_id("meta")
        found[key] = {"id": id_, "key": key, "value": entry.get("value")}
    return [entry for entry in found.values() if entry["value"] is not None]


def _lines(old: list[Record], sent: list[Record], shop: Shop) -> Iterator[Record]:
    """A line with an id is updated, one without is added, one of the quantity 0 is removed, all others stay."""
    by_id = {line["id"]: line for line in old}
    known = set(by_id)
    for line in sent:
        id_ = line.get("id")
        if id_ is not None and id_ not in known:
            raise Wrong(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
        if line.get("quantity", 1) == 0 or line.get("product_id", 0) is None:
            by_id.pop(id_, None)
            continue
        new = id_ or shop.next_id("lines")
        by_id[new] = _line(by_id.get(new), line, shop) | {"id": new}
    yield from by_id.values()


def _line(old: Record | None, sent: Record, shop: Shop) -> Record:
    blank: Record = {
        "id": 0,
        "name": "",
        "product_id": 0,
        "variation_id": 0,
        "quantity": 1,
        "subtotal": "",
        "total": "",
    }
    line: Record = {**(old or blank), "price": 0}
    quantity = sent.get("quantity", line["quantity"])
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        wrong = "line_items[quantity] is not of type integer."
        raise Wrong(400, "rest_invalid_param", "Invalid parameter(s): line_items", params={"line_items": wrong})
    line["quantity"] = quantity
    for name in LINE_TEXTS:
        if name in sent:
            line[name] = str(sent[name])
    _product(line, sent, shop, new=old is None)
    line["price"] = float(Decimal(line["total"]) / quantity) if line["total"] else 0
    return line


def _product(line: Record, sent: Record, shop: Shop, *, new: bool) -> None:
    """A new line takes from its product what it was not told."""
    line["product_id"] = sent.get("product_id", line["product_id"])
    product = shop.product(int(line["product_id"])) if line["product_id"] else None
    if line["product_id"] and product is None:
        raise Wrong(400, "woocommerce_rest_invalid_product_id", f"Invalid product ID {line['product_id']}.")
    if new and product and shop.fills_lines:
        line["name"] = line["name"] or product["name"]
        amount = Decimal(product["price"] or 0) * line["quantity"]
        line["subtotal"] = line["subtotal"] or f"{amount:.2f}"
    line["total"] = line["total"] or line["subtotal"]
