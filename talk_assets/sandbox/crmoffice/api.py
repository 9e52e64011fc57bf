"""CRMOffice's API as it is assumed to be: tokens, numbered pages in an envelope, part of a record in a PATCH."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar

from talk_assets.sandbox.crmoffice.records import RESOURCES, USERS, Resource, instant, laid_over, load, problems, stored
from talk_assets.sandbox.limits import Tokens
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored, Term
from talk_assets.sandbox.system import Emulation, Invalid, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, dumps, reply

CLIENT_ID, CLIENT_SECRET = "sandbox-crmoffice", "sandbox-secret"
REFRESH_TOKEN = "sandbox-refresh"
PROBLEM = "application/problem+json"


class Refusal(Invalid):
    """The request ends here, with this problem."""

    def __init__(self, status: int, detail: str, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        body: dict[str, object] = {"type": "about:blank", "status": status, "detail": detail}
        if errors:
            body["errors"] = errors
        self.reply = Reply(status, dumps(body), content_type=PROBLEM)


class Crmoffice(Emulation):
    """The emulated CRMOffice."""

    name = "crmoffice"
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 300,
        "largest_page": 500,
        "token_seconds": 3600,
        "rotates": True,  # off: a refresh token can be used again and again
        "names_property": True,  # off: what is wrong with a record is not said
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            name: Shelf(store, f"crmoffice/{name}", integer=True, keys=("externalId",)) for name in RESOURCES
        }
        self.shelves[USERS.name] = Shelf(store, "crmoffice/users", integer=True)
        self._tokens = Tokens()
        self._used_again: list[float] = []

    @property
    def effects(self) -> Mapping[str, Sequence[object]]:
        """When a refresh token came again whose successor was known to whoever sent it."""
        return {"tokens used again": self._used_again}

    def forget_effects(self) -> None:
        """Begin anew with none."""
        self._used_again.clear()

    def answer(self, request: HttpRequest) -> Reply:
        """Hand out a token, or check one and carry the request out."""
        try:
            return self._token(request) if request.segments == ("connect", "token") else self._known(request)
        except Refusal as refusal:
            return refusal.reply

    def throttled(self, seconds: float) -> Reply:
        """Too many requests."""
        answer = Refusal(429, "Too many requests.").reply
        return Reply(429, answer.body, {"Retry-After": str(max(1, ceil(seconds)))}, PROBLEM)

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        return Refusal(status, "Something went wrong.").reply

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named; ids and times are filled in where they are missing."""
        shelf = self.shelf(collection)
        resource = RESOURCES.get(collection.lower(), USERS)
        for sent in records:
            own = {"id": str(sent.get("id") or shelf.next("id"))}
            yield self._stamped({**resource.blank(), **sent, **own})

    def _token(self, request: HttpRequest) -> Reply:
        form = request.form()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return reply({"error": "invalid_client"}, 400)
        if form.get("grant_type") != "refresh_token":
            return reply({"error": "unsupported_grant_type"}, 400)
        # The published one never wears out, so that every process that starts can begin with it; all others do.
        old = form.get("refresh_token")
        if old != REFRESH_TOKEN and not self._tokens.redeem(old):
            if self._tokens.was_received(old):
                self._used_again.append(self.clock.now())
            return reply({"error": "invalid_grant", "error_description": "The refresh token is unknown or used."}, 400)
        access, fresh = self._tokens.issue(self.clock.now(), float(self.switches["token_seconds"]), old)
        body = {"access_token": access, "token_type": "Bearer", "expires_in": int(self.switches["token_seconds"])}
        return reply(body | ({"refresh_token": fresh} if self.switches["rotates"] else {}))

    def _known(self, request: HttpRequest) -> Reply:
        if not self._tokens.valid(request.bearer(), self.clock.now()):
            raise Refusal(401, "The access token is missing, expired or not valid.")
        wait = self.limit.wait(self.clock.now(), int(self.switches["limit"]))
        return self.throttled(wait) if wait else self._route(request)

    def _route(self, request: HttpRequest) -> Reply:
        name, *rest = request.segments or ("",)
        if (name, request.method, rest) == (USERS.name, "GET", []):
            return Reply(body=b"[" + b",".join(row.body for row in self.shelves[USERS.name].select()) + b"]")
        resource = RESOURCES.get(name)
        if resource is None or len(rest) > 1:
            raise Refusal(404, f"There is nothing at /{request.path}.")
        match request.method, rest:
            case "GET", []:
                return self._list(resource, request.query)
            case "POST", []:
                return self._create(resource, request)
            case "GET", [id_]:
                return Reply(body=self._found(resource, id_).body)
            case "PATCH" | "PUT", [id_]:
                return self._update(resource, self._found(resource, id_), request)
            case "DELETE", [id_]:
                self.shelves[resource.name].erase(self._found(resource, id_).id)
                return Reply(204)
        raise Refusal(405, f"/{request.path} does not take {request.method}.")

    def _list(self, resource: Resource, query: Mapping[str, str]) -> Reply:
        page, size = _number(query, "page", 1, 10**9), _number(query, "pageSize", 100, self.switches["largest_page"])
        terms: list[Term] = []
        if "modifiedSince" in query:
            terms.append(("stamp", ">=", _millis(query["modifiedSince"])))
        if "externalId" in query:
            terms.append(("externalId", "=", query["externalId"]))
        shelf = self.shelves[resource.name]
        rows = shelf.select(terms, limit=size, offset=self.place((page - 1) * size))
        total = shelf.count() if not terms else len(shelf.select(terms))
        tail = dumps({"page": page, "pageSize": size, "totalCount": total})
        return Reply(body=b'{"items":[' + b",".join(row.body for row in rows) + b"]," + tail[1:])

    def _found(self, resource: Resource, id_: str) -> Stored:
        record = self.shelves[resource.name].get(int(id_)) if id_.isdecimal() and len(id_) < 18 else None  # noqa: PLR2004 -- what SQLite's integers hold
        if record is None:
            raise Refusal(404, f"There is no record {id_} in {resource.name}.")
        return record

    def _create(self, resource: Resource, request: HttpRequest) -> Reply:
        record = laid_over(resource.blank(), self._sent(resource, request))
        reference = record["externalId"]
        if reference and self.shelves[resource.name].select([("externalId", "=", reference)], limit=1):
            raise Refusal(409, f"externalId {reference} is already used.")
        return self._keep(resource, record | {"id": str(self.shelves[resource.name].next("id"))}, 201)

    def _update(self, resource: Resource, old: Stored, request: HttpRequest) -> Reply:
        before = load(old)
        whole = {**before, **resource.blank()} if request.method == "PUT" else before
        record = laid_over(whole, self._sent(resource, request))
        return Reply(body=old.body) if record == before else self._keep(resource, record, 200)

    def _keep(self, resource: Resource, record: dict[str, Any], status: int) -> Reply:
        if not record[resource.required]:
            raise Refusal(422, f"{resource.required} is required", {resource.required: ["is required"]})
        new = self._stamped({name: value for name, value in record.items() if name != "modifiedAt"})
        self.shelves[resource.name].put(new)
        return Reply(status, new.body)

    def _stamped(self, record: Mapping[str, Any]) -> Stored:
        now = self.clock.now()
        modified = record.get("modifiedAt") or instant(now)
        whole = {**record, "createdAt": record.get("createdAt") or instant(now), "modifiedAt": modified}
        return stored(whole, datetime.fromisoformat(modified).timestamp())

    def _sent(self, resource: Resource, request: HttpRequest) -> dict[str, Any]:
        try:
            sent = json.loads(request.body)
        except ValueError as error:
            raise Refusal(400, "The body is not JSON.") from error
        if not isinstance(sent, dict):
            raise Refusal(400, "The body is not an object.")
        wrong = list(problems(resource, {name: value for name, value in sent.items() if name != "id"}))
        if wrong and not self.switches["names_property"]:
            raise Refusal(422, "The record is not valid.")
        if wrong:
            raise Refusal(422, "; ".join(f"{name} {what}" for name, what in wrong), {n: [w] for n, w in wrong})
        sent.pop("id", None)
        return sent


def _number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refusal(400, f"{name} is a number from 1 to {most}, not {text!r}.")
    return int(text)


def _millis(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "modifiedSince is not an ISO 8601 time.") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
