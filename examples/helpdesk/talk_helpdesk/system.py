"""The helpdesk: its REST API as data, its collections with their lenses, and the pairs they take part in.

The API is asked page by page, filters lists by id, by external reference and by time of change, refuses a write whose
`If-Match` is not the record's version, and takes a key in the header `X-Api-Key`.
"""

from talk_assets.http.access import Access, AuthType
from talk_assets.http.api import Api, Changes, Envelope, Lookup, Paging, Since, Spelling, Writing
from talk_assets.http.limit import Rate
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.model.dataflows import Dataflow, Pair
from talk_assets.model.entities import Entity, company, person
from talk_assets.model.lens.lens import Country, Email, Instant, Lens, OrganisationNumber, Phone, Ref, Text
from talk_assets.systems import Registered

API = Api(
    envelope=Envelope(items="data"),
    paging=Paging(param="page", size_param="per_page", size=100, total="total"),
    changes=Changes(Since.TIME, "changed_since", Spelling.MICROSECONDS),
    by_id=Lookup("ids", batch_size=50),
    by_reference=Lookup("external_id", batch_size=50),
    writing=Writing(if_match_header="If-Match", conflict_id="existing_id"),
)


def _collection(name: str, entity: Entity, lens: Lens) -> RestCollection:
    """Return a collection with what all of the helpdesk's have in common."""
    return RestCollection(
        name=name,
        entity=entity,
        path=f"/api/{name}",
        id="id",
        lens=lens,
        modified=Instant("changed_at"),
        version="version",
        reference="external_id",
        optimistic_lock=True,  # If-Match: a record that somebody edited since it was read is not overwritten
        needs_current=False,  # PATCH: an update needs only what changes
    )


organisations = _collection(
    "organisations",
    company,
    Lens(
        name=Text("name", max_length=200, blank="-"),  # the helpdesk refuses an organisation without a name
        organisation_number=OrganisationNumber("registration_number"),
        phone=Phone("phone"),
        website=Text("website"),
        city=Text("city"),
        country=Country("country"),
    ),
)

users = _collection(
    "users",
    person,
    Lens(
        first_name=Text("first_name", max_length=100),
        last_name=Text("last_name", max_length=100, blank="-"),
        email=Email("email"),
        mobile=Phone("mobile"),
        company=Ref("organisation_id", to="organisations"),
    ),
)

PROFILE = Profile(API, Access(AuthType.HEADER, name="X-Api-Key"), (organisations, users))

HELPDESK = Registered(
    name="helpdesk",
    label="Helpdesk",
    base_url=None,  # every customer has an address of their own
    rate=Rate(300, 60.0),
    credentials=PROFILE.access.credentials,
    sandbox={"api_key": "sandbox-helpdesk"},
    profile=PROFILE,
    dataflows=(
        Dataflow(
            "customerp",
            "helpdesk",
            (
                Pair("customerp/customer", "helpdesk/organisations"),
                Pair("customerp/contact", "helpdesk/users"),
            ),
        ),
    ),
)
"""What the entry point in pyproject.toml names."""
