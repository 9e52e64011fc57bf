"""The helpdesk, emulated: its API over the records of the sandbox, and what it holds at the beginning.

Nothing here is used against the real API. The sandbox's frame does the rest: HTTP, faults, storage, and the world of
people and companies that also appear in the other systems.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any, ClassVar

from talk_assets.sandbox.registry import Emulated
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored, Term
from talk_assets.sandbox.system import Emulation, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, dumps, reply
from talk_assets.sandbox.world.world import World

KEY = "sandbox-helpdesk"
PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "organisations": ("name", "registration_number", "phone", "website", "city", "country", "external_id"),
    "users": ("first_name", "last_name", "email", "mobile", "organisation_id", "external_id"),
}
REQUIRED = {"organisations": "name", "users": "last_name"}


class Refusal(Exception):  # noqa: N818 -- an answer on its way out
    """The request ends here, with this answer."""

    def __init__(self, status: int, error: str, **more: object) -> None:
        super().__init__(error)
        self.reply = reply({"error": error, **more}, status)


class Helpdesk(Emulation):
    """The emulated helpdesk; ids are numbers, shown as texts."""

    name = "helpdesk"
    defaults: ClassVar[Mapping[str, Switch]] = {"limit": 300, "largest_page": 200}

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.shelves = {
            name: Shelf(store, f"helpdesk/{name}", integer=True, keys=("external_id",)) for name in PROPERTIES
        }

    def answer(self, request: HttpRequest) -> Reply:
        """Check the key and the limit, then carry the request out."""
        if request.headers.get("X-Api-Key") != KEY:
            return reply({"error": "The header X-Api-Key has no valid key."}, 401)
        if wait := self.limit.wait(self.clock.now(), int(self.switches["limit"])):
            return self.throttled(wait)
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.reply

    def throttled(self, seconds: float) -> Reply:
        """Too many requests."""
        return reply({"error": "Too many requests."}, 429, {"Retry-After": str(max(1, ceil(seconds)))})

    def broken(self, status: int) -> Reply:
        """A fault of the server."""
        return reply({"error": "Something went wrong."}, status)

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Complete records: with an id, a version and a time where they have none."""
        for sent in records:
            id_ = int(sent.get("id") or self.shelves[collection].next("id"))
            yield stored(collection, id_, sent, self.clock.now())

    def _route(self, request: HttpRequest) -> Reply:
        match request.method, request.segments:
            case "GET", ("api", name) if name in PROPERTIES:
                return self._list(name, request.query)
            case "POST", ("api", name) if name in PROPERTIES:
                return self._create(name, request)
            case "GET", ("api", name, id_) if name in PROPERTIES:
                return Reply(body=self._record(name, id_).body)
            case "PATCH", ("api", name, id_) if name in PROPERTIES:
                return self._update(name, self._record(name, id_), request)
            case "DELETE", ("api", name, id_) if name in PROPERTIES:
                self._check_version(self._record(name, id_), request)
                self.shelves[name].erase(int(id_))
                return Reply(204)
        raise Refusal(404, f"There is nothing at {request.method} /{request.path}.")

    def _list(self, name: str, query: Mapping[str, str]) -> Reply:
        shelf, size = self.shelves[name], min(int(query.get("per_page", 50)), self.switches["largest_page"])
        offset = (int(query.get("page", 1)) - 1) * size
        if "ids" in query or "external_id" in query:
            column = "id" if "ids" in query else "external_id"
            values = query["ids" if column == "id" else column].split(",")
            rows = [row for value in values for row in shelf.select([(column, "=", value)])]
            total, rows = len(rows), rows[offset : offset + size]
        else:
            since = query.get("changed_since")
            terms: list[Term] = [("stamp", ">=", millis(since))] if since else []
            rows, total = shelf.select(terms, limit=size, offset=offset), shelf.count(terms)
        return Reply(body=b'{"data":[' + b",".join(row.body for row in rows) + b'],"total":' + dumps(total) + b"}")

    def _record(self, name: str, id_: str) -> Stored:
        record = self.shelves[name].get(int(id_)) if id_.isdecimal() else None
        if record is None:
            raise Refusal(404, f"There is no record {id_} in {name}.")
        return record

    def _create(self, name: str, request: HttpRequest) -> Reply:
        sent = self._sent(name, request)
        if reference := sent.get("external_id"):
            for other in self.shelves[name].select([("external_id", "=", reference)], limit=1):
                raise Refusal(409, f"external_id {reference} is taken.", existing_id=str(other.id))
        return self._keep(name, self.shelves[name].next("id"), sent, 201)

    def _update(self, name: str, old: Stored, request: HttpRequest) -> Reply:
        self._check_version(old, request)
        return self._keep(name, int(old.id), {**json.loads(old.body), **self._sent(name, request)}, 200)

    def _keep(self, name: str, id_: int, record: Mapping[str, Any], status: int) -> Reply:
        if not record.get(REQUIRED[name]):
            raise Refusal(422, f"{REQUIRED[name]} is required.")
        new = stored(name, id_, {**record, "changed_at": None}, self.clock.now())
        self.shelves[name].put(new)
        return Reply(status, new.body)

    def _check_version(self, record: Stored, request: HttpRequest) -> None:
        if request.headers.get("If-Match") != f'"{json.loads(record.body)["version"]}"':
            raise Refusal(412, "The record has another version.")

    def _sent(self, name: str, request: HttpRequest) -> dict[str, Any]:
        sent = request.json()
        for key, value in sent.items():
            if key not in PROPERTIES[name]:
                raise Refusal(422, f"{key} is no property of {name}.")
            if value is not None and not isinstance(value, str):
                raise Refusal(422, f"{key} should be a text.")
        if "@" not in (sent.get("email") or "@"):
            raise Refusal(422, f"{sent['email']} is no e-mail address.")
        return {key: value or None for key, value in sent.items()}


