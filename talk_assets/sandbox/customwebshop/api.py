"""The webshop's API, as WooCommerce's REST API of version 3 has it, under `/wp-json/wc/v3`."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, ClassVar
from urllib.parse import urlencode

from talk_assets.sandbox.customwebshop.records import RESOURCES, Record, Resource, load, stored
from talk_assets.sandbox.customwebshop.writes import EMAIL, Shop, Wrong, laid_over, taken
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored, Term
from talk_assets.sandbox.system import Emulation, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

CONSUMER_KEY, CONSUMER_SECRET = "ck_sandbox", "cs_sandbox"
ROOT = ("wp-json", "wc", "v3")
HIGHEST = 18
"""Digits of an id that SQLite's integers hold."""


class Customwebshop(Emulation):
    """The emulated webshop."""

    name = "customwebshop"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 600,
        "largest_page": 100,
        "gmt_offset": 1.0,  # hours; times without `_gmt` are the shop's own
        "currency": "NOK",  # of an order that names none
        "fills_lines": True,  # off: a line holds only what it was told
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            name: Shelf(store, f"customwebshop/{name}", integer=True, keys=resource.keys)
            for name, resource in RESOURCES.items()
        }

    def answer(self, request: HttpRequest) -> Reply:
        """Check the key and the limit, and carry the request out."""
        try:
            return self._known(request)
        except Wrong as wrong:
            body = {"code": wrong.code, "message": wrong.message, "data": {"status": wrong.status, **wrong.more}}
            return reply(body, wrong.status)

    def throttled(self, seconds: float) -> Reply:
        """Too many requests."""
        body = {"code": "rest_too_many_requests", "message": "Too many requests.", "data": {"status": 429}}
        return reply(body, 429, {"Retry-After": str(max(1, ceil(seconds)))})

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        message = "There has been a critical error on this website."
        return reply({"code": "internal_server_error", "message": message, "data": {"status": status}}, status)

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named, meta data as a list; ids and times are filled in where missing."""
        resource, shelf = RESOURCES[collection], self.shelves[collection]
        for sent in records:
            record = laid_over(resource, resource.blank(), sent, self._shop())
            now = int(self.clock.now())
            yield stored(resource, {**record, "id": sent.get("id") or shelf.next("id")}, (now, now), self._hours)

    @property
    def _hours(self) -> float:
        return float(self.switches["gmt_offset"])

    def _known(self, request: HttpRequest) -> Reply:
        if _pair(request) != (CONSUMER_KEY, CONSUMER_SECRET):
            raise Wrong(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
        wait = self.limit.wait(self.clock.now(), int(self.switches["limit"]))
        return self.throttled(wait) if wait else self._route(request)

    def _route(self, request: HttpRequest) -> Reply:
        name, *rest = request.segments[3:] or ("",)
        resource = RESOURCES.get(name) if request.segments[:3] == ROOT and len(rest) <= 1 else None
        if resource is None:
            raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")
        match request.method, rest:
            case "GET", []:
                return self._list(resource, request.query)
            case "POST", []:
                return self._create(resource, _sent(request))
            case "GET", [id_]:
                return Reply(body=self._found(resource, id_, 404).body)
            case "PUT" | "PATCH" | "POST", [id_]:
                # An unknown id is a 400 here, though it is a 404 to whoever reads.
                return self._update(resource, self._found(resource, id_, 400), _sent(request))
            case "DELETE", [id_]:
                return self._delete(resource, self._found(resource, id_, 404), request.query.get("force") == "true")
        raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _list(self, resource: Resource, query: Mapping[str, str]) -> Reply:
        page, size = _number(query, "page", 1, 10**9), _number(query, "per_page", 10, self.switches["largest_page"])
        shelf, way = self.shelves[resource.name], query.get("order", "desc") == "desc"
        order = "id" if query.get("orderby") == "id" else "stamp"
        if ids := query.get("include"):
            wanted = [int(id_) for id_ in ids.split(",") if id_.strip().isdecimal() and len(id_) <= HIGHEST]
            trash = query.get("status") == "trash"
            found = [row for id_ in dict.fromkeys(wanted) if (row := shelf.get(id_)) and row.gone == trash]
            rows, total = found[(page - 1) * size : page * size], len(found)
        else:
            terms = self._terms(resource, query)
            rows = shelf.select(terms, order=order, descending=way, limit=size, offset=(page - 1) * size)
            total = shelf.count() if terms == [("gone", "=", 0)] else len(shelf.select(terms))
        pages = ceil(total / size)
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        if page < pages:
            there = urlencode({**query, "page": page + 1})
            headers["Link"] = f'<https://shop.example/{"/".join(ROOT)}/{resource.name}?{there}>; rel="next"'
        return Reply(body=b"[" + b",".join(row.body for row in rows) + b"]", headers=headers)

    def _terms(self, resource: Resource, query: Mapping[str, str]) -> list[Term]:
        """Filters that a list does not have are ignored, as customers ignore `modified_after`."""
        terms: list[Term] = [("gone", "=", int(query.get("status") == "trash"))]
        if resource.changes and "modified_after" in query:
            hours = 0.0 if query.get("dates_are_gmt") == "true" else self._hours
            terms.append(("stamp", ">", _seconds(query["modified_after"], hours)))
        terms += [(key, "=", query[key]) for key in resource.keys if query.get(key)]
        return terms

    def _found(self, resource: Resource, id_: str, status: int) -> Stored:
        record = self.shelves[resource.name].get(int(id_)) if id_.isdecimal() and len(id_) <= HIGHEST else None
        if record is None:
            kind = resource.name.removesuffix("s")
            raise Wrong(status, f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.")
        return record

    def _create(self, resource: Resource, sent: Record) -> Reply:
        if resource.name == "customers":
            if "email" not in sent:
                message = "Missing parameter(s): email"
                raise Wrong(400, "rest_missing_callback_param", message, params=["email"])
            sent = {"username": sent["email"], **sent} if isinstance(sent["email"], str) else sent
        if resource.name == "orders":
            sent = {"currency": self.switches["currency"], **sent}
        now = int(self.clock.now())
        record = self._checked(resource, resource.blank(), sent, 0)
        return self._keep(resource, record | {"id": self.shelves[resource.name].next("id")}, (now, now), 201)

    def _update(self, resource: Resource, old: Stored, sent: Record) -> Reply:
        before = load(old)
        record = self._checked(resource, before, sent, int(old.id))
        created = _seconds(before["date_created_gmt"], 0)
        return self._keep(resource, record, (created, int(self.clock.now())), 200)

    def _delete(self, resource: Resource, old: Stored, force: bool) -> Reply:  # noqa: FBT001 -- the API's own parameter
        if force:
            self.shelves[resource.name].erase(old.id)
            return Reply(body=old.body)
        if not resource.statuses:
            message = "Customers do not support trashing."
            raise Wrong(501, "woocommerce_rest_trash_not_supported", message)
        if old.gone:
            raise Wrong(410, "woocommerce_rest_already_trashed", "It has already been deleted.")
        return self._update(resource, old, {"status": "trash"})

    def _checked(self, resource: Resource, old: Record, sent: Record, id_: int) -> Record:
        taken(resource, sent)
        record = laid_over(resource, old, sent, self._shop())
        for key, code in (("sku", "product_invalid_sku"), ("email", "registration-error-email-exists")):
            if key not in resource.keys or not record[key]:
                continue
            others = [row for row in self.shelves[resource.name].select([(key, "=", record[key])]) if row.id != id_]
            if others:
                raise Wrong(400, code, f"Invalid or duplicated {key}.", resource_id=others[0].id)
        customer = record.get("customer_id")
        if customer and not self.shelves["customers"].get(customer):
            raise Wrong(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
        if resource.name == "customers" and not EMAIL.fullmatch(record["email"]):
            raise Wrong(
                400, "rest_invalid_param", "Invalid parameter(s): email", params={"email": "Invalid email address."}
            )
        return record

    def _keep(self, resource: Resource, record: Record, times: tuple[int, int], status: int) -> Reply:
        own = {name: value for name, value in record.items() if not name.startswith("date_")}
        new = stored(resource, own, times, self._hours)
        self.shelves[resource.name].put(new)
        return Reply(status, new.body)

    def _shop(self) -> Shop:
        def product(id_: int) -> Record | None:
            found = self.shelves["products"].get(id_)
            return load(found) if found else None

        def next_id(what: str) -> int:
            return self.store.next(f"customwebshop/{what}")

        return Shop(product, next_id, bool(self.switches["fills_lines"]))


def _pair(request: HttpRequest) -> tuple[str, ...]:
    """Key and secret, from the header."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    try:
        decoded = base64.b64decode(text).decode() if kind.lower() == "basic" else ""
    except (binascii.Error, UnicodeDecodeError):
        return ()
    return tuple(decoded.split(":", 1))


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError as error:
        raise Wrong(400, "rest_invalid_json", "Invalid JSON body passed.") from error
    if not isinstance(sent, dict):
        raise Wrong(400, "rest_invalid_json", "Invalid JSON body passed.")
    return sent


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        wrong = f"{name} must be between 1 (inclusive) and {most} (inclusive)"
        raise Wrong(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: wrong})
    return int(text)


def _seconds(text: str, hours: float) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        wrong = "Invalid date."
        raise Wrong(
            400, "rest_invalid_param", "Invalid parameter(s): modified_after", params={"date": wrong}
        ) from error
    if moment.tzinfo is None:
        moment = (moment - timedelta(hours=hours)).replace(tzinfo=UTC)
    return int(moment.timestamp())
