"""Articles on two sides, labelled, made by the rules that are written here. `SHARES` says how many each of them meets.

*The same article*, its right record being made of its left one:

- renamed: another name with the same GTIN
- price: up to a tenth more or less
- description: cut after some words, or left out
- no GTIN, no number: one side has none
- GTIN length: the same GTIN with a zero before it
- word order: the words of the name in another order
- spelling: one or two typing errors, no diacritics, or capitals
- other numbers: the right side numbers its articles otherwise
- number's form: `AB-1001` is `AB1001` or `ab-1001`
- unit: `stk` is `pcs`
- cost: none, or another one

*Another article*, which looks like it:

- number reused: the same number, and everything else another
- size, colour, model, pack: the same name but for the size, the colour, the model or how many are in a pack, with a
  GTIN and a number of its own and often the same price
- size of one number: the same as size, and the number is the same, as it names the model there
- successor: the same name with `2` behind it, a bit dearer

No more than `MOST` of the rules of the first kind meet one article, and what they leave suffices for a person to see
that it is the same: see `recognisable`.
"""

import random
from collections.abc import Callable, Mapping
from functools import partial

from talk_assets_tests.evidence_sets import spelling
from talk_assets_tests.evidence_sets.countries import WORDS
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
    "renamed": 0.06, "price": 0.25, "description": 0.3, "no GTIN": 0.25, "no number": 0.08, "GTIN length": 0.1,
    "word order": 0.08, "spelling": 0.15, "other numbers": 0.1, "number's form": 0.08, "unit": 0.2, "cost": 0.4,
    "number reused": 0.05, "size": 0.1, "colour": 0.08, "model": 0.06, "pack": 0.04, "size of one number": 0.02,
    "successor": 0.04,
    "left only": 0.15, "right only": 0.15,
}  # fmt: skip
"""The share of each rule, and of the articles that only one side has."""

MOST = 4

GOODS: tuple[str, ...] = tuple(WORDS["goods"])
MAKES: tuple[str, ...] = tuple(WORDS["makes"])
MODELS = ("Basis", "Komfort", "Pluss", "Pro", "Ekstra", "Lett", "Solid", "Mini", "Maks")
SIZES = ("XS", "S", "M", "L", "XL", "XXL")
NUMBERS = tuple(str(number) for number in range(36, 48))
"""Sizes of shoes."""
COLOURS = ("svart", "hvit", "rød", "blå", "grønn", "grå", "gul", "brun", "beige", "lilla")
PACKS = ("10 stk", "25 stk", "50 stk", "100 stk", "200 stk", "500 stk")
UNITS = {"stk": "pcs", "kg": "KGM", "meter": "m", "time": "h"}
TEXTS = (
    "fra lager",
    "til profesjonelt bruk",
    "med fem års garanti",
    "i solid utførelse",
    "for krevende forhold",
    "tåler regn og kulde",
)


def make(count: int, seed: int, shares: Shares | None = None) -> Labelled:
    """Return `count` articles and those that look like them; the same for the same seed and shares.

    Raises KeyError for a rule that there is not.
    """
    return _Maker(seed, adjusted(SHARES, shares)).made(count)


def recognisable(left: Values, right: Values) -> bool:
    """Whether a person sees that two records are one article: by its GTIN, or by its whole name and number or price."""
    gtin = (left.get("gtin") or "").lstrip("0")
    if gtin and gtin == (right.get("gtin") or "").lstrip("0"):
        return True
    number = _plain(left.get("number"))
    same_number = bool(number) and number == _plain(right.get("number"))
    return _alike(left.get("name"), right.get("name")) and (
        same_number or left.get("unit_price") == right.get("unit_price")
    )


def _plain(number: str | None) -> str:
    return "".join(one for one in (number or "").lower() if one.isalnum())


def _alike(one: str | None, other: str | None) -> bool:
    """Whether all words are the same but for one that may be misspelled."""
    left, right = (spelling.words(name or "") for name in (one, other))
    return bool(left) and len(left) == len(right) and len(left & right) >= len(left) - 1 and min(map(len, left)) > 0


