"""How the generated world looks in CRMOffice: as people type it, with meetings as activities."""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from talk_assets.sandbox.crmoffice.records import RESOURCES, USERS, instant, stored
from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.world.world import Company, Person, World

Row = tuple[dict[str, Any], int, int]
"""What a record holds, when it was created and when modified."""

BLANK = 0.15
HOUR = 3600
SUBJECTS = ("Møte med", "Befaring hos", "Oppfølging av", "Tilbud til")


class Renderer:
    """Writes one world for CRMOffice; an id is the place and one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/crmoffice/spelling")

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records."""
        makers: Mapping[str, Callable[[], Iterator[Row]]] = {
            "companies": self._companies,
            "contacts": self._contacts,
            "activities": self._activities,
            "users": self._users,
        }
        for name, make in makers.items():
            yield name, self._rows(name, make())

    def _rows(self, name: str, rows: Iterator[Row]) -> Iterator[Stored]:
        for id_, (properties, created, modified) in enumerate(rows, 1):
            times = {"createdAt": instant(created), "modifiedAt": instant(modified)}
            blank = RESOURCES.get(name, USERS).blank()
            yield stored({"id": str(id_), **blank, **properties, **times}, modified)

    def _companies(self) -> Iterator[Row]:
        for company in self._world.companies:
            yield self._company(company), company.created, company.modified

    def _company(self, company: Company) -> dict[str, Any]:
        address = {
            "streetAddress": company.street,
            "postCode": company.postal_code,
            "postalArea": company.city.upper(),
            "country": "Norge",
        }
        return {
            "orgNr": company.organisation_number,
            "name": company.name,
            "email": self._or_none(f"post@{company.domain}"),
            "postAddress": address,
            "visitAddress": address,
        }

    def _contacts(self) -> Iterator[Row]:
        for person in self._world.persons():
            yield self._contact(person), person.created, person.modified

    def _users(self) -> Iterator[Row]:
        for person in self._world.staff():
            user = {"userName": person.email, "givenName": person.first_name, "familyName": person.last_name}
            yield user | {"email": person.email}, person.created, person.modified

    def _contact(self, person: Person) -> dict[str, Any]:
        mobile = person.mobile.removeprefix("+47")
        return {
            "givenName": person.first_name,
            "familyName": person.last_name,
            "email": self._chance.choice((person.email, person.email.title())),
            "directPhone": self._or_none(person.phone),
            "mobilePhone": self._chance.choice((person.mobile, f"{mobile[:3]} {mobile[3:5]} {mobile[5:]}")),
            "company": {"id": str(person.company + 1)},
        }

    def _activities(self) -> Iterator[Row]:
        """A meeting with every second company, held by one of the contacts."""
        for company in self._world.companies[::2]:
            begins = company.modified // HOUR * HOUR + 24 * HOUR
            activity = {
                "subject": f"{self._chance.choice(SUBJECTS)} {company.name}",
                "startsAt": instant(begins),
                "endsAt": instant(begins + HOUR),
                "ownerId": str(self._chance.randrange(self._world.records) + 1),
                "address": {"postalArea": company.city, "country": "Norge"},
            }
            yield activity, company.created, company.modified

    def _or_none(self, value: str) -> str | None:
        return None if self._chance.random() < BLANK else value
