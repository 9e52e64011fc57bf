"""Crmoffice: a Norwegian CRM of which little is public, as a profile of the REST connector.

Documented are the address, the sign-in (OAuth 2.0 with refresh tokens, at the customer's own host), the envelope of
`/companies`, and the properties orgNr, postAddress, visitAddress, givenName, familyName, directPhone, mobilePhone,
company.id, subject, startsAt, endsAt, ownerId and address.

ASSUMED is the rest, all of it in this file: the paths of contacts and activities, that every list has the envelope of
companies, `page`, `pageSize` and `modifiedSince`, PATCH with part of a record, the properties `name`, `email`, `price`
(in a string, like all that is documented), `modifiedAt` and `externalId`, that lists can be filtered by the last, that
an activity's owner is one of the contacts, that tokens live as long as they say and each refresh token may be replaced
as it is used, and the rate limit.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from talk_assets.http.access import Access, AuthType
from talk_assets.http.api import Api, Changes, Envelope, Lookup, Paging, Since, Spelling, Writing
from talk_assets.http.limit import Rate
from talk_assets.http.rest import Profile, RestCollection, connecting
from talk_assets.model.entities import Entity, person, product, project
from talk_assets.model.lens.lens import Decimal, Email, Instant, Lens, Phone, Ref, Text
from talk_assets.model.system import System
from talk_assets.systems.settings import Opening, Registered

API = Api(
    envelope=Envelope(items="items"),
    paging=Paging(param="page", size_param="pageSize", size=100, total="totalCount"),
    changes=Changes(Since.TIME, "modifiedSince", Spelling.MICROSECONDS),
    by_reference=Lookup("externalId"),
    writing=Writing(recheck=True),
)

CREDENTIALS = ("client_id", "client_secret", "refresh_token", "tenant")
"""`tenant` is the customer's own name in `https://<tenant>.crmoffice.no`, where one signs in."""

TOKEN_PATH = "/connect/token"  # noqa: S105 -- a path


def _collection(name: str, entity: Entity, lens: Lens) -> RestCollection:
    """What all collections have in common."""
    return RestCollection(
        name=name,
        entity=entity,
        path=f"/{name}",
        id="id",
        lens=lens,
        modified=Instant("modifiedAt"),
        reference="externalId",
        ignore=("createdAt",),
        optimistic_lock=True,
    )


companies = _collection(
    "companies",
    product,
    Lens(name=Text("name", blank="-"), number=Text("orgNr"), unit_price=Decimal("price", wire="string")),
)
"""A company is shown as a product, its organisation number being the product's number: so it was asked for."""

contacts = _collection(
    "contacts",
    person,
    Lens(
        first_name=Text("givenName"),
        last_name=Text("familyName", blank="-"),
        email=Email("email"),
        phone=Phone("directPhone"),
        mobile=Phone("mobilePhone"),
    ),
)
"""`company.id` is left alone: it names a record that is a product here, and no company."""

activities = _collection(
    "activities",
    project,
    Lens(
        name=Text("subject", blank="-"),
        starts_at=Instant("startsAt"),
        ends_at=Instant("endsAt"),
        owner=Ref("ownerId", to="contacts"),
    ),
)

PROFILE = Profile(API, Access(AuthType.REFRESH, called=CREDENTIALS), (companies, contacts, activities))


def _open(opening: Opening) -> System:
    profile = opening.profile or PROFILE
    if profile.access.type is AuthType.REFRESH and not profile.access.token_url:
        url = token_url(opening.site.base_url, opening.credentials["tenant"])
        profile = replace(profile, access=replace(profile.access, token_url=url))
    connect = connecting(opening.site, profile, opening.credentials)
    return System("crmoffice", "Crmoffice", profile.collections, connect)


def token_url(base_url: str, tenant: str) -> str:
    """Where tokens are asked for: at the customer's host beside `api.crmoffice.no`, else below the base URL."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").removeprefix("api.")
    return f"https://{tenant}.{host}{TOKEN_PATH}" if host != parts.hostname else f"{base_url.rstrip('/')}{TOKEN_PATH}"


CRMOFFICE = Registered(
    name="crmoffice",
    label="Crmoffice",
    base_url="https://api.crmoffice.no",
    rate=Rate(300, 60.0),
    credentials=CREDENTIALS,
    sandbox={
        "client_id": "sandbox-crmoffice",
        "client_secret": "sandbox-secret",
        "refresh_token": "sandbox-refresh",
        "tenant": "sandbox",
    },
    open=_open,
    profile=PROFILE,
)
