"""Where the records of the hub's collections lie in the sandbox, and by which id."""

from collections.abc import Iterator
from typing import Any

from talk_assets.sandbox.surface import Surface

Raw = dict[str, Any]

SHELVES = {
    "webcrm/organisations": ("Organisations", "OrganisationId"),
    "webcrm/persons": ("Persons", "PersonId"),
    "webcrm/users": ("Users", "UserId"),
    "webcrm/products": ("Products", "ProductId"),
    "webcrm/opportunities": ("Opportunities", "OpportunityId"),
    "webcrm/quotationline": ("QuotationLines", "QuotationLineId"),
    "customerp/customer": ("customers", "id"),
    "customerp/contact": ("contacts", "id"),
    "customerp/product": ("products", "id"),
    "customerp/order": ("orders", "id"),
    "customerp/project": ("projects", "id"),
    "crmoffice/companies": ("companies", "id"),
    "crmoffice/contacts": ("contacts", "id"),
    "crmoffice/activities": ("activities", "id"),
    "poweroffice/employee": ("employee", "id"),
    "poweroffice/supplier": ("supplier", "id"),
    "poweroffice/customer": ("customer", "id"),
    "poweroffice_peer/contactperson": ("contactperson", "id"),
    "poweroffice_peer/customer": ("customer", "id"),
    "powerofficego/customers": ("Customers", "Id"),
    "powerofficego/departments": ("Departments", "Id"),
    "powerofficego/contactperson": ("ContactPersons", "Id"),
    "powerofficego/product": ("Products", "Id"),
    "powerofficego/salesorders": ("SalesOrders", "Id"),
    "powerofficego/salesorderlines": ("SalesOrderLines", "Id"),
    "customwebshop/product": ("products", "id"),
    "customwebshop/customer": ("customers", "id"),
    "customwebshop/order": ("orders", "id"),
}
"""By key: the collection's name in the API, and the property that is the id."""

LINES = {
    "webcrm/quotationline": ("webcrm/opportunities", "QuotationLineOpportunityId"),
    "powerofficego/salesorderlines": ("powerofficego/salesorders", "SalesOrderId"),
}
"""Lines that are records of their own: the collection of their orders, and the property that names the order."""

NOTHING = (None, "", 0, "0", "0001-01-01T00:00:00", "0001-01-01T00:00:00+00:00")
"""How systems say that there is nothing."""

CHANGED = {
    "webcrm": "{}UpdatedAt",
    "crmoffice": "modifiedAt",
    "poweroffice": "lastChanged",
    "poweroffice_peer": "lastChanged",
    "powerofficego": "LastChangedDateTimeOffset",
}
"""The property that says when a record was changed; `{}` is the name of its table."""


def records(sandbox: Surface, key: str) -> dict[str, Raw]:
    """Return what lies in a collection now, by the id that the hub knows."""
    return dict(_named(sandbox, key))


def _named(sandbox: Surface, key: str) -> Iterator[tuple[str, Raw]]:
    shelf, id_ = SHELVES[key]
    for record in sandbox.records(key.partition("/")[0], shelf):
        if key == "poweroffice/customer" and not record.get("isPerson"):
            continue
        if key == "powerofficego/salesorderlines":
            yield f"{record['SalesOrderId']}/{record['Id']}", record
        else:
            yield str(record[id_]), record


def stamp(key: str) -> dict[str, None]:
    """Return what has a record count as changed now, once it is laid over it."""
    system = key.partition("/")[0]
    return {CHANGED[system].format(SHELVES[key][1].removesuffix("Id")): None}


def dotted(raw: Raw, name: str) -> object:
    """Return a property by its dotted name, meta data by key."""
    found: object = raw
    for part in name.split("."):
        if isinstance(found, list):
            found = next((one.get("value") for one in found if one.get("key") == part), None)
        elif isinstance(found, dict):
            found = found.get(part)
    return found


def same(one: object, other: object) -> bool:
    """Whether two values mean the same to a system: nothing, however it is said, and numbers in texts."""
    return (one in NOTHING and other in NOTHING) or str(one) == str(other)
