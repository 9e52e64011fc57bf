"""Evidence as people read it, and as data for a chart."""

import json
from typing import Any

WORDS = {
    "same": "same {}",
    "other": "another {}",
    "other order": "{} with its words in another order",
    "typing error": "{} with a typing error",
    "initials": "{} as initials",
    "sister": "{} of a sister company",
    "further word": "{} with a further word",
    "abbreviated": "{} abbreviated",
    "alike": "similar {}",
    "word in common": "{} with a word in common",
    "another country": "same {} in another country",
    "domain": "e-mail of the same domain only",
    "yes": "same {}, but the name, street and telephone of a branch",
    "form": "{} in another form",
    "begins alike": "{} that begins alike",
    "near": "similar {}",
    "half": "{} with half of its words in common",
    "up to twice": "{} up to twice the other",
    "cut": "{} cut short",
    "variant": "{} of another size or colour",
    "nothing": "nothing {} to compare",
    "one other word": "{} with one other word",
    "swapped": "first and last name swapped",
    "partly swapped": "first and last name partly swapped",
    "initial": "{} as an initial",
    "middle name": "{} with a middle name",
    "one letter": "{} differs by one letter",
    "two letters": "{} differs by two letters",
    "one digit": "{} differs by one digit",
    "day and month": "{} with day and month swapped",
    "part": "part of the {}",
    "a generation": "{} a generation apart",
    "office": "same e-mail, of an office",
    "local part": "same beginning of the {}",
    "mobile": "same mobile",
    "number and word": "{} with the same number and a word in common",
    "words in common": "{} with words in common",
    "a word in common": "{} with a word in common",
    "other blanks": "{} with other blanks",
    "nearly swapped": "first and last name swapped, with other letters",
    "two digits": "{} differs by two digits",
    "articles": "{} of the same articles",
    "article in common": "{} with an article in common",
    "a day": "{} differs by a day",
    "a week": "{} differs by up to a week",
    "a month": "{} differs by up to a month",
}
"""What each level says of a comparison."""

NAMES = {"branch": "number"}
"""Comparisons that people call otherwise."""

SAID = 3
"""So many differences are named; the others are in the chart."""


def in_words(evidence: str) -> str:
    """Return what was compared, what weighs most first."""
    return ", ".join(_said(one) for one in _by_weight(evidence))


def against(evidence: str) -> str:
    """Return what speaks against a pair, what weighs most first; empty for nothing."""
    differing = [one for one in _by_weight(evidence) if one["weight"] < 0 and one["level"] != "same"]
    return " and ".join(_said(one) for one in differing[:SAID])


def waterfall(evidence: str) -> list[dict[str, Any]]:
    """Return a bar per comparison for a chart: `comparison, level, weight, left, right`, and `total` bits up to it."""
    total, bars = 0.0, []
    for one in json.loads(evidence):
        total += one["weight"]
        bars.append({**one, "total": total})
    return bars


def _by_weight(evidence: str) -> list[dict[str, Any]]:
    return sorted(json.loads(evidence), key=lambda one: -abs(one["weight"]))


def _said(one: dict[str, Any]) -> str:
    name = NAMES.get(one["comparison"], one["comparison"])
    return WORDS.get(str(one["level"]), "{}: " + str(one["level"])).format(name)