class _Maker:
    """Makes articles out of the words of a seed."""

    def __init__(self, seed: int, shares: Shares) -> None:
        self._chance = random.Random(f"{seed}/products")
        self._shares = shares
        self._goods, self._makes = vocabulary(seed, "goods", GOODS), vocabulary(seed, "makes", MAKES)
        self._prefixes = tuple(
            f"{self._chance.choice('ABCDEFGHKLMNPRSTUV')}{self._chance.choice('ABCDEFGHKLMNPRSTUV')}" for _ in range(8)
        )
        self._used: set[str] = set()
        self._things = self._gtins = 0

    def made(self, count: int) -> Labelled:
        sides = Sides()
        for n in range(count):
            sides.draw(partial(self._family, f"product {n}"))
        return sides.labelled("product", self._chance)

    def _family(self, family: str, sides: Sides) -> None:
        """One article on one side or both, and at times others that look like it."""
        one = self._article(family)
        self._place(sides, one)
        for trap in chosen(self._chance, self._shares, TRAPS)[:1]:
            for _ in range(self._chance.randint(1, 3) if trap in {"size", "colour"} else 1):
                other = TRAPS[trap](self, one)
                if self._new(other["name"]) or trap == "number reused":
                    self._place(sides, other)

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
        """Apply rules until a person still sees that it is one article."""
        for _ in range(20):
            left, right = one, one
            for rule in chosen(self._chance, self._shares, SAME)[:MOST]:
                if rule in {"no GTIN", "no number"} and self._chance.random() < 0.5:
                    left = SAME[rule](self, left)
                else:
                    right = SAME[rule](self, right)
            if recognisable(left.values, right.values):
                return left, right
        return one, one

    def _article(self, family: str) -> Record:
        name = self._name()
        while not self._new(name):
            name = self._name()
        price = self._chance.randrange(490, 990_000, 10)
        values = {
            "number": self._number(),
            "name": name,
            "description": f"{name} {' '.join(self._chance.sample(TEXTS, self._chance.randint(1, 3)))}",
            "unit_price": _money(price),
            "unit_cost": _money(price * self._chance.randint(40, 80) // 100),
            "unit": self._chance.choice(("stk", "stk", "stk", "kg", "meter", "time")),
            "gtin": self._gtin(),
        }
        return self._thing(family, values)

    def _name(self) -> str:
        good, make = self._chance.choice(self._goods), self._chance.choice(self._makes)
        words = [
            good,
            make,
            *self._chance.choice(((), (self._chance.choice(MODELS),), (str(self._chance.randint(100, 999)),))),
        ]
        return " ".join([*words, *self._chance.choice(((), self._sized(), self._coloured()))])

    def _sized(self) -> tuple[str, ...]:
        return (self._chance.choice((*SIZES, *NUMBERS)),)

    def _coloured(self) -> tuple[str, ...]:
        return (self._chance.choice(COLOURS),)

    def _number(self) -> str:
        number = f"{self._chance.choice(self._prefixes)}-{self._chance.randint(1000, 99_999)}"
        return number if self._new(number) else self._number()

    def _new(self, text: str) -> bool:
        """Whether no other article has this name or number, which is taken from now on."""
        new = text not in self._used
        self._used.add(text)
        return new

    def _gtin(self) -> str:
        self._gtins += self._chance.randint(1, 40)
        twelve = f"70{self._chance.randint(10, 59)}{self._gtins % 100_000_000:08d}"
        return twelve + str(-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(twelve)) % 10)

    def _thing(self, family: str, values: Values, rule: str | None = None) -> Record:
        self._things += 1
        return Record(f"thing {self._things}", family, values, frozenset({rule} if rule else ()))

    # Rules of the same article.

    def renamed(self, one: Record) -> Record:
        return one.but(
            "renamed",
            name=f"{self._chance.choice(self._goods)} {self._chance.choice(self._makes)} {self._chance.choice(MODELS)}",
        )

    def price(self, one: Record) -> Record:
        cents = round(float(one["unit_price"]) * 100 * self._chance.uniform(0.9, 1.1))
        return one.but("price", unit_price=_money(cents))

    def description(self, one: Record) -> Record:
        words = one["description"].split()
        kept = words[: self._chance.randint(0, len(words) - 1)]
        return one.but("description", description=" ".join(kept) or None)

    def gtin_length(self, one: Record) -> Record:
        return one.but("GTIN length", gtin=f"0{one['gtin']}" if one["gtin"] else None)

    def word_order(self, one: Record) -> Record:
        return one.but("word order", name=spelling.reordered(self._chance, one["name"]))

    def spelling(self, one: Record) -> Record:
        """The last word stays as it is: it is the size or the colour."""
        first, _, rest = one["name"].partition(" ")
        way = self._chance.random()
        if way < 0.5:
            return one.but("spelling", name=f"{spelling.typos(self._chance, first)} {rest}")
        name = spelling.plain(self._chance, one["name"]) if way < 0.75 else one["name"].upper()
        return one.but("spelling", name=name)

    def other_numbers(self, one: Record) -> Record:
        return one.but("other numbers", number=str(self._chance.randint(100_000, 999_999)))

    def form_of_number(self, one: Record) -> Record:
        number = one["number"]
        return one.but(
            "number's form",
            number=self._chance.choice((number.replace("-", ""), number.lower(), number.replace("-", " "))),
        )

    def unit(self, one: Record) -> Record:
        return one.but("unit", unit=UNITS.get(one["unit"], one["unit"]))

    def cost(self, one: Record) -> Record:
        cost = self._chance.choice((None, _money(round(float(one["unit_price"]) * self._chance.randint(30, 90)))))
        return one.but("cost", unit_cost=cost)

    # Rules of another article.

    def _variant(self, one: Record, rule: str, name: str, **values: str) -> Record:
        """An article beside the record, with a name, a GTIN and a number of its own unless `values` say otherwise."""
        text = one["description"].removeprefix(one["name"])
        own = {"name": name, "description": f"{name}{text}", "number": self._number(), "gtin": self._gtin(), **values}
        return self._thing(one.family, {**one.values, **own}, rule)

    def number_reused(self, one: Record) -> Record:
        other = self._article(one.family)
        return other.but("number reused", number=one["number"])

    def size(self, one: Record) -> Record:
        return self._variant(
            one, "size", self._otherwise(one["name"], self._chance.choice((SIZES, NUMBERS))), **self._beside(one)
        )

    def size_of_one_number(self, one: Record) -> Record:
        return self._variant(one, "size of one number", self._otherwise(one["name"], SIZES), number=one["number"])

    def colour(self, one: Record) -> Record:
        return self._variant(one, "colour", self._otherwise(one["name"], COLOURS), **self._beside(one))

    def model(self, one: Record) -> Record:
        return self._variant(one, "model", self._otherwise(one["name"], MODELS), unit_price=self._dearer(one))

    def pack(self, one: Record) -> Record:
        return self._variant(one, "pack", self._otherwise(one["name"], PACKS), unit_price=self._dearer(one))

    def successor(self, one: Record) -> Record:
        return self._variant(one, "successor", f"{one['name']} 2", unit_price=self._dearer(one))

    def _otherwise(self, name: str, words: tuple[str, ...]) -> str:
        """The name with another word of a list instead of its own, or one behind it."""
        kept = next((name.removesuffix(f" {word}") for word in words if name.endswith(f" {word}")), name)
        others = [f"{kept} {word}" for word in words if f"{kept} {word}" != name]
        return self._chance.choice(others)

    def _beside(self, one: Record) -> dict[str, str]:
        """The number of a variant often begins as that of its sibling."""
        number = f"{one['number']}-{self._chance.randint(1, 99):02d}"
        return {"number": number} if self._chance.random() < 0.5 and number not in self._used else {}

    def _dearer(self, one: Record) -> str:
        return _money(round(float(one["unit_price"]) * 100 * self._chance.uniform(1.0, 1.6)))


def _money(cents: int) -> str:
    """As canonical text has it: without trailing zeros."""
    return f"{cents / 100:.2f}".rstrip("0").rstrip(".")


def _blank(rule: str, field: str) -> Callable[[_Maker, Record], Record]:
    def blanked(_: _Maker, one: Record) -> Record:
        return one.but(rule, **{field: None})

    return blanked


SAME: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "renamed": _Maker.renamed,
    "price": _Maker.price,
    "description": _Maker.description,
    "no GTIN": _blank("no GTIN", "gtin"),
    "no number": _blank("no number", "number"),
    "GTIN length": _Maker.gtin_length,
    "word order": _Maker.word_order,
    "spelling": _Maker.spelling,
    "other numbers": _Maker.other_numbers,
    "number's form": _Maker.form_of_number,
    "unit": _Maker.unit,
    "cost": _Maker.cost,
}

TRAPS: Mapping[str, Callable[[_Maker, Record], Record]] = {
    "number reused": _Maker.number_reused,
    "size": _Maker.size,
    "colour": _Maker.colour,
    "model": _Maker.model,
    "pack": _Maker.pack,
    "size of one number": _Maker.size_of_one_number,
    "successor": _Maker.successor,
}
