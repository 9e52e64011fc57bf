"""How the generated world looks in the two clients of PowerOffice.

In the first, companies are suppliers, people are private customers, and the staff are employees, one of whom is a
customer as well. In the second, the first customer is the firm itself, under which contact persons stand whose company
nobody knows.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from talk_assets.sandbox.poweroffice import times
from talk_assets.sandbox.poweroffice.properties import CONTACT_PERSON, CUSTOMER, EMPLOYEE, SUPPLIER, Role
from talk_assets.sandbox.poweroffice.records import ADDRESSES, stored
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.world.world import Company, Person, World

Row = tuple[dict[str, Any], int, int]
"""What a record holds, when it was created and when modified."""

DAY = 24 * 3600
PRINT = 2
SERIES = 1_000_000
"""How far apart the ids of the kinds of record begin."""

HOUSE = {
    "name": "Nordavik AS",
    "emailAddress": "post@nordavik.example",
    "phoneNumber": "+4722123400",
    "vatNumber": "999888771",
    "mailAddress": {"address1": "Storgata 1", "zipCode": "0150", "city": "Oslo", "countryCode": "NO"},
}
HOUSE_ID = 1
"""The firm itself among its customers."""


class Renderer:
    """Writes one world for one client."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/{world.system}/spelling")

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection that the client uses, with its records."""
        if self._world.system == "poweroffice":
            yield CUSTOMER.name, self._rows(CUSTOMER, self._people(), 2 * SERIES)
            yield SUPPLIER.name, self._rows(SUPPLIER, self._companies(SUPPLIER), SERIES)
            yield EMPLOYEE.name, self._rows(EMPLOYEE, self._employees(), 3 * SERIES)
        else:
            yield CUSTOMER.name, self._rows(CUSTOMER, self._customers(), HOUSE_ID)
            yield CONTACT_PERSON.name, self._rows(CONTACT_PERSON, self._contact_persons(), SERIES)

    def _rows(self, role: Role, rows: Iterator[Row], first: int) -> Iterator[Stored]:
        for place, (properties, created, modified) in enumerate(rows):
            record = {**role.filled, "id": first + place, "lastChanged": times.to_text(modified), **properties}
            record |= {name: times.to_text(created) for name in role.kinds if name.endswith("reatedDate")}
            if role is not CONTACT_PERSON:
                record["code"] = role.first + place
            for name in ADDRESSES:
                if record.get(name):
                    record[name] = self._addressed(record[name], record["id"], times.to_text(created))
            yield stored(role, _without_blanks(record))

    def _addressed(self, found: Any, id_: int, changed: str) -> Any:  # noqa: ANN401 -- an address or a list of them
        if isinstance(found, list):
            return [self._addressed(one, id_ + n * SERIES, changed) for n, one in enumerate(found, 20)]
        return {**found, "id": id_ + 10 * SERIES, "lastChanged": changed}

    def _companies(self, role: Role) -> Iterator[Row]:
        companies = self._world.companies
        for place, company in enumerate(companies):
            yield self._company(company, place), company.created, self._later(company.modified)
        for company in companies[1:2] if role is SUPPLIER else ():  # two suppliers with one organisation number
            twin = replace(company, name=f"{company.name} avd. Sør", domain=f"sor.{company.domain}")
            yield self._company(twin, 1), company.created, company.modified

    def _customers(self) -> Iterator[Row]:
        yield dict(HOUSE), self._world.epoch - 700 * DAY, self._world.epoch - 600 * DAY
        yield from self._companies(CUSTOMER)

    def _company(self, company: Company, place: int) -> dict[str, Any]:
        number = company.organisation_number
        address = {
            "address1": company.street,
            "zipCode": company.postal_code,
            "city": self._one_of(company.city, company.city.upper()),
            "countryCode": company.country,
        }
        found = {
            "name": self._one_of(company.name, company.name, company.name.upper()),
            "legalName": company.name,
            "vatNumber": self._one_of(number, number, f"NO{number}MVA", f"{number[:3]} {number[3:6]} {number[6:]}"),
            "emailAddress": f"post@{company.domain}",
            "phoneNumber": self._one_of(self._phone(company.phone), ""),
            "websiteUrl": self._one_of(f"www.{company.domain}", ""),
            "mailAddress": address,
            "contactGroups": self._one_of(["Nyhetsbrev"], None),
        }
        if place == 0:  # two delivery addresses: whoever writes only one deletes the other
            found["streetAddresses"] = [{**address, "isPrimary": True}, {**address, "address1": "Lager 2"}]
        return found

    def _people(self) -> Iterator[Row]:
        for place, person in enumerate(self._world.persons()):
            found = self._person(person) | {
                "name": f"{person.first_name} {person.last_name}",
                "isPerson": True,
                "mailAddress": self._home(person),
            }
            if place == 1:  # has a national id, which is never shown
                found["socialSecurityNumber"] = f"{person.birth_date:%d%m%y}12345"
            if place == 2:  # noqa: PLR2004 -- the third: nobody knows an e-mail, so invoices are printed
                found |= {"emailAddress": "", "invoiceDeliveryType": PRINT}
            yield found, person.created, self._later(person.modified)
        yield from self._customers_on_the_staff()

    def _customers_on_the_staff(self) -> Iterator[Row]:
        """The first of the staff buys here as well: one contact, two roles, one id."""
        for person in list(self._world.staff())[:1]:
            found = self._employed(person)
            del found["jobTitle"]
            names = {"name": f"{person.first_name} {person.last_name}", "isPerson": True, "id": 3 * SERIES}
            yield found | names, person.created, person.modified

    def _employees(self) -> Iterator[Row]:
        for place, person in enumerate(self._world.staff()):
            found = self._employed(person) if place == 0 else self._person(person) | {"jobTitle": person.job_title}
            yield found, person.created, person.modified

    def _employed(self, person: Person) -> dict[str, Any]:
        """Written the same in both roles."""
        return {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "jobTitle": person.job_title,
            "emailAddress": person.email,
            "phoneNumber": person.phone,
        }

    def _person(self, person: Person) -> dict[str, Any]:
        return {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "emailAddress": self._one_of(person.email, person.email, person.email.title()),
            "phoneNumber": self._one_of(self._phone(person.phone), ""),
            "dateOfBirth": self._one_of(person.birth_date.isoformat(), ""),
        }

    def _home(self, person: Person) -> dict[str, Any]:
        company = self._world.companies[person.company]
        return {"zipCode": company.postal_code, "city": company.city, "countryCode": company.country}

    def _contact_persons(self) -> Iterator[Row]:
        for person in self._world.persons():
            party = {"partyId": HOUSE_ID + 1 + person.company, "partyCustomerCode": CUSTOMER.first + 1 + person.company}
            yield self._person(person) | party, person.created, self._later(person.modified)

    def _later(self, modified: int) -> int:
        return min(modified + self._chance.randrange(-10 * DAY, 10 * DAY), self._world.epoch - 1)

    def _phone(self, number: str) -> str:
        local = number.removeprefix("+47")
        return str(self._one_of(number, local, " ".join((local[:2], local[2:4], local[4:6], local[6:]))))

    def _one_of(self, *values: Any) -> Any:  # noqa: ANN401 -- JSON values
        return self._chance.choice(values)


def _without_blanks(record: dict[str, Any]) -> dict[str, Any]:
    """What has no value is not shown."""
    return {name: value for name, value in record.items() if value is not None and value != ""}
