"""Powerofficego's API v2: tokens and subscription keys, one path per collection, JSON Patch, problems with a title.

What is ASSUMED here, nobody having seen it: the words for a wrong subscription key; that GET of an invoiced order is a
404 while `sentState` knows it; that references must lead somewhere; that empty texts are kept as they are.
"""

import base64
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from math import ceil
from typing import ClassVar

from talk_assets.sandbox.limits import SlidingLimit, Tokens
from talk_assets.sandbox.powerofficego.orders import Orders
from talk_assets.sandbox.powerofficego.properties import (
    CONTACT_PERSONS,
    CUSTOMERS,
    DEPARTMENTS,
    LINES,
    PRODUCTS,
    PUBLIC,
    SALES_ORDERS,
    SUPPLIERS,
    TABLES,
    Table,
)
from talk_assets.sandbox.powerofficego.reading import Finder, Replica, first, load, nowhere
from talk_assets.sandbox.powerofficego.records import (
    TICKS,
    Record,
    Rejected,
    blank,
    check,
    instant,
    missing,
    patched,
    posted,
    stamped,
    stored,
)
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored
from talk_assets.sandbox.system import Emulation, Invalid, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

APPLICATION_KEY, CLIENT_KEY, SUBSCRIPTION_KEY = "sandbox-application", "sandbox-client", "sandbox-subscription"
FIRST_NUMBER = 10_000
"""Of customers and of orders; customers have numbers below `LAST_NUMBER`."""

LAST_NUMBER = 99_999
JSON_TYPES = ("application/json-patch+json", "application/json", "text/json")
"""Of every body, a POST's too."""


