"""Texts as people see them, without what only computers see: one text has one form.

Canonical text is in Unicode's normal form C. It has no invisible characters and no control characters, and every kind
of blank is a plain one. Most texts are plain already: only the others are looked at more closely.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Literal

import polars as pl
import regex

from talk_assets.jsonframes.jsontext import HALF

Unit = Literal["character", "utf-16"]
"""What a length is counted in: characters, or UTF-16 code units, of which most emoji take two."""

Clean = Callable[[pl.Series], pl.Series]

_PLAIN = r" -~\u00a1-\u00ac\u00ae-\u02ff"
"""Characters that stand for themselves, in a class of a regular expression: visible, and the same in normal form C."""

_BREAKS = "\r\n?|[\u000b\u000c\u0085\u2028\u2029]"
_BLANKS = "[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]"
_INVISIBLE = (
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb]"
)
_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_JOINERS = "[\u200c\u200d]"
_USELESS_JOINER = re.compile("(?<![^\u0000-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?![^\u0000-\u024f])")
"""Joiners shape the letters of some scripts and join pictures; at Latin letters and at the ends they do nothing."""


def line(text: pl.Expr) -> pl.Expr:
    """Return a text as one line, with single blanks between words and none around it."""
    return text.map_batches(_line, return_dtype=pl.String).str.strip_chars()


def lines(text: pl.Expr) -> pl.Expr:
    """Return a text with each line break as a line feed, and no blanks around it."""
    return text.map_batches(_lines, return_dtype=pl.String).str.strip_chars()


def whole(text: pl.Expr) -> pl.Expr:
    """Say whether a text has no half of a character, as what cuts an emoji in two leaves it."""
    return ~text.str.contains(HALF, literal=True)


def cut(text: pl.Expr, longest: int, unit: Unit = "character") -> pl.Expr:
    """Return the beginning of a text that is no longer than `longest`, without blanks at its end.

    It is cut between what people see as characters, so that no emoji and no accent is cut off, unless the first one
    alone is longer than that.
    """
    return text.map_batches(lambda column: _cut(column, longest, unit), return_dtype=pl.String)


def length(text: str, unit: Unit) -> int:
    """Return the length of a text in a unit."""
    return len(text) if unit == "character" else len(text.encode("utf-16-le")) // 2


def _cut(column: pl.Series, longest: int, unit: Unit) -> pl.Series:
    size = column.str.len_chars()
    if unit == "utf-16":
        size += column.str.count_matches("[\U00010000-\U0010ffff]")
    long = (size > longest).fill_null(value=False)
    if not long.any():
        return column
    short = [_beginning(text, longest, unit) for text in column.filter(long)]
    return column.clone().scatter(long.arg_true(), pl.Series(short, dtype=pl.String).str.strip_chars_end())


def _beginning(text: str, longest: int, unit: Unit) -> str:
    for parts in (regex.findall(r"\X", text[: longest + 1]), list(text[:longest])):
        end = left = 0
        for part in parts:
            left += length(part, unit)
            if left > longest:
                break
            end += len(part)
        if end:
            return text[:end]
    return ""


def unescaped(text: pl.Expr) -> pl.Expr:
    """Return a text with the characters that its HTML entities stand for."""
    return text.map_batches(lambda column: _where(column, _ENTITY.pattern, _unescape), return_dtype=pl.String)


def escaped(text: pl.Expr) -> pl.Expr:
    """Return a text that `unescaped` reads as this one: entities that are meant as such are escaped."""
    return text.str.replace_all(f"&({_ENTITY.pattern[1:]})", "&amp;$1")


def _unescape(column: pl.Series) -> pl.Series:
    known = [_ENTITY.sub(lambda found: html.unescape(found[0]), text) for text in column]
    return pl.Series(column.name, known, dtype=pl.String)


def _line(column: pl.Series) -> pl.Series:
    def fold(odd: pl.Series) -> pl.Series:
        return _clean(odd).str.replace_all(r"\s+", " ")

    return _where(column, rf"[^{_PLAIN}]|  ", fold)


def _lines(column: pl.Series) -> pl.Series:
    return _where(column, rf"[^{_PLAIN}\n\t]", _clean)


def _where(column: pl.Series, pattern: str, change: Clean) -> pl.Series:
    odd = column.str.contains(pattern).fill_null(value=False)
    if not odd.any():
        return column
    return column.clone().scatter(odd.arg_true(), change(column.filter(odd)))


def _clean(column: pl.Series) -> pl.Series:
    plain = column.str.replace_all(_BREAKS, "\n").str.replace_all(_INVISIBLE, "").str.replace_all(_BLANKS, " ")
    return _where(plain.str.normalize("NFC"), _JOINERS, _without_useless_joiners)


def _without_useless_joiners(column: pl.Series) -> pl.Series:
    return pl.Series(column.name, [_unjoined(text) for text in column], dtype=pl.String).str.normalize("NFC")


def _unjoined(text: str) -> str:
    shorter = unicodedata.normalize("NFC", _USELESS_JOINER.sub("", text))
    return shorter if shorter == text else _unjoined(shorter)
