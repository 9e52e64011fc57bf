"""Persons on two sides, labelled, made by the rules that are written here. `SHARES` says how many each of them meets.

*The same person*, her right record being made of her left one:

- typing error: one or two in a name, or one in the street
- diacritics: Bjørn is Bjoern or Bjorn, in the names and the town
- swapped names: the first name stands where the last name should
- initial: the first name is cut to its first letter; short name: Alexander is Alex
- middle name: a second first name is added
- married: another last name
- moved: another address
- birth date: two digits transposed, or the month and the day swapped, or one digit wrong
- no birth date, no e-mail, no telephone, no address: one side has none
- other e-mail, other telephone: the right side has another one

*Another person*, who looks like her:

- twin: the same last name, birth date and address, another first name
- father and son: the same name and address, born a generation apart
- couple: the same last name, address and telephone, another first name and birth date
- namesake: the same name and nothing else
- shared e-mail: a colleague with the office's e-mail and telephone

No more than `MOST` of the rules of the first kind meet one person, and what they leave suffices for somebody to see
that it is the same: see `recognisable`.
"""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from talk_assets_tests.evidence_sets import spelling
from talk_assets_tests.evidence_sets.countries import BY_CODE, FOUNDERS, STEMS, WORDS, Country, country_of
from talk_assets_tests.evidence_sets.labelled import (
    Labelled,
    Record,
    Shares,
    Sides,
    Values,
    adjusted,
    chosen,
    vocabulary,
)

SHARES: Shares = {
    "typing error": 0.25, "diacritics": 0.1, "swapped names": 0.05, "initial": 0.04, "short name": 0.04,
    "middle name": 0.05, "married": 0.03, "moved": 0.1, "birth date": 0.08, "no birth date": 0.2, "no e-mail": 0.25,
    "no telephone": 0.25, "no address": 0.1, "other e-mail": 0.15, "other telephone": 0.15,
    "twin": 0.02, "father and son": 0.02, "couple": 0.05, "namesake": 0.05, "shared e-mail": 0.04,
    "left only": 0.15, "right only": 0.15,
}  # fmt: skip
"""The share of each rule, and of the persons that only one side has."""

WITHOUT_KEYS: Shares = {
    "no e-mail": 0.0, "no telephone": 0.0, "other e-mail": 0.0, "other telephone": 0.0, "shared e-mail": 0.0,
}  # fmt: skip

KEYS = ("job_title", "email", "phone", "mobile")
MOST = 3

FIRST_NAMES: tuple[str, ...] = tuple(WORDS["first_names"])
SHORT: Mapping[str, str] = WORDS["short_names"]
SEEN = ("email", "phone", "mobile", "birth_date", "street", "postal_code")
TITLES = (
    "Daglig leder",
    "Innkjøper",
    "Selger",
    "Økonomisjef",
    "Einkäuferin",
    "Geschäftsführer",
    "Buyer",
    "Manager",
    "",
)
OFFICES = ("info", "post", "kontor", "office", "resepsjon")


def make(count: int, seed: int, shares: Shares | None = None) -> Labelled:
    """Return `count` persons and those that look like them; the same for the same seed and shares.

    Raises KeyError for a rule that there is not.
    """
    return _Maker(seed, adjusted(SHARES, shares)).made(count)


def make_without_keys(count: int, seed: int, shares: Shares | None = None) -> Labelled:
    """Return the same with names, addresses and birth dates only: no rule of the product can match any of them."""
    return _Maker(seed, adjusted({**SHARES, **WITHOUT_KEYS}, shares), keys=False).made(count)


def recognisable(left: Values, right: Values) -> bool:
    """Whether somebody sees that two records are one person: by the name and two things more, or by four others.

    Where the years of birth differ, an e-mail or a telephone must be the same.
    """
    same = {name for name in SEEN if left.get(name) and left.get(name) == right.get(name)}
    years = {(one.get("birth_date") or "")[:4] for one in (left, right)} - {""}
    if len(years) > 1 and not same & {"email", "phone", "mobile"}:  # it could be father and son
        return False
    return len(same) + 2 * bool(_names(left) & _names(right)) >= 4


def _names(values: Values) -> set[str]:
    return spelling.words(f"{values.get('first_name') or ''} {values.get('last_name') or ''}")


