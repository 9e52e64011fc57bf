"""Companies on two sides, labelled, made by the rules that are written here. `SHARES` says how many each of them meets.

*The same company*, its right record being made of its left one:

- legal form: left out, spelled out or written otherwise (`AS`, `A.S.`, `Aksjeselskap`)
- abbreviation: `Bygg og Anlegg` is `Bygg & Anlegg` or `B&A`, a town in the name is cut, streets end in `gt.` or `str.`
- spelling: one or two typing errors in the name, or no diacritics, or capitals
- word order: the words of the name in another order
- moved: another street and postal code, often in another town
- renamed: another name at the same number and address
- domain: another web site, and an e-mail address there
- no number, no e-mail, no telephone, no address: one side has none
- other telephone: the right side has another one
- VAT number: the right side has the number as it is told abroad

*Another company*, which looks like it:

- branch: at the same number, another address, telephone and e-mail, and the branch's town in the name
- only branch: the same, but the head office isn't on the right side at all
- namesake: the same name, in another town, everything else its own
- foreign number: the same digits in another country's register, everything else its own
- chain: the same name and web site with the name of another town, each with a number and an address of its own
- sister: `Eiendom`, `Holding` or `Invest` beside the company: same address, telephone and web site, its own number
- shared e-mail: the same accountant's e-mail and telephone at companies that have nothing else in common

No more than `MOST` of the rules of the first kind meet one company, and what they leave suffices for a person to see
that it is the same: see `recognisable`.
"""

import random
from collections.abc import Callable, Mapping
from functools import partial

from talk_assets_tests.evidence_sets import spelling
from talk_assets_tests.evidence_sets.countries import AND, BY_CODE, COUNTRIES, FOUNDERS, STEMS, Country, country_of
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
    "legal form": 0.3, "abbreviation": 0.12, "spelling": 0.2, "word order": 0.05, "moved": 0.1, "renamed": 0.03,
    "domain": 0.06, "no number": 0.25, "no e-mail": 0.25, "no telephone": 0.25, "no address": 0.1,
    "other telephone": 0.15, "VAT number": 0.1,
    "branch": 0.06, "only branch": 0.03, "namesake": 0.06, "foreign number": 0.03, "chain": 0.04, "sister": 0.05,
    "shared e-mail": 0.03,
    "left only": 0.15, "right only": 0.15,
}  # fmt: skip
"""The share of each rule, and of the companies that only one side has."""

MOST = 4
DOMAINS = {
    "NO": "no",
    "SE": "se",
    "DK": "dk",
    "FI": "fi",
    "DE": "de",
    "AT": "at",
    "NL": "nl",
    "GB": "co.uk",
    "FR": "fr",
}
SISTERS = ("Eiendom", "Holding", "Invest", "Gruppen", "Leasing")


def make(count: int, seed: int, shares: Shares | None = None) -> Labelled:
    """Return `count` companies and those that look like them; the same for the same seed and shares.

    Raises KeyError for a rule that there is not.
    """
    return _Maker(seed, adjusted(SHARES, shares)).made(count)


def recognisable(left: Values, right: Values) -> bool:
    """Whether a person sees that two records are one company: number, e-mail, telephone or name, and one thing more."""
    keys = sum(bool(left.get(one)) and left.get(one) == right.get(one) for one in ("email", "phone", "website"))
    number = _digits(left.get("organisation_number")) & _digits(right.get("organisation_number"))
    address = sum(bool(left.get(one)) and left.get(one) == right.get(one) for one in ("street", "postal_code"))
    name = bool(_words(left.get("name")) & _words(right.get("name")))
    return 2 * bool(number) + keys + address + 2 * name >= 4 if number else name and keys + address >= 2


def _digits(number: str | None) -> set[str]:
    digits = "".join(one for one in number or "" if one.isdigit())
    return {digits[start : start + length] for length in (8, 9, 10) for start in range(len(digits) - length + 1)}


def _words(name: str | None) -> set[str]:
    return {word for word in (name or "").lower().split() if len(word) > 3}


