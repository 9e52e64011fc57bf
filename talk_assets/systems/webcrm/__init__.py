"""webCRM: its collections, their lenses, and how the system is opened.

How it is spoken with is in `wire`, how records are written in `upsert`, their lines in `lines`.

ASSUMED, to be corrected here when a customer's webCRM is set up otherwise: what the properties hold whose names have
Custom or Data in them; that properties without a maximal length in the API's description have none; that zero is how a
number says that it is blank; that /Queries knows users, products and quotation lines by the names of their tables.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from talk_assets.http.auth import Wallet
from talk_assets.http.client import Client
from talk_assets.http.limit import Rate
from talk_assets.model.collection import Part
from talk_assets.model.entities import company, order, person, product
from talk_assets.model.lens.lens import (
    ALWAYS,
    NEVER,
    ON_CREATE,
    Choice,
    Country,
    Currency,
    Date,
    Decimal,
    Digits,
    Email,
    FullName,
    Instant,
    Lens,
    Lines,
    OneLine,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
    Writable,
)
from talk_assets.model.system import Connection, System
from talk_assets.systems.settings import Opening, Registered
from talk_assets.systems.webcrm.lines import LINES
from talk_assets.systems.webcrm.upsert import WebcrmConnection
from talk_assets.systems.webcrm.wire import WebcrmAuth, WebcrmCollection

NO_DATE = "0001-01-01T00:00:00+00:00"
SHORT, ADDRESS, NAME = 50, 250, 200
"""Characters that the API keeps of a text."""


VOLATILE = (
    "RowNumber",  # these two only /Queries adds
    "o_lastUpdatedById",
    "OrganisationLastDisplayedAt",
    "OrganisationLastItemType",
    "OrganisationLastItemUpdatedAt",
    "PersonLastLoginDateTime",
)
"""What moves without anybody having edited the record."""

PERSON_SECRETS = ("PersonPassword", "PersonMemberPassword", "PersonCampaignPassword", "PersonLoginLog")
USER_SECRETS = (
    "UserPassword",
    "UserAuthenticationCode",
    "UserTicket",
    "UserLoginLog",
    "UserLoginCount",
    "UserLastLoginDateTime",
    "UserLastTryDateTime",
    "UserWrongPasswordCount",
    "UserIpRestrict",
)
"""What must not lie about in a database, even where the API shows it."""

BULK = 100
"""Records of one PATCH."""


def _modified(table: str) -> Instant:
    return Instant(f"{table}UpdatedAt", precision="s", zone="+00:00")


def _text(name: str, max_length: int | None = None, *, multiline: bool = False) -> Text:
    return Text(name, empty="", max_length=max_length, multiline=multiline)


def _custom(name: str) -> Text:
    """A custom property; left alone it may show what its kind of field shows for nothing."""
    return Text(name, empty="", nothing=("[]", "--Velg--"))


def _amount(name: str) -> Decimal:
    return Decimal(name, empty="0", nothing=("0.0",))


def _id(name: str, to: str, writable: Writable = ALWAYS) -> Ref:
    return Ref(name, to=to, wire="integer", empty="0", writable=writable)


ITEM = Ref("QuotationLineData4", to="products", by="ProductCustom1", empty="")
COMMENT = _text("QuotationLineComment")
QUANTITY = _amount("QuotationLineQuantity")
PRICE = _amount("QuotationLinePrice")
DISCOUNT = _amount("QuotationLineDiscount")

persons = WebcrmCollection(
    name="persons",
    path="/Persons",
    table="Person",
    entity=person,
    id="PersonId",
    modified=_modified("Person"),
    bulk=BULK,
    lens=Lens(
        first_name=_text("PersonFirstName"),
        last_name=Text("PersonLastName", blank="-"),  # webCRM refuses a person without one
        job_title=_text("PersonTitle"),
        email=Email("PersonEmail", empty=""),
        phone=Phone("PersonDirectPhone", empty=""),
        mobile=Phone("PersonMobilePhone", empty=""),
        birth_date=Date("PersonBirthday", wire="datetime", empty=NO_DATE),
        company=_id("PersonOrganisationId", "organisations", ON_CREATE),
    ),
    reference="PersonCustom15",
    ignore=(*VOLATILE, *PERSON_SECRETS),
)

users = WebcrmCollection(
    name="users",
    path="/Users",
    table="User",
    entity=person,
    id="UserId",
    modified=_modified("User"),
    bulk=BULK,
    lens=Lens(
        FullName("UserName", writable=NEVER),
        job_title=Text("UserTitle", writable=NEVER),
        email=Email("UserEmail", writable=NEVER),
        phone=Phone("UserTelephone", writable=NEVER),
        mobile=Phone("UserMobilePhone", writable=NEVER),
    ),
    reference="UserIntegrationId",
    ignore=(*VOLATILE, *USER_SECRETS),
    writable=False,
    creatable=False,
)

organisations = WebcrmCollection(
    name="organisations",
    path="/Organisations",
    table="Organisation",
    entity=company,
    id="OrganisationId",
    modified=_modified("Organisation"),
    bulk=BULK,
    lens=Lens(
        name=Text("OrganisationName", max_length=NAME, blank="-"),
        organisation_number=OrganisationNumber("OrganisationVatNumber", max_length=SHORT, empty=""),
        email=Email("OrganisationCustom14", empty="", nothing=("[]", "--Velg--")),
        phone=Phone("OrganisationTelephone", max_length=SHORT, empty=""),
        website=_text("OrganisationWww", SHORT),
        street=_text("OrganisationAddress", ADDRESS, multiline=True),
        postal_code=_text("OrganisationPostCode"),
        city=_text("OrganisationCity", SHORT),
        country=Country("OrganisationCountry", wire="name", max_length=SHORT, empty=""),
    ),
    reference="OrganisationCustom15",
    ignore=VOLATILE,
)

products = WebcrmCollection(
    name="products",
    path="/Products",
    table="Product",
    entity=product,
    id="ProductId",
    modified=_modified("Product"),
    bulk=BULK,
    lens=Lens(
        number=_custom("ProductCustom1"),
        name=_custom("ProductCustom2"),
        description=_text("ProductMemo", multiline=True),
        unit_price=_amount("ProductPrice"),
        unit_cost=_amount("ProductCostPrice"),
        unit=_custom("ProductCustom3"),
        gtin=Digits("ProductCustom4", empty=""),
    ),
    reference="ProductCustom15",
    ignore=VOLATILE,
    deletable=True,
)

opportunities = WebcrmCollection(
    name="opportunities",
    path="/Opportunities",
    table="Opportunity",
    entity=order,
    id="OpportunityId",
    modified=_modified("Opportunity"),
    bulk=BULK,
    lens=Lens(
        number=_text("OpportunityNumber"),
        description=_text("OpportunityDescription", multiline=True),
        customer=_id("OpportunityOrganisationId", "organisations"),
        contact=_id("OpportunityPersonId", "persons"),
        order_date=Date("OpportunityOrderDate", wire="datetime", empty=NO_DATE),
        currency=Currency("OpportunityCurrencyName", empty=""),
        status=Choice(
            "OpportunityWinYesNo",
            {"true": "confirmed", "false": "draft"},
            wire="boolean",
            folds={"delivered": "true", "invoiced": "true", "cancelled": "false"},
        ),
        lines=Lines(
            LINES,
            id="QuotationLineId",
            product=ITEM,
            description=COMMENT,
            quantity=QUANTITY,
            unit_price=PRICE,
            discount=DISCOUNT,
        ),
    ),
    reference="OpportunityErpId",
    ignore=VOLATILE,
    parts=(
        Part(
            property=LINES,
            of="quotationline",
            parent="QuotationLineOpportunityId",
            columns=("QuotationLineId", *(one.property for one in (ITEM, COMMENT, QUANTITY, PRICE, DISCOUNT))),
            order=("QuotationLineSortOrder", "QuotationLineId"),
        ),
    ),
)

quotationline = WebcrmCollection(
    name="quotationline",
    path="/QuotationLines",
    table="QuotationLine",
    entity=order,
    id="QuotationLineId",
    modified=_modified("QuotationLine"),
    bulk=BULK,
    lens=Lens(
        description=_text("QuotationLineMemo", multiline=True),
        customer=_id("QuotationLineOrganisationId", "organisations"),
        contact=_id("QuotationLinePersonId", "persons"),
        lines=OneLine(product=ITEM, description=COMMENT, quantity=QUANTITY, unit_price=PRICE, discount=DISCOUNT),
    ),
    reference="QuotationLineData9",
    ignore=VOLATILE,
    extra_columns=("QuotationLineOpportunityId", "QuotationLineSortOrder"),
    deletable=True,
)

COLLECTIONS = (organisations, persons, users, products, opportunities, quotationline)


def _open(opening: Opening) -> System:
    site, wallet = opening.site, Wallet()

    @asynccontextmanager
    async def connect() -> AsyncIterator[Connection]:
        auth = WebcrmAuth(site.base_url, opening.credentials["auth_code"], wallet, site.retry.clock)
        async with Client(site, auth) as client:
            yield WebcrmConnection(client, COLLECTIONS)

    return System("webcrm", "Webcrm", COLLECTIONS, connect)


WEBCRM = Registered(
    name="webcrm",
    label="Webcrm",
    base_url="https://api.webcrm.com",
    rate=Rate(250, 60.0),
    credentials=("auth_code",),
    sandbox={"auth_code": "00000000-0000-4000-8000-77656263726d"},
    open=_open,
)
