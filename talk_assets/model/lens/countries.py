"""Countries to codes and names: ISO 3166-1 alpha-2, with XK for Kosovo, as Babel knows them from Unicode's CLDR.

To have one more name understood, add it to `ALSO`; a language, to `LANGUAGES`.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

import polars as pl

LANGUAGES = ("en", "nb", "nn", "sv", "da", "de", "fi", "nl", "fr", "es", "it", "pt", "pl", "is")
"""The languages in which a country's name is read, the first also the one it is written in."""

ALSO = {
    "BY": ("Belarus", "Hviterussland"),
    "CD": ("Zaire", "DR Congo", "Democratic Republic of the Congo"),
    "CG": ("Congo", "Republic of the Congo"),
    "CI": ("Ivory Coast",),
    "CN": ("People's Republic of China", "Folkerepublikken Kina"),
    "CV": ("Cape Verde",),
    "CZ": ("Czech Republic", "Tschechische Republik"),
    "DE": ("BRD",),
    "GB": ("Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "Großbritannien"),
    "GR": ("EL", "Hellas"),
    "HK": ("Hong Kong", "Hongkong"),
    "KR": ("Korea", "Republic of Korea"),
    "LV": ("Letland",),
    "MK": ("Macedonia", "Makedonia"),
    "MM": ("Burma",),
    "MO": ("Macao", "Macau"),
    "NL": ("Holland", "Nederlandene"),
    "PS": ("Palestine", "Palestina"),
    "RU": ("Russian Federation",),
    "SZ": ("Swaziland",),
    "TR": ("Turkey", "Tyrkia", "Türkei"),
    "US": ("United States of America", "America", "Amerika", "De forente stater"),
    "XK": ("XKX", "RKS", "Kosova"),
}
"""Names that people write and CLDR does not have: old ones, short ones, and codes of others than ISO."""

_NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
"""What CLDR has with two letters, and ISO does not, or not as a country."""

_STATE = re.compile(
    r"^(?:the |(?:federal |people s )?republic of (?:the )?|kingdom of (?:the )?|state of |kongeriket |kongeriget"
    r" |konungariket |republikken |republiken |republik |den |die |de )"
)


def country(text: pl.Expr) -> pl.Expr:
    """Return the code of a country given as a code or by name in one of `LANGUAGES`, any other text as it is."""
    return text.map_batches(_codes, return_dtype=pl.String)


def country_code(value: pl.Expr) -> pl.Expr:
    """Return the code of a country, null for what is none."""
    return value.map_batches(lambda column: column.set(~column.is_in(list(_names())), None), return_dtype=pl.String)


def country_name(code: pl.Expr) -> pl.Expr:
    """Return the English name of a country's code, any other text as it is."""
    return code.map_batches(
        lambda column: column.replace(list(_names()), list(_names().values())), return_dtype=pl.String
    )


def codes() -> Mapping[str, str]:
    """Return the code of each country by its English name."""
    return {name: code for code, name in _names().items()}


def _codes(column: pl.Series) -> pl.Series:
    spelled = column.drop_nulls().unique()
    if spelled.is_empty():
        return column
    return column.replace(spelled, pl.Series([_code(text) for text in spelled], dtype=pl.String))


def _code(text: str) -> str:
    known, key = _readable(), _key(text)
    return known.get(key) or known.get(_STATE.sub("", key)) or text


def _key(name: str) -> str:
    """A name without its form: case, points, hyphens, and whether `and` and `saint` are written out."""
    plain = re.sub(r"[.\u2019']", "", name.lower()).replace("&", " and ").replace("-", " ")
    return re.sub(r"\bst\b", "saint", " ".join(plain.split()))


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    """The English names by code."""
    every = _territories(LANGUAGES[0]).items()
    return {code: name for code, name in every if re.fullmatch("[A-Z]{2}", code) and code not in _NO_COUNTRY}


@lru_cache(maxsize=1)
def _readable() -> Mapping[str, str]:
    """Codes and names without their form, each with its code; of two countries of one name the first found decides."""
    found: dict[str, str] = {}
    for name, code in _every():
        found.setdefault(_key(name), code)
    return found


def _every() -> Iterator[tuple[str, str]]:
    from babel.core import get_global  # noqa: PLC0415 -- as below

    codes = _names()
    yield from ((code, code) for code in codes)
    for old, new in get_global("territory_aliases").items():
        if len(new) == 1 and new[0] in codes and old not in codes:
            yield old, new[0]
    yield from ((name, code) for code, names in ALSO.items() for name in names)
    for language in LANGUAGES:
        whole = [(name, code) for code, name in _territories(language).items() if code in codes]
        yield from whole
        yield from (
            (part, code) for name, code in whole for part in re.split(r"\s*\(|\)", name) if part and part != name
        )


def _territories(language: str) -> Mapping[str, str]:
    from babel import Locale  # noqa: PLC0415 -- a tenth of a second, for those who read countries only

    return Locale(language).territories