class Powerofficego(Emulation):
    """The emulated Powerofficego."""

    name = "powerofficego"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 10,  # requests a second, 0 for none
        "retry_after": True,  # off: a 429 says when only in its words
        "token_lifetime": 1200,
        "empty_204": True,  # off: an empty list is []
        "pagination_header": True,
        "strict_filter": True,  # off: the filter by time takes its own moment in
        "lag": 0.0,  # seconds by which GETs are behind
        "product_200": True,  # off: a product's POST answers 201
        "nested_camel": False,  # on: MailAddress has camelCase inside
        "department_camel": False,  # on: GET /Departments/{id} is in camelCase
        "pascal_problems": False,  # on: Title and Detail
        "fills_lines": True,  # off: a line without a price has none
        "shared_ids": True,  # off: a supplier's role does not keep a customer from being deleted
        "keeps_used": True,  # off: what is in use can be deleted
        "names_duplicate": True,  # off: the words about a duplicate reference name no id
        "locks_confirmed": True,
        "lines_move_order": True,  # off: a change of a line does not move its order's time
        "address_moves": False,  # on: a change of an address moves the customer's time
        "invoiced_leaves": True,  # off: an invoiced order stays
        "invoiced_by_id": False,  # on: GET /SalesOrders/{id} shows an invoiced order
        "hides_national_id": True,
        "checks_paths": True,  # off: a patch of a read-only path is passed over
        "needs_email": True,  # off: a customer without e-mail may have invoices by e-mail
        "names_property": True,  # off: what is wrong with a record is not said
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            table.path: Shelf(
                store, f"powerofficego/{table.path}", integer=table.integer, keys=tuple(table.keys.split())
            )
            for table in TABLES
        }
        self.limit = SlidingLimit(window=1.0)
        self._tokens = Tokens()
        self._replica = Replica(self.shelves, self.switches, self._ticks)
        self._finder = Finder(self._replica, self.switches, self.place)
        self._orders = Orders(self, self.switches, self._now, self._next)
        self._last = 0

    def answer(self, request: HttpRequest) -> Reply:
        """Check the key, the limit and the token, and carry the request out."""
        early = self._stopped(request)
        if early:
            return early
        segments = tuple(part for part in request.segments if part.lower() != "v2")
        if tuple(part.lower() for part in segments) == ("oauth", "token"):
            return self._token(request)
        table = PUBLIC.get(segments[0].lower()) if segments else None
        if table is None:
            return nowhere()
        if not self._tokens.valid(request.bearer(), self.clock.now()):
            return reply({"statusCode": 401, "message": "Unauthorized. Access token is missing or invalid."}, 401)
        self._replica.reconcile()
        try:
            return self._route(table, request, segments[1:])
        except Rejected as error:
            return self._problem(table, error)

    def _stopped(self, request: HttpRequest) -> Reply | None:
        """What the gateway in front of the API says to a wrong subscription key, and to too many requests."""
        given = request.headers.get("Ocp-Apim-Subscription-Key") or request.query.get("subscription-key")
        if given != SUBSCRIPTION_KEY:
            said = "Access denied due to invalid subscription key. Make sure to provide a valid key."
            return reply({"statusCode": 401, "message": said}, 401)
        wait = self.limit.wait(self.clock.now(), int(self.switches["limit"]))
        return self.throttled(wait) if wait else None

    def throttled(self, seconds: float) -> Reply:
        """Too many requests, in the words of Azure's API management."""
        after = max(1, ceil(seconds))
        body = {"statusCode": "429", "message": f"Rate limit is exceeded. Try again in {after} seconds."}
        return reply(body, 429, {"Retry-After": str(after)} if self.switches["retry_after"] else {})

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        return reply({"statusCode": status, "message": "Internal server error"}, status)

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named; ids and times are filled in where they are missing."""
        table = next(one for one in TABLES if one.path.lower() == collection.lower())
        for sent in records:
            unknown = sorted(sent.keys() - table.properties.keys())
            if unknown:
                message = f"{table.path} has no property {unknown[0]}"
                raise Invalid(message)
            fresh = stamped(blank(table), None, self._now())
            record = {**fresh, **sent}
            record["Id"] = record["Id"] or (self._new_id(table) if table.integer else str(uuid.uuid4()))
            yield stored(table, record)

    # What `orders.Keeper` asks for.

    def find(self, table: Table, id_: int | str) -> Record | None:
        """A record as it is, null where there is none."""
        found = self.shelves[table.path].get(id_)
        return None if found is None or found.gone else load(found)

    def having(self, table: Table, name: str, value: object) -> Record | None:
        """The first record with this value, null where there is none."""
        rows = map(load, self.shelves[table.path].select([("gone", "=", 0)]))
        return next((row for row in rows if row[name] == value), None)

    def keep(self, table: Table, record: Record, *, gone: bool = False) -> None:
        """Store a record."""
        new = stored(table, record, gone=gone)
        self._replica.note(table, record["Id"], new)
        self.shelves[table.path].put(new)

    def drop(self, table: Table, id_: int | str) -> None:
        """Remove a record."""
        self._replica.note(table, id_, None)
        self.shelves[table.path].erase(id_)

    def check(self, table: Table, record: Record, old: Record | None = None) -> None:
        """Raise Rejected for what the record itself or others make impossible."""
        check(table, record, needs_email=bool(self.switches["needs_email"]))
        for name, path in table.references.items():
            changed = old is None or old[name] != record[name]
            if changed and record[name] is not None and record[name] != -1:
                target = PUBLIC[path.lower()]
                if self.find(target, record[name]) is None:
                    raise missing(target, record[name])
        reference = record.get(table.unique) if table.unique else None
        if reference and (old is None or old[table.unique] != reference):
            other = first(self.shelves[table.path].select([(table.unique, "=", reference)], limit=1))
            if other:
                kind = "(contact) Id" if table is CUSTOMERS else "Id"
                named = f" '{reference}' is used on {kind} = {other.id}." if self.switches["names_duplicate"] else ""
                message = f"{table.unique} is already in use.{named}"
                raise Rejected(message)

    def lines(self, order: str) -> list[Record]:
        """An order's lines as they are, in their order."""
        rows = map(load, self.shelves[LINES.path].select([("SalesOrderId", "=", order)]))
        return sorted(rows, key=lambda line: (line["SortOrder"], line["Id"]))

    def _token(self, request: HttpRequest) -> Reply:
        basic = base64.b64encode(f"{APPLICATION_KEY}:{CLIENT_KEY}".encode()).decode()
        granted = request.form().get("grant_type") == "client_credentials"
        if request.headers.get("Authorization") != f"Basic {basic}" or not granted:
            said = "Client integration not found. Please ensure the provided keys are matching the desired environment."
            return reply({"error": "invalid_client", "error_description": said}, 400)
        lifetime = int(self.switches["token_lifetime"])
        access, _ = self._tokens.issue(self.clock.now(), lifetime)
        return reply({"access_token": access, "token_type": "bearer", "expires_in": lifetime})

    def _problem(self, table: Table, error: Rejected) -> Reply:
        wrong = error.title is None and not self.switches["names_property"]
        said = "The record is not valid." if wrong else str(error)
        body: dict[str, object] = {"title": error.title or f"{table.name} validation error(s)", "detail": said}
        if self.switches["pascal_problems"]:
            body = {name.capitalize(): value for name, value in body.items()} | {"Status": error.status}
        return reply(body, error.status)

    def _route(self, table: Table, request: HttpRequest, rest: tuple[str, ...]) -> Reply:  # noqa: PLR0911 -- one each
        if table is SALES_ORDERS and request.method == "GET":
            return self._finder.order(request, rest)
        if table is SALES_ORDERS:
            return self._orders.answer(request.method, rest, lambda: _body(request))
        parent = None
        if table is CONTACT_PERSONS and rest:
            parent, rest = _id(rest[0]), rest[1:]
        match request.method, rest:
            case "GET", () if parent is None:
                return self._finder.page(table, request)
            case "GET", (id_,):
                return self._finder.one(table, _id(id_), parent)
            case "POST", () if table is not SUPPLIERS and (parent is None) == (table is not CONTACT_PERSONS):
                return self._create(table, _body(request), parent)
            case "PATCH", (id_,) if table is not SUPPLIERS:
                return self._patch(table, self._found(table, _id(id_), parent), _body(request))
            case "DELETE", (id_,) if table is not SUPPLIERS:
                return self._delete(table, self._found(table, _id(id_), parent))
        return nowhere()

    def _create(self, table: Table, sent: object, parent: int | None) -> Reply:
        record = {**blank(table), **posted(table, sent)}
        if parent is not None:
            if self.find(CUSTOMERS, parent) is None and self.find(SUPPLIERS, parent) is None:
                raise missing(CUSTOMERS, parent)
            record["ContactId"] = parent
        self.check(table, record)
        if table is CUSTOMERS:
            record["Number"] = self._customer_number(record["Number"])
        record = stamped(record, self._new_id(table), self._now())
        if table is CUSTOMERS:
            record["SubledgerAccountId"] = record["Id"] * 10
            record = _with_address(record, None, self._now())
        self.keep(table, record)
        status = 200 if table is PRODUCTS and self.switches["product_200"] else 201
        return reply(self._finder.shown(table, record), status)

    def _patch(self, table: Table, old: Record, operations: object) -> Reply:
        record = patched(table, old, operations, lenient=not self.switches["checks_paths"])
        self.check(table, record, old)
        now, moved = self._now(), record
        if table is CUSTOMERS:
            record = _with_address(record, old, now)
            moved = record if self.switches["address_moves"] else {**record, "MailAddress": old["MailAddress"]}
        if moved != old:
            record = {**record, "LastChangedDateTimeOffset": instant(now)}
        self.keep(table, record)
        return reply(self._finder.shown(table, record, single=table is DEPARTMENTS))

    def _delete(self, table: Table, record: Record) -> Reply:
        supplies = table is CUSTOMERS and self.switches["shared_ids"] and self.find(SUPPLIERS, record["Id"])
        if supplies or (self.switches["keeps_used"] and self._used(table, record["Id"])):
            message = f"{table.name} with id = {record['Id']} is in use and cannot be deleted."
            raise Rejected(message, 409, f"{table.name} conflict")
        if table is CUSTOMERS:
            for person in self.shelves[CONTACT_PERSONS.path].select([("ContactId", "=", record["Id"])]):
                self.drop(CONTACT_PERSONS, person.id if isinstance(person.id, int) else str(person.id))
        self.drop(table, record["Id"])
        return Reply()

    def _used(self, table: Table, id_: int) -> bool:
        users = [
            (other, name) for other in (SALES_ORDERS, LINES) for name, path in other.references.items()
            if path == table.path
        ]  # fmt: skip
        return any(row[name] == id_ for other, name in users for row in map(load, self.shelves[other.path].select()))

    def _found(self, table: Table, id_: int, parent: int | None) -> Record:
        record = self.find(table, id_)
        if record is None or (parent is not None and record["ContactId"] != parent):
            raise missing(table, id_)
        return record

    def _customer_number(self, wanted: int | None) -> int:
        if wanted is not None and not FIRST_NUMBER <= wanted <= LAST_NUMBER:
            message = f"Number {wanted} is outside of the number series."
            raise Rejected(message)
        return wanted or self._next("customers")

    def _next(self, series: str) -> int:
        """The next number of a series that no record has."""
        table, name = (CUSTOMERS, "Number") if series == "customers" else (SALES_ORDERS, "SalesOrderNo")
        if self.store.note(f"powerofficego/{series} begun") is None:
            rows = (load(row)[name] or 0 for row in self.shelves[table.path].select())
            self.store.set_note(f"powerofficego/{series} begun", str(max([FIRST_NUMBER, *rows])))
        begun = int(self.store.note(f"powerofficego/{series} begun") or FIRST_NUMBER)
        return begun + self.store.next(f"powerofficego/{series}")

    def _new_id(self, table: Table) -> int:
        """The next id; contacts have them in common, whatever their roles."""
        contacts = (CUSTOMERS, SUPPLIERS) if table in {CUSTOMERS, SUPPLIERS} else (table,)
        return max(self.shelves[one.path].next("id") for one in contacts)

    def _ticks(self) -> int:
        return int(self.clock.now() * 1_000_000) * (TICKS // 1_000_000)

    def _now(self) -> int:
        """The time of a write, no two of which happen at once."""
        self._last = max(self._ticks() + 3, self._last + 1)
        return self._last


def _with_address(record: Record, old: Record | None, now: int) -> Record:
    """The customer with an id and a time of its address, where that changed."""
    address, before = record["MailAddress"], old and old["MailAddress"]
    if address is None or address == before:
        return record
    own = {"Id": (before or {}).get("Id") or record["Id"] * 100, "LastChangedDateTimeOffset": instant(now)}
    return {**record, "MailAddress": {**address, **own}}


def _body(request: HttpRequest) -> object:
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip()
    if kind not in JSON_TYPES:
        message = f"Unsupported media type '{kind}'."
        raise Rejected(message, 415, "Unsupported Media Type")
    try:
        return request.json()
    except ValueError as error:
        message = "The body is not JSON."
        raise Rejected(message) from error


def _id(text: str) -> int:
    if not re.fullmatch(r"\d{1,18}", text):
        message = f"The value '{text}' is not valid."
        raise Rejected(message)
    return int(text)
