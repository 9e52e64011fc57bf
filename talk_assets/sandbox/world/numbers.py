"""Invented numbers that pass the checks which real ones pass, none given twice.

`lane` is which part of the number space to use: 0 for what all systems share, then one for each system, so that two
systems never invent the same number for different companies. There are `LANES`.
"""

import itertools
import operator
import random
from collections.abc import Iterator

LANES = 8
LANDLINES = ("21", "22", "23", "51", "55", "64", "73", "77")
WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)
SPREAD, ROOM = 48_271, 1_250_000
"""A prime that scatters consecutive numbers over the space of one lane, and how many numbers that has."""


def organisation_numbers(lane: int) -> Iterator[str]:
    """Norwegian organisation numbers: nine digits from 9, the last a check digit by modulus 11."""
    for count in itertools.count():
        eight = str(90_000_000 + LANES * (count * SPREAD % ROOM) + lane)
        check = -sum(map(operator.mul, map(int, eight), WEIGHTS)) % 11
        if check != 10:  # noqa: PLR2004 -- there is no such digit; the number is not given out
            yield f"{eight}{check}"


def gtins(lane: int) -> Iterator[str]:
    """GTIN-13 with the Norwegian prefix, the last a check digit by modulus 10."""
    for count in itertools.count():
        twelve = f"70{7_000_000_000 + LANES * count + lane}"
        yield twelve + str(-sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(twelve)) % 10)


def mobile(chance: random.Random) -> str:
    """A Norwegian mobile number as E.164."""
    return f"+479{chance.randrange(10_000_000):07d}"


def landline(chance: random.Random) -> str:
    """A Norwegian landline as E.164."""
    return f"+47{chance.choice(LANDLINES)}{chance.randrange(1_000_000):06d}"
