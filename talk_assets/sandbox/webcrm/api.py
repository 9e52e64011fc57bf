"""Webcrm's API: logging in, reading pages, writing one record or many, and its small SQL.

What is ASSUMED here, nobody having seen it: a login with a wrong code is 200 with `IsError` (the description declares
nothing else), the words of error bodies, that an update in a PATCH answers with the record's id, that a page has 100
records when no size is asked for, that references must exist, that a person's organisation is passed over in silence.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import ceil
from typing import Any, ClassVar

from talk_assets.sandbox.limits import Tokens
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored
from talk_assets.sandbox.system import Emulation, Properties, Switch
from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import TABLES, Table, is_id
from talk_assets.sandbox.webcrm.reading import Finder
from talk_assets.sandbox.webcrm.records import Manner, Rejected, Stamp, merged, stored, tail
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

AUTH_CODE = "00000000-0000-4000-8000-77656263726d"
SYSTEM_ID = 39001
AUTHOR = "API"
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Webcrm(Emulation):
    """The emulated Webcrm."""

    name = "webcrm"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 250,
        "token_lifetime": 3600,
        "largest_page": 1000,
        "queries": True,
        "item_errors": True,  # off: the first item that is not taken ends the PATCH with a 400
        "full_replace": False,  # on: what a write does not mention is blanked
        "ignores_filters": True,  # off: an unknown parameter is a 400
        "cuts_texts": True,  # off: a text that is too long is refused
        "mixed_offsets": True,  # off: every time is given in UTC
        "blank_values": True,  # off: null instead of "" and 0001-01-01
        "moves_persons": False,  # on: PersonOrganisationId can be changed
        "deletes_all": False,  # on: every collection has DELETE
        "id_race": 0.0,  # the rate at which a create fails that comes within a second of another
        "checks_emails": False,  # on: an address that is none is refused
        "names_property": True,  # off: the words about such an address do not say whose it is
        "text_json": True,  # off: answers are labelled application/json
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.tables = {table.path.lower(): table for table in TABLES}
        self.shelves = {
            table.path: Shelf(
                store, f"webcrm/{table.path}", integer=True, keys=table.full(table.keys), tail=tail(table)
            )
            for table in TABLES
        }
        self._finder = Finder(self.shelves, self.switches, self.place)
        self._tokens = Tokens()
        self._chance = random.Random(0)
        self._last_create = 0.0

    def answer(self, request: HttpRequest) -> Reply:
        """Log in, or check the token and the limit and carry the request out."""
        segments = tuple(part.lower() for part in request.segments)
        if segments[:1] == ("auth",):
            return self._auth(request, segments[1:])
        if segments[:1] != ("queries",) and not self.tables.keys() & set(segments[:1]):
            return failure(404, "No such resource.", "NotFoundException")
        now = self.clock.now()
        if not self._tokens.valid(request.bearer(), now):
            return failure(401, "Authorization has been denied for this request.", "UnauthorizedException")
        wait = self.limit.wait(now, int(self.switches["limit"]))
        if wait:
            return self.throttled(wait)
        answer = self._route(request, segments)
        return Reply(answer.status, answer.body, answer.headers, self._label())

    def throttled(self, seconds: float) -> Reply:
        """Too many requests, in the documented words."""
        after = max(1, ceil(seconds))
        limit = self.switches["limit"] or self.defaults["limit"]
        message = f"The request was throttled. The limit of {limit} requests per minute is reached"
        body = {"RetryAfterSeconds": after, "Message": message, "Type": "TooManyRequestsException"}
        return reply(body, 429, {"Retry-After": str(after)})

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        return failure(status, "An error has occurred.", "Exception")

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named; ids are counted on where they are missing, times are now."""
        table = self.tables[collection.lower()]
        for sent in records:
            record = merged(table, None, sent, Manner())
            id_ = int(sent.get(table.id) or self.shelves[table.path].next("id"))
            now, told = self._now(), sent.get(table.updated)
            modified = times.to_seconds(told) if told else now
            yield stored(table, Stamp("Import", modified, min(modified, now)).on(table, record, id_))

    def _label(self) -> str:
        return "text/json; charset=utf-8" if self.switches["text_json"] else "application/json; charset=utf-8"

    def _auth(self, request: HttpRequest, action: tuple[str, ...]) -> Reply:
        sent = {name.lower(): value for name, value in request.form().items()}
        match request.method, action:
            case "POST", ("apilogin",):
                code = sent.get("authcode") or request.headers.get("authCode")
                return self._token(granted=code == AUTH_CODE)
            case "POST", ("apirefresh",):
                token = request.headers.get("refreshToken") or sent.get("refreshtoken")
                return self._token(granted=self._tokens.redeem(token))
        return failure(404, "No such resource.", "NotFoundException")

    def _token(self, *, granted: bool) -> Reply:
        lifetime = int(self.switches["token_lifetime"])
        access, refresh = self._tokens.issue(self.clock.now(), lifetime) if granted else (None, None)
        return reply(
            {
                "AccessToken": access,
                "RefreshToken": refresh,
                "Error": None if granted else "invalid_grant",
                "ErrorDescription": None if granted else "The code or token is not valid.",
                "IsError": not granted,
                "ExpiresIn": lifetime if granted else 0,
                "TokenType": "Bearer" if granted else None,
                "SystemId": SYSTEM_ID,
            }
        )

    def _route(self, request: HttpRequest, segments: tuple[str, ...]) -> Reply:  # noqa: PLR0911 -- one for each verb
        table = self.tables.get(segments[0]) if segments else None
        if request.method == "GET":
            return self._finder.answer(request, segments, table)
        if table is None:
            return failure(404, "No such resource.", "NotFoundException")
        match request.method, segments[1:]:
            case "POST", ():
                return self._sent(request, lambda sent: self._create(table, sent))
            case "PATCH", ():
                return self._sent(request, lambda sent: self._upsert(table, sent))
            case "PUT", (id_,) if is_id(id_):
                return self._sent(request, lambda sent: self._replace(table, int(id_), sent))
            case "DELETE", (id_,) if is_id(id_) and (table.deletable or self.switches["deletes_all"]):
                gone = self.shelves[table.path].erase(int(id_))
                return Reply() if gone else missing(table, int(id_))
        return failure(405, "The requested resource does not support this method.", "MethodNotAllowedException")

    def _sent(self, request: HttpRequest, act: Callable[[Any], Reply]) -> Reply:
        try:
            return act(request.json())
        except ValueError:
            return failure(400, "The request is invalid.", "BadRequestException")
        except Rejected as error:
            return failure(400, str(error), "ValidationException")

    def _create(self, table: Table, sent: object) -> Reply:
        id_ = self._insert(table, _object(sent))
        return reply(id_) if table.names_id else Reply()

    def _replace(self, table: Table, id_: int, sent: object) -> Reply:
        if self.shelves[table.path].get(id_) is None:
            return missing(table, id_)
        self._update(table, id_, _object(sent))
        return Reply()

    def _upsert(self, table: Table, sent: object) -> Reply:
        if not isinstance(sent, list):
            message = "The body is an array of records"
            raise Rejected(message)
        return reply([self._item(table, item) for item in sent])

    def _item(self, table: Table, item: object) -> str:
        try:
            sent = _object(item)
            id_ = _id(table, sent)
            return str(self._update(table, id_, sent) if id_ else self._insert(table, sent))
        except Rejected as error:
            if not self.switches["item_errors"]:
                raise
            return f"Error: {error}"

    def _insert(self, table: Table, sent: Properties) -> int:
        record = merged(table, None, sent, self._manner())
        self._check(table, record)
        self._race(table)
        id_, now = self.shelves[table.path].next("id"), self._now()
        self.shelves[table.path].put(stored(table, Stamp(AUTHOR, now, now).on(table, record, id_)))
        return id_

    def _update(self, table: Table, id_: int, sent: Properties) -> int:
        shelf = self.shelves[table.path]
        found = shelf.get(id_)
        if found is None:
            message = f"{table.name} {id_} was not found"
            raise Rejected(message)
        old = Finder.load(found)
        record = merged(table, old, sent, self._manner())
        self._check(table, record, old)
        shelf.put(stored(table, Stamp(AUTHOR, self._now()).on(table, record, id_)))
        return id_

    def _manner(self) -> Manner:
        switches = self.switches
        return Manner(switches["full_replace"], switches["cuts_texts"], fixed=not switches["moves_persons"])

    def _check(self, table: Table, record: Properties, old: Properties | None = None) -> None:
        email = record.get(f"{table.name}Email")
        if self.switches["checks_emails"] and email and not EMAIL.fullmatch(email):
            message = f"{table.name}Email is not a valid e-mail address"
            raise Rejected(message if self.switches["names_property"] else "The record is not valid")
        for name, path in table.references.items():
            id_ = record[table.name + name]
            changed = old is None or old[table.name + name] != id_
            if id_ and changed and self.shelves[path].get(id_) is None:
                message = f"{table.name + name} {id_} is not valid"
                raise Rejected(message)

    def _race(self, table: Table) -> None:
        rate, now = self.switches["id_race"], self.clock.now()
        soon, self._last_create = now - self._last_create < 1, now
        if rate and soon and self._chance.random() < rate:
            message = f"Violation of PRIMARY KEY constraint 'PK_{table.name}'. Cannot insert duplicate key."
            raise Rejected(message)

    def _now(self) -> int:
        return int(self.clock.now())


def _object(sent: object) -> dict[str, Any]:
    if not isinstance(sent, dict):
        message = "A record is an object"
        raise Rejected(message)
    return sent


def _id(table: Table, sent: Properties) -> int:
    id_ = sent.get(table.id) or 0
    if type(id_) is not int or not is_id(str(id_)):
        message = f"{table.id} is not a number"
        raise Rejected(message)
    return id_


def missing(table: Table, id_: int) -> Reply:
    """Nothing under this id."""
    return failure(404, f"{table.name} {id_} was not found", "NotFoundException")


def failure(status: int, message: str, kind: str) -> Reply:
    """An error as Webcrm words it."""
    return reply({"Message": message, "Type": kind}, status)
