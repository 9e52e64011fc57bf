"""What the webshop makes of what it is sent: properties checked and laid over the record, its meta data, its lines.

As WooCommerce does it: meta data by key, addresses part by part, lines by id. Where other records are, the caller says.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from talk_assets.sandbox.customwebshop.records import BESIDES, CURRENCIES, PRODUCT_TYPES, VARIATION, Record, Resource
from talk_assets.sandbox.customwebshop.texts import clean, kept
from talk_assets.sandbox.system import Invalid

EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+")
PRICES = frozenset({"regular_price", "sale_price", "subtotal", "total"})
LINE_TEXTS = ("name", "subtotal", "total", "sku", "tax_class")
MARKED_UP = frozenset({"name", "description", "short_description"})
"""A product's texts that may hold markup, and are kept with entities in place of `&` and its like."""
READ_ONLY = frozenset(
    {"id", "number", "price", "date_created", "date_modified", "total", "slug", "permalink", "role", "related_ids"}
)


class Wrong(Invalid):
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


def _wrong(resource: Resource, name: str, value: object) -> str | None:  # noqa: PLR0911 -- one for each type
    if name in resource.texts:
        return _wrong_text(name, value)
    if name in resource.objects:
        return _wrong_address(name, value)
    if name == "status" and resource.statuses and value not in resource.statuses:
        return f"status is not one of {', '.join(resource.statuses)}."
    if name == "type" and resource.name == "products" and value not in PRODUCT_TYPES:
        return f"type is not one of {', '.join(PRODUCT_TYPES)}."
    if name == "manage_stock" and not isinstance(value, bool):
        return "manage_stock is not of type boolean."
    if name in {"customer_id", "stock_quantity"} and _whole(value) is None:
        return f"{name} is not of type integer."
    return (
        f"{name} is not of type array."
        if name in {"meta_data", "line_items", *BESIDES} and not _objects(value)
        else None
    )


