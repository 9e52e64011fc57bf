"""Customerp's API: a change feed, records with versions, creates that can be repeated, problems as in RFC 9457."""

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from math import ceil
from typing import Any, ClassVar

from talk_assets.sandbox.customerp.properties import RESOURCES, Check, Problem, Resource, trimmed
from talk_assets.sandbox.customerp.records import (
    completed,
    cursor,
    instant,
    load,
    micros,
    opened,
    patched,
    reconciled,
    stored,
    tombstone,
    uuid7,
)
from talk_assets.sandbox.customerp.tokens import TokenOffice
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored, Term
from talk_assets.sandbox.system import Emulation, Invalid, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, dumps

TOKEN = "sandbox-customerp"
PROBLEM = "application/problem+json"
MOST_VALUES = 100
DAY = 86_400_000_000
TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    412: "Precondition failed",
    415: "Unsupported media type",
    422: "Unprocessable content",
    428: "Precondition required",
    429: "Too many requests",
    500: "Internal server error",
    503: "Service unavailable",
}


class Refusal(Invalid):
    """The request ends here, with this problem."""

    def __init__(self, status: int, detail: str, errors: Sequence[Problem] = (), **more: str) -> None:
        super().__init__(detail)
        body = {"type": "about:blank", "title": TITLES[status], "status": status, "detail": detail, **more}
        body["errors"] = [asdict(error) for error in errors]
        self.reply = Reply(status, dumps(body), {"Retry-After": "1"} if status in {429, 503} else {}, PROBLEM)


