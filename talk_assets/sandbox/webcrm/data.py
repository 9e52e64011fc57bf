"""How the generated world looks in Webcrm: its custom fields, its forms of values, a few troublesome records.

ASSUMED, as every customer has it otherwise: `ProductCustom1..4` are number, name, unit and GTIN; `QuotationLineData4`
is the number of the item; `OrganisationCustom14` is an e-mail; `Custom15`, `Data9`, `ErpId` and `UserIntegrationId` are
left for external references.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from talk_assets.sandbox.store import Stored
from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import TABLES, Table
from talk_assets.sandbox.webcrm.records import Stamp, computed, core_blanks, tail
from talk_assets.sandbox.wire import dumps
from talk_assets.sandbox.world.world import Company, Order, Person, World

COUNTRIES = ("Norge", "Norge", "Norway", "NO", "Norwegen", "")
AUTHOR = "Generated"
Properties = dict[str, Any]


class Renderer:
    """Writes one world for Webcrm; a record's id is its place and one."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = random.Random(f"{world.seed}/webcrm/spelling")

    def collections(self) -> Iterator[tuple[str, Iterator[Stored]]]:
        """Every collection with its records, by path."""
        makers = {
            "Organisations": self._organisations,
            "Persons": self._persons,
            "Users": self._users,
            "Products": self._products,
            "Opportunities": self._opportunities,
            "QuotationLines": self._quotation_lines,
        }
        for table in TABLES:
            yield table.path, self._rows(table, makers[table.path]())

    def _rows(self, table: Table, records: Iterator[tuple[Properties, int, int]]) -> Iterator[Stored]:
        blank, end, keys = core_blanks(table), tail(table), table.full(table.keys)
        for id_, (properties, created, modified) in enumerate(records, 1):
            record = {**blank, **{table.name + name: value for name, value in properties.items()}}
            record.update((name, value) for name, value in computed(table, record).items() if name in blank)
            record = Stamp(AUTHOR, modified, created).on(table, record, id_)
            body = dumps(record)[:-1] + end
            yield Stored(id_, body, modified, keys=tuple(record.get(name) or None for name in keys))

    def _organisations(self) -> Iterator[tuple[Properties, int, int]]:
        companies = self._world.companies
        for company in companies:
            yield self._organisation(company), company.created, company.modified
        for company in companies[1:2]:  # two organisations with one organisation number
            twin = replace(company, name=f"{company.name} avd. Nord", domain=f"nord.{company.domain}")
            yield self._organisation(twin), company.created, company.modified

    def _organisation(self, company: Company) -> Properties:
        number = company.organisation_number
        return {
            "Name": company.name,
            "VatNumber": self._one_of(number, f"{number[:3]} {number[3:6]} {number[6:]}", f"NO {number} MVA"),
            "Telephone": self._phone(company.phone),
            "Www": self._one_of(f"https://www.{company.domain}", f"www.{company.domain}", ""),
            "Address": self._one_of(company.street, f"{company.street}\n2. etasje"),
            "PostCode": company.postal_code,
            "City": self._one_of(company.city, company.city.upper()),
            "Country": self._one_of(*COUNTRIES),
            "Status": "Aktiv",
            "Type": "Kunde",
            "Custom14": self._email(f"post@{company.domain}"),
        }

    def _persons(self) -> Iterator[tuple[Properties, int, int]]:
        trouble: list[Person] = []
        for place, person in enumerate(self._world.persons()):
            if place == 1:  # two persons who share one e-mail
                trouble.append(replace(person, first_name="Resepsjonen", last_name="-", phone="", mobile=""))
            if place == 2:  # noqa: PLR2004 -- the third: somebody typed blanks into the e-mail
                email = f"ny.{person.email.replace('@', ' @ ')}"
                trouble.append(replace(person, first_name="Åshild", last_name="Ærlig Østbø", email=email, mobile=""))
            yield self._person(person), person.created, person.modified
        for person in trouble:
            yield self._person(person), person.created, person.modified

    def _person(self, person: Person) -> Properties:
        return {
            "FirstName": person.first_name,
            "LastName": person.last_name,
            "OrganisationId": person.company + 1,
            "Title": self._one_of(person.job_title, person.job_title, ""),
            "Email": self._email(person.email),
            "DirectPhone": self._one_of(self._phone(person.phone), ""),
            "MobilePhone": self._phone(person.mobile),
            "Birthday": self._one_of(times.midnight(person.birth_date), times.NONE),
            "Status": self._one_of("Active", "Active", "Active", "Other"),
            "Custom3": self._one_of("", "--Velg--"),
            "Custom4": self._one_of("", "[]"),
        }

    def _users(self) -> Iterator[tuple[Properties, int, int]]:
        for place, person in enumerate(self._world.staff()):
            user = {
                "Name": f"{person.first_name} {person.last_name}",
                "Initials": person.first_name[0] + person.last_name[0],
                "LoginName": person.email,
                "Title": person.job_title,
                "Email": person.email,
                "Telephone": self._phone(person.phone),
                "MobilePhone": self._phone(person.mobile),
                "AccessLevel": 0 if place == 2 else 1,  # noqa: PLR2004 -- the third has left
            }
            yield user, person.created, person.modified

    def _products(self) -> Iterator[tuple[Properties, int, int]]:
        for place, product in enumerate(self._world.products):
            text = self._one_of(product.description, "")
            if place == len(self._world.products) - 1 and place:  # longer than others take
                text = f"{product.description}. " * 12
            record = {
                "Custom1": product.number,
                "Custom2": product.name,
                "Custom3": product.unit,
                "Custom4": self._one_of(product.gtin, ""),
                "Memo": text.strip(),
                "Price": product.unit_price / 100,
                "CostPrice": self._one_of(product.unit_cost / 100, 0.0),
            }
            yield record, product.created, product.modified

    def _opportunities(self) -> Iterator[tuple[Properties, int, int]]:
        for place, order in enumerate(self._world.orders()):
            orphan = place == 3  # noqa: PLR2004 -- the fourth: nobody has said whose it is
            yield self._opportunity(order, orphan=orphan), order.created, order.modified

    def _opportunity(self, order: Order, *, orphan: bool) -> Properties:
        value = sum(line.unit_price * line.quantity * (100 - line.discount) / 100 for line in order.lines)
        return {
            "Number": order.number,
            "Description": order.description,
            "OrganisationId": 0 if orphan else order.customer + 1,
            "PersonId": 0 if orphan else order.contact + 1,
            "AssignedTo": 1,
            "OrderDate": times.midnight(order.order_date),
            "NextFollowUp": times.midnight(order.delivery_date),
            "CurrencyName": order.currency,
            "WinYesNo": order.won,
            "OrderValue": round(value / 100, 2),
            "Level": 3,
            "LevelText": "Tilbud",
            "Percent": 100 if order.won else 40,
        }

    def _quotation_lines(self) -> Iterator[tuple[Properties, int, int]]:
        for id_, order in enumerate(self._world.orders(), 1):
            for sort, line in enumerate(order.lines, 1):
                product = self._world.products[line.product]
                record = {
                    "OpportunityId": id_,
                    "OrganisationId": order.customer + 1,
                    "PersonId": order.contact + 1,
                    "Data4": product.number,
                    "Comment": product.name,
                    "Memo": order.description,
                    "Quantity": float(line.quantity),
                    "Price": line.unit_price / 100,
                    "Discount": float(line.discount),
                    "SortOrder": sort,
                }
                yield record, order.created, order.modified

    def _email(self, email: str) -> str:
        return str(self._one_of(email, email, email, email.upper(), email.title()))

    def _phone(self, number: str) -> str:
        if not number:
            return ""
        local = number.removeprefix("+47")
        pairs = " ".join((local[:2], local[2:4], local[4:6], local[6:]))
        return str(self._one_of(number, local, pairs, f"+47 {local[:3]} {local[3:5]} {local[5:]}", f"0047{local}"))

    def _one_of(self, *values: Any) -> Any:  # noqa: ANN401 -- JSON scalars
        return self._chance.choice(values)