class _Maker:
    """Makes companies out of the words of a seed."""

    def __init__(self, seed: int, shares: Shares) -> None:
        self._chance = random.Random(f"{seed}/companies")
        self._shares = shares
        self._stems = vocabulary(seed, "stems", STEMS)
        self._founders = vocabulary(seed, "founders", FOUNDERS)
        self._used: set[str] = set()
        self._things = 0

    def made(self, count: int) -> Labelled:
        sides = Sides()
        for n in range(count):
            sides.draw(partial(self._family, f"company {n}"))
        return sides.labelled("company", self._chance)

    def _family(self, family: str, sides: Sides) -> None:
        """One company on one side or both, and at times another that looks like it."""
        one = self._company(family)
        trap = next(iter(chosen(self._chance, self._shares, TRAPS)), None)
        where = self._chance.random()
        left_only, right_only = self._shares["left only"], self._shares["right only"]
        if trap == "only branch" or where < left_only:
            sides.left.append(one)
        elif where < left_only + right_only:
            sides.right.append(one)
        else:
            self._both(sides, one)
        if trap:
            other = TRAPS[trap](self, one)
            if trap != "only branch" and self._chance.random() < 0.4:
                self._both(sides, other)
            else:
                sides.right.append(other)

    def _both(self, sides: Sides, one: Record) -> None:
        left, right = self._sides(one)
        sides.left.append(left)
        sides.right.append(right)

    def _sides(self, one: Record) -> tuple[Record, Record]:
        """Apply rules until a person still sees that it is one company: in the end only the legal form."""
        for _ in range(20):
            left, right = one, one
            for rule in chosen(self._chance, self._shares, SAME)[:MOST]:
                if rule in BLANKS and self._chance.random() < 0.5:
                    left = SAME[rule](self, left)
                else:
                    right = SAME[rule](self, right)
            if recognisable(left.values, right.values):
                return left, right
        return one, one

    def _company(self, family: str) -> Record:
        country = country_of(self._chance)
        form = self._chance.choice(country.forms)[0]
        place = country.towns[self._chance.randrange(len(country.towns))]
        core = self._core(country, place[1])
        name = f"{core} {form}"
        return self._record(family, name, country, place, self._domain(core, country))

    def _domain(self, core: str, country: Country) -> str:
        """A domain that no other company has."""
        stem, again, ending = spelling.local(core)[:24], "", DOMAINS.get(country.code, "example")
        while f"{stem}{again}.{ending}" in self._used:
            again = str(int(again or 1) + 1)
        self._used.add(f"{stem}{again}.{ending}")
        return f"{stem}{again}.{ending}"

    def _record(self, family: str, name: str, country: Country, place: tuple[str, str], domain: str) -> Record:
        self._things += 1
        address = {"street": self._street(country), "postal_code": place[0], "city": place[1]}
        values = {
            "name": name,
            "organisation_number": self._number(country),
            "email": f"{self._chance.choice(('post', 'info', 'kontakt', 'office', 'faktura'))}@{domain}",
            "phone": country.telephone(self._chance),
            "website": self._chance.choice((f"https://www.{domain}", f"www.{domain}", domain)),
            **address,
            "country": country.code,
        }
        return Record(f"thing {self._things}", family, values)

    def _number(self, country: Country) -> str:
        number = country.number(self._chance)
        while number in self._used:
            number = country.number(self._chance)
        self._used.add(number)
        return number

    def _street(self, country: Country) -> str:
        return country.street(self._chance, self._chance.choice(self._stems))

    def _core(self, country: Country, town: str) -> str:
        stem, founder = self._chance.choice(self._stems), self._chance.choice(self._founders)
        trade = self._chance.choice(country.trades)
        return self._chance.choice(
            (
                f"{stem} {trade}",
                f"{founder} {trade}",
                f"{town} {trade}",
                f"{stem}{founder.lower()}",
                f"{founder}{self._chance.choice(AND)}{self._chance.choice(self._founders)} {trade}",
            )
        )

    def place(self, record: Record) -> dict[str, str]:
        """Another address in the same country, in another town two times out of three."""
        country = BY_CODE[record["country"]]
        others = [place for place in country.towns if place[1] != record["city"]]
        code, town = (
            self._chance.choice(others) if self._chance.random() < 0.67 else (record["postal_code"], record["city"])
        )
        return {"street": self._street(country), "postal_code": code, "city": town}

    def elsewhere(self, record: Record) -> dict[str, str]:
        """An address in another town of the same country."""
        country = BY_CODE[record["country"]]
        code, town = self._chance.choice([place for place in country.towns if place[1] != record["city"]])
        return {"street": self._street(country), "postal_code": code, "city": town}

    def other(self, record: Record, rule: str, **values: str | None) -> Record:
        """Another thing of the same family, with what it shares with the record."""
        self._things += 1
        return Record(f"thing {self._things}", record.family, {**record.values, **values}, frozenset({rule}))

    # Rules of the same company.

    def legal_form(self, one: Record) -> Record:
        country = BY_CODE[one["country"]]
        core, short = country.parted(one["name"])
        if not short:
            return one
        long = dict(country.forms)[short]
        ways = (core, core, f"{core} {long}", f"{core} {_dotted(short)}", f"{core}, {short}")
        return one.but("legal form", name=self._chance.choice(ways))

    def abbreviation(self, one: Record) -> Record:
        name = one["name"]
        for word in AND:
            if word in name:
                before, _, after = name.partition(word)
                return one.but("abbreviation", name=self._joined(before, after))
        short = self._shorter(one, name)
        street = one["street"]
        for ending, cut in BY_CODE[one["country"]].streets:
            street = street.replace(ending.strip(), cut)
        return one.but("abbreviation", name=short, street=street)

    def _joined(self, before: str, after: str) -> str:
        """`Nordlys Bygg & Anlegg AS`, or `Nordlys B&A AS`."""
        start, _, word = before.rpartition(" ")
        rest, _, form = after.partition(" ")
        if start and word and rest and self._chance.random() < 0.4:
            return f"{start} {word[0]}&{rest[0]} {form}"
        return f"{before} & {after}"

    def _shorter(self, one: Record, name: str) -> str:
        town = one["city"]
        return name.replace(town, f"{town[:2]}{town[-1]}." if len(town) > 5 else town)

    def spelling(self, one: Record) -> Record:
        name, way = one["name"], self._chance.random()
        core, form = BY_CODE[one["country"]].parted(name)
        if way < 0.4:
            return one.but("spelling", name=_named(spelling.typos(self._chance, core), form))
        if way < 0.6:
            return one.but(
                "spelling", name=spelling.plain(self._chance, name), city=spelling.plain(self._chance, one["city"])
            )
        if way < 0.8:
            return one.but("spelling", street=spelling.typo(self._chance, one["street"]) or None)
        return one.but("spelling", name=name.upper(), city=one["city"].upper())

    def word_order(self, one: Record) -> Record:
        core, form = BY_CODE[one["country"]].parted(one["name"])
        return one.but("word order", name=_named(spelling.reordered(self._chance, core), form))

    def moved(self, one: Record) -> Record:
        return one.but("moved", **self.place(one))

    def renamed(self, one: Record) -> Record:
        country = BY_CODE[one["country"]]
        return one.but("renamed", name=_named(self._core(country, one["city"]), country.parted(one["name"])[1]))

    def domain(self, one: Record) -> Record:
        domain = f"{spelling.local(one['name'])[:14]}-{self._chance.choice(('group', 'gruppen', 'online', '24'))}.com"
        return one.but("domain", website=f"www.{domain}", email=f"hello@{domain}")

    def other_telephone(self, one: Record) -> Record:
        return one.but("other telephone", phone=BY_CODE[one["country"]].telephone(self._chance))

    def vat_number(self, one: Record) -> Record:
        number = one["organisation_number"]
        told = BY_CODE[one["country"]].vat.format(number)
        return one.but("VAT number", organisation_number=told) if number.isdigit() else one

    # Rules of another company.

    def branch(self, one: Record, rule: str = "branch") -> Record:
        country, address = BY_CODE[one["country"]], self.elsewhere(one)
        core, form = BY_CODE[one["country"]].parted(one["name"])
        label = self._chance.choice((f"{country.branch} {address['city']}", f"- {address['city']}", address["city"]))
        name = self._chance.choice((f"{one['name']} {label}", _named(core, label, form)))
        domain = one["email"].partition("@")[2]
        email = f"{spelling.local(address['city'])}@{domain}"
        return self.other(one, rule, name=name, phone=country.telephone(self._chance), email=email, **address)

    def only_branch(self, one: Record) -> Record:
        return self.branch(one, "only branch")

    def namesake(self, one: Record) -> Record:
        country, own = BY_CODE[one["country"]], self._company(one.family)
        place = self.elsewhere(one)
        domain = self._domain(f"{one['name'][:12]}{place['city']}", country)
        return self.other(
            one, "namesake", organisation_number=self._number(country), phone=country.telephone(self._chance),
            email=f"{own['email'].partition('@')[0]}@{domain}", website=f"www.{domain}", **place,
        )  # fmt: skip

    def foreign_number(self, one: Record) -> Record:
        """Another company whose number is the same, though it is of another country."""
        length = BY_CODE[one["country"]].digits
        alike = [other for other in COUNTRIES if other.digits == length and other.code != one["country"]]
        own = self._company(one.family)
        while own["country"] not in {other.code for other in alike}:
            own = self._company(one.family)
        return own.but("foreign number", organisation_number=one["organisation_number"])

    def chain(self, one: Record) -> Record:
        country, place = BY_CODE[one["country"]], self.elsewhere(one)
        core, form = BY_CODE[one["country"]].parted(one["name"])
        domain = one["email"].partition("@")[2]
        return self.other(
            one, "chain", name=_named(core, place["city"], form), organisation_number=self._number(country),
            phone=country.telephone(self._chance), email=f"{spelling.local(place['city'])}@{domain}", **place,
        )  # fmt: skip

    def sister(self, one: Record) -> Record:
        core, form = BY_CODE[one["country"]].parted(one["name"])
        number = self._number(BY_CODE[one["country"]])
        return self.other(
            one, "sister", name=_named(core, self._chance.choice(SISTERS), form), organisation_number=number
        )

    def shared_email(self, one: Record) -> Record:
        return self._company(one.family).but("shared e-mail", email=one["email"], phone=one["phone"])


