"""What every emulated system is made of: its API, its faults, its switches and its part of the store.

A system answers one request at a time and never waits; latency, dropped connections, counting and transactions are the
server's. What one API does that another does not belongs in that system's folder.
"""

import random
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

from talk_assets.sandbox.limits import SlidingLimit
from talk_assets.sandbox.store import SandboxStore, Shelf, Stored
from talk_assets.sandbox.wire import Clock, HttpRequest, Reply, reply

Switch = bool | int | float | str
Properties = Mapping[str, Any]

TOO_MANY = 429
IDENTIFIER = re.compile(r"(?!v\d+$).*\d")
"""A segment of a path that is a value: it holds a digit and is no version of an API."""


SHARED: Mapping[str, Switch] = {
    "forbids": "",  # a word: each request with it in its path or its body is a 403
    "breaks": "",  # a word: each request to change something with it in its path or its body is a 500
    "limit_status": TOO_MANY,  # of an answer to too many requests; with 403, a header says which of the two it is
    "cuts_after": "",  # a word: half of a character follows it in each answer
}
"""Switches of every system, which stand for what is in front of an API, or for what its database holds."""

HALF = b"\\ud83d"
"""Half of a surrogate pair, as JSON escapes it: what a program leaves that cuts texts at a number of characters."""


READS = frozenset({"GET", "HEAD", "OPTIONS"})
TOKENS = re.compile(r"\b(?:oauth|auth|connect)\b", re.IGNORECASE)
"""In the path of a request for a token."""

MARK = b"\xef\xbb\xbf"
NO_ACCESS = reply({"message": "You do not have access to this record."}, 403)


def limited(answer: Reply, status: int) -> Reply:
    """An answer to too many requests with another status, and a header that says what it is."""
    return replace(answer, status=status, headers={**answer.headers, "X-RateLimit-Remaining": "0"})


class Invalid(Exception):  # noqa: N818 -- says what was sent, and becomes an answer
    """A control request or given data that the sandbox cannot take."""


