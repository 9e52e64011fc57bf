"""What companies and addresses look like in ten countries, and the words of all sets, which are in `words.toml`."""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORDS: Mapping[str, Any] = tomllib.loads((Path(__file__).parent / "words.toml").read_text("utf-8"))


@dataclass(frozen=True)
class Country:
    """`forms` are legal forms as `short, spelled out`; `digits` is how long a number is, `vat` how it is told abroad.

    `before`: whether the house number stands before the street. `streets` are endings of a street's name.
    """

    code: str
    dial: str
    phone: int
    digits: int
    vat: str
    forms: tuple[tuple[str, str], ...]
    towns: tuple[tuple[str, str], ...]
    streets: tuple[tuple[str, str], ...]
    trades: tuple[str, ...]
    branch: str
    before: bool

    def number(self, chance: random.Random) -> str:
        """An invented organisation number."""
        return f"{chance.randint(1, 9)}" + "".join(str(chance.randrange(10)) for _ in range(self.digits - 1))

    def telephone(self, chance: random.Random) -> str:
        """An invented number as E.164."""
        return f"+{self.dial}{chance.randint(2, 9)}" + "".join(str(chance.randrange(10)) for _ in range(self.phone - 1))

    def parted(self, name: str) -> tuple[str, str]:
        """Return a company's name and its legal form as it stands there; blank where there is none."""
        for short, _ in sorted(self.forms, key=lambda form: -len(form[0])):
            if name.endswith(f" {short}"):
                return name.removesuffix(f" {short}"), short
        return name, ""

    def street(self, chance: random.Random, name: str) -> str:
        """A street with a house number."""
        ending, _ = chance.choice(self.streets)
        number = f"{chance.randint(1, 140)}{chance.choice(('', '', '', 'A', 'B'))}"
        return f"{number} {name} {ending}" if self.before else f"{name}{ending} {number}"


def _frozen(value: Any) -> Any:  # noqa: ANN401 -- what TOML holds
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def country_of(chance: random.Random) -> Country:
    """Draw a country."""
    return chance.choices(COUNTRIES, WEIGHTS)[0]


COUNTRIES = tuple(
    Country(**{name: _frozen(value) for name, value in country.items()}) for country in WORDS["countries"]
)
BY_CODE = {country.code: country for country in COUNTRIES}

WEIGHTS = (6, 3, 3, 2, 3, 1, 2, 2, 2, 1)
"""How often each country is drawn."""

AND = (" og ", " och ", " und ", " en ", " and ", " et ", " i ")
"""Between two words of a name, in each language; all are also written as an ampersand."""

STEMS: tuple[str, ...] = tuple(WORDS["stems"])
"""The beginnings of company names and of streets."""

FOUNDERS: tuple[str, ...] = tuple(WORDS["founders"])
"""Last names; companies are named after people as well."""
