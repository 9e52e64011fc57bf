"""What the records of PowerOffice v1 hold: every property that the emulation knows, with its kind, and who may set it.

Properties that the published description has besides these are passed over when they are sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

Kinds = dict[str, str]
"""Kind by property: text, int, number, bool, date, time, address, addresses, texts."""

ADDRESS: Mapping[str, int] = {
    "address1": 200,
    "address2": 200,
    "city": 100,
    "zipCode": 50,
    "countryCode": 2,
    "externalCode": 50,
}
"""The texts of an address with their greatest length. ASSUMED: the lengths are those of the second API."""

HIDDEN = ("socialSecurityNumber", "internationalIdNumber")
"""Shown as `hidden` where there is one."""

SHARED: Kinds = {
    "emailAddress": "text",
    "phoneNumber": "text",
    "firstName": "text",
    "lastName": "text",
    "dateOfBirth": "date",
    "socialSecurityNumber": "text",
    "internationalIdCountryCode": "text",
    "internationalIdNumber": "text",
    "isArchived": "bool",
    "contactGroups": "texts",
    "mailAddress": "address",
    "streetAddresses": "addresses",
}
"""What belongs to the contact: the same in each of the roles it has."""

COMPANY: Kinds = {"name": "text", "legalName": "text", "vatNumber": "text", "websiteUrl": "text", "isPerson": "bool"}
"""What a customer and a supplier share besides."""

OWN: Kinds = {
    "id": "int",
    "code": "int",
    "externalCode": "int",
    "externalImportReference": "text",
    "lastChanged": "time",
    "createdDate": "time",
}


@dataclass(frozen=True)
class Role:
    """One collection: its name in a URL, its properties, what the server alone sets, and what it fills in.

    `reference` is the property that no two records may share, `first` the code that the first record gets.
    """

    name: str
    kinds: Kinds
    read_only: frozenset[str]
    filled: Mapping[str, object]
    required: tuple[str, ...]
    reference: str = "externalImportReference"
    first: int = 1
    lengths: Mapping[str, int] = field(default_factory=lambda: {"externalImportReference": 50})

    @property
    def path(self) -> str:
        """The first segment of its URLs."""
        return self.name.capitalize()


def _read_only(*more: str) -> frozenset[str]:
    return frozenset({"id", "lastChanged", "createdDate", *more})


CUSTOMER = Role(
    "customer",
    OWN
    | COMPANY
    | SHARED
    | {
        "customerCreatedDate": "time",
        "isActive": "bool",
        "currencyCode": "text",
        "discountPercent": "number",
        "invoiceDeliveryType": "int",
        "invoiceEmailAddress": "text",
        "isVatFree": "bool",
        "paymentTerms": "int",
        "sendReminders": "bool",
        "since": "date",
        "transferToDebtCollectionAgency": "bool",
        "useInvoiceFee": "bool",
    },
    _read_only("customerCreatedDate", "isActive"),
    {
        "isActive": True,
        "isArchived": False,
        "isPerson": False,
        "isVatFree": False,
        "currencyCode": "NOK",
        "invoiceDeliveryType": 1,
        "paymentTerms": 14,
        "sendReminders": True,
        "transferToDebtCollectionAgency": True,
        "useInvoiceFee": True,
    },
    ("name",),
    first=10000,
)

SUPPLIER = Role(
    "supplier",
    OWN
    | COMPANY
    | SHARED
    | {
        "supplierCreatedDate": "time",
        "isActive": "bool",
        "currencyCode": "text",
        "since": "date",
        "standardGeneralLedgerAccountCode": "int",
    },
    _read_only("supplierCreatedDate", "isActive"),
    {"isActive": True, "isArchived": False, "isPerson": False, "currencyCode": "NOK"},
    ("name",),
    first=20000,
)

EMPLOYEE = Role(
    "employee",
    OWN
    | SHARED
    | {
        "employeeCreatedDate": "time",
        "departmentCode": "text",
        "endDate": "date",
        "gender": "int",
        "hiredDate": "date",
        "jobTitle": "text",
        "locationCode": "text",
        "managerEmployeeCode": "int",
        "startDate": "date",
    },
    _read_only("employeeCreatedDate"),
    {"isArchived": False},
    ("firstName", "lastName"),
)

CONTACT_PERSON = Role(
    "contactperson",
    {
        "id": "int",
        "partyId": "int",
        "partyCustomerCode": "int",
        "partySupplierCode": "int",
        "externalCode": "text",
        "firstName": "text",
        "lastName": "text",
        "emailAddress": "text",
        "phoneNumber": "text",
        "dateOfBirth": "date",
        "address1": "text",
        "address2": "text",
        "zipCode": "text",
        "city": "text",
        "residenceCountryCode": "text",
        "citizenship": "texts",
        "gender": "int",
        "hasNorwegianSSN": "bool",
        "isActive": "bool",
        "isPep": "bool",
        "isRca": "bool",
        "placeOfBirth": "text",
        "socialSecurityNumber": "text",
        "lastChanged": "time",
    },
    frozenset({"id", "lastChanged", "partyId", "partyCustomerCode", "partySupplierCode"}),
    {"isActive": True, "isPep": False, "isRca": False},
    ("firstName", "lastName"),
    reference="externalCode",
    lengths={"externalCode": 50, "address1": 200, "address2": 200, "zipCode": 50, "city": 100},
)

PARTIES = {role.name: role for role in (CUSTOMER, SUPPLIER, EMPLOYEE)}
ROLES = {**PARTIES, CONTACT_PERSON.name: CONTACT_PERSON}
"""Every collection by its name in lower case."""

KEYS = ("reference", "isPerson", "partyId")
"""The values by which records are searched."""
