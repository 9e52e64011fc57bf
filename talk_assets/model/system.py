"""What the hub needs of a system, and nothing of how the system is reached.

A system is a `System`: its collections, and a way to open a `Connection`. Connections over HTTP are in `http/`; the
shortest example is `testing.memory`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from talk_assets.model.collection import Collection


@dataclass(frozen=True)
class Page:
    """Some records, as the API sent them.

    `body` is a JSON array of objects. `position` is where an interrupted read goes on after this page, null at the end,
    and carries what the cursor of the last page needs to cover an interrupted read from its beginning. `cursor` is
    where the next incremental read starts once this page and all before it are stored, verbatim in the API's own
    form, null to leave it as it is. `kept` are ids that were looked up of records that exist, though the API no
    longer shows them. `whole` is a property and values of it: every record that holds one of them is in the page.
    `total` is about how many records the read will bring in all, where the API says so.
    """

    body: bytes
    position: str | None = None
    cursor: str | None = None
    kept: tuple[str, ...] = ()
    whole: tuple[str, tuple[str, ...]] | None = None
    total: int | None = None


@dataclass(frozen=True)
class Watermark:
    """How far a collection was read: the cursor of that read, and when it began, by the system's clock."""

    cursor: str | None
    moment: datetime


PROBE_LIMIT = 50
"""Records that a probe is satisfied with."""


class Action(StrEnum):
    """What a write does to a record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ARCHIVE = "archive"
    """Of a change only: it is sent as an update that sets the collection's `archived`."""


@dataclass(frozen=True)
class Write:
    """One change on its way to the system.

    `key` is unique to the intent and stays the same when it is sent again. `body` is a JSON object of the properties to
    set, nested properties by dotted name. `record` is the whole record as the system last showed it, if that is
    recalled, `etag` its version, `parts` its parts by property, JSON arrays.
    """

    key: str
    action: Action
    entity: str
    id: str | None
    body: bytes
    record: bytes | None = None
    etag: str | None = None
    parts: Mapping[str, bytes] = field(default_factory=dict)


ALREADY_THERE = "what is to be created is there already:"
"""How a refusal says so, before the record (`system/collection/id`) that a person may link."""


class Outcome(StrEnum):
    """What became of a write, by what the hub does next."""

    DONE = "done"
    EXISTS = "exists"
    """Another record already carries the external reference; its id is in the answer."""
    STALE = "stale"
    """Somebody changed the record since it was read: read it, then decide again."""
    GONE = "gone"
    REFUSED = "refused"
    """For good: the same request would be refused again."""
    FAILED = "failed"
    """Not carried out; a later run tries again."""
    UNKNOWN = "unknown"
    """Sent, and no answer came: look before sending again."""


@dataclass(frozen=True)
class Answer:
    """The system's answer to the write `key`. `record` is the stored record, where the API returns it.

    `gone` are records of other collections that are no longer there, as (collection, id): the parts that the write
    removed, or found removed. `request_id` is what the system calls the request, `said` its own words, for people.
    Of a refusal, `properties` are those that it names, nested ones by dotted name, none where it names none; `whole`
    says that it is for the record's sake, as a missing right, and not for a value's. `broke` is how often the system
    broke at a write of which nobody knows what became, 0 where that is not why.
    """

    key: str
    outcome: Outcome
    id: str | None = None
    record: bytes | None = None
    reason: str | None = None
    gone: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None
    said: str | None = None
    properties: tuple[str, ...] = ()
    whole: bool = False
    broke: int = 0


@dataclass
class Usage:
    """What a connection has cost so far; `waited` is seconds spent for the rate limit."""

    requests: dict[str, int] = field(default_factory=dict)
    waited: float = 0.0
    retries: int = 0


class Connection(Protocol):
    """An open connection. Methods raise `SystemFailure` or `CredentialsError` when the system as a whole fails."""

    usage: Usage
    skew: timedelta
    """The system's clock less ours."""

    def read(self, collection: Collection, *, since: str | None, position: str | None) -> AsyncIterator[Page]:
        """Every record (`since` is null; `position` goes on with an interrupted read), or those changed since.

        A cursor that is too old for the API raises `CursorExpired`.
        """
        ...

    async def probe(self, collection: Collection, mark: Watermark) -> Page | None:
        """At most `PROBE_LIMIT` records that changed since the mark, or shortly before; null where the API cannot say.

        One request, or one more where what was deleted is in a list of its own.
        A cursor that is too old for the API raises `CursorExpired`.
        """
        ...

    def look_up(self, collection: Collection, ids: Sequence[str]) -> AsyncIterator[Page]:
        """The records with these ids, those that the system no longer has being absent."""
        ...

    def find(self, collection: Collection, references: Sequence[str]) -> AsyncIterator[Page]:
        """The records that carry one of these external references, as the system is now."""
        ...

    def write(self, collection: Collection, writes: Sequence[Write]) -> AsyncIterator[Answer]:
        """Send writes, at most `collection.bulk` in one request, and answer each exactly once, in any order."""
        ...


class CursorExpired(Exception):  # noqa: N818 -- a signal to read in full, not an error to show
    """The API no longer keeps changes as old as the cursor."""


@dataclass(frozen=True)
class System:
    """One system as the hub sees it; `connect` opens a connection for the length of a step."""

    name: str
    label: str
    collections: tuple[Collection, ...]
    connect: Callable[[], AbstractAsyncContextManager[Connection]]

    def collection(self, name: str) -> Collection:
        """Raise KeyError for a collection the system does not have."""
        for collection in self.collections:
            if collection.name == name:
                return collection
        message = f"{self.name} has no collection {name}; it has {', '.join(c.name for c in self.collections)}"
        raise KeyError(message)
