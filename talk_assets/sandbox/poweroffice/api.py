"""PowerOffice Go's first API: tokens, lists, and writes that create or replace a whole record.

What is ASSUMED here: that a record which is not there is a 200 without success; that a role is added to a contact by
posting its id to the other collection; that a contact with another role or with contact persons cannot be deleted.
"""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from talk_assets.sandbox.limits import SlidingLimit, Tokens
from talk_assets.sandbox.poweroffice.filters import Malformed
from talk_assets.sandbox.poweroffice.properties import COMPANY, CONTACT_PERSON, KEYS, PARTIES, ROLES, SHARED, Role
from talk_assets.sandbox.poweroffice.reading import Replica, asked, listed
from talk_assets.sandbox.poweroffice.records import Manner, Record, Rejected, shown, stored, written
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored
from talk_assets.sandbox.system import Emulation, Properties, Switch
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

APPLICATION_KEY = "sandbox-application"
LONGEST_ID = 18
TOLD = 1200
"""Seconds that a token is said to be good for."""

PARENTS = ("customer", "supplier")


class PowerOffice(Emulation):
    """One emulated client of PowerOffice Go; contacts, and their ids, are shared by its customers, suppliers, staff."""

    client_key: ClassVar[str]
    defaults: ClassVar[Mapping[str, Switch]] = {
        "limit": 50,  # requests a second
        "token_lifetime": TOLD,  # less: tokens die earlier than they were said to
        "largest_list": 50_000,
        "replica_lag": 2.0,  # seconds that what is read may be behind what was written
        "clears_left_out": True,  # off: a property that a write leaves out stays as it was
        "unique_references": True,  # off: two records may carry one external reference
        "email_unless_print": True,  # off: a customer without e-mail may have invoices by e-mail
        "hides_ids": True,  # off: national ids and employees' genders are shown
        "address_moves_contact": False,  # on: a changed address moves its contact's lastChanged
        "deletes_in_use": False,  # on: a contact in use can be deleted
        "omits": "",  # a word: lists lack each record that holds it
        "refuses_single": False,  # on: a record is not shown at its address
        "names_property": True,  # off: what is wrong with a record is not said
    }

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        super().__init__(store, clock, limits=limits)
        self.limit = SlidingLimit(window=1.0)
        self.shelves = {name: Shelf(store, f"{self.name}/{name}", integer=True, keys=KEYS) for name in ROLES}
        self._replica = Replica(clock.now, lambda: float(self.switches["replica_lag"]))
        self._tokens = Tokens()

    def answer(self, request: HttpRequest) -> Reply:
        """Hand out a token, or check it and the limit and carry the request out."""
        segments = tuple(part.lower() for part in request.segments)
        if segments == ("oauth", "token"):
            return self._token(request)
        if not segments or segments[0] not in {*PARTIES, "partycontactperson"}:
            return reply({"Message": "No HTTP resource was found that matches the request URI."}, 404)
        now = self.clock.now()
        if not self._tokens.valid(request.bearer(), now + TOLD - self.switches["token_lifetime"]):
            return reply({"Message": "Authorization has been denied for this request."}, 401)
        wait = self.limit.wait(now, int(self.switches["limit"]))
        if wait:
            return self.throttled(wait)
        return self._carried_out(request, segments)

    def throttled(self, seconds: float) -> Reply:
        """Too many requests; nothing says for how long."""
        del seconds
        return reply({"Message": "Too Many Requests"}, 429)

    def broken(self, status: int) -> Reply:
        """A fault of the server's own."""
        return reply({"Message": "An error has occurred."}, status)

    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records with the properties named; ids are counted on where they are missing, times are now."""
        role = ROLES[collection.lower()]
        free = Manner(clears=True, by_email=False, address_moves=True)
        for sent in records:
            record = written(role, None, sent, free, self._new_id, self._now())
            record |= {name: sent[name] for name in role.read_only & sent.keys()}
            record.setdefault("id", self._new_id())
            yield stored(role, self._coded(role, record))

    def _token(self, request: HttpRequest) -> Reply:
        basic = base64.b64encode(f"{APPLICATION_KEY}:{self.client_key}".encode()).decode()
        granted = request.headers.get("Authorization") == f"Basic {basic}"
        if request.form().get("grant_type") != "client_credentials" or not granted:
            return reply({"error": "invalid_client"}, 400)
        token, _ = self._tokens.issue(self.clock.now(), TOLD)
        return reply({"access_token": token, "token_type": "bearer", "expires_in": TOLD})

    def _carried_out(self, request: HttpRequest, segments: tuple[str, ...]) -> Reply:
        try:
            return self._route(request, segments)
        except Rejected as error:
            said = str(error) if self.switches["names_property"] else "The record is not valid"
            return _refusal(said, error.kind)
        except Malformed as error:
            return _refusal(str(error), "OData")
        except ValueError:
            return reply({"Message": "The request is invalid."}, 400)

    def _route(self, request: HttpRequest, segments: tuple[str, ...]) -> Reply:
        match request.method, segments:
            case "GET", ("partycontactperson",):
                return self._list(CONTACT_PERSON, request.query)
            case method, (name, *rest) if name in PARTIES:
                return self._party(method, PARTIES[name], rest, request)
        return reply({"Message": "The requested resource does not support this method."}, 405)

    def _party(self, method: str, role: Role, rest: list[str], request: HttpRequest) -> Reply:  # noqa: PLR0911 -- one for each verb
        match method, rest:
            case "GET", []:
                return self._list(role, request.query)
            case "POST", []:
                return self._shown(role, self._upsert(role, _object(request)))
            case "GET", [id_]:
                return self._shown(role, self._found(role, id_))
            case "DELETE", [id_]:
                return self._delete(role, id_)
            case "GET", [parent, "contact"] if role.name in PARENTS:
                asked = request.query.get("$filter", "").strip()
                own = f"(PartyId eq {_number(parent)})"
                return self._list(
                    CONTACT_PERSON, {**request.query, "$filter": f"{own} and ({asked})" if asked else own}
                )
            case "POST", [parent, "contact"] if role.name in PARENTS:
                sent = _object(request)
                return self._shown(CONTACT_PERSON, self._upsert(CONTACT_PERSON, sent, self._parent(role, parent)))
            case "GET", [parent, "contact", id_] if role.name in PARENTS:
                return self._shown(CONTACT_PERSON, self._contact(role, parent, id_))
            case "DELETE", [parent, "contact", id_] if role.name in PARENTS:
                return self._remove(CONTACT_PERSON, self._contact(role, parent, id_))
        return reply({"Message": "The requested resource does not support this method."}, 405)

    def _list(self, role: Role, query: Mapping[str, str]) -> Reply:
        wanted = asked(role, query)
        records, count = listed(self.shelves[role.name], role, wanted, self._replica.unseen(role.name))
        if len(records) > self.switches["largest_list"]:
            message = f"The result has more than {self.switches['largest_list']} rows"
            raise Rejected(message, "MaxPageSize")
        found = [shown(role, record, privileged=not self.switches["hides_ids"]) for record in records]
        if word := str(self.switches["omits"]):
            found = [record for record in found if word not in record.values()]
        return reply({"data": found, "success": True, "count": count})

    def _shown(self, role: Role, record: Record) -> Reply:
        return reply({"data": shown(role, record, privileged=not self.switches["hides_ids"]), "success": True})

    def _found(self, role: Role, id_: str) -> Record:
        """The record as the copy has it."""
        if self.switches["refuses_single"]:
            message = "An error occurred"
            raise Rejected(message, "Unhandled")
        number = _number(id_)
        unseen = self._replica.unseen(role.name)
        found = unseen[number] if number in unseen else self.shelves[role.name].get(number)
        return _load(role, number, found)

    def _contact(self, role: Role, parent: str, id_: str) -> Record:
        record = self._found(CONTACT_PERSON, id_)
        if record["partyId"] != self._parent(role, parent)["id"]:
            raise _missing(CONTACT_PERSON, record["id"])
        return record

    def _parent(self, role: Role, id_: str) -> Record:
        return _load(role, _number(id_), self.shelves[role.name].get(_number(id_)))

    def _upsert(self, role: Role, sent: Properties, parent: Record | None = None) -> Record:
        """With an id the record is updated, or a contact gets another role; without one a record is created."""
        before, old = None, None
        if sent.get("id") is not None:
            id_ = _number(str(sent["id"]))
            before = self.shelves[role.name].get(id_)
            old = json.loads(before.body) if before else self._other_role(role, id_)
        if parent and old and old["partyId"] != parent["id"]:
            message = f"Contact person with id {old['id']} does not belong to contact {parent['id']}"
            raise Rejected(message)
        if parent and not old and parent.get("isPerson"):
            message = "Contact persons cannot be added to a private person"
            raise Rejected(message)
        record = written(role, old, sent, self._manner(), self._new_id, self._now())
        record["id"] = old["id"] if old else self._new_id()
        if parent:
            record["partyId"] = parent["id"]
        self._unique(role, record)
        return self._put(role, record, before)

    def _other_role(self, role: Role, id_: int) -> Record:
        """What a contact that has only other roles brings with it."""
        others = (self.shelves[name].get(id_) for name in PARTIES if role is not CONTACT_PERSON)
        found = next((other for other in others if other), None)
        record = _load(role, id_, found)
        return {name: record[name] for name in ("id", *COMPANY, *SHARED) if name in record and name in role.kinds}

    def _put(self, role: Role, record: Record, before: Stored | None) -> Record:
        record = self._coded(role, record)
        self._replica.note(role.name, record["id"], before)
        self.shelves[role.name].put(stored(role, record))
        for name, other in PARTIES.items():
            twin = self.shelves[name].get(record["id"]) if role.name in PARTIES and other is not role else None
            if twin:
                common = [
                    name for name in (*COMPANY, *SHARED, "lastChanged") if name in other.kinds and name in role.kinds
                ]
                kept = {name: value for name, value in json.loads(twin.body).items() if name not in common}
                self._replica.note(name, record["id"], twin)
                self.shelves[name].put(stored(other, {**kept, **{key: record.get(key) for key in common}}))
        return record

    def _coded(self, role: Role, record: Record) -> Record:
        """With the numbers that the server gives: its own, or those of the contact it belongs to."""
        if role is CONTACT_PERSON:
            for name in PARENTS:
                parent = self.shelves[name].get(record["partyId"])
                if parent:
                    record[f"party{name.capitalize()}Code"] = json.loads(parent.body)["code"]
            return record
        if not record.get("code"):
            record["code"] = role.first + self.store.next(f"{self.name}/{role.name} code") - 1
        return record

    def _unique(self, role: Role, record: Record) -> None:
        reference = record.get(role.reference)
        if reference is None or not self.switches["unique_references"]:
            return
        for other in self.shelves[role.name].select([("reference", "=", reference)]):
            if other.id != record["id"]:
                name = role.reference[0].upper() + role.reference[1:]
                message = f"{name} is already in use. '{reference}' is used on Id = {other.id}."
                raise Rejected(message, "ApiUniqueConstraint")

    def _delete(self, role: Role, id_: str) -> Reply:
        record = _load(role, _number(id_), self.shelves[role.name].get(_number(id_)))
        roles = [name for name in PARTIES if self.shelves[name].get(record["id"])]
        persons = self.shelves[CONTACT_PERSON.name].select([("partyId", "=", record["id"])], limit=1)
        if (len(roles) > 1 or persons) and not self.switches["deletes_in_use"]:
            message = "The entity could not be deleted due to related data"
            raise Rejected(message)
        return self._remove(role, record)

    def _remove(self, role: Role, record: Record) -> Reply:
        shelf = self.shelves[role.name]
        self._replica.note(role.name, record["id"], shelf.get(record["id"]))
        shelf.erase(record["id"])
        return reply({"success": True})

    def _manner(self) -> Manner:
        switches = self.switches
        return Manner(switches["clears_left_out"], switches["email_unless_print"], switches["address_moves_contact"])

    def _new_id(self) -> int:
        """One series for everything, past whatever lies on the shelves."""
        return max(shelf.next("id") for shelf in self.shelves.values())

    def _now(self) -> int:
        return int(self.clock.now())


class Poweroffice(PowerOffice):
    """The client whose customers are people."""

    name = "poweroffice"
    client_key = "sandbox-poweroffice"


class PowerofficePeer(PowerOffice):
    """The client whose customers are companies with contact persons."""

    name = "poweroffice_peer"
    client_key = "sandbox-poweroffice-peer"


def _object(request: HttpRequest) -> Any:  # noqa: ANN401 -- what the client sent
    sent = request.json()
    if not isinstance(sent, dict):
        raise ValueError  # noqa: TRY004 -- as for what is no JSON at all
    return sent


def _number(id_: str) -> int:
    if not id_.isdecimal() or len(id_) > LONGEST_ID:
        raise ValueError
    return int(id_)


def _load(role: Role, id_: int, found: Stored | None) -> Record:
    if found is None:
        raise _missing(role, id_)
    record: Record = json.loads(found.body)
    return record


def _missing(role: Role, id_: int) -> Rejected:
    return Rejected(f"{role.path} with id {id_} was not found", "NotFound")


def _refusal(summary: str, kind: str) -> Reply:
    """What was well formed is answered with 200, also when nothing came of it."""
    validation = {"errorLogReference": "sandbox", "summary": summary, "exception": kind}
    return reply({"success": False, "validation": validation})
