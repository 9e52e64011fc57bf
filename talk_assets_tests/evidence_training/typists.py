"""Persons without keys, several times each, as people typed them again: the kind of records that FEBRL generates.

Each record of a person is the first one with up to `MOST` mistakes, at most `IN_A_FIELD` in a field: a letter or digit
too many, too few, another one, two of them in the wrong order; a blank where none was, a word too few; the value left
out, or that of another person; words, or first and last name, in the wrong order. The records are
spread over both sides at random.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence

from talk_assets_tests.evidence_sets import persons
from talk_assets_tests.evidence_sets.labelled import Labelled, Record, Sides

FIELDS = {"first_name": 3, "last_name": 3, "birth_date": 0.6, "street": 6, "postal_code": 2, "city": 3}
"""How often a mistake is made in each, compared with the others."""

MOST, IN_A_FIELD = 10, 3
LEFT_OUT, ANOTHERS, SWAPPED = 0.06, 0.08, 0.1
"""The share of mistakes that leave a value out, that put another person's in its place, or one name in the other's."""

ALL_WRONG = 0.6
"""The share of mistakes in a birth date that leave it out, or put another's in its place: it is chosen, not typed."""

HOUSES = 0.6
"""The share of addresses with the name of a house in them."""

KINDS = ("house", "gård", "hof", "farm", "tower", "building", "lodge", "haus", "unit 2", "unit 7", "estate", "centre")

POOLS = {"first_name": 400, "last_name": 2_500, "street": 2_500, "city": 600}
"""How many names of each there are in a set."""

SYLLABLES = (
    "an", "ber", "bo", "ca", "da", "de", "el", "en", "fi", "ga", "ge", "han", "hel", "i", "jo", "ka", "ki", "la", "lin",
    "lo", "ma", "mi", "mo", "na", "ne", "ni", "o", "pe", "ra", "ri", "ro", "sa", "sen", "si", "son", "sto", "ta", "te",
    "ti", "to", "u", "va", "ve", "vi", "win", "wo", "ya", "za",
)  # fmt: skip
ROADS = ("veien", "gata", "gade", "straße", " street", " road", " crescent", " place", "vägen", "laan")

LETTERS, DIGITS = "abcdefghijklmnopqrstuvwxyz", "0123456789"

Values = dict[str, str | None]


def make(count: int, seed: int) -> Labelled:
    """Return a set of `count` persons with one to six records each."""
    chance = random.Random(f"typists {seed}")
    sides = Sides()
    pools = {name: _pool(size, chance) for name, size in POOLS.items()}
    made = persons.make_without_keys(count, seed).left.select(*FIELDS).to_dicts()
    plain = [_renamed(row, pools, chance) for row in made]
    rows = [_housed(row, chance.choice(plain), chance) for row in plain]
    for place, row in enumerate(rows):
        for number in range(chance.choice((1, 2, 2, 2, 3, 4, 6))):
            record = Record(str(place), str(place), row if number == 0 else written(row, rows, chance))
            chance.choice((sides.left, sides.right)).append(record)
    return sides.labelled("person", chance)


def _pool(size: int, chance: random.Random) -> tuple[list[str], list[float]]:
    """Names that were made up, and how often each is met: some often, most hardly ever."""
    names = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 3))).capitalize() for _ in range(size)]
    return names, [1 / (place + 10) for place in range(size)]


def _renamed(row: Values, pools: Mapping[str, tuple[list[str], list[float]]], chance: random.Random) -> Values:
    """The lists that persons are made from are short: people who share a name by chance would be too many."""
    drawn = {name: chance.choices(*pool)[0] for name, pool in pools.items()}
    numbered = re.sub(r"[^\W\d]+", "", row["street"] or "", count=1).strip()
    return {**row, **drawn, "street": f"{drawn['street']}{chance.choice(ROADS)} {numbered}"} if row["street"] else row


def _housed(row: Values, other: Values, chance: random.Random) -> Values:
    """The house has a name that is nearly always its own."""
    if not row["street"] or not other["last_name"] or chance.random() >= HOUSES:
        return row
    return {**row, "street": f"{row['street']} {other['last_name']} {chance.choice(KINDS)}"}


def written(values: Values, others: Sequence[Values], chance: random.Random) -> Values:
    """Return the values with mistakes, some of them being those of others."""
    again, made = dict(values), dict.fromkeys(FIELDS, 0)
    for _ in range(chance.randint(1, chance.choice((2, 4, MOST)))):
        name = chance.choices(list(FIELDS), list(FIELDS.values()))[0]
        if made[name] < IN_A_FIELD and again[name]:
            made[name] += 1
            _mistake(again, name, chance.choice(others), chance)
    return again


def _mistake(values: Values, name: str, other: Values, chance: random.Random) -> None:
    if name in {"first_name", "last_name"} and chance.random() < SWAPPED:
        values["first_name"], values["last_name"] = values["last_name"], values["first_name"]
    elif chance.random() < (ALL_WRONG / 3 if name == "birth_date" else LEFT_OUT):
        values[name] = None
    elif chance.random() < (ALL_WRONG if name == "birth_date" else ANOTHERS):
        values[name] = other[name]
    else:
        values[name] = chance.choice(MISTAKES)(values[name] or "", chance) or None


def _place(text: str, chance: random.Random) -> int:
    """Where something can go wrong: not at a hyphen of a date."""
    places = [place for place, letter in enumerate(text) if letter != "-"]
    return chance.choice(places)


def _letter(text: str, place: int, chance: random.Random) -> str:
    return chance.choice(DIGITS if text[place].isdigit() else LETTERS)


def _another(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    return text[:place] + _letter(text, place, chance) + text[place + 1 :]


def _transposed(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    pair = text[place : place + 2]
    return text if "-" in pair else text[:place] + pair[::-1] + text[place + 2 :]


def _inserted(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    return _another(text, chance) if _is_date(text) else text[:place] + _letter(text, place, chance) + text[place:]


def _omitted(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    return _transposed(text, chance) if _is_date(text) or len(text) < 3 else text[:place] + text[place + 1 :]


def _split(text: str, chance: random.Random) -> str:
    place = _place(text, chance)
    return _another(text, chance) if text.replace("-", "").isdigit() else f"{text[:place]} {text[place:]}".strip()


def _words(text: str, chance: random.Random) -> str:
    words = text.split()
    return " ".join(chance.sample(words, len(words))) if len(words) > 1 else _another(text, chance)


def _shorter(text: str, chance: random.Random) -> str:
    words = text.split()
    cut = chance.randint(1, max(1, len(words) // 2))
    return " ".join(chance.choice((words[cut:], words[:-cut]))) if len(words) > 1 else _another(text, chance)


def _is_date(text: str) -> bool:
    return len(text) == 10 and text[4:8:3] == "--"


MISTAKES: tuple[Callable[[str, random.Random], str], ...] = (
    _another, _another, _transposed, _transposed, _inserted, _inserted, _omitted, _omitted, _split, _words,
    _shorter,
)  # fmt: skip