def _named(*parts: str) -> str:
    return " ".join(filter(None, parts))


def _dotted(form: str) -> str:
    return ".".join(form) + "." if form.isupper() and form.isalpha() else form.lower()


def _blank(rule: str, *fields: str) -> Callable[[_Maker, Record], Record]:
    def blanked(_: _Maker, one: Record) -> Record:
        return one.but(rule, **dict.fromkeys(fields))

    return blanked


BLANKS = ("no number", "no e-mail", "no telephone", "no address")

SAME: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "legal form": _Maker.legal_form,
    "abbreviation": _Maker.abbreviation,
    "spelling": _Maker.spelling,
    "word order": _Maker.word_order,
    "moved": _Maker.moved,
    "renamed": _Maker.renamed,
    "domain": _Maker.domain,
    "no number": _blank("no number", "organisation_number"),
    "no e-mail": _blank("no e-mail", "email"),
    "no telephone": _blank("no telephone", "phone"),
    "no address": _blank("no address", "street", "postal_code", "city"),
    "other telephone": _Maker.other_telephone,
    "VAT number": _Maker.vat_number,
}

TRAPS: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "branch": _Maker.branch,
    "only branch": _Maker.only_branch,
    "namesake": _Maker.namesake,
    "foreign number": _Maker.foreign_number,
    "chain": _Maker.chain,
    "sister": _Maker.sister,
    "shared e-mail": _Maker.shared_email,
}
