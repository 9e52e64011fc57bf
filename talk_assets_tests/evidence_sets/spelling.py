"""How people write one text in two ways: typing errors, diacritics, the order of words."""

import itertools
import random
import string
import unicodedata

DIGRAPHS = str.maketrans({"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
PLAIN = str.maketrans({"æ": "a", "ø": "o", "å": "a", "ß": "s", "ł": "l", "đ": "d"})


def typo(chance: random.Random, text: str) -> str:
    """One letter left out, doubled, replaced or swapped with the next; never the first, and none in a short text."""
    if len(text) < 4:
        return text
    at = chance.randrange(1, len(text) - 1)
    before, here, following = text[:at], text[at], text[at + 1 :]
    letter = chance.choice(string.digits if here.isdigit() else string.ascii_lowercase)
    return chance.choice(
        (
            before + following,
            before + here * 2 + following,
            before + letter + following,
            before + following[:1] + here + following[1:],
        )
    )


def typos(chance: random.Random, text: str, most: int = 2) -> str:
    """One error, or up to `most`."""
    for _ in range(chance.randint(1, most)):
        text = typo(chance, text)
    return text


def plain(chance: random.Random, text: str) -> str:
    """Without diacritics, in one of the two ways in which people do without them: Bjørn, Bjoern or Bjorn."""
    table = chance.choice((DIGRAPHS, PLAIN))
    folded = text.translate(table).translate({ord(str(one).upper()): two.title() for one, two in _pairs(table)})
    return "".join(one for one in unicodedata.normalize("NFD", folded) if not unicodedata.combining(one))


def _pairs(table: dict[int, str]) -> list[tuple[str, str]]:
    return [(chr(one), two) for one, two in table.items() if chr(one) != "ß"]


def reordered(chance: random.Random, text: str) -> str:
    """The words in another order."""
    words = text.split()
    if len(words) < 2:
        return text
    at = chance.randrange(1, len(words))
    return " ".join(words[at:] + words[:at])


def transposed(chance: random.Random, digits: str) -> str:
    """Two neighbouring digits swapped; the same text where no two of them differ."""
    places = [
        n for n, (one, two) in enumerate(itertools.pairwise(digits)) if one != two and one.isdigit() and two.isdigit()
    ]
    if not places:
        return digits
    at = chance.choice(places)
    return digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]


def local(text: str) -> str:
    """As it stands in an e-mail address or a domain: lower case, plain letters, no blanks."""
    folded = unicodedata.normalize("NFD", text.lower().translate(PLAIN))
    return "".join(one for one in folded if one.isascii() and one.isalnum())


def words(text: str) -> set[str]:
    """The words of a text, as they are compared: lower case, plain letters."""
    return {local(word) for word in text.split()} - {""}