def stored(name: str, id_: int, properties: Mapping[str, Any], now: float) -> Stored:
    """Return a record as it lies on the shelf, one version after that in `properties`."""
    changed = properties.get("changed_at") or instant(now)
    record = {
        "id": str(id_),
        **{key: properties.get(key) for key in PROPERTIES[name]},
        "version": str(int(properties.get("version") or 0) + 1),
        "changed_at": changed,
    }
    return Stored(id_, dumps(record), millis(changed), keys=(record["external_id"],))


def instant(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601, in milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def millis(text: str) -> int:
    """Return an ISO 8601 time as milliseconds since 1970."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


class Renderer:
    """The helpdesk at the beginning: companies and people that the other systems have too, less completely."""

    def __init__(self, world: World) -> None:
        self._world = world

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Give every collection with its records; an id is the place in the world and one."""
        yield "organisations", self._organisations()
        yield "users", self._users()

    def _organisations(self) -> Iterator[Stored]:
        for id_, company in enumerate(self._world.companies, 1):
            record = {
                "name": company.name,
                "registration_number": company.organisation_number,
                "website": f"www.{company.domain}",
                "changed_at": instant(company.modified),
            }
            yield stored("organisations", id_, record, company.modified)

    def _users(self) -> Iterator[Stored]:
        for id_, person in enumerate(self._world.persons(), 1):
            record = {
                "first_name": person.first_name,
                "last_name": person.last_name,
                "email": person.email.title(),
                "organisation_id": str(person.company + 1),
                "changed_at": instant(person.modified),
            }
            yield stored("users", id_, record, person.modified)


EMULATED = Emulated(
    Helpdesk,
    Renderer,
    "users",
    "VERSION=$(curl -s -H 'X-Api-Key: sandbox-helpdesk' {base}/api/users/{id}"
    """ | sed 's/.*"version":"\\([0-9]*\\)".*/\\1/') && """
    """curl -X PATCH -H 'X-Api-Key: sandbox-helpdesk' -H "If-Match: \\"$VERSION\\"" """
    """-H 'Content-Type: application/json' -d '{{"mobile": "+47 900 77 777"}}' {base}/api/users/{id}""",
)
"""What the entry point in pyproject.toml names."""
