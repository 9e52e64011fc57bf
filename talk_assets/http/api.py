"""How a REST API does what a connection must do, as data: envelope, paging, changes, look-ups, writes.

A profile is made of these values, and `talk.toml` may replace each for the systems that belong to the user. To support
another way of doing one of these things, add it here as a choice and in `listing` or `rest` as what follows from it.
Members are named by their way through the body: `meta.next`, `rows.0`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from talk_assets.http.shapes import Shape

Params = Mapping[str, str | list[str]]
"""Parameters of a query; one with several values comes once for each."""


class Follow(StrEnum):
    """How the next page of a list is asked for."""

    NONE = "none"
    """Everything comes at once."""
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    """A member of the body is a parameter of the next request."""
    LINK = "link"
    """The header `Link` names the next page (RFC 8288)."""
    URL = "url"
    """A member of the body is the next page's URL."""


@dataclass(frozen=True)
class Paging:
    """How a long list is handed out.

    `param` takes the number, the offset or the cursor, `size_param` the number of records that a page may hold, `size`;
    both are empty where the API has no such parameter. `first` is the number of the first page. `following` is the
    member, or with `following_header` the header, that holds the next cursor or URL, `more` the member that says
    whether a page follows. Of numbered pages, `pages` names the header with their number, `total` the member and
    `total_header` the header with the number of records; without any of them, a list ends at the first empty page.
    """

    by: Follow = Follow.PAGE
    param: str = "page"
    size_param: str = ""
    size: int = 100
    first: int = 1
    next: str = ""
    next_header: str = ""
    more: str = ""
    pages: str = ""
    total: str = ""
    total_header: str = ""


class Since(StrEnum):
    """How what changed since the last read is asked for."""

    NONE = "none"
    """Not at all: every read is a full one."""
    TIME = "time"
    CURSOR = "cursor"
    """By the cursor that the last page of the last read named."""


class Spelling(StrEnum):
    """How a time is written in a filter."""

    MICROSECONDS = "2024-05-17T08:30:00.000000Z"
    SECONDS = "2024-05-17T08:30:00Z"
    BARE = "2024-05-17T08:30:00"
    EPOCH = "epoch"
    EPOCH_MS = "epoch_ms"


@dataclass(frozen=True)
class Changes:
    """How changes are asked for: by time in the parameter `param`, or by cursor in the paging's own.

    `params` go with every request for a whole list or for its changes, a full one included: they may ask for the marks
    of deleted records, and one that is deleted while the list is read leaves its mark before the list's end.
    A read goes back `overlap` seconds before its cursor: a record may become visible later than its time says, and
    some APIs mean "after" and count in whole seconds. A time that names no zone is written as clocks show it in
    `timezone`, an IANA name.
    """

    by: Since = Since.NONE
    param: str = ""
    spelling: Spelling = Spelling.SECONDS
    overlap: float = 120.0
    params: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"

    def spelled(self, moment: datetime) -> str:
        """The value of the filter for a read whose cursor is `moment`."""
        since = moment.astimezone(UTC) - timedelta(seconds=self.overlap)
        match self.spelling:
            case Spelling.MICROSECONDS:
                return f"{since:%Y-%m-%dT%H:%M:%S.%fZ}"
            case Spelling.SECONDS:
                return f"{since:%Y-%m-%dT%H:%M:%SZ}"
            case Spelling.BARE:
                return f"{_shown(since, ZoneInfo(self.timezone)):%Y-%m-%dT%H:%M:%S}"
            case Spelling.EPOCH:
                return str(int(since.timestamp()))
            case Spelling.EPOCH_MS:
                return str(int(since.timestamp() * 1000))


def _shown(since: datetime, zone: ZoneInfo) -> datetime:
    """What clocks show at a moment, or the earliest that they show after it, where they are put back soon."""
    here, soon = since.astimezone(zone), (since + timedelta(hours=3)).astimezone(zone)
    back = (here.utcoffset() or timedelta()) - (soon.utcoffset() or timedelta())
    return here.replace(tzinfo=None) - max(back, timedelta())


@dataclass(frozen=True)
class Lookup:
    """A filter of a list that takes `batch_size` values at a time, with `separator` between them.

    `repeated`: the parameter comes once for each value instead, as `id=1&id=2`.
    Without a `param`, records are asked for by id one by one, and by external reference by reading the whole list.
    """

    param: str = ""
    batch_size: int = 1
    separator: str = ","
    repeated: bool = False

    def values(self, some: Sequence[str]) -> str | list[str]:
        """The parameter's value, or its values, for some of those that are looked for."""
        return list(some) if self.repeated else self.separator.join(some)


@dataclass(frozen=True)
class Trash:
    """Deleted records that can be restored: those whose `property` is `value`; a list shows them only with `params`."""

    property: str
    value: str
    params: Mapping[str, str]
    mark: str = "trashed"
    """The property that says so in the record as the lens sees it."""


MERGE_PATCH = "application/merge-patch+json"


@dataclass(frozen=True)
class Request:
    """One kind of request. `path` is the collection's with `{path}`, the record's id `{id}`."""

    verb: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


@dataclass(frozen=True)
class Envelope:
    """Where records are in a body; empty where they are the body itself.

    `items` holds the records of a list, `record` the one that a create, an update or a request by id answers with;
    `created` and `updated` wrap what is sent.
    """

    items: str = ""
    record: str = ""
    created: str = ""
    updated: str = ""


@dataclass(frozen=True)
class Writing:
    """How records are written.

    `full_update`: an update replaces the record and so must carry all of it. `idempotency_header` is the header that
    makes a create repeatable, `if_match_header` the one that makes a write conditional on the version, empty where
    there is none. `conflict_id` is the member of a 409 that names the record which already carries the external
    reference. `recheck`: before each update the record is asked for once more, and left alone if somebody edited it
    since it was read: if its version or a property of the lens is another. `merges`: what a nested object in an update
    leaves out stays as it is in the record; where that is not so, or nobody knows, nested objects are sent whole.
    """

    create: Request = Request("POST", "{path}")
    update: Request = Request("PATCH", "{path}/{id}")
    delete: Request = Request("DELETE", "{path}/{id}")
    full_update: bool = False
    idempotency_header: str = ""
    if_match_header: str = ""
    conflict_id: str = ""
    recheck: bool = False
    merges: bool = False

    @property
    def lays_over(self) -> bool:
        """Whether what a nested object leaves out is known to stay; a merge patch (RFC 7396) means that."""
        return self.merges or self.update.media == MERGE_PATCH


@dataclass(frozen=True)
class Privileged:
    """Parameters of every read that not every key may send.

    Where they are refused, reads go on without them, and `shapes` undo what a read then shows otherwise.
    """

    params: Mapping[str, str]
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Api:
    """One API. `params` go with every list, whatever it is filtered by; `shapes` are what no plain property says.

    A record goes through the shapes in their order when it is shown, and back through them when it is sent.
    """

    envelope: Envelope = Envelope()
    paging: Paging = Paging()
    changes: Changes = Changes()
    by_id: Lookup = Lookup()
    by_reference: Lookup = Lookup()
    list: Request = Request("GET", "{path}")
    get: Request = Request("GET", "{path}/{id}")
    writing: Writing = Writing()
    params: Mapping[str, str] = field(default_factory=dict)
    trash: Trash | None = None
    privileged: Privileged | None = None
    shapes: tuple[Shape, ...] = ()

    @property
    def recalls(self) -> bool:
        """Whether it takes the record as it was last shown to change or delete it."""
        return bool(self.writing.full_update or self.writing.recheck or self.shapes)
