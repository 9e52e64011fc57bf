"""Custom: the user's own webshop, as a profile in the shape of WooCommerce's REST API, version 3.

Every name here is WooCommerce's own, but for the keys in `meta_data`, which are ours: they hold what a shop has no
property for. ASSUMED: the rate limit, and that a customer's e-mail and telephone number are those of the bill.

A shop has no versions and repeats no create: before each update the record is asked for once more, and a create whose
answer is lost is looked for by the entity in its `meta_data`, which no list can be filtered by.

What a shop does besides: it mails whoever has a new account, at the account's own address, and whoever bought something
when the order is processed or completed, and it takes goods from stock for an order then. `OPTIONS` says what it is
let do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from talk_assets.errors import ConfigurationError
from talk_assets.http.access import Access, AuthType
from talk_assets.http.api import Api, Changes, Lookup, Paging, Privileged, Request, Since, Spelling, Trash, Writing
from talk_assets.http.limit import Rate
from talk_assets.http.rest import Profile, RestCollection, connecting
from talk_assets.http.shapes import Escaped, Keyed, LineTotals, Paragraphs, Record, Shape
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
from talk_assets.model.lens.orderlines import LineKind
from talk_assets.model.system import System
from talk_assets.systems.settings import Opening, Option, Registered
from talk_assets.systems.shoplines import Besides, ShopLines
from talk_assets.systems.shoprecords import Backslashes, Buyers, NeverBlank, UserNames
from talk_assets.systems.shopvariations import ShopConnection

TRASH = Trash("status", "trash", {"status": "trash"})

STATUS = "talk_status"
"""The key in an order's `meta_data` with the status that it has elsewhere, as long as the shop has it pending."""

PENDING, LIVE = "pending", "live"
CREATE, NONE = "create", "none"


@dataclass(frozen=True)
class Silent:
    """Orders that other systems have are pending in the shop, whatever their status is there: nobody is mailed for it.

    The lens sees the status that they have elsewhere, until somebody gives them another in the shop. `live`: they get
    that status in the shop as well.
    """

    live: bool = False

    def shown(self, record: Record) -> None:
        """The status that was put beside, where the shop's own is still the first."""
        beside = _meta(record).get(STATUS)
        if beside and record.get("status") == PENDING:
            record["status"] = beside
        elif beside and record.get("status") != TRASH.value:
            record["meta_data"].pop(STATUS)

    def sent(self, record: Record, now: Mapping[str, Any]) -> None:
        """The status beside, or for good; an order that was made in the shop has none beside."""
        status, beside = record.get("status"), _meta(now).get(STATUS)
        if self.live:
            if beside and status is not None:
                record.setdefault("meta_data", {})[STATUS] = ""
        elif not now and _is_order(record):
            record["status"] = PENDING
            record.setdefault("meta_data", {})[STATUS] = status or PENDING
        elif beside and status not in {None, TRASH.value}:
            record.setdefault("meta_data", {})[STATUS] = record.pop("status")
            if now.get("status") == TRASH.value:
                record["status"] = PENDING


def _is_order(record: Mapping[str, Any]) -> bool:
    """Whether what is sent is a new order: products have a name, customers a bill."""
    return "name" not in record and "billing" not in record


def _meta(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = record.get("meta_data")
    return found if isinstance(found, dict) else {}


API = Api(
    paging=Paging(param="page", size_param="per_page", size=100, pages="X-WP-TotalPages"),
    changes=Changes(Since.TIME, "modified_after", Spelling.BARE, params={"dates_are_gmt": "true"}),
    by_id=Lookup("include", batch_size=100),
    writing=Writing(update=Request("PUT", "{path}/{id}"), recheck=True, merges=True),
    params={"orderby": "id", "order": "asc"},
    trash=TRASH,
    # A read shows a page's HTML unless it asks for what can be edited, as a write is answered with.
    privileged=Privileged({"context": "edit"}, (Paragraphs(("description",)),)),
    shapes=(
        Keyed("meta_data"),
        LineTotals("line_items"),
        Backslashes(("name", "description")),
        Escaped(plain=("name",), markup=("description",), shown_only=("line_items.name",)),
        ShopLines(),
        Besides(),
        Silent(),
        NeverBlank(("currency", "name", "billing.email")),
        UserNames(),
        Buyers(),
    ),
)

FOR_GOOD = Request("DELETE", "{path}/{id}", {"force": "true"})
"""Without being forced it would be put into the trash, which there is none of for customers."""


def _collection(name: str, entity: Entity, lens: Lens, archived: Mapping[str, object] | None = None) -> RestCollection:
    """What all collections have in common. What is in the trash can be restored, and counts as being there.

    `related_ids` are others at each request.
    """
    return RestCollection(
        name=name,
        entity=entity,
        path=f"/wp-json/wc/v3/{name}s",
        id="id",
        lens=lens,
        modified=Instant("date_modified_gmt", precision="s", zone="", timezone="UTC"),
        reference="meta_data.talk_entity",
        ignore=("_links", "related_ids", TRASH.mark),
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
        name=Text("name", empty=""),
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
            # The account has the same address when it is created. The shop takes no empty one for it, nor null.
            email=Email("billing.email", required=True),
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
    # Whoever gets another role is a customer all the same; without this he or she would look deleted.
    list_params={"role": "all"},
    # An account must have an address, which the shop mails: the customer's own, or there is no account.
    new={"email": "{billing.email}"},
)

orders = replace(
    _collection(
        "order",
        order,
        Lens(
            # The shop's own number is its id, which would match records of others.
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
                leaves_out=(LineKind.ZERO, LineKind.FRACTION),
                product=Ref("product_id", to="product", wire="integer", empty="0"),
                description=Text("name"),
                quantity=Decimal("quantity"),
                # Totals of lines are without VAT, whatever the prices of products are.
                unit_price=Decimal("price", vat=""),
                discount=Decimal("discount"),
            ),
        ),
        archived={"status": "trash"},
    ),
    total=("total", "total_tax"),
    # Without it, totals are rounded to the decimals that the shop shows, which may be none.
    params={"dp": "6"},
)