class Customerp(Emulation):
    """The emulated Customerp."""

    name = "customerp"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 600,
        "largest_page": 1000,
        "tombstone_days": 30.0,
        "needs_match": True,  # off: writes without If-Match are taken
        "needs_key": True,  # off: creates without Idempotency-Key are taken
        "trims": True,  # off: texts are kept with the blanks around them
        "longest_text": 255,
        "answers_with_record": True,  # off: an update is answered without a body
        "names_property": True,  # off: what is wrong with a record is not said
        "plain_lists": False,  # on: numbered pages, bare arrays, ids repeated, and what is no parameter is a filter
        "conflicts_on_values": False,  # on: a number that is used already is a 409, as an external reference is
        "one_time_tokens": True,  # off: a refresh token stays good
        "token_seconds": 600.0,  # that an access token lives
        "grant_days": 60.0,  # that a refresh token lives
        "says_grant_end": True,  # off: no answer says how long
        "declines": False,  # on: whoever is asked to sign in declines
        "lines_move_order": True,  # off: who edits lines alone leaves the order's time, version and place in the feed
        "replaces_nested": False,  # on: a PATCH is plain JSON, and what a nested object leaves out is cleared
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            name: Shelf(store, f"customerp/{name}", integer=False, keys=resource.keys, fed=True)
            for name, resource in RESOURCES.items()
        }
        self._tokens = TokenOffice(clock, self.switches)
        self._answers = Shelf(store, "customerp/answers", integer=False)
        self._in_flight: set[str] = set()
        self._random = random.SystemRandom()

    @property
    def effects(self) -> Mapping[str, Sequence[object]]:
        """When refresh tokens came a second time."""
        return {"tokens used again": self._tokens.used_again}

    def forget_effects(self) -> None:
        """Begin anew."""
        self._tokens.used_again.clear()

    def answer(self, request: HttpRequest) -> Reply:
        """Check the token and the limit, and carry the request out."""
        try:
            answer = self._tokens.answer(request) or self._route(request)
        except Refusal as refusal:
            answer = refusal.reply
        asked = request.headers.get("X-Request-Id")
        named = {"X-Request-Id": asked} if asked else {}
        return Reply(answer.status, answer.body, {**answer.headers, **named}, answer.content_type)

    def admit(self, request: HttpRequest) -> Reply | None:
        """Refuse a create whose key belongs to one that has not been answered yet."""
        key = request.headers.get("Idempotency-Key")
        if key is None or request.method != "POST":
            return None
        if key in self._in_flight:
            return Refusal(409, "A request with this Idempotency-Key is still being carried out.").reply
        self._in_flight.add(key)
        return None

    def release(self, request: HttpRequest) -> None:
        """The create with this key has been answered."""
        if request.method == "POST":
            self._in_flight.discard(request.headers.get("Idempotency-Key", ""))

    def throttled(self, seconds: float) -> Reply:
        """Too many requests."""
        answer = Refusal(429, "The limit of requests a minute is reached.").reply
        return Reply(answer.status, answer.body, {"Retry-After": str(max(1, ceil(seconds)))}, PROBLEM)

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        return Refusal(status, "Something went wrong; try again later.").reply

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named; ids, versions and times are filled in where they are missing."""
        resource = RESOURCES[collection]
        for sent in records:
            record = reconciled(resource, patched(resource.blank(), sent), self._new_id)
            yield stored(resource, self._stamped(resource, record, sent))

    def _route(self, request: HttpRequest) -> Reply:
        token = request.bearer()
        if token != TOKEN and not self._tokens.takes(token):
            raise Refusal(401, "The bearer token is missing or not valid.")
        wait = self.limit.wait(self.clock.now(), int(self.switches["limit"]))
        if wait:
            return self.throttled(wait)
        segments = request.segments
        resource = RESOURCES.get(segments[1]) if len(segments) in {2, 3} and segments[0] == "v1" else None
        if resource is None:
            raise Refusal(404, f"There is nothing at /{request.path}.")
        match request.method, segments[2:]:
            case "GET", ():
                plain = self.switches["plain_lists"]
                return self._plain(resource, request) if plain else self._feed(resource, request.query)
            case "GET", (id_,):
                return self._shown(self._found(resource, id_), 200)
            case "POST", ():
                return self._create(resource, request)
            case "PATCH", (id_,):
                return self._patch(resource, self._matching(resource, id_, request), request)
            case "DELETE", (id_,):
                return self._delete(resource, self._matching(resource, id_, request))
        raise Refusal(405, f"/{request.path} does not take {request.method}.")

    def _feed(self, resource: Resource, query: Mapping[str, str]) -> Reply:
        limit = _limit(query, int(self.switches["largest_page"]))
        after = self._position(query)
        found = self._picked(resource, query, after) if {"ids", "external_ref"} & query.keys() else None
        if found is None:
            found = self.shelves[resource.name].select(
                self._terms(resource, query, after), order="seq", limit=limit + 1
            )
        page, more = found[:limit], len(found) > limit
        last = page[-1].seq if page else after
        tail = dumps({"next_cursor": cursor(last, self._now()), "has_more": more})
        return Reply(body=b'{"items":[' + b",".join(record.body for record in page) + b"]," + tail[1:])

    def _plain(self, resource: Resource, request: HttpRequest) -> Reply:
        """A list as small servers hand it out."""
        terms: list[Term] = [("gone", "=", 0)]
        if reference := request.query.get("external_ref"):
            terms.append(("external_ref", "=", reference))
        records = self.shelves[resource.name].select(terms, order="seq")
        if ids := request.every("ids"):
            records = [record for record in records if record.id in ids]
        for name in request.query.keys() - {"page", "limit", "ids", "external_ref"}:
            records = [record for record in records if str(load(record).get(name)) == request.query[name]]
        size = _limit(request.query, int(self.switches["largest_page"]))
        first = (int(request.query.get("page", 1)) - 1) * size
        shown = b",".join(record.body for record in records[first : first + size])
        return Reply(body=b"[" + shown + b"]", headers={"X-Total-Count": str(len(records))})

    def _position(self, query: Mapping[str, str]) -> int:
        if not query.get("cursor"):
            return 0
        try:
            after, seen = opened(query["cursor"])
        except ValueError as error:
            raise Refusal(400, f"cursor is {error}.") from error
        if self._now() - seen > self._kept():
            raise Refusal(410, "The cursor is older than the tombstones that are kept; read everything again.")
        return after

    def _terms(self, resource: Resource, query: Mapping[str, str], after: int) -> list[Term]:
        terms: list[Term] = [("seq", ">", after)]
        if "updated_since" in query:
            try:
                since = micros(query["updated_since"])
            except ValueError as error:
                raise Refusal(400, "updated_since is not an RFC 3339 time.") from error
            first = self.shelves[resource.name].first_seq(since)
            terms += [("stamp", ">=", since), ("seq", ">=", first or 0)]
        if query.get("include_deleted") != "true":
            terms.append(("gone", "=", 0))
        return terms

    def _picked(self, resource: Resource, query: Mapping[str, str], after: int) -> list[Stored]:
        shelf = self.shelves[resource.name]
        found: dict[Any, Stored] = {}
        for column, name in (("external_ref", "external_ref"), ("id", "ids")):
            values = [value for value in query.get(name, "").split(",") if value]
            if len(values) > MOST_VALUES:
                raise Refusal(400, f"{name} takes at most {MOST_VALUES} values, not {len(values)}.")
            for value in values:
                found |= {record.id: record for record in shelf.select([(column, "=", value)])}
        deleted = query.get("include_deleted") == "true"
        kept = [record for record in found.values() if record.seq > after and (deleted or not record.gone)]
        return sorted(kept, key=lambda record: record.seq)

    def _found(self, resource: Resource, id_: str) -> Stored:
        record = self.shelves[resource.name].get(id_)
        if record is None or record.gone:
            raise Refusal(404, f"There is no record {id_} in {resource.name}.")
        return record

    def _shown(self, record: Stored, status: int) -> Reply:
        return Reply(status, record.body, {"ETag": f'"{load(record)["version"]}"'})

    def _matching(self, resource: Resource, id_: str, request: HttpRequest) -> dict[str, Any]:
        record = load(self._found(resource, id_))
        wanted = request.headers.get("If-Match")
        if wanted is None and self.switches["needs_match"]:
            raise Refusal(428, "A write needs If-Match with the record's ETag.")
        if wanted not in {None, "*"} and f'"{record["version"]}"' not in {
            tag.strip() for tag in str(wanted).split(",")
        }:
            raise Refusal(412, f"The record has version {record['version']}.")
        return record

    def _create(self, resource: Resource, request: HttpRequest) -> Reply:
        key = request.headers.get("Idempotency-Key")
        if not key and self.switches["needs_key"]:
            raise Refusal(400, "A create needs an Idempotency-Key.")
        digest = hashlib.sha256(f"{resource.name}\n".encode() + request.body).hexdigest()
        earlier = self._answers.get(key) if key else None
        if earlier:
            return _replayed(earlier, digest)
        record = self._insert(resource, self._sent(resource, request))
        if key:
            self._answers.put(Stored(key, digest.encode() + record.body))
        return self._shown(record, 201)

    def _insert(self, resource: Resource, sent: dict[str, Any]) -> Stored:
        record = reconciled(resource, patched(resource.blank(), sent), self._new_id)
        if resource.name == "orders":
            record["number"] = record["number"] or f"SO-{10000 + self.store.next('customerp/order numbers')}"
        self._check(resource, record)
        new = stored(resource, self._stamped(resource, record, {}))
        self.shelves[resource.name].put(new)
        return new

    def _patch(self, resource: Resource, old: dict[str, Any], request: HttpRequest) -> Reply:
        media = "application/json" if self.switches["replaces_nested"] else "application/merge-patch+json"
        if media not in request.headers.get("Content-Type", ""):
            raise Refusal(415, f"A PATCH is {media}.")
        sent = self._sent(resource, request)
        if self.switches["replaces_nested"]:
            sent = {name: completed(old.get(name), value) for name, value in sent.items()}
        known = {line["id"] for line in old.get("lines", ())}
        strange = [line["id"] for line in sent.get("lines") or () if line.get("id") and line["id"] not in known]
        if strange:
            raise Refusal(422, f"The order has no line {strange[0]}.", [Problem("/lines", "unknown_line", strange[0])])
        record = reconciled(resource, patched(old, sent), self._new_id)
        if record != old:
            self._check(resource, record, old)
            if self.switches["lines_move_order"] or record != old | {"lines": record.get("lines")}:
                version, seq = old["version"] + 1, self._seq(resource)
                record |= {"version": version, "change_seq": seq, "updated_at": instant(self._now())}
            self.shelves[resource.name].put(stored(resource, record))
        return self._shown(stored(resource, record), 200) if self.switches["answers_with_record"] else Reply(204)

    def _delete(self, resource: Resource, old: dict[str, Any]) -> Reply:
        self.shelves[resource.name].put(tombstone(resource, old, self._seq(resource), self._now()))
        return Reply(204)

    def _sent(self, resource: Resource, request: HttpRequest) -> dict[str, Any]:
        try:
            sent = json.loads(request.body)
        except ValueError as error:
            raise Refusal(400, "The body is not JSON.") from error
        if not isinstance(sent, dict):
            raise Refusal(400, "The body is not an object.")
        kept = {name: trimmed(value) for name, value in sent.items()} if self.switches["trims"] else sent
        wrong = list(Check(resource, self._exists, int(self.switches["longest_text"])).problems(kept))
        if wrong and not self.switches["names_property"]:
            raise Refusal(422, "The record is not valid.")
        if wrong:
            raise Refusal(422, "; ".join(f"{error.pointer} {error.detail}" for error in wrong), wrong)
        return kept

    def _check(self, resource: Resource, record: Properties, old: Properties | None = None) -> None:
        """What only the whole record, or the other records, can tell."""
        if resource.required and not record[resource.required]:
            pointer = f"/{resource.required}"
            raise Refusal(422, f"{pointer} is required", [Problem(pointer, "required", "is required")])
        for name in filter(None, ("external_ref", resource.unique)):
            if record[name] is None or (old and old[name] == record[name]):
                continue
            others = self.shelves[resource.name].select([(name, "=", record[name])], limit=1)
            if others:
                self._taken(name, others[0])

    def _taken(self, name: str, other: Stored) -> None:
        error = Problem(f"/{name}", "taken", "is already used")
        detail = f"{name} is already used by {other.id}"
        if name == "external_ref" or self.switches["conflicts_on_values"]:
            raise Refusal(409, detail, [error], existing_id=str(other.id))
        raise Refusal(422, detail, [error])

    def _exists(self, resource: str, id_: str) -> bool:
        found = self.shelves[resource].get(id_)
        return found is not None and not found.gone

    def _stamped(self, resource: Resource, record: Properties, sent: Properties) -> dict[str, Any]:
        now = instant(self._now())
        return {
            "id": sent.get("id") or self._new_id(),
            "version": sent.get("version") or 1,
            "change_seq": self._seq(resource),
            "created_at": sent.get("created_at") or now,
            "updated_at": sent.get("updated_at") or now,
        } | {name: record[name] for name in resource.kinds}

    def _seq(self, resource: Resource) -> int:
        return self.shelves[resource.name].next("seq")

    def _new_id(self) -> str:
        return uuid7(self._now() // 1000, self._random.getrandbits(74))

    def _now(self) -> int:
        return int(self.clock.now() * 1_000_000)

    def _kept(self) -> int:
        return int(self.switches["tombstone_days"] * DAY)


def _limit(query: Mapping[str, str], largest: int) -> int:
    text = query.get("limit", "200")
    if not text.isdecimal() or not 1 <= int(text) <= largest:
        raise Refusal(400, f"limit is a number from 1 to {largest}, not {text!r}.")
    return int(text)


def _replayed(earlier: Stored, digest: str) -> Reply:
    before, body = earlier.body[: len(digest)], earlier.body[len(digest) :]
    if before != digest.encode():
        raise Refusal(422, "This Idempotency-Key was used with another body.")
    headers = {"ETag": f'"{json.loads(body)["version"]}"', "Idempotency-Replayed": "true"}
    return Reply(201, body, headers)
