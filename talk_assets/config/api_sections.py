"""What talk.toml may say of how a system's API is used: a section per part of a profile.

A part that a profile gains is added here, with a description per key. What a key does is documented in `http.api`,
`http.access` and `http.shapes`. A key that is not set keeps the value of the system's own profile.
"""

from typing import Any, ClassVar

from pydantic import Field, StrictBool, StrictStr

from talk_assets.config.lens_sections import Instant
from talk_assets.config.section import (
    Behind,
    MaybeSection,
    MaybeTable,
    MaybeText,
    Names,
    Natural,
    NotBlank,
    Positive,
    Seconds,
    Section,
    Table,
    Texts,
    Timezone,
)
from talk_assets.http import access, api, shapes
from talk_assets.http.rest import RestCollection


class Auth(Section):
    """How requests sign in; credentials come from the environment."""

    of: ClassVar[type[Any] | None] = access.Access
    type: access.AuthType | None = Field(
        default=None, description="How requests sign in. Each type has its environment variables."
    )
    name: StrictStr | None = Field(
        default=None, description="The header or the query parameter that takes the key.", examples=["X-Api-Key"]
    )
    prefix: StrictStr | None = Field(default=None, description="What stands before the key in that header.")
    token_url: StrictStr | None = Field(
        default=None,
        description="Where tokens are requested: a whole URL, or a path below base_url.",
        examples=["/oauth/token"],
    )
    scope: StrictStr | None = Field(default=None, description="The scope that tokens are requested for.")
    authorise_url: StrictStr | None = Field(
        default=None,
        description="Where a person signs in with `talk authorise`: a whole URL, or a path below base_url.",
        examples=["/oauth/authorize"],
    )
    grant_days: Natural | None = Field(
        default=None,
        description="Days that a sign-in holds from its last use, if the server does not say; 0 for no end.",
    )


class Envelope(Section):
    """Where records are in a body."""

    of: ClassVar[type[Any] | None] = api.Envelope
    items: StrictStr | None = Field(
        default=None, description="The member with the records of a list; empty for the body itself."
    )
    record: StrictStr | None = Field(
        default=None, description="The member with the record, in an answer that holds one."
    )
    created: StrictStr | None = Field(default=None, description="The member that a new record is sent in.")
    updated: StrictStr | None = Field(default=None, description="The member that a changed record is sent in.")


class Paging(Section):
    """How a long list is split into pages."""

    of: ClassVar[type[Any] | None] = api.Paging
    by: api.Follow | None = Field(
        default=None,
        description="How the next page is requested. link reads the header Link, url a member of the body.",
    )
    param: StrictStr | None = Field(
        default=None,
        description="The parameter that takes the page's number, the offset or the cursor.",
        examples=["page"],
    )
    size_param: StrictStr | None = Field(default=None, description="The parameter that takes the size of a page.")
    size: Positive | None = Field(default=None, description="Records per page; never more than the API gives at once.")
    first: Natural | None = Field(default=None, description="The number of the first page.")
    next: StrictStr | None = Field(
        default=None, description="The member with the next cursor or URL.", examples=["meta.next"]
    )
    next_header: StrictStr | None = Field(default=None, description="The header with it, where it is in one.")
    more: StrictStr | None = Field(default=None, description="The member that says whether another page follows.")
    pages: StrictStr | None = Field(
        default=None, description="The header with the number of pages.", examples=["X-WP-TotalPages"]
    )
    total: StrictStr | None = Field(
        default=None, description="The member with the number of records.", examples=["meta.total"]
    )
    total_header: StrictStr | None = Field(
        default=None, description="The header with the number of records.", examples=["X-Total-Count"]
    )


class Changes(Section):
    """How the changes since the last read are requested."""

    of: ClassVar[type[Any] | None] = api.Changes
    by: api.Since | None = Field(
        default=None,
        description="none reads everything each time; time filters by time; cursor uses that of the paging.",
    )
    param: StrictStr | None = Field(
        default=None, description="The parameter that filters by time.", examples=["updated_since"]
    )
    spelling: api.Spelling | None = Field(
        default=None, description="How that parameter writes a time, by example; epoch counts seconds since 1970."
    )
    overlap: Seconds | None = Field(
        default=None, description="Seconds that a read by time goes back before the last one."
    )
    params: Texts | None = Field(
        default=None,
        description="Parameters of every read of a whole list or of its changes.",
    )
    timezone: Timezone | None = Field(
        default=None,
        description="The time zone (IANA name) of a filter that names none (`2024-05-17T08:30:00`).",
        examples=["Europe/Oslo"],
    )


class Lookup(Section):
    """A filter of a list that takes several values."""

    of: ClassVar[type[Any] | None] = api.Lookup
    param: StrictStr | None = Field(
        default=None, description="The parameter that filters; empty where the API has none."
    )
    batch_size: Positive | None = Field(default=None, description="How many values it takes at once.")
    separator: StrictStr | None = Field(default=None, description="What stands between the values.")
    repeated: StrictBool | None = Field(
        default=None, description="Whether the parameter comes once for each value, like id=1&id=2."
    )


class Request(Section):
    """One kind of request."""

    of: ClassVar[type[Any] | None] = api.Request
    verb: NotBlank | None = Field(default=None, description="The HTTP method.")
    path: StrictStr | None = Field(
        default=None,
        description="The path: {path} is the collection's own, {id} the record's id.",
        examples=["{path}/{id}"],
    )
    params: Texts | None = Field(default=None, description="Parameters of these requests.")
    media: NotBlank | None = Field(default=None, description="The media type of the body.")