@dataclass(frozen=True)
class Faults:
    """What goes wrong on purpose. Rates are from 0 to 1, latency is in seconds.

    `drop_rate`: the connection is closed before anything happened. `drop_after_accept`: the request is carried out,
    then the connection is closed without an answer; `error_after_accept`: the same, and a gateway answers 502.
    `html_rate`: a login page under 200. `limit_403_rate`: too many requests, said with a 403. `forbid_rate`: a 403 to a
    request about one record, `conflict_rate`: a 409 to a write. `mark_rate`: an answer begins with a byte order mark.
    `moved_rate`: a page after the first is that of a list from which two records
    of an earlier page have gone, while the page before was that of the list with them.
    """

    latency: float = 0.0
    error_rate: float = 0.0
    throttle_rate: float = 0.0
    drop_rate: float = 0.0
    drop_after_accept: float = 0.0
    error_after_accept: float = 0.0
    html_rate: float = 0.0
    limit_403_rate: float = 0.0
    forbid_rate: float = 0.0
    conflict_rate: float = 0.0
    mark_rate: float = 0.0
    moved_rate: float = 0.0

    def changed(self, wanted: Mapping[str, Any]) -> "Faults":
        """These faults with some replaced; raises Invalid for an unknown one or a value that is not a number from 0."""
        known = {field.name for field in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                message = f"no fault {name!r}; there are {', '.join(sorted(known))}"
                raise Invalid(message)
            top = 600 if name == "latency" else 1
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= top:
                message = f"fault {name!r} is a number from 0 to {top}, not {value!r}"
                raise Invalid(message)
        return replace(self, **wanted)


class Emulation(ABC):
    """One emulated system; `shelves` are its collections by the name they have in the API."""

    name: ClassVar[str]
    defaults: ClassVar[Mapping[str, Switch]]
    """Every switch with the value that the documented API has. `limit` is requests a minute, 0 for none."""

    def __init__(self, store: SandboxStore, clock: Clock, *, limits: bool) -> None:
        self.store, self.clock = store, clock
        self.switches: dict[str, Any] = {**SHARED, **self.defaults}
        if not limits:
            self.switches["limit"] = 0
        self.faults = Faults()
        self.happened: dict[str, int] = {}
        self.chance = random.Random(0)
        self.requests: dict[str, int] = {}
        self.refused = 0
        self.shelves: dict[str, Shelf] = {}
        self.limit = SlidingLimit()

    @abstractmethod
    def answer(self, request: HttpRequest) -> Reply:
        """Carry one request out; a write runs in a transaction that commits before the answer is sent."""

    @abstractmethod
    def throttled(self, seconds: float) -> Reply:
        """The API's words for too many requests."""

    @abstractmethod
    def broken(self, status: int) -> Reply:
        """The API's words for a fault of its own, 500 or 503."""

    @abstractmethod
    def given(self, collection: str, records: Sequence[Properties]) -> Iterator[Stored]:
        """Records for a shelf from the properties that matter, in the API's names; the rest is filled in."""

    def admit(self, request: HttpRequest) -> Reply | None:  # noqa: ARG002 -- for systems that know requests in flight
        """An answer that is due before the request is queued, or null."""
        return None

    def release(self, request: HttpRequest) -> None:  # noqa: B027 -- as above; nothing to do is a fine default
        """The request that was admitted has been answered."""

    def count(self, request: HttpRequest) -> None:
        """Count a request under its method and path, ids as `{id}`."""
        parts = ["{id}" if IDENTIFIER.match(part) else part for part in request.segments]
        name = f"{request.method} /{'/'.join(parts)}"
        self.requests[name] = self.requests.get(name, 0) + 1

    @property
    def effects(self) -> Mapping[str, Sequence[object]]:
        """What the system did besides keeping records, by kind, as far as it is emulated: mails, say."""
        return {}

    def forget_effects(self) -> None:  # noqa: B027 -- as above
        """Begin anew with none."""

    def answered(self, answer: Reply) -> None:
        """Count an answer that says there were too many requests."""
        self.refused += answer.status == TOO_MANY

    def happens(self, rate: float, fault: str) -> bool:
        """Throw the dice about a fault, and count it under that name where it happens."""
        if not (rate > 0 and self.chance.random() < rate):
            return False
        self.happened[fault] = self.happened.get(fault, 0) + 1
        return True

    def kept_off(self, request: HttpRequest) -> Reply | None:
        """An answer to a request about a record that is not carried out; null for any other."""
        return self.refuses(request) or self.forbids(request) or self.breaks(request)

    def forbids(self, request: HttpRequest) -> Reply | None:
        """Refuse a request about a record that our key may not touch; null for any other."""
        word = str(self.switches["forbids"])
        if not word or not (word in request.path or word.encode() in request.body):
            return None
        self.happened["403"] = self.happened.get("403", 0) + 1
        return NO_ACCESS

    def refuses(self, request: HttpRequest) -> Reply | None:
        """Refuse a request about a record now and then; null for any other, and for one about tokens."""
        writes = request.method not in READS
        if TOKENS.search(request.path) or not (writes or any(IDENTIFIER.match(part) for part in request.segments)):
            return None
        if self.happens(self.faults.forbid_rate, "403 for a record"):
            return NO_ACCESS
        if writes and self.happens(self.faults.conflict_rate, "409"):
            return reply({"message": "The record is in use."}, 409)
        return None

    def breaks(self, request: HttpRequest) -> Reply | None:
        """Break at a request to change a record that the API can't cope with; null for any other."""
        word = str(self.switches["breaks"])
        if not word or request.method == "GET" or not (word in request.path or word.encode() in request.body):
            return None
        self.happened["breaks"] = self.happened.get("breaks", 0) + 1
        return self.broken(500)

    def sent(self, answer: Reply) -> Reply:
        """An answer as it leaves what is in front of the API."""
        word = str(self.switches["cuts_after"]).encode()
        if word and word in answer.body:
            answer = replace(answer, body=answer.body.replace(word, word + HALF))
        if answer.status == TOO_MANY and self.switches["limit_status"] != TOO_MANY:
            answer = limited(answer, int(self.switches["limit_status"]))
        if answer.body and self.happens(self.faults.mark_rate, "byte order mark"):
            answer = replace(answer, body=MARK + answer.body.removeprefix(MARK))
        return answer

    def place(self, first: int) -> int:
        """Where a page begins that is to begin at place `first`, the list's first record being at place 0."""
        return first + (2 if first > 0 and self.happens(self.faults.moved_rate, "moved page") else 0)

    def turn(self, wanted: Mapping[str, Any]) -> None:
        """Set switches; raises Invalid for an unknown one or a value of another type."""
        for name, value in wanted.items():
            default = {**SHARED, **self.defaults}.get(name)
            if default is None:
                message = f"{self.name} has no switch {name!r}; it has {', '.join(sorted(self.switches))}"
                raise Invalid(message)
            number = isinstance(default, int | float) and not isinstance(default, bool)
            fits = (
                isinstance(value, int | float) and not isinstance(value, bool)
                if number
                else type(value) is type(default)
            )
            if not fits:
                message = f"switch {name!r} is a {type(default).__name__}, not {value!r}"
                raise Invalid(message)
            self.switches[name] = value

    def fill(self, data: Mapping[str, Sequence[Properties]]) -> None:
        """Put given records on the shelves, as if they had always been there."""
        for collection, records in data.items():
            self.shelf(collection).load(self.given(collection, records))

    def shelf(self, collection: str) -> Shelf:
        """A collection's shelf, case aside; raises Invalid for one that the system does not have."""
        for name, shelf in self.shelves.items():
            if name.lower() == collection.lower():
                return shelf
        message = f"{self.name} has no collection {collection!r}; it has {', '.join(self.shelves)}"
        raise Invalid(message)
