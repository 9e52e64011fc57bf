"""What a list can be asked for: the parameters that WooCommerce documents, what each may hold, and who meets them.

A parameter that a collection does not have is ignored; a value that a parameter does not take is a 400 that names it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from talk_assets.sandbox.customwebshop.records import (
    HIDDEN,
    ORDER_STATUSES,
    PRODUCT_STATUSES,
    PRODUCT_TYPES,
    ROLES,
    TRASH,
    VARIATION,
    Record,
    Resource,
)
from talk_assets.sandbox.customwebshop.shown import Showing
from talk_assets.sandbox.customwebshop.writes import Wrong
from talk_assets.sandbox.store import Term

HIGHEST = 18
"""Digits of an id that SQLite's integers hold."""

ORDERS_BY = {
    "products": ("date", "id", "include", "title", "slug", "modified", "menu_order", "price", "popularity", "rating"),
    "orders": ("date", "id", "include", "title", "slug", "modified"),
    "customers": ("id", "include", "name", "registered_date"),
}
DATES = ("after", "before", "modified_after", "modified_before")
STOCK = ("instock", "outofstock", "onbackorder")
Meets = Callable[[Record], bool]


@dataclass(frozen=True)
class Wanted:
    """A list as it was asked for. `terms` are searched by the shelf, `meets` looks at each record that they leave.

    `ids` are the only ones, None for all. `order` is what the list is ordered by, in the API's words.
    """

    size: int
    offset: int
    page: int
    order: str
    descending: bool
    showing: Showing
    ids: tuple[int, ...] | None = None
    terms: tuple[Term, ...] = ()
    meets: tuple[Meets, ...] = field(default=(), repr=False)


def invalid(name: str, why: str) -> Wrong:
    """A parameter that does not hold what it should."""
    return Wrong(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: why})


def showing(query: Mapping[str, str], decimals: int) -> Showing:
    """How an answer is wanted."""
    names = tuple(name.strip() for name in query.get("_fields", "").split(",") if name.strip())
    return Showing(_one_of(query, "context", ("view", "edit")), number(query, "dp", decimals, 0, 99), names)


def wanted(resource: Resource, query: Mapping[str, str], *, largest: int, hours: float, decimals: int) -> Wanted:
    """Read the parameters of a list."""
    page, size = number(query, "page", 1, 1, 10**9), number(query, "per_page", 10, 1, largest)
    people = resource.name == "customers"
    way = _one_of(query, "order", ("asc", "desc") if people else ("desc", "asc"))
    order = _one_of(query, "orderby", ORDERS_BY[resource.name], "name" if people else "date")
    terms, meets = _filters(resource, query)
    if resource.changes:
        for name in DATES:
            if name in query:
                _by_date(name, _seconds(name, query[name], query, hours), terms, meets)
    return Wanted(
        size,
        number(query, "offset", (page - 1) * size, 0, 10**9),
        page,
        order,
        way == "desc",
        showing(query, decimals),
        _ids(query, "include") or None,
        tuple(terms),
        tuple(meets),
    )


def of_variations(asked: Wanted, parent: int | None) -> Wanted:
    """The same list of variations, of one parent or of all."""
    terms = (*(term for term in asked.terms if term[0] != "type"), ("type", "=", VARIATION))

    def is_of_parent(record: Record) -> bool:
        return parent in {None, record["parent_id"]}

    return replace(asked, terms=terms, meets=(*asked.meets, is_of_parent))


def _filters(resource: Resource, query: Mapping[str, str]) -> tuple[list[Term], list[Meets]]:
    terms, meets = {"products": _of_products, "customers": _of_customers, "orders": _of_orders}[resource.name](query)
    if excluded := frozenset(_ids(query, "exclude")):
        meets.append(lambda record: record["id"] not in excluded)
    if word := query.get("search", "").strip().lower():
        meets.append(lambda record: any(word in text.lower() for text in _searched(resource, record)))
    if resource.changes and (parents := frozenset(_ids(query, "parent"))):
        meets.append(lambda record: record["parent_id"] in parents)
    if resource.changes and (strangers := frozenset(_ids(query, "parent_exclude"))):
        meets.append(lambda record: record["parent_id"] not in strangers)
    return terms, meets


def _of_products(query: Mapping[str, str]) -> tuple[list[Term], list[Meets]]:
    terms, meets = _of_statuses(query, PRODUCT_STATUSES)
    terms.append(("type", "<>", VARIATION))
    for name in ("sku", "global_unique_id"):
        texts = frozenset(text.strip().lower() for text in query.get(name, "").split(",") if text.strip())
        if len(texts) == 1:
            terms.append((name, "=", next(iter(texts))))
        elif texts:
            meets.append(_among(name, texts))
    meets += [_among(name, frozenset({read(query).lower()})) for name, read in _SINGLE.items() if name in query]
    for name, sign in (("min_price", 1), ("max_price", -1)):
        if query.get(name):
            meets.append(_beyond(sign, _decimal(name, query[name])))
    for name, names in (("search_sku", ("sku",)), ("search_name_or_sku", ("sku", "name"))):
        if word := query.get(name, "").lower():
            meets.append(_holding(names, word))
    return terms, meets


_SINGLE: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "type": lambda query: _one_of(query, "type", PRODUCT_TYPES),
    "stock_status": lambda query: _one_of(query, "stock_status", STOCK),
    "slug": lambda query: query["slug"],
    "on_sale": lambda query: str(is_true(query, "on_sale")),
}
"""The filters of products that one property must be the same as."""


