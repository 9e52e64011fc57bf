"""PowerOffice Go on its API v2: its collections, their lenses, and how the system is opened.

How it is asked is in `wire`, how records are written in `writing`, orders and their lines in `orders`.

ASSUMED, to be corrected here when it turns out otherwise: that texts without a maximal length in the API's description
have none; that an enumeration may be set to null; that a contact person's one telephone is no mobile; that
`ImportedOrderNo` is where an order's number is left, if that is a whole number, and cannot be changed afterwards.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from talk_assets.http.auth import ClientCredentials, OAuthClient, Wallet
from talk_assets.http.client import Client
from talk_assets.http.limit import Rate
from talk_assets.model.collection import Part
from talk_assets.model.entities import company, order, person, product
from talk_assets.model.lens.lens import (
    NEVER,
    ON_CREATE,
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
    OneLine,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
)
from talk_assets.model.system import Connection, System
from talk_assets.systems.powerofficego.confirmed import Confirmed
from talk_assets.systems.powerofficego.orders import HEADER, KEY, LIST, PARENT, GoConnection
from talk_assets.systems.powerofficego.units import unit
from talk_assets.systems.powerofficego.wire import CHANGED, GoCollection
from talk_assets.systems.settings import Opening, Registered

REFERENCE = "ExternalImportReference"
SUBSCRIPTION = "Ocp-Apim-Subscription-Key"
MODIFIED = Instant(CHANGED, zone="+00:00")
EXTERNAL_CODES = 50
"""External codes in one filter."""

ADDRESS = {
    "street": Text("MailAddress.AddressLine1", max_length=200),
    "postal_code": Text("MailAddress.ZipCode", max_length=50),
    "city": Text("MailAddress.City", max_length=100),
    "country": Country("MailAddress.CountryCode"),
}
NO_DISCOUNT = ("0", "0.0")

PRODUCT = Ref("ProductId", to="product", wire="integer")
DESCRIPTION = Text("Description")
QUANTITY = Decimal("Quantity")
PRICE = Decimal("ProductUnitPrice")
DISCOUNT = Decimal("Allowance", empty="0", nothing=NO_DISCOUNT)

customers = GoCollection(
    name="customers",
    path="/Customers",
    entity=company,
    id="Id",
    modified=MODIFIED,
    lens=Lens(
        name=Text("Name", blank="-"),  # a company without one is refused
        organisation_number=OrganisationNumber("OrganizationNumber"),
        email=Email("EmailAddress"),
        phone=Phone("PhoneNumber"),
        website=Text("WebsiteUrl"),
        **ADDRESS,
    ),
    reference=REFERENCE,
    by="externalImportReference",
    ignore=("NationalIdNumber",),
    archived={"IsArchived": True},
    address=True,
)

departments = GoCollection(
    name="departments",
    path="/Departments",
    entity=company,
    id="Id",
    modified=MODIFIED,
    lens=Lens(name=Text("Name", blank="-"), department_code=Text("Code")),
    named=(("IsActive", True),),  # left unsaid it is false
    archived={"IsActive": False},
)

contactperson = GoCollection(
    name="contactperson",
    path="/ContactPersons",
    entity=person,
    id="Id",
    modified=MODIFIED,
    lens=Lens(
        first_name=Text("FirstName", blank="-"),
        last_name=Text("LastName", blank="-"),  # both are demanded
        job_title=Text("Title"),
        email=Email("EmailAddress"),
        phone=Phone("PhoneNumber"),
        company=Ref("ContactId", to="customers", wire="integer", writable=ON_CREATE, required=True),
        **ADDRESS,
    ),
    reference="ExternalCode",
    by="externalCodes",
    many=EXTERNAL_CODES,
    archived={"IsActive": False},
    listed_only=True,
)

products = GoCollection(
    name="product",
    path="/Products",
    entity=product,
    id="Id",
    modified=MODIFIED,
    lens=Lens(
        number=Text("Code", max_length=100),
        name=Text("Name", max_length=400, blank="-"),
        description=Text("Description", multiline=True),
        unit_price=Decimal("UnitPrice"),
        unit_cost=Decimal("UnitCost"),
        unit=unit("UnitOfMeasureCode"),
        gtin=Digits("Gtin"),
    ),
    ignore=("StockAvailable", "StockOnHand", "StockOnHandLastChangedDatetimeOffset"),
    archived={"IsArchived": True},
)

salesorders = GoCollection(
    name="salesorders",
    path="/SalesOrders",
    entity=order,
    id="Id",
    modified=MODIFIED,
    lens=Lens(
        number=Text("ImportedOrderNo", wire="integer", writable=ON_CREATE),
        customer=Ref("CustomerId", to="customers", wire="integer"),
        contact=Ref("CustomerReferenceContactPersonId", to="contactperson", wire="integer"),
        order_date=Date("SalesOrderDate"),
        delivery_date=Date("DeliveryDate"),
        currency=Currency("CurrencyCode"),
        status=Choice(
            "SalesOrderStatus",
            {"Draft": "draft", "Confirmed": "confirmed"},
            folds={"delivered": "Confirmed", "invoiced": "Confirmed", "cancelled": "Draft"},
        ),
        lines=Lines(
            LIST,
            id="Id",
            product=PRODUCT,
            description=DESCRIPTION,
            quantity=QUANTITY,
            unit_price=PRICE,
            discount=DISCOUNT,
        ),
    ),
    reference=REFERENCE,
    ignore=(LIST, "LineCount", "NetAmount", "TotalAmount"),
    transient_values={"status": "draft"},
    parts=(
        Part(
            property=LIST,
            of="salesorderlines",
            parent=PARENT,
            columns=("Id", *(one.property for one in (PRODUCT, DESCRIPTION, QUANTITY, PRICE, DISCOUNT))),
            order=("SortOrder",),
        ),
    ),
)

salesorderlines = GoCollection(
    name="salesorderlines",
    path="/SalesOrders/{id}/Lines",
    entity=order,
    id=KEY,
    modified=MODIFIED,
    lens=Lens(
        customer=Ref(f"{HEADER}.CustomerId", to="customers", wire="integer", writable=NEVER),
        contact=Ref(f"{HEADER}.CustomerReferenceContactPersonId", to="contactperson", wire="integer", writable=NEVER),
        order_date=Date(f"{HEADER}.SalesOrderDate", writable=NEVER),
        delivery_date=Date(f"{HEADER}.DeliveryDate", writable=NEVER),
        currency=Currency(f"{HEADER}.CurrencyCode", writable=NEVER),
        status=Choice(f"{HEADER}.SalesOrderStatus", {"Draft": "draft", "Confirmed": "confirmed"}, writable=NEVER),
        lines=OneLine(product=PRODUCT, description=DESCRIPTION, quantity=QUANTITY, unit_price=PRICE, discount=DISCOUNT),
    ),
    ignore=(CHANGED, "NetAmount", "TotalAmount", "VatAmount"),
    extra_columns=(PARENT, "SortOrder", "Id"),
    creatable=False,
    changes_via="salesorders",
)

COLLECTIONS = (customers, departments, contactperson, products, salesorders, salesorderlines)


def token_url(base_url: str) -> str:
    """Where tokens are issued: beside the API, whose address ends with its version."""
    return re.sub(r"/v\d+$", "", base_url.rstrip("/")) + "/OAuth/Token"


def _open(opening: Opening) -> System:
    site, keys, wallet = opening.site, opening.credentials, Wallet()
    clock = site.retry.clock
    confirmed = Confirmed(clock.now)
    headers = {SUBSCRIPTION: keys["subscription_key"]}
    client_ = OAuthClient(token_url(site.base_url), keys["application_key"], keys["client_key"], headers)

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        async with Client(site, ClientCredentials(client_, wallet, clock)) as client:
            yield GoConnection(client, COLLECTIONS, confirmed)

    return System("powerofficego", "Powerofficego", COLLECTIONS, connect)


POWEROFFICEGO = Registered(
    name="powerofficego",
    label="Powerofficego",
    base_url="https://goapi.poweroffice.net/v2",
    rate=Rate(10, 1.0),
    credentials=("application_key", "client_key", "subscription_key"),
    sandbox={
        "application_key": "sandbox-application",
        "client_key": "sandbox-client",
        "subscription_key": "sandbox-subscription",
    },
    open=_open,
)
