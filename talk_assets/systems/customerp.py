"""Customerp: the user's own ERP as the default profile has it, a REST API with versions and a change feed.

Every name here is the profile's own. An ERP that differs is configured, not programmed.
"""

from talk_assets.http.access import Access, AuthType
from talk_assets.http.api import MERGE_PATCH, Api, Changes, Envelope, Follow, Lookup, Paging, Request, Since, Writing
from talk_assets.http.limit import Rate
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.model.entities import Entity, company, order, person, product, project
from talk_assets.model.lens.lens import (
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    Instant,
    Lens,
    Lines,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
)
from talk_assets.systems.settings import Registered

API = Api(
    envelope=Envelope(items="items"),
    paging=Paging(Follow.CURSOR, "cursor", "limit", 1000, next="next_cursor", more="has_more"),
    changes=Changes(Since.CURSOR, params={"include_deleted": "true"}),
    by_id=Lookup("ids", batch_size=100),
    by_reference=Lookup("external_ref", batch_size=100),
    writing=Writing(
        update=Request("PATCH", "{path}/{id}", media=MERGE_PATCH),
        idempotency_header="Idempotency-Key",
        if_match_header="If-Match",
        conflict_id="existing_id",
    ),
)

LONGEST = 255
"""Characters of a text; the API refuses more."""


def _collection(name: str, entity: Entity, lens: Lens) -> RestCollection:
    """What all collections have in common."""
    return RestCollection(
        name=name,
        entity=entity,
        path=f"/v1/{name}s",
        id="id",
        lens=lens,
        modified=Instant("updated_at"),
        version="version",
        deleted="deleted",
        reference="external_ref",
        ignore=("change_seq", "created_at", "deleted_at"),
        optimistic_lock=True,
        needs_current=False,
    )


ADDRESS = {
    "street": Text("address.street", max_length=LONGEST),
    "postal_code": Text("address.postal_code", max_length=LONGEST),
    "city": Text("address.city", max_length=LONGEST),
    "country": Country("address.country"),
}

customer = _collection(
    "customer",
    company,
    Lens(
        name=Text("name", max_length=LONGEST, blank="-"),
        organisation_number=OrganisationNumber("organisation_number", max_length=LONGEST),
        email=Email("email", max_length=LONGEST),
        phone=Phone("phone"),
        website=Text("website", max_length=LONGEST),
        **ADDRESS,
    ),
)

contact = _collection(
    "contact",
    person,
    Lens(
        first_name=Text("first_name", max_length=LONGEST),
        last_name=Text("last_name", max_length=LONGEST, blank="-"),
        job_title=Text("job_title", max_length=LONGEST),
        email=Email("email", max_length=LONGEST),
        phone=Phone("phone"),
        mobile=Phone("mobile"),
        birth_date=Date("birth_date"),
        company=Ref("customer_id", to="customer"),
        **ADDRESS,
    ),
)

products = _collection(
    "product",
    product,
    Lens(
        number=Text("number", max_length=LONGEST),
        name=Text("name", max_length=LONGEST, blank="-"),
        description=Text("description", max_length=LONGEST),
        unit_price=Decimal("unit_price", wire="string"),
        unit_cost=Decimal("unit_cost", wire="string"),
        unit=Text("unit", max_length=LONGEST),
        gtin=Digits("gtin", max_length=LONGEST),
    ),
)

orders = _collection(
    "order",
    order,
    Lens(
        number=Text("number", max_length=LONGEST),
        description=Text("description", max_length=LONGEST),
        customer=Ref("customer_id", to="customer"),
        contact=Ref("contact_id", to="contact"),
        order_date=Date("order_date"),
        delivery_date=Date("delivery_date"),
        currency=Currency("currency"),
        status=Choice("status", {status: status for status in order.field("status").values}),
        lines=Lines(
            "lines",
            id="id",
            product=Ref("product_id", to="product"),
            description=Text("description", max_length=LONGEST),
            quantity=Decimal("quantity", wire="string"),
            unit_price=Decimal("unit_price", wire="string"),
            discount=Decimal(
                "discount", wire="string", nothing=("0", "0.0", "0.00")
            ),  # no discount, however it is said
        ),
    ),
)

projects = _collection(
    "project",
    project,
    Lens(
        number=Text("number", max_length=LONGEST),
        name=Text("name", max_length=LONGEST, blank="-"),
        description=Text("description", max_length=LONGEST),
        starts_at=Instant("starts_at"),
        ends_at=Instant("ends_at"),
        customer=Ref("customer_id", to="customer"),
        owner=Ref("owner_id", to="contact"),
    ),
)

PROFILE = Profile(API, Access(AuthType.BEARER), (customer, contact, products, orders, projects))

CUSTOMERP = Registered(
    name="customerp",
    label="Customerp",
    base_url=None,
    rate=Rate(600, 60.0),
    credentials=PROFILE.access.credentials,
    sandbox={"token": "sandbox-customerp"},
    profile=PROFILE,
)
