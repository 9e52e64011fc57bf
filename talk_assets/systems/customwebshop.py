"""Custom: the user's own webshop, as a profile in the shape of WooCommerce's REST API, version 3.

Every name here is WooCommerce's own, but for the keys in `meta_data`, which are ours: they hold what a shop has no
property for. ASSUMED: the rate limit, and that a customer's e-mail and telephone number are those of the bill.

A shop has no versions and repeats no create: before each update the record is asked for once more, and a create whose
answer is lost is looked for by the entity in its `meta_data`, which no list can be filtered by.
"""

from collections.abc import Mapping
from dataclasses import replace

from talk_assets.http.access import Access, AuthType
from talk_assets.http.api import Api, Changes, Lookup, Paging, Request, Since, Spelling, Trash, Writing
from talk_assets.http.limit import Rate
from talk_assets.http.rest import Profile, RestCollection
from talk_assets.http.shapes import Keyed, LineTotals
from talk_assets.model.entities import Entity, company, order, product
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

TRASH = Trash("status", "trash", {"status": "trash"})

API = Api(
    paging=Paging(param="page", size_param="per_page", size=100, pages="X-WP-TotalPages"),
    changes=Changes(Since.TIME, "modified_after", Spelling.BARE, params={"dates_are_gmt": "true"}),
    by_id=Lookup("include", batch_size=100),
    writing=Writing(update=Request("PUT", "{path}/{id}"), recheck=True),
    params={"orderby": "id", "order": "asc"},
    trash=TRASH,
    shapes=(Keyed("meta_data"), LineTotals("line_items")),
)

FOR_GOOD = Request("DELETE", "{path}/{id}", {"force": "true"})
"""Without being forced it would be put into the trash, which there is none of for customers."""


def _collection(name: str, entity: Entity, lens: Lens, archived: Mapping[str, object] | None = None) -> RestCollection:
    """What all collections have in common. What is in the trash can be restored, and counts as being there."""
    return RestCollection(
        name=name,
        entity=entity,
        path=f"/wp-json/wc/v3/{name}s",
        id="id",
        lens=lens,
        modified=Instant("date_modified_gmt", precision="s", zone="", timezone="UTC"),
        reference="meta_data.talk_entity",
        ignore=("_links", TRASH.mark),
        archived=archived,
        delete=FOR_GOOD,
        optimistic_lock=True,
        sparse=("meta_data",),
    )


def _kept(key: str) -> Text:
    return Text(f"meta_data.{key}", empty="")


products = _collection(
    "product",
    product,
    Lens(
        name=Text("name", empty="", escaped=True),
        number=Text("sku", empty=""),
        description=Text("description", empty="", multiline=True),
        unit_price=Decimal("regular_price", wire="string", empty=""),
        unit_cost=Decimal("meta_data.unit_cost", wire="string", empty=""),
        unit=_kept("unit"),
        gtin=Digits("global_unique_id", empty=""),
    ),
    archived={"status": "draft"},
)

customer = replace(
    _collection(
        "customer",
        company,
        Lens(
            name=Text("billing.company", empty=""),
            organisation_number=OrganisationNumber("meta_data.organisation_number", empty=""),
            email=Email("billing.email", empty=""),
            phone=Phone("billing.phone", empty=""),
            website=_kept("website"),
            street=Text("billing.address_1", empty=""),
            postal_code=Text("billing.postcode", empty=""),
            city=Text("billing.city", empty=""),
            country=Country("billing.country", empty=""),
            department_code=_kept("department_code"),
        ),
    ),
    changes=Changes(Since.NONE),
    # An account must have an address of its own; one that ends in .invalid belongs to nobody (RFC 2606).
    new={"email": "{entity}@talk.invalid"},
)

orders = _collection(
    "order",
    order,
    Lens(
        # The shop's own number is its id, which would match strangers.
        number=_kept("order_number"),
        description=Text("customer_note", empty="", multiline=True),
        customer=Ref("customer_id", to="customer", wire="integer", empty="0"),
        order_date=Date("meta_data.order_date", empty=""),
        delivery_date=Date("meta_data.delivery_date", empty=""),
        currency=Currency("currency", empty=""),
        status=Choice(
            "status",
            {
                "pending": "draft",
                "on-hold": "draft",
                "checkout-draft": "draft",
                "processing": "confirmed",
                "completed": "delivered",
                "cancelled": "cancelled",
                "refunded": "cancelled",
                "failed": "cancelled",
                "trash": "cancelled",
            },
            folds={"invoiced": "completed"},
        ),
        lines=Lines(
            "line_items",
            id="id",
            product=Ref("product_id", to="product", wire="integer", empty="0"),
            description=Text("name", escaped=True),
            quantity=Decimal("quantity"),
            unit_price=Decimal("price"),
            discount=Decimal("discount"),
        ),
    ),
    archived={"status": "trash"},
)

PROFILE = Profile(API, Access(AuthType.BASIC, called=("consumer_key", "consumer_secret")), (products, customer, orders))

CUSTOMWEBSHOP = Registered(
    name="customwebshop",
    label="Custom",
    base_url=None,
    rate=Rate(600, 60.0),
    credentials=PROFILE.access.credentials,
    sandbox={"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"},
    profile=PROFILE,
)
