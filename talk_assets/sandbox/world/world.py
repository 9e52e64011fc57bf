"""One system's share of the world: what all systems know of (about two in five), then what only this one does.

Values are neutral and right: E.164, ISO countries, lower-case e-mails, cents. How a system writes them, and gets them
wrong, is in that system's `data`. The same seed, size and time give the same world, whatever other systems there are.

A record is known by its place: shared ones come first and have the same place in every system.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from talk_assets.sandbox.world import numbers, words

YEAR = 365 * 24 * 3600
SHARED = 0.4
LANES = ("", "webcrm", "customerp", "powerofficego", "poweroffice", "poweroffice_peer", "crmoffice", "customwebshop")
"""The lane of what is shared, then that of each system that ships. A system of another package has what is shared."""
CURRENCIES = ("NOK", "NOK", "NOK", "EUR", "SEK")
WON = 0.6
MANY = 20
"""From here on, a company's name that was given before is numbered at random, which is quicker."""
ASCII = str.maketrans({"æ": "ae", "ø": "o", "å": "a", " ": ""})


@dataclass(frozen=True, slots=True)
class Company:
    """`created` and `modified` are seconds since 1970, here and below."""

    shared: bool
    name: str
    domain: str
    organisation_number: str
    phone: str
    street: str
    postal_code: str
    city: str
    created: int
    modified: int
    country: str = "NO"


@dataclass(frozen=True, slots=True)
class Person:
    """`company` is the place of a company."""

    shared: bool
    first_name: str
    last_name: str
    job_title: str
    email: str
    phone: str
    mobile: str
    birth_date: date
    company: int
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Product:
    """Prices are in cents."""

    shared: bool
    number: str
    name: str
    description: str
    unit_price: int
    unit_cost: int
    unit: str
    gtin: str
    created: int
    modified: int


@dataclass(frozen=True, slots=True)
class Line:
    """`product` is a place; the price is in cents, the discount in percent."""

    product: int
    quantity: int
    unit_price: int
    discount: int


@dataclass(frozen=True, slots=True)
class Order:
    """`contact` is the place of a person, who works at the company at `customer`."""

    shared: bool
    number: str
    description: str
    customer: int
    contact: int
    order_date: date
    delivery_date: date
    currency: str
    won: bool
    lines: tuple[Line, ...]
    created: int
    modified: int