def _wrong_text(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return f"{name} is not of type string."
    if name == "currency" and not CURRENCIES.fullmatch(value):
        return f"currency is not one of {CURRENCIES.pattern.replace('|', ', ')}."
    return None


def _wrong_address(name: str, value: object) -> str | None:
    """An e-mail address is one, neither null nor empty; everything else is a text."""
    if not isinstance(value, dict):
        return f"{name} is not of type object."
    for part, text in value.items():
        if not isinstance(text, str):
            return f"{name}[{part}] is not of type string."
        if part == "email" and not EMAIL.fullmatch(text):
            return "Invalid email address."
    return None


def _objects(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _whole(value: object) -> int | None:
    """An integer as JSON schema has it: 2.0 is one, and so is a text of digits."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?\d+", value) else None


def amount(text: object) -> str:
    """An amount as it is kept: what is no part of a number is taken out, and nothing is rounded."""
    number = re.sub(r"[^0-9.-]", "", str(text).replace(",", "."))
    return number if re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)", number) else ""


def laid_over(resource: Resource, old: Mapping[str, Any], sent: Mapping[str, Any], shop: Shop) -> Record:
    """The record with what was sent."""
    record = dict(old)
    for name, value in sent.items():
        if name in resource.objects:
            parts = {part: text or "" for part, text in value.items() if part in record[name]}
            record[name] = {**record[name], **parts}
        elif name == "meta_data":
            record[name] = _meta(record[name], value, shop)
        elif name == "line_items" and name in record:
            record[name] = list(_lines(record[name], value, shop))
        elif name in BESIDES and name in record:
            record[name] = list(_besides(name, record[name], value, shop))
        elif name in record and name not in READ_ONLY:
            record[name] = _property(resource, name, value)
    return _titled(old, record) if "name" in record else record


def _titled(old: Mapping[str, Any], record: Record) -> Record:
    """A product as it is kept: a post whose texts are all blank is not kept, so all of them stay."""
    if not any(record[name] for name in MARKED_UP):
        record |= {name: old[name] for name in MARKED_UP}
    return record


def _property(resource: Resource, name: str, value: object) -> object:
    if name in {"customer_id", "stock_quantity"}:
        return _whole(value)
    if not isinstance(value, str):
        return value
    if name in PRICES:
        return amount(value)
    if resource.name == "products" and name in MARKED_UP:
        return kept(value.strip())
    if name == "sku":
        return clean(value)
    return re.sub(r"[^0-9X-]", "", value) if name == "global_unique_id" else value.strip()


def _meta(old: list[Record], sent: list[Record], shop: Shop) -> list[Record]:
    found = {entry["key"]: entry for entry in old}
    for entry in sent:
        key = str(entry.get("key", ""))
        id_ = found[key]["id"] if key in found else shop.next_id("meta")
        found[key] = {"id": id_, "key": key, "value": entry.get("value")}
    return [entry for entry in found.values() if entry["value"] is not None]


def _lines(old: list[Record], sent: list[Record], shop: Shop) -> Iterator[Record]:
    """A line with an id is updated, one without is added, one of the quantity 0 is removed, all others stay.

    One of the quantity 0 that there is nothing to remove of breaks the shop.
    """
    by_id = {line["id"]: line for line in old}
    known = set(by_id)
    for line in sent:
        _check_line(line)
        id_ = line.get("id")
        if id_ is not None and id_ not in known:
            raise Wrong(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
        if _whole(line.get("quantity", 1)) == 0 or line.get("product_id", 0) is None:
            if id_ is None:
                raise Wrong(500, "internal_server_error", "There has been a critical error on this website.")
            by_id.pop(id_, None)
            continue
        new = id_ or shop.next_id("lines")
        by_id[new] = _line(by_id.get(new), line, shop) | {"id": new}
    yield from by_id.values()


def _besides(name: str, old: list[Record], sent: list[Record], shop: Shop) -> Iterator[Record]:
    """Freight, fees and coupons: by id as lines are; one whose name or method is null is removed."""
    by_id = {one["id"]: one for one in old}
    for one in sent:
        id_ = one.get("id")
        if id_ is not None and id_ not in by_id:
            raise Wrong(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
        if any(part in one and one[part] is None for part in ("method_id", "method_title", "name", "code")):
            by_id.pop(id_, None)
            continue
        if id_ is None and name == "shipping_lines" and not one.get("method_id"):
            raise Wrong(400, "woocommerce_rest_invalid_shipping_item", "Shipping method ID is required.")
        new = id_ or shop.next_id("lines")
        money: Record = {part: amount(one[part]) for part in ("total", "discount") if part in one}
        blank = {"method_id": ""} if name == "shipping_lines" else {}
        by_id[new] = {BESIDES[name]: "", **blank, **by_id.get(new, {}), **one, **money, "id": new}
    yield from by_id.values()


def _check_line(line: Record) -> None:
    wrong = None
    if "quantity" in line and _whole(line["quantity"]) is None:
        wrong = "line_items[0][quantity] is not of type integer."
    if line.get("product_id") is not None and _whole(line["product_id"]) is None:
        wrong = "line_items[0][product_id] is not of type integer."
    for name in LINE_TEXTS:
        if name in line and not isinstance(line[name], str):
            wrong = f"line_items[0][{name}] is not of type string."
    if wrong:
        raise Wrong(400, "rest_invalid_param", "Invalid parameter(s): line_items", params={"line_items": wrong})


def _line(old: Record | None, sent: Record, shop: Shop) -> Record:
    blank: Record = {
        "id": 0,
        "name": "",
        "product_id": 0,
        "variation_id": 0,
        "quantity": 1,
        "subtotal": "",
        "total": "",
        "meta_data": [],
    }
    line: Record = {**(old or blank), "price": 0}
    line["quantity"] = _whole(sent.get("quantity", line["quantity"])) or 1
    for name in LINE_TEXTS:
        if name in sent:
            line[name] = amount(sent[name]) if name in PRICES else sent[name]
    _product(line, sent, shop, new=old is None)
    if "meta_data" in sent:
        line["meta_data"] = _meta(line["meta_data"], sent["meta_data"], shop)
    line["price"] = float(Decimal(line["total"] or 0) / line["quantity"])
    return line


def _product(line: Record, sent: Record, shop: Shop, *, new: bool) -> None:
    """A new line names a product, and takes from it what it was not sent; of one that is not there it has nothing."""
    id_ = _whole(sent.get("product_id") or 0) or 0
    if not id_:
        if new and not sent.get("sku"):
            message = "Product ID or SKU is required."
            raise Wrong(400, "woocommerce_rest_required_product_reference", message)
        return
    product = shop.product(id_)
    if product is not None:
        parent = product["parent_id"] if product["type"] == VARIATION else 0
        changed = (line["variation_id"] or line["product_id"]) != id_
        line["product_id"], line["variation_id"] = (parent, id_) if parent else (id_, 0)
        if changed and shop.fills_lines:
            line["name"] = sent.get("name") or product["name"]
            costs = f"{Decimal(product['price'] or 0) * line['quantity']:f}"
            line["subtotal"] = amount(sent.get("subtotal", costs))
            line["total"] = amount(sent.get("total", costs))
    if new and not sent.get("total"):
        line["total"] = line["total"] or line["subtotal"]
    if shop.fills_lines:
        line |= {name: line[name] or "0" for name in ("subtotal", "total")}