def _among(name: str, texts: frozenset[str]) -> Meets:
    return lambda record: str({**record, **_following(record)}[name]).lower() in texts


def _following(record: Record) -> Record:
    """What follows from other properties of a product."""
    return {
        "slug": re.sub(r"[^\w]+", "-", record["name"].lower()).strip("-"),
        "on_sale": bool(record["sale_price"]),
        "stock_status": "outofstock" if record["manage_stock"] and (record["stock_quantity"] or 0) <= 0 else "instock",
    }


def _beyond(sign: int, price: Decimal) -> Meets:
    return lambda record: sign * (Decimal(record["price"] or 0) - price) >= 0


def _holding(names: Sequence[str], word: str) -> Meets:
    return lambda record: any(word in record[name].lower() for name in names)


def _of_customers(query: Mapping[str, str]) -> tuple[list[Term], list[Meets]]:
    role = _one_of(query, "role", ("all", *ROLES), "customer")
    terms: list[Term] = [] if role == "all" else [("role", "=", role)]
    if query.get("email"):
        terms.append(("email", "=", query["email"]))
    return terms, []


def _of_orders(query: Mapping[str, str]) -> tuple[list[Term], list[Meets]]:
    terms, meets = _of_statuses(query, ORDER_STATUSES)
    if "customer" in query:
        customer = number(query, "customer", 0, 0, 10**HIGHEST)
        if customer:
            terms.append(("customer_id", "=", customer))
        else:
            meets.append(lambda record: not record["customer_id"])
    if "product" in query:
        product = number(query, "product", 0, 0, 10**HIGHEST)
        meets.append(lambda record: any(line["product_id"] == product for line in record["line_items"]))
    return terms, meets


def _of_statuses(query: Mapping[str, str], known: Sequence[str]) -> tuple[list[Term], list[Meets]]:
    name = "status"
    statuses = [status.strip() for status in query.get("status", "any").split(",") if status.strip()] or ["any"]
    for status in statuses:
        if status not in {"any", *known}:
            why = f"status[0] is not one of {', '.join(['any', *known])}."
            raise invalid(name, why)
    if statuses == [TRASH]:
        return [("gone", "=", 1)], []
    if "any" in statuses:
        return [("gone", "=", 0), ("status", "<>", HIDDEN)], []
    if len(statuses) == 1:
        return [("gone", "=", 0), ("status", "=", statuses[0])], []
    return [], [lambda record: record["status"] in statuses]


def _searched(resource: Resource, record: Record) -> list[str]:
    """What a search looks at."""
    match resource.name:
        case "products":
            return [record["name"], record["description"], record["short_description"]]
        case "customers":
            return [record["email"], record["username"], f"{record['first_name']} {record['last_name']}"]
    lines = (str(line["name"]) for line in record["line_items"])
    return [str(record["id"]), *record["billing"].values(), *record["shipping"].values(), *lines]


def _by_date(name: str, moment: int, terms: list[Term], meets: list[Meets]) -> None:
    if name.startswith("modified"):
        terms.append(("stamp", ">" if name.endswith("after") else "<", moment))
        return
    bare = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if name == "after":
        meets.append(lambda record: str(record["date_created_gmt"]) > bare)
    else:
        meets.append(lambda record: str(record["date_created_gmt"]) < bare)


def number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    """A whole number; Wrong for anything else."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise invalid(name, f"{name} is not of type integer.")
    if not least <= int(text) <= most:
        raise invalid(name, f"{name} must be between {least} (inclusive) and {most} (inclusive)")
    return int(text)


def _one_of(query: Mapping[str, str], name: str, allowed: Sequence[str], default: str = "") -> str:
    value = query.get(name, default or allowed[0])
    if value not in allowed:
        raise invalid(name, f"{name} is not one of {', '.join(allowed)}.")
    return value


def is_true(query: Mapping[str, str], name: str) -> bool:
    """Whether a parameter is there and true, in whatever case: the official client for Python says `True`."""
    value = query.get(name, "false").lower()
    if value not in {"true", "false", "1", "0"}:
        raise invalid(name, f"{name} is not of type boolean.")
    return value in {"true", "1"}


def _ids(query: Mapping[str, str], name: str) -> tuple[int, ...]:
    texts = [text.strip() for text in query.get(name, "").split(",") if text.strip()]
    for place, text in enumerate(texts):
        if not text.isdecimal():
            raise invalid(name, f"{name}[{place}] is not of type integer.")
    return tuple(dict.fromkeys(int(text) for text in texts if len(text) <= HIGHEST))


def _decimal(name: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise invalid(name, f"{name} is not of type number.") from error


def _seconds(name: str, text: str, query: Mapping[str, str], hours: float) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(name, "Invalid date.") from error
    if moment.tzinfo is None:
        ahead = 0.0 if is_true(query, "dates_are_gmt") else hours
        moment = (moment - timedelta(hours=ahead)).replace(tzinfo=UTC)
    return int(moment.timestamp())


def sorted_by(resource: Resource, order: str, record: Record) -> tuple[object, int]:
    """Where a record comes in an order, ties by id."""
    names = {
        "date": "date_created_gmt",
        "registered_date": "date_created_gmt",
        "modified": "date_modified_gmt",
        "id": "id",
        "title": "name" if resource.name == "products" else "id",
        "slug": "name" if resource.name == "products" else "id",
        "name": "username",
    }
    if order == "price":
        return float(record["price"] or 0), record["id"]
    value = record.get(names.get(order, "id"))
    return (value.lower() if isinstance(value, str) else value), record["id"]
