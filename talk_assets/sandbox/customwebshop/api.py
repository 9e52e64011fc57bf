"""The webshop's API, as WooCommerce's REST API of version 3 has it, under `/wp-json/wc/v3`."""

import json
import operator as operators
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar
from urllib.parse import urlencode

from talk_assets.sandbox.customwebshop import filters, shown
from talk_assets.sandbox.customwebshop.accounts import UserNames
from talk_assets.sandbox.customwebshop.effects import Effects
from talk_assets.sandbox.customwebshop.filters import HIGHEST, Wanted, is_true, of_variations, showing, wanted
from talk_assets.sandbox.customwebshop.keys import CONSUMER_KEY, CONSUMER_SECRET, Doorkeeper
from talk_assets.sandbox.customwebshop.records import RESOURCES, VARIATION, Record, Resource, in_decimals, load, stored
from talk_assets.sandbox.customwebshop.writes import EMAIL, Shop, Wrong, laid_over, taken
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored, Term
from talk_assets.sandbox.system import Emulation, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

__all__ = ["CONSUMER_KEY", "CONSUMER_SECRET", "Customwebshop"]

ROOT = ("wp-json", "wc", "v3")
MARK = b"\xef\xbb\xbf"
NOTICE = (
    b"<br />\n<b>Notice</b>:  Undefined index: tax in <b>/var/www/wp-content/plugins/some/plugin.php</b>"
    b" on line <b>12</b><br />\n"
)
EVERY = -1
"""In place of a parent's id: variations of any."""
WRITTEN = 400
"""The status with which a write is answered whose record is not there."""
SORTED_BY_SHELF = {"id": "id", "modified": "stamp"}