@dataclass(frozen=True)
class World:
    """What `system` holds when it has `records` persons; `epoch`, in seconds since 1970, is when everything has been.

    Records were created in the year before the last and modified in the last one.
    """

    system: str
    seed: int
    records: int
    epoch: int

    @cached_property
    def companies(self) -> list[Company]:
        """One for every three persons."""
        found = []
        supply = [numbers.organisation_numbers(lane) for lane in (0, self._lane)]
        used: set[str] = set()
        for place, own, chance in self._places("companies", self._count(3)):
            name, domain = _business(chance, self._lane * own, used)
            postal_code, city = chance.choice(words.PLACES)
            created, modified = self._times(place, self._count(3), chance)
            street = f"{chance.choice(words.STREETS)} {chance.randint(1, 99)}"
            number, phone = next(supply[own]), numbers.landline(chance)
            found.append(Company(not own, name, domain, number, phone, street, postal_code, city, created, modified))
        return found

    def persons(self) -> Iterator[Person]:
        """`records` of them, about three at each company."""
        used: set[str] = set()
        for place, own, chance in self._places("persons", self.records):
            company = self.employer(place)
            times = self._times(place, self.records, chance)
            yield _person(chance, self.companies[company].domain, used, company, times, shared=not own)

    def staff(self) -> Iterator[Person]:
        """The users' own people, one for every forty persons and three at least; their company is no record."""
        used: set[str] = set()
        count = max(3, self.records // 40) if self.records else 0
        for place, own, chance in self._places("staff", count):
            times = self._times(place, count, chance)
            yield _person(chance, f"{'nordavik' if not own else self.system}.example", used, -1, times, shared=not own)

    @cached_property
    def products(self) -> list[Product]:
        """One for every four persons."""
        found = []
        supply = [numbers.gtins(lane) for lane in (0, self._lane)]
        for place, own, chance in self._places("products", self._count(4)):
            name = f"{chance.choice(words.GOODS)} {chance.choice(words.MAKES)}"
            number = f"{'N' if not own else self.system[:2].upper()}-{1000 + place}"
            price = chance.randrange(4900, 990000, 50)
            cost = price * chance.randint(40, 80) // 100
            times = self._times(place, self._count(4), chance)
            text = f"{name} fra lager, vare {number}"
            found.append(
                Product(not own, number, name, text, price, cost, chance.choice(words.UNITS), next(supply[own]), *times)
            )
        return found

    def orders(self) -> Iterator[Order]:
        """One for every four persons, with two lines each; only a few are shared."""
        count = self._count(4)
        for place, own, chance in self._places("orders", count, shared=min(count // 4, 3)):
            contact = chance.randrange(self.records if own else _shared(self.records))
            created, modified = self._times(place, count, chance)
            day = datetime.fromtimestamp(modified, UTC).date()
            won = chance.random() < WON
            yield Order(
                shared=not own,
                number=f"{20000 + place}" if not own else f"{self.system[:2].upper()}{30000 + place}",
                description=f"{chance.choice(words.GOODS)} til {self.companies[self.employer(contact)].name}",
                customer=self.employer(contact),
                contact=contact,
                order_date=day,
                delivery_date=day + timedelta(days=chance.randint(3, 60)),
                currency=chance.choice(CURRENCIES),
                won=won,
                lines=tuple(self._line(chance, own=own) for _ in range(2)),
                created=created,
                modified=modified,
            )

    def employer(self, person: int) -> int:
        """The place of the company that the person at a place works at; shared persons work at shared companies."""
        companies = self._count(3)
        return person % (_shared(companies) if person < _shared(self.records) else companies)

    def _line(self, chance: random.Random, *, own: bool) -> Line:
        products = self._count(4)
        product = chance.randrange(products if own else _shared(products))
        return Line(product, chance.randint(1, 20), self.products[product].unit_price, chance.choice((0, 0, 5, 10)))

    def _places(self, kind: str, count: int, shared: int | None = None) -> Iterator[tuple[int, bool, random.Random]]:
        """Each place, whether only this system has it, and the chance that belongs to its lane."""
        common = _shared(count) if shared is None else shared
        lanes = random.Random(f"{self.seed}/{kind}/"), random.Random(f"{self.seed}/{kind}/{self.system}")
        for place in range(count if self.system in LANES else common):
            own = place >= common
            yield place, own, lanes[own]

    def _times(self, place: int, count: int, chance: random.Random) -> tuple[int, int]:
        return self.epoch - 2 * YEAR + place * YEAR // count, self.epoch - chance.randrange(1, YEAR)

    def _count(self, persons: int) -> int:
        return max(1, self.records // persons) if self.records else 0

    @property
    def _lane(self) -> int:
        return LANES.index(self.system) if self.system in LANES else 0


def _shared(count: int) -> int:
    return max(1, round(count * SHARED)) if count else 0


def _business(chance: random.Random, lane: int, used: set[str]) -> tuple[str, str]:
    """A company's name and its domain, neither given before."""
    stem = chance.choice(words.FOUNDERS[lane :: numbers.LANES]) + " " + chance.choice(words.TRADES)
    name, again = stem, 1
    while name in used:
        again += 1
        name = f"{stem} {again if again < MANY else chance.randrange(MANY, 1_000_000)}"
    used.add(name)
    return f"{name} {chance.choice(words.FORMS)}", f"{name.lower().translate(ASCII)}.example"


def _person(
    chance: random.Random, domain: str, used: set[str], company: int, times: tuple[int, int], *, shared: bool
) -> Person:
    first, last = chance.choice(words.FIRST_NAMES), chance.choice(words.LAST_NAMES)
    local = f"{first}.{last}".lower().translate(ASCII)
    email, again = f"{local}@{domain}", 1
    while email in used:
        again += 1
        email = f"{local}{again}@{domain}"
    used.add(email)
    return Person(
        shared=shared,
        first_name=first,
        last_name=last,
        job_title=chance.choice(words.TITLES),
        email=email,
        phone=numbers.landline(chance),
        mobile=numbers.mobile(chance),
        birth_date=date(1955, 1, 1) + timedelta(days=chance.randrange(17_000)),
        company=company,
        created=times[0],
        modified=times[1],
    )