class _Maker:
    """Makes persons out of the words of a seed."""

    def __init__(self, seed: int, shares: Shares, *, keys: bool = True) -> None:
        self._chance = random.Random(f"{seed}/persons")
        self._keys = keys
        self._shares = shares
        self._first, self._last = vocabulary(seed, "first", FIRST_NAMES), vocabulary(seed, "last", FOUNDERS)
        self._stems = vocabulary(seed, "stems", STEMS)
        self._used: set[str] = set()
        self._things = 0

    def made(self, count: int) -> Labelled:
        sides = Sides()
        for n in range(count):
            sides.draw(partial(self._family, n))
        return sides.labelled("person", self._chance)

    def _family(self, n: int, sides: Sides) -> None:
        """One person on one side or both, and at times another who looks like her."""
        one = self._person(f"person {n}")
        traps = chosen(self._chance, self._shares, TRAPS)[:1]
        if "shared e-mail" in traps:
            one = one.but("shared e-mail", email=f"{self._chance.choice(OFFICES)}@office{n}.example")
        for record in (one, *(TRAPS[trap](self, one) for trap in traps)):
            self._place(sides, record)

    def _place(self, sides: Sides, one: Record) -> None:
        where = self._chance.random()
        left_only, right_only = self._shares["left only"], self._shares["right only"]
        if where < left_only:
            sides.left.append(one)
        elif where < left_only + right_only:
            sides.right.append(one)
        else:
            left, right = self._sides(one)
            sides.left.append(left)
            sides.right.append(right)

    def _sides(self, one: Record) -> tuple[Record, Record]:
        """Apply rules until somebody still sees that it is one person."""
        for _ in range(20):
            left, right = one, one
            for rule in chosen(self._chance, self._shares, SAME)[:MOST]:
                if rule.startswith("no ") and self._chance.random() < 0.5:
                    left = SAME[rule](self, left)
                else:
                    right = SAME[rule](self, right)
            if recognisable(left.values, right.values):
                return left, right
        return one, one

    def _person(self, family: str) -> Record:
        country = country_of(self._chance)
        first, last = self._chance.choice(self._first), self._chance.choice(self._last)
        born = date(1945, 1, 1) + timedelta(days=self._chance.randrange(22_000))
        values = {
            "first_name": first,
            "last_name": last,
            "job_title": self._chance.choice(TITLES) or None,
            "email": self._email(first, last),
            "phone": country.telephone(self._chance) if self._chance.random() < 0.5 else None,
            "mobile": country.telephone(self._chance),
            "birth_date": born.isoformat(),
            **self._address(country),
        }
        return self._thing(family, values if self._keys else {**values, **dict.fromkeys(KEYS)})

    def _address(self, country: Country) -> dict[str, str]:
        code, town = self._chance.choice(country.towns)
        street = country.street(self._chance, self._chance.choice(self._stems))
        return {"street": street, "postal_code": code, "city": town, "country": country.code}

    def _email(self, first: str, last: str) -> str | None:
        """An address that nobody else has; None in a set without keys."""
        if not self._keys:
            return None
        stem, again = f"{spelling.local(first)}.{spelling.local(last)}", ""
        host = f"{spelling.local(self._chance.choice(self._stems))}.example"
        while f"{stem}{again}@{host}" in self._used:
            again = str(int(again or 1) + 1)
        self._used.add(f"{stem}{again}@{host}")
        return f"{stem}{again}@{host}"

    def _thing(self, family: str, values: Values, rule: str | None = None) -> Record:
        self._things += 1
        return Record(f"thing {self._things}", family, values, frozenset({rule} if rule else ()))

    # Rules of the same person.

    def typing_error(self, one: Record) -> Record:
        field = self._chance.choice(("first_name", "last_name", "last_name", "street"))
        most = 1 if field == "street" else 2
        return one.but("typing error", **{field: spelling.typos(self._chance, one[field], most) or None})

    def diacritics(self, one: Record) -> Record:
        fields = ("first_name", "last_name", "city")
        return one.but("diacritics", **{name: spelling.plain(self._chance, one[name]) or None for name in fields})

    def swapped_names(self, one: Record) -> Record:
        return one.but("swapped names", first_name=one["last_name"], last_name=one["first_name"])

    def initial(self, one: Record) -> Record:
        return one.but("initial", first_name=f"{one['first_name'][0]}{self._chance.choice(('', '.'))}")

    def short_name(self, one: Record) -> Record:
        short = SHORT.get(one["first_name"])
        return one.but("short name", first_name=short) if short else one

    def middle_name(self, one: Record) -> Record:
        return one.but("middle name", first_name=f"{one['first_name']} {self._chance.choice(self._first)}")

    def married(self, one: Record) -> Record:
        last = self._chance.choice(self._last)
        return one.but("married", last_name=self._chance.choice((last, f"{one['last_name']} {last}")))

    def moved(self, one: Record) -> Record:
        return one.but("moved", **self._address(BY_CODE[one["country"]]))

    def birth_date(self, one: Record) -> Record:
        if not one["birth_date"]:
            return one
        year, month, day = one["birth_date"].split("-")
        wrong = f"{year}-{month}-{self._chance.randint(1, 28):02d}"
        swapped = f"{year}-{day}-{month}" if int(day) <= 12 else wrong
        tens = f"{year[:2]}{year[3]}{year[2]}-{month}-{day}" if int(day) <= 28 else wrong
        return one.but("birth date", birth_date=self._chance.choice((wrong, swapped, tens)))

    def other_email(self, one: Record) -> Record:
        return one.but("other e-mail", email=self._email(one["first_name"], one["last_name"]))

    def other_telephone(self, one: Record) -> Record:
        country = BY_CODE[one["country"]]
        return one.but("other telephone", phone=country.telephone(self._chance), mobile=country.telephone(self._chance))

    # Rules of another person.

    def _beside(self, one: Record, rule: str, *same: str) -> Record:
        """Another person with some of what the record holds."""
        own = self._person(one.family)
        kept = {name: one.values.get(name) for name in same}
        return self._thing(one.family, {**own.values, **kept}, rule)

    def twin(self, one: Record) -> Record:
        other = self._beside(one, "twin", "last_name", "birth_date", *ADDRESS)
        return self._named(other, one)

    def couple(self, one: Record) -> Record:
        other = self._beside(one, "couple", "last_name", "phone", *ADDRESS)
        return self._named(other, one)

    def _named(self, other: Record, one: Record) -> Record:
        """With a first name of their own, whatever chance gave."""
        first = self._chance.choice([name for name in self._first if name != one["first_name"]])
        return other.but(next(iter(other.rules)), first_name=first, email=self._email(first, other["last_name"]))

    def father_and_son(self, one: Record) -> Record:
        other = self._beside(one, "father and son", "first_name", "last_name", *ADDRESS)
        year, rest = one["birth_date"][:4], one["birth_date"][4:].replace("-02-29", "-02-28")
        apart = self._chance.randint(20, 40)
        born = f"{int(year) + (-apart if int(year) > 1975 else apart)}{rest}"
        month = date.fromisoformat(born) + timedelta(days=self._chance.randint(-150, 150))
        return other.but("father and son", birth_date=month.isoformat())

    def namesake(self, one: Record) -> Record:
        return self._beside(one, "namesake", "first_name", "last_name")

    def shared_email(self, one: Record) -> Record:
        other = self._beside(one, "shared e-mail", "email", "phone")
        last = self._chance.choice([name for name in self._last if name != one["last_name"]])
        return other.but("shared e-mail", last_name=last)


ADDRESS = ("street", "postal_code", "city", "country")


def _blank(rule: str, *fields: str) -> Callable[[_Maker, Record], Record]:
    def blanked(_: _Maker, one: Record) -> Record:
        return one.but(rule, **dict.fromkeys(fields))

    return blanked


SAME: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "typing error": _Maker.typing_error,
    "diacritics": _Maker.diacritics,
    "swapped names": _Maker.swapped_names,
    "initial": _Maker.initial,
    "short name": _Maker.short_name,
    "middle name": _Maker.middle_name,
    "married": _Maker.married,
    "moved": _Maker.moved,
    "birth date": _Maker.birth_date,
    "no birth date": _blank("no birth date", "birth_date"),
    "no e-mail": _blank("no e-mail", "email"),
    "no telephone": _blank("no telephone", "phone", "mobile"),
    "no address": _blank("no address", "street", "postal_code", "city"),
    "other e-mail": _Maker.other_email,
    "other telephone": _Maker.other_telephone,
}

TRAPS: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "twin": _Maker.twin,
    "father and son": _Maker.father_and_son,
    "couple": _Maker.couple,
    "namesake": _Maker.namesake,
    "shared e-mail": _Maker.shared_email,
}