class Customwebshop(Emulation):
    """The emulated webshop. `effects` is what it did besides keeping records."""

    name = "customwebshop"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 600,
        "largest_page": 100,
        "gmt_offset": 1.0,  # hours; times without `_gmt` are the shop's own
        "currency": "NOK",  # of an order that names none
        "decimals": 2,  # that the shop shows, where a request asks for no others
        "lists_variations": True,  # off: no list has the variations of all products
        "rounds": False,  # on: lines are kept with the decimals that the shop shows, whatever was sent
        "fills_lines": True,  # off: a line holds only what it was sent
        "tls": True,  # off: plain http, where only a signature counts
        "passes_header": True,  # off: the host in front keeps the header Authorization back
        "permission": "read_write",  # of the key, or "read"
        "edit_context": True,  # off: nobody may read in the context edit
        "makes_usernames": True,  # off: who creates an account says its user name
        "mails_accounts": True,  # off: whoever has a new account gets no mail
        "breaks_at": "",  # a word: a plugin breaks at each write that holds it, before it is carried out
        "breaks_after": "",  # the same, once it has been carried out
        "byte_order_mark": False,  # on: each answer begins with one
        "notice": False,  # on: a notice of PHP's stands before the JSON of each answer
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            name: Shelf(store, f"customwebshop/{name}", integer=True, keys=resource.keys)
            for name, resource in RESOURCES.items()
        }
        self._effects = Effects()
        self._doorkeeper = Doorkeeper(self.name)
        self._user_names = UserNames(lambda name: self.shelves["customers"].count([("username", "=", name)]) > 0)

    @property
    def effects(self) -> Mapping[str, Sequence[object]]:
        """The mails to people, and what was taken from stock."""
        return {"mails": self._effects.mails, "stock": self._effects.stock}

    def forget_effects(self) -> None:
        """Begin anew."""
        self._effects = Effects()

    def answer(self, request: HttpRequest) -> Reply:
        """Check the key and the limit, and carry the request out."""
        try:
            self._break("breaks_at", request)
            answer = self._known(request)
            self._break("breaks_after", request)
        except Wrong as wrong:
            body = {"code": wrong.code, "message": wrong.message, "data": {"status": wrong.status, **wrong.more}}
            answer = reply(body, wrong.status)
        before = (MARK if self.switches["byte_order_mark"] else b"") + (NOTICE if self.switches["notice"] else b"")
        return replace(answer, body=before + answer.body) if before else answer

    def _break(self, switch: str, request: HttpRequest) -> None:
        word = str(self.switches[switch]).encode()
        if word and word in request.body:
            raise Wrong(500, "internal_server_error", "There has been a critical error on this website.")

    def admit(self, request: HttpRequest) -> Reply | None:
        """Look for the user name of a new account."""
        self._user_names.look(request)
        return None

    def release(self, request: HttpRequest) -> None:
        """Forget it."""
        self._user_names.forget(request)

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
            record |= {name: sent[name] for name in ("role",) if name in record and name in sent}
            now = int(self.clock.now())
            yield self._stored(resource, {**record, "id": sent.get("id") or shelf.next("id")}, (now, now))

    @property
    def _hours(self) -> float:
        return float(self.switches["gmt_offset"])

    def _stored(self, resource: Resource, record: Record, times: tuple[int, int]) -> Stored:
        decimals = int(self.switches["decimals"])
        if resource.name == "orders" and self.switches["rounds"]:
            record = in_decimals(record, decimals)
        return stored(resource, record, times, self._hours, decimals)

    def _known(self, request: HttpRequest) -> Reply:
        self._doorkeeper.check(
            request,
            self.clock.now(),
            tls=bool(self.switches["tls"]),
            header=bool(self.switches["passes_header"]),
            permission=str(self.switches["permission"]),
        )
        wait = self.limit.wait(self.clock.now(), int(self.switches["limit"]))
        return self.throttled(wait) if wait else self._route(request)

    def _route(self, request: HttpRequest) -> Reply:
        resource, rest, of = self._place(request)
        if resource is None:
            raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")
        reading, query = request.method == "GET", request.query
        if reading and query.get("context") == "edit" and not self.switches["edit_context"]:
            message = "Sorry, you are not allowed to edit this resource."
            raise Wrong(403, "rest_forbidden_context", message)
        # A write answers in the context edit, whatever it asks for.
        answer = showing(query if reading else {**query, "context": "edit"}, int(self.switches["decimals"]))
        match request.method, rest:
            case "GET", []:
                return self._list(resource, query, of)
            case "GET", [id_]:
                return Reply(body=self._shown(resource, self._found(resource, id_, 404), answer))
            case "POST", [] if of != EVERY:
                row = self._create(resource, request, of or 0)
                return Reply(201, self._shown(resource, row, answer))
            case "PUT" | "PATCH" | "POST", [id_]:
                # An unknown id is a 400 here, though it is a 404 to whoever reads.
                row = self._update(resource, self._found(resource, id_, 400, of), _sent(request))
                return Reply(body=self._shown(resource, row, answer))
            case "DELETE", [id_]:
                row = self._delete(resource, self._found(resource, id_, 404, of), is_true(query, "force"))
                return Reply(body=self._shown(resource, row, answer))
        raise Wrong(404, "rest_no_route", "No route was found matching the URL and request method.")

    def _place(self, request: HttpRequest) -> tuple[Resource | None, list[str], int | None]:
        """Return a resource, the rest of the path, and of variations their parent's id or `EVERY`, else null."""
        found = request.segments[3:] if request.segments[:3] == ROOT else ()
        match found:
            case ["variations"] if self.switches["lists_variations"] and request.method == "GET":
                return RESOURCES["products"], [], EVERY
            case ["products", parent, "variations", *rest] if parent.isdecimal() and len(rest) <= 1:
                return RESOURCES["products"], rest, int(self._found(RESOURCES["products"], parent, 404).id)
            case [name, *rest] if len(rest) <= 1:
                return RESOURCES.get(name), rest, None
        return None, [], None

    def _shown(self, resource: Resource, row: Stored, how: shown.Showing) -> bytes:
        return shown.body(resource, row, how, self._highest(resource), self.chance)

    def _highest(self, resource: Resource) -> int:
        newest = self.shelves[resource.name].select(descending=True, limit=1) if resource.name == "products" else []
        return int(newest[0].id) if newest else 0

    def _list(self, resource: Resource, query: Mapping[str, str], of: int | None) -> Reply:
        asked = wanted(
            resource,
            query,
            largest=int(self.switches["largest_page"]),
            hours=self._hours,
            decimals=int(self.switches["decimals"]),
        )
        if of is not None:
            asked = of_variations(asked, None if of == EVERY else of)
        rows, total = self._selected(resource, replace(asked, offset=self.place(asked.offset)))
        pages, highest = ceil(total / asked.size), self._highest(resource)
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        if asked.page < pages:
            there = urlencode({**query, "page": asked.page + 1})
            headers["Link"] = f'<https://shop.example/{"/".join(ROOT)}/{resource.name}?{there}>; rel="next"'
        bodies = (shown.body(resource, row, asked.showing, highest, self.chance) for row in rows)
        return Reply(body=b"[" + b",".join(bodies) + b"]", headers=headers)

    def _selected(self, resource: Resource, asked: Wanted) -> tuple[list[Stored], int]:
        """The records of one page, and how many there are on all of them."""
        shelf = self.shelves[resource.name]
        if asked.ids is None and not asked.meets and asked.order in SORTED_BY_SHELF:
            order = SORTED_BY_SHELF[asked.order]
            rows = shelf.select(
                asked.terms, order=order, descending=asked.descending, limit=asked.size, offset=asked.offset
            )
            return rows, shelf.count(asked.terms)
        if asked.ids is None:
            rows = shelf.select(asked.terms)
        else:
            found = (row for id_ in asked.ids if (row := shelf.get(id_)))
            rows = [row for row in found if all(_meets(resource, row, term) for term in asked.terms)]
        if asked.meets or asked.order != "include":
            records = [(row, load(row)) for row in rows]
            records = [(row, record) for row, record in records if all(meets(record) for meets in asked.meets)]
            if asked.order != "include":
                records.sort(
                    key=lambda pair: filters.sorted_by(resource, asked.order, pair[1]), reverse=asked.descending
                )
            rows = [row for row, _ in records]
        return rows[asked.offset : asked.offset + asked.size], len(rows)

    def _found(self, resource: Resource, id_: str, status: int, of: int | None = None) -> Stored:
        """The record; a variation is written only under its parent `of`, and 404 tells of any other way."""
        record = self.shelves[resource.name].get(int(id_)) if id_.isdecimal() and len(id_) <= HIGHEST else None
        kept = load(record) if record is not None and (of or status == WRITTEN) else {}
        if kept and (kept["parent_id"] if kept.get("type") == VARIATION else None) != of:
            message = "To manipulate product variations you should use the endpoint of their product."
            raise Wrong(404, "woocommerce_rest_invalid_product_id", message)
        if record is None:
            if resource.name == "customers":
                raise Wrong(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")
            raise Wrong(status, f"woocommerce_rest_{resource.kind}_invalid_id", "Invalid ID.")
        return record

    def _create(self, resource: Resource, request: HttpRequest, parent: int) -> Stored:
        sent = _sent(request)
        if resource.name == "customers":
            if "email" not in sent:
                message = "Missing parameter(s): email"
                raise Wrong(400, "rest_missing_callback_param", message, params=["email"])
            self._checked(resource, resource.blank(), sent, 0)
            named = self._user_names.given(request, sent, makes=bool(self.switches["makes_usernames"]))
            sent = {**sent, "username": named}
        if resource.name == "products" and not parent:
            sent = {**sent, "name": sent.get("name") or "Product"}
        if resource.name == "orders":
            sent = {"currency": self.switches["currency"], **sent}
        now, blank = int(self.clock.now()), resource.blank()
        if parent:
            blank |= {"type": VARIATION, "parent_id": parent}
            sent = {name: value for name, value in sent.items() if name not in {"name", "type", "parent_id"}}
        record = self._checked(resource, blank, sent, 0) | {"id": self.shelves[resource.name].next("id")}
        new = self._keep(resource, record, (now, now))
        if resource.name == "customers" and self.switches["mails_accounts"]:
            self._effects.account(record)
        if resource.name == "orders":
            self._effects.order(blank, record, self._take)
        return new

    def _update(self, resource: Resource, old: Stored, sent: Record) -> Stored:
        before = load(old)
        record = self._checked(resource, before, sent, int(old.id))
        new = self._keep(resource, record, (_created(before), int(self.clock.now())))
        if resource.name == "orders":
            self._effects.order(before, record, self._take)
        return new

    def _delete(self, resource: Resource, old: Stored, force: bool) -> Stored:  # noqa: FBT001 -- the API's own parameter
        if force:
            self.shelves[resource.name].erase(old.id)
            if resource.name == "customers":
                self._orders_of_a_guest(int(old.id))
            return old
        if not resource.statuses:
            message = "Customers do not support trashing."
            raise Wrong(501, "woocommerce_rest_trash_not_supported", message)
        if old.gone:
            raise Wrong(410, "woocommerce_rest_already_trashed", "It has already been deleted.")
        return self._update(resource, old, {"status": "trash"})

    def _orders_of_a_guest(self, customer: int) -> None:
        """The orders of an account that is gone are nobody's."""
        resource = RESOURCES["orders"]
        for row in self.shelves["orders"].select([("customer_id", "=", customer)]):
            order = load(row)
            self._keep(resource, order | {"customer_id": 0}, (_created(order), int(self.clock.now())))

    def _checked(self, resource: Resource, old: Record, sent: Record, id_: int) -> Record:
        taken(resource, sent)
        record = laid_over(resource, old, sent, self._shop())
        self._check_unique(resource, record, id_)
        if "customer_id" in sent and (customer := record.get("customer_id")):
            found = self.shelves["customers"].get(customer)
            if found is None:
                raise Wrong(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
            if not record["billing"]["email"]:
                record["billing"] = {**record["billing"], "email": load(found)["email"]}
        if resource.name == "customers" and not EMAIL.fullmatch(record["email"]):
            raise Wrong(400, "customer_invalid_email", "Invalid email address")
        return record

    def _check_unique(self, resource: Resource, record: Record, id_: int) -> None:
        shelf = self.shelves[resource.name]
        for name in resource.unique:
            others = [row for row in shelf.select([(name, "=", record[name])]) if row.id != id_] if record[name] else []
            if others:
                more = {"unique_sku": f"{record[name]}-1"} if name == "sku" else {}
                message = (
                    "Invalid or duplicated SKU." if name == "sku" else "Invalid or duplicated GTIN, UPC, EAN or ISBN."
                )
                raise Wrong(400, f"product_invalid_{name}", message, resource_id=others[0].id, **more)
        if resource.name == "customers":
            accounts = [row for row in shelf.select([("email", "=", record["email"])]) if row.id != id_]
            if accounts and id_:
                raise Wrong(400, "woocommerce_rest_customer_invalid_email", "Email address is invalid.")
            if accounts:
                message = (
                    f"An account is already registered with {record['email']}. Please log in or use a different email"
                    " address."
                )
                raise Wrong(400, "registration-error-email-exists", message)

    def _keep(self, resource: Resource, record: Record, times: tuple[int, int]) -> Stored:
        own = {name: value for name, value in record.items() if not name.startswith("date_")}
        new = self._stored(resource, own, times)
        self.shelves[resource.name].put(new)
        return new

    def _take(self, product: int, quantity: int) -> bool:
        """Take so many from stock; false where the product is not there or not counted."""
        resource = RESOURCES["products"]
        row = self.shelves["products"].get(product)
        record = load(row) if row else {}
        if not record.get("manage_stock"):
            return False
        record["stock_quantity"] = (record["stock_quantity"] or 0) - quantity
        self._keep(resource, record, (_created(record), int(self.clock.now())))
        return True

    def _shop(self) -> Shop:
        def product(id_: int) -> Record | None:
            found = self.shelves["products"].get(id_)
            return load(found) if found else None

        def next_id(what: str) -> int:
            return self.store.next(f"customwebshop/{what}")

        return Shop(product, next_id, bool(self.switches["fills_lines"]))


def _created(record: Record) -> int:
    return int(datetime.fromisoformat(record["date_created_gmt"]).replace(tzinfo=UTC).timestamp())


def _meets(resource: Resource, row: Stored, term: Term) -> bool:
    """Whether a record that was taken from the shelf by its id meets a term."""
    column, operator, value = term
    held: Any = {"gone": int(row.gone), "stamp": row.stamp}.get(column)
    if held is None:
        held = row.keys[resource.keys.index(column)]
    if isinstance(held, str):
        held, value = held.lower(), str(value).lower()
    return bool(_COMPARED[operator](held, value))


_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operators.eq,
    "<>": operators.ne,
    ">": operators.gt,
    "<": operators.lt,
}


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except ValueError as error:
        raise Wrong(400, "rest_invalid_json", "Invalid JSON body passed.") from error
    if not isinstance(sent, dict):
        raise Wrong(400, "rest_invalid_json", "Invalid JSON body passed.")
    return sent