ACCESS = Access(AuthType.BASIC, called=("consumer_key", "consumer_secret"), over_http=AuthType.OAUTH1)

PROFILE = Profile(API, ACCESS, (products, customer, orders))

NEW_ORDERS, NEW_ACCOUNTS = "new_orders", "new_accounts"
FREIGHT, FEES, COUPONS = "freight_article", "fee_article", "coupon_article"

OPTIONS = {
    NEW_ORDERS: Option(
        f'What becomes of orders that other systems have. "{PENDING}": they are pending in the shop, which then mails'
        f" nobody and takes no stock, and their status elsewhere is kept as a separate field."
        f' "{LIVE}": they have the same status in'
        " the shop, which mails the customer and takes stock when it is processing or completed.",
        default=PENDING,
        sandbox=PENDING,
    ),
    NEW_ACCOUNTS: Option(
        f'Whether customers that other systems have get an account in the shop. "{CREATE}": with their own e-mail'
        " address, at which the shop tells them so unless that mail is turned off there; a customer without an address"
        f' gets none. "{NONE}": no account is created, and orders of such customers wait.',
        default=CREATE,
        sandbox=CREATE,
    ),
    FREIGHT: Option(
        "The id of the product in the shop that stands for freight. Orders then have their freight as lines of this"
        f' product. "{NONE}": other systems don\'t get the freight.',
        default=NONE,
        sandbox=NONE,
    ),
    FEES: Option(
        f'The id of the product in the shop that stands for fees, like freight_article, or "{NONE}".',
        default=NONE,
        sandbox=NONE,
    ),
    COUPONS: Option(
        "The id of the product in the shop that stands for coupons. Orders then have each coupon as a line with a"
        f' negative price. "{NONE}": what a coupon takes off is a discount of the lines.',
        default=NONE,
        sandbox=NONE,
    ),
}


ACCOUNTS_ARE_MAILED = (
    "Each of these gets an account with its own e-mail address, and the shop mails it there, unless the mail about new"
    f' accounts is turned off in the shop. {NEW_ACCOUNTS} = "{NONE}" in talk.toml creates none.'
)
ORDERS_ARE_PENDING = (
    "Each of these is pending in the shop, whatever its status: the shop mails nobody and takes no stock."
    f' {NEW_ORDERS} = "{LIVE}" in talk.toml gives it the status.'
)
ORDERS_LIVE = "The shop mails the customers of these that are processing or completed, and takes stock for them."


def _open(opening: Opening) -> System:
    profile = opening.profile or PROFILE
    live = _chosen(opening, NEW_ORDERS, (PENDING, LIVE)) == LIVE
    create = _chosen(opening, NEW_ACCOUNTS, (CREATE, NONE)) == CREATE
    besides = Besides(*(_article(opening, name) for name in (FREIGHT, FEES, COUPONS)))
    chosen: Mapping[type, Shape] = {Silent: Silent(live), Besides: besides}
    shapes = tuple(chosen.get(type(shape), shape) for shape in profile.api.shapes)
    told = {customer.name: ACCOUNTS_ARE_MAILED, orders.name: ORDERS_LIVE if live else ORDERS_ARE_PENDING}
    collections = tuple(
        replace(
            one,
            creatable=one.creatable and (create or one.name != customer.name),
            side_effects=told.get(one.name, ""),
        )
        for one in profile.collections
    )
    name = opening.site.system
    hint = (
        f'where a host keeps the header Authorization back, type = "{AuthType.QUERY_PAIR}" under [systems.{name}.auth]'
        " in talk.toml would be right"
    )
    site = replace(opening.site, credentials_hint=hint)
    profile = Profile(replace(profile.api, shapes=shapes), profile.access, collections)
    return System(
        name, CUSTOMWEBSHOP.label, collections, connecting(site, profile, opening.credentials, ShopConnection)
    )


def _article(opening: Opening, name: str) -> int | None:
    value = opening.options.get(name) or NONE
    if value != NONE and not value.isdecimal():
        message = (
            f'systems.{opening.site.system}.{name} in talk.toml is "{value}"; the id of a product in the shop would be'
            f' right, as "123", or "{NONE}"'
        )
        raise ConfigurationError(message)
    return None if value == NONE else int(value)


def _chosen(opening: Opening, name: str, allowed: tuple[str, str]) -> str:
    value = opening.options.get(name) or allowed[0]
    if value not in allowed:
        right = " or ".join(f'"{one}"' for one in allowed)
        message = f'systems.{opening.site.system}.{name} in talk.toml is "{value}"; {right} would be right'
        raise ConfigurationError(message)
    return value


CUSTOMWEBSHOP = Registered(
    name="customwebshop",
    label="Custom",
    base_url=None,
    rate=Rate(600, 60.0),
    credentials=PROFILE.access.credentials,
    sandbox={"consumer_key": "ck_sandbox", "consumer_secret": "cs_sandbox"},
    options=OPTIONS,
    open=_open,
    profile=PROFILE,
)
