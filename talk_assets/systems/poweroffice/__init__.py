"""PowerOffice Go on its first API: two clients of it, their collections and lenses, and how they are opened.

How it is spoken with is in `wire`, how records are written in `upsert`.

ASSUMED, to be corrected here: that a text is cleared with "" (the description says of null only that it is not shown);
that addresses are as long as those of the second API; that an employee and a contact person need both names; that the
one telephone number of a contact is not its mobile; that the country of residence is that of the address.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from talk_assets.errors import ConfigurationError
from talk_assets.http.auth import ClientCredentials, OAuthClient, Wallet
from talk_assets.http.client import Client
from talk_assets.http.limit import Rate
from talk_assets.model.entities import company, person
from talk_assets.model.lens.lens import (
    ON_CREATE,
    Country,
    Date,
    Email,
    Instant,
    Lens,
    OrganisationNumber,
    Phone,
    Ref,
    Text,
)
from talk_assets.model.system import Connection, System
from talk_assets.systems.poweroffice.upsert import PowerOfficeConnection
from talk_assets.systems.poweroffice.wire import PowerOfficeCollection, Written
from talk_assets.systems.settings import Opening, Option, Registered

CHANGED = Instant("lastChanged", precision="s", zone="+00:00")
LINE, CODE, PLACE = 200, 50, 100
"""Characters that the API takes of an address."""

SECRETS = ("socialSecurityNumber", "internationalIdNumber")
"""Shown as "hidden"; written back, that would become the number."""

NOT_MINE = (
    "id",
    "lastChanged",
    "createdDate",
    "createdFromImportJournalId",
    "customerCreatedDate",
    "supplierCreatedDate",
    "employeeCreatedDate",
    "streetAddress",  # a copy of another address; written back it would become one
    "subledgerNumberSeriesId",
)
"""What the server sets, or takes with a create only."""

PERSON_PARTY = {"isPerson": True}
COMPANY_PARTY = {"isPerson": False}
PARTY_NOT_MINE = (*NOT_MINE, "isActive")


def _text(name: str, max_length: int | None = None, *, multiline: bool = False) -> Text:
    return Text(name, empty="", max_length=max_length, multiline=multiline)


FIRST_NAME = Text("firstName", blank="-")
LAST_NAME = Text("lastName", blank="-")
EMAIL = Email("emailAddress", empty="")
PHONE = Phone("phoneNumber", empty="")
BIRTH_DATE = Date("dateOfBirth")
ADDRESS = {
    "street": _text("mailAddress.address1", LINE),
    "postal_code": _text("mailAddress.zipCode", CODE),
    "city": _text("mailAddress.city", PLACE),
    "country": Country("mailAddress.countryCode", empty=""),
}
COMPANY = Lens(
    name=Text("name", blank="-"),
    organisation_number=OrganisationNumber("vatNumber", empty=""),
    email=EMAIL,
    phone=PHONE,
    website=_text("websiteUrl"),
    **ADDRESS,
)

employee = PowerOfficeCollection(
    name="employee",
    path="/Employee",
    entity=person,
    id="id",
    modified=CHANGED,
    lens=Lens(
        first_name=FIRST_NAME,
        last_name=LAST_NAME,
        job_title=_text("jobTitle"),
        email=EMAIL,
        phone=PHONE,
        birth_date=BIRTH_DATE,
        **ADDRESS,
    ),
    reference="externalImportReference",
    ignore=SECRETS,
    archived={"isArchived": True},
    read_only=(*NOT_MINE, "hourlyRate", "hourlyCost"),
)

supplier = PowerOfficeCollection(
    name="supplier",
    path="/Supplier",
    entity=company,
    id="id",
    modified=CHANGED,
    lens=COMPANY,
    reference="externalImportReference",
    ignore=SECRETS,
    archived={"isArchived": True},
    read_only=(*PARTY_NOT_MINE, "standardGeneralLedgerAccountAgricultureDepartment"),
    fixed=COMPANY_PARTY,
)

private_customer = PowerOfficeCollection(
    name="customer",
    path="/Customer",
    where="IsPerson eq true",
    entity=person,
    id="id",
    modified=CHANGED,
    lens=Lens(first_name=FIRST_NAME, last_name=LAST_NAME, email=EMAIL, phone=PHONE, birth_date=BIRTH_DATE, **ADDRESS),
    reference="externalImportReference",
    ignore=SECRETS,
    archived={"isArchived": True},
    read_only=(*PARTY_NOT_MINE, "name"),  # a person's name is made of the other two
    fixed=PERSON_PARTY,
    invoiced=True,
)

customer = PowerOfficeCollection(
    name="customer",
    path="/Customer",
    entity=company,
    id="id",
    modified=CHANGED,
    lens=COMPANY,
    reference="externalImportReference",
    ignore=SECRETS,
    archived={"isArchived": True},
    read_only=PARTY_NOT_MINE,
    fixed=COMPANY_PARTY,
    invoiced=True,
)

contactperson = PowerOfficeCollection(
    name="contactperson",
    path="/PartyContactPerson",
    parent="partyId",
    entity=person,
    id="id",
    modified=CHANGED,
    lens=Lens(
        first_name=FIRST_NAME,
        last_name=LAST_NAME,
        email=EMAIL,
        phone=PHONE,
        birth_date=BIRTH_DATE,
        company=Ref("partyId", to="customer", wire="integer", writable=ON_CREATE),
        street=_text("address1", LINE),
        postal_code=_text("zipCode", CODE),
        city=_text("city", PLACE),
        country=Country("residenceCountryCode", empty=""),
    ),
    reference="externalCode",
    ignore=SECRETS,
    archived={"isActive": False},
    read_only=(*NOT_MINE, "partyId", "partyCustomerCode", "partySupplierCode"),
)

CONTACTS_UNDER = "contacts_under"
"""The option: the customer under which a contact person is created whose company has no customer here, by id."""


def _registered(
    name: str,
    label: str,
    client_key: str,
    collections: Sequence[PowerOfficeCollection],
    options: dict[str, Option] | None = None,
) -> Registered:
    """One client: an application key, which is the integration's, and a client key."""

    def open_(opening: Opening) -> System:
        site, wallet, written = opening.site, Wallet(), Written()
        under = opening.options.get(CONTACTS_UNDER)
        if under is not None and not under.isdecimal():
            message = f"{name}: {CONTACTS_UNDER} is {under:.40}, and should be the id of a customer, a whole number"
            raise ConfigurationError(message)
        credentials = opening.credentials
        me = OAuthClient(
            f"{site.base_url.rstrip('/')}/OAuth/Token", credentials["application_key"], credentials["client_key"]
        )

        @asynccontextmanager
        async def connect() -> AsyncIterator[Connection]:
            async with Client(site, ClientCredentials(me, wallet, site.retry.clock)) as client:
                yield PowerOfficeConnection(client, collections, written, under)

        return System(name, label, tuple(collections), connect)

    return Registered(
        name=name,
        label=label,
        base_url="https://api.poweroffice.net",
        rate=Rate(50, 1.0),
        credentials=("application_key", "client_key"),
        sandbox={"application_key": "sandbox-application", "client_key": client_key},
        open=open_,
        options=options or {},
    )


POWEROFFICE = _registered("poweroffice", "Poweroffice", "sandbox-poweroffice", (employee, supplier, private_customer))
POWEROFFICE_PEER = _registered(
    "poweroffice_peer",
    "PowerOffice",
    "sandbox-poweroffice-peer",
    (contactperson, customer),
    {
        CONTACTS_UNDER: Option(
            "The id of the customer that a contact person is created under if its company is no customer.", sandbox="1"
        )
    },
)