class Writing(Section):
    """How records are written."""

    of: ClassVar[type[Any] | None] = api.Writing
    create: Request | None = Field(default=None, description="The request that creates a record.")
    update: Request | None = Field(default=None, description="The request that updates a record.")
    delete: Request | None = Field(default=None, description="The request that deletes a record.")
    full_update: StrictBool | None = Field(default=None, description="Whether an update must carry the whole record.")
    merges: StrictBool | None = Field(
        default=None,
        description="Whether the API keeps what a nested object in an update leaves out. Unless it does, nested objects"
        " are sent whole. The media type application/merge-patch+json says that it does.",
    )
    idempotency_header: StrictStr | None = Field(
        default=None, description="The header that makes a create repeatable; empty where the API has none."
    )
    if_match_header: StrictStr | None = Field(
        default=None,
        description="The header that makes a write conditional on the version; empty where the API has none.",
    )
    conflict_id: StrictStr | None = Field(
        default=None,
        description="The member of a 409 answer with the id of the record that has the external reference already.",
    )
    recheck: StrictBool | None = Field(
        default=None, description="Whether a record is read again before each update, where the API has no versions."
    )


class Trash(Section):
    """Deleted records that can be restored."""

    of: ClassVar[type[Any] | None] = api.Trash
    property: NotBlank | None = Field(default=None, description="The property that says that a record is in the trash.")
    value: NotBlank | None = Field(default=None, description="Its value then.")
    params: Texts | None = Field(default=None, description="Parameters with which a list shows these records.")
    mark: NotBlank | None = Field(default=None, description="The property that a collection's deleted names for them.")


class Keyed(Section):
    """A property that is a list of keys with values."""

    of: ClassVar[type[Any] | None] = shapes.Keyed
    key: NotBlank | None = Field(default=None, description="The member with the key.")
    value: NotBlank | None = Field(default=None, description="The member with the value.")


class LineTotals(Section):
    """Lines that say what they cost as totals of the line."""

    of: ClassVar[type[Any] | None] = shapes.LineTotals
    id: NotBlank | None = Field(default=None, description="The member with the line's id.")
    quantity: NotBlank | None = Field(default=None, description="The member with the quantity.")
    price: NotBlank | None = Field(default=None, description="What the collection's lines call the price of one item.")
    discount: NotBlank | None = Field(
        default=None, description="What the collection's lines call the discount in percent."
    )
    subtotal: NotBlank | None = Field(default=None, description="The member with the total before the discount.")
    total: NotBlank | None = Field(default=None, description="The member with the total after the discount.")


class Collection(Section):
    """One collection of a system."""

    of: ClassVar[type[Any] | None] = RestCollection
    path: NotBlank | None = Field(default=None, description="The collection's path, below base_url.")
    id: NotBlank | None = Field(default=None, description="The property with the record's id.")
    modified: Behind[Instant] = Field(default=None, description="The property with the time of the last change.")
    version: MaybeText = Field(
        default=None, description="The property with the version that writing.if_match_header sends."
    )
    deleted: MaybeText = Field(default=None, description="The property that is true in the mark of a deleted record.")
    reference: MaybeText = Field(
        default=None, description="The property that keeps the entity's id, so that no record is created twice."
    )
    ignore: Names | None = Field(default=None, description="Properties whose changes are no edit.")
    params: Texts | None = Field(default=None, description="Parameters of every request for this collection.")
    new: Table | None = Field(
        default=None,
        description='Properties that every create sends, like { source = "talk" }. {entity} is the entity\'s id.',
    )
    omits_blanks: StrictBool | None = Field(
        default=None, description="Whether the API leaves out properties that are blank."
    )
    parts_move: StrictBool | None = Field(
        default=None,
        description="Whether an edit of an order's line moves the order's time of the last change. Unless it does, the"
        " orders of the last week are looked at again at each read.",
    )
    archived: MaybeTable = Field(
        default=None, description='What archives a record, for on_delete = "archive", like { status = "draft" }.'
    )
    changes: MaybeSection[Changes] = Field(
        default=None, description="Like changes of the system, for this collection alone."
    )
    delete: MaybeSection[Request] = Field(
        default=None, description="Like writing.delete of the system, for this collection alone."
    )
    total: Names | None = Field(
        default=None,
        description="The property with an order's total without VAT, then those to subtract from it; talk totals"
        ' compares it, like ["total", "total_tax"].',
    )
    writable: StrictBool | None = Field(default=None, description="Whether records are written at all.")
    creatable: StrictBool | None = Field(default=None, description="Whether records are created.")


class Api(Section):
    """What a system's section has beside the keys of every system, where the system has a profile."""

    auth: Auth | None = Field(default=None, description="How requests sign in.")
    envelope: Envelope | None = Field(default=None, description="Where records are in a body.")
    paging: Paging | None = Field(default=None, description="How a long list is split into pages.")
    changes: Changes | None = Field(default=None, description="How the changes since the last read are requested.")
    by_id: Lookup | None = Field(
        default=None, description="The filter of a list by id; without param, records are requested one by one."
    )
    by_reference: Lookup | None = Field(
        default=None, description="The filter of a list by external reference; without param, the whole list is read."
    )
    list: Request | None = Field(default=None, description="The request for a list.")
    get: Request | None = Field(default=None, description="The request for one record.")
    writing: Writing | None = Field(default=None, description="How records are written.")
    params: Texts | None = Field(default=None, description="Parameters of every request for a list.")
    trash: MaybeSection[Trash] = Field(default=None, description="Deleted records that can be restored.")
    keyed: dict[str, MaybeSection[Keyed]] | None = Field(
        default=None,
        description='Properties that are lists of keys with values, so that "meta_data.colour" is one too.',
    )
    line_totals: dict[str, MaybeSection[LineTotals]] | None = Field(
        default=None, description="Properties with lines that say what they cost as totals of the line."
    )
