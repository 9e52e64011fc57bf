"""Pages of records: a JSON array of objects, apart, each as it stands there but for what is ignored.

A page of records that all have the same properties, as most systems show them, takes two thirds of the time of another.
"""

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import polars as pl

from talk_assets.jsonframes import jsontext
from talk_assets.jsonframes.jsontext import Objects


@dataclass(frozen=True)
class Told:
    """JSON objects: their `texts`, verbatim; what is `kept` of these; their properties' `names`, and columns of them.

    Only columns that nobody needs may be missing.
    """

    texts: pl.Series
    kept: pl.Series
    names: Sequence[str]
    columns: Mapping[str, pl.Series]


def told_apart(array: bytes, needed: AbstractSet[str], ignored: Iterable[str]) -> Told:
    """Return the objects of a JSON array; which properties are `needed` is said in lower case.

    Raise `polars.exceptions.ComputeError` where an item is not an object, and for anything else than an array; also
    where a text or a nested list has objects with commas between them, as those are taken for the array's own.
    """
    body = lines(array)
    texts = jsontext.by_line(body)
    alike = _alike(body, texts, needed, ignored) if body else None
    return alike or told(jsontext.taken_apart(texts, body), ignored)


def told(objects: Objects, ignored: Iterable[str]) -> Told:
    """Return objects with all of their columns."""
    kept = _without(objects, frozenset(name.lower() for name in ignored))
    return Told(objects.texts, kept, list(objects.columns), objects.columns)


_BETWEEN = re.compile(rb"\}\s*,\s*\{")


def lines(array: bytes) -> bytes:
    """Return a JSON array of objects as one line for each; where commas mislead, one of the lines is no JSON.

    Raise `polars.exceptions.ComputeError` for what is not in square brackets.
    """
    text = array.strip()
    if text[:1] + text[-1:] != b"[]":
        message = "not a JSON array"
        raise pl.exceptions.ComputeError(message)
    return _BETWEEN.sub(b"}\n{", text[1:-1].replace(b"\n", b" ").replace(b"\r", b" ").strip())


_HALVES = re.compile(rb"\\u[dD][89a-fA-F]")


def _alike(body: bytes, texts: pl.Series, needed: AbstractSet[str], ignored: Iterable[str]) -> Told | None:
    """Flat objects that all have the same properties; None where they may have others, or are not as simple to read.

    They have as many as the first one, and none is null or missing that matters: then they have the same. What is left
    of them must have as many as it should. Halves of characters, and nested backslashes, would need to be `guarded`.
    """
    if b"\\" in body and _HALVES.search(body):
        return None
    names = list(jsontext.names(body.split(b"\n", 1)[:1]))
    if not needed <= {name.lower() for name in names} or any("\\" in name for name in names):
        return None
    dropped = {name.lower() for name in ignored}
    spelled = [name for name in names if name.lower() in dropped]
    kept = _cut(texts, list(dict.fromkeys([*spelled, *ignored])))
    members = len(names) - len(spelled)
    others = (kept.str.count_matches('":') != members) | (texts.str.count_matches("{", literal=True) != 1)
    if dropped:  # one in place of another property, written otherwise
        others |= _spelled(kept, dropped)
    if others.any():
        return None
    wanted = [name for name in names if name.lower() in needed]
    try:
        columns = jsontext.read(body, wanted)
    except pl.exceptions.ComputeError:
        return None
    nested = b"\\" in body and any(columns[name].str.starts_with("[").any() for name in wanted)
    if nested or any(columns[name].has_nulls() for name in wanted):
        return None
    return Told(texts, kept, names, columns.to_dict())


def _cut(texts: pl.Series, names: Collection[str]) -> pl.Series:
    """Flat objects without those of their members that have these names, and whose values are no lists."""
    if not names:
        return texts
    value = r'(?:"(?:[^"\\]|\\.)*"|[^"\[\]{},\s][^"\[\]{},]*)'
    # Names as they are written: matching any case takes twice the time, and so does a pattern that begins otherwise.
    cut = texts.str.replace_all(rf"{_any(names)}[ \t]*:[ \t]*{value}(?:[ \t]*,[ \t]*)?", "")
    return cut.str.replace(r",[ \t]*\}$", "}") if cut.str.contains(r",[ \t]*\}$").any() else cut


def _any(names: Iterable[str]) -> str:
    """A pattern for names, quoted."""
    return f'"(?:{"|".join(re.escape(name) for name in names)})"'


def _without(objects: Objects, names: frozenset[str]) -> pl.Series:
    """Objects, each on one line, without the top-level properties `names`, given in lower case."""
    texts = objects.texts
    if not names:
        return texts
    there = [name for name in objects.columns if name.lower() in names]
    cut = _cut(texts, there)
    unsure = _spelled(cut, names)
    if there:
        unsure = unsure | texts.str.contains("\\", literal=True) | _deeper(objects, there)
    elif unsure.any():  # only a null makes no column
        unsure = unsure & texts.str.contains("null", literal=True)
    if not unsure.any():
        return cut
    rest = pl.Series([_without_them(text, names) for text in texts.filter(unsure)], dtype=pl.String)
    return cut.scatter(unsure.arg_true(), rest)


def _spelled(texts: pl.Series, names: AbstractSet[str]) -> pl.Series:
    """Whether one of the names, given in lower case, stands there in quotes, whatever its case."""
    return texts.str.contains_any([f'"{name}"' for name in names], ascii_case_insensitive=True)


def _deeper(objects: Objects, names: Sequence[str]) -> pl.Series:
    """Whether one of the names may stand elsewhere than at the top of the object."""
    several = objects.texts.str.count_matches("{", literal=True) > 1
    if not several.any():
        return several
    top = pl.select(pl.sum_horizontal(objects.columns[name].is_not_null() for name in names)).to_series()
    return several & (objects.texts.str.count_matches(_any(names)) != top)


def _without_them(text: str, names: frozenset[str]) -> str:
    members = {name: value for name, value in json.loads(text).items() if name.lower() not in names}
    return jsontext.spelled(members, compact=True)
