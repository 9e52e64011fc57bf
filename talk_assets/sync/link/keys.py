"""What values are compared by where records are matched: SQL over canonical text.

Case, repeated blanks and forms of one character make no other key, nor do zeros before a GTIN. An organisation number
is compared within its country, which its prefix names, or else the record: one number means two companies in the
registers of two countries. `VAT` has the formats in which a number names its country; letters in any other place belong
to the number, as in `SC123456`.
"""

import unicodedata

from talk_assets.model.entities import Entity, Kind, Rule

VAT = {
    "AT": "U[0-9]{8}", "BE": "[01]?[0-9]{9}", "BG": "[0-9]{9,10}", "CH": "E[0-9]{9}(?:MWST|TVA|IVA|TPV)?",
    "CY": "[0-9]{8}[A-Z]", "CZ": "[0-9]{8,10}", "DE": "[0-9]{9}", "DK": "[0-9]{8}", "EE": "[0-9]{9}",
    "EL": "[0-9]{9}", "ES": "[0-9A-Z][0-9]{7}[0-9A-Z]", "FI": "[0-9]{8}", "FR": "[0-9A-Z]{2}[0-9]{9}",
    "GB": "(?:[0-9]{9}|[0-9]{12}|GD[0-9]{3}|HA[0-9]{3})", "GR": "[0-9]{9}", "HR": "[0-9]{11}", "HU": "[0-9]{8}",
    "IE": "[0-9][0-9A-Z+*][0-9]{5}[A-Z]{1,2}", "IT": "[0-9]{11}", "LT": "(?:[0-9]{9}|[0-9]{12})", "LU": "[0-9]{8}",
    "LV": "[0-9]{11}", "MT": "[0-9]{8}", "NL": "[0-9]{9}B[0-9]{2}", "NO": "[0-9]{9}(?:MVA)?", "PL": "[0-9]{10}",
    "PT": "[0-9]{9}", "RO": "(?:[0-9]{2,10}|[0-9]{13})", "SE": "[0-9]{10}01", "SI": "[0-9]{8}", "SK": "[0-9]{10}",
    "XI": "(?:[0-9]{9}|[0-9]{12}|GD[0-9]{3}|HA[0-9]{3})",
}  # fmt: skip
"""What follows the letters of a country in a VAT number."""

_OF_FORMAT = "|".join(f"{country}{number}" for country, number in VAT.items())

_NATIONAL = {
    "BE": "lpad({0}[3:], 10, '0')",
    "CH": "{0}[3:12]",
    "FR": "{0}[5:]",
    "NO": "{0}[3:11]",
    "SE": "{0}[3:12]",
}
"""SQL of the number by which the register knows a company, where that is not all of what follows the letters."""

_REGISTERS = {
    "AX": "FI", "BL": "FR", "BV": "NO", "EL": "GR", "GF": "FR", "GL": "DK", "GP": "FR", "IM": "GB", "MC": "FR",
    "MF": "FR", "MQ": "FR", "PM": "FR", "RE": "FR", "SJ": "NO", "UK": "GB", "XI": "GB", "YT": "FR",
}  # fmt: skip
"""Whose register or VAT numbers a country's companies have, where these are another's."""

LETTERS = 8
"""One letter in so many may be another: a typing error. In a shorter text it is one letter, too."""

_REGISTER = ", ".join(f"'{place}': '{register}'" for place, register in _REGISTERS.items())


_PLACES = (0xA0, *range(0xB2, 0xBA), *range(0x2000, 0x2010), *range(0x2070, 0x208F), 0x3000, *range(0xFF01, 0xFF5F))
"""Superscripts and subscripts, wide letters and digits, and blanks of all widths, by their number in Unicode."""

_ALIKE = {
    chr(place): plain
    for place in _PLACES
    if len(plain := unicodedata.normalize("NFKC", chr(place))) == 1 and plain not in {chr(place), "'"}
}
"""Characters that Unicode holds to be another one in form only: a wide A is an A."""


def key_of(rule: Rule, table: str, prefix: str = "") -> str:
    """Return the SQL of a rule's normalised key over a table's columns, null where one of the fields is blank."""
    return key_of_values(rule, [f'{table}."{prefix}{field}"' for field in rule.fields])


def key_of_values(rule: Rule, values: list[str]) -> str:
    """Return the SQL of a rule's key over SQL expressions of its fields' values, in their order."""
    forms = (_national if rule.within else _FORMS.get(field, _folded) for field in rule.fields)
    return " || chr(31) || ".join(form(value) for form, value in zip(forms, values, strict=True))


def country_of(rule: Rule, table: str, prefix: str = "") -> str:
    """Return the SQL of the country within which a rule's key is one, '' where it is not known or makes no odds."""
    if rule.within is None:
        return "''"
    return country_of_values(
        [f'{table}."{prefix}{field}"' for field in rule.fields], f'{table}."{prefix}{rule.within}"'
    )


def country_of_values(numbers: list[str], country: str) -> str:
    """Return the SQL of the country that one of some numbers names, else that of the record; '' for none."""
    named = " ".join(f"WHEN {_has_country(number)} THEN {_register(f'upper({number})[:2]')}" for number in numbers)
    return f"CASE {named} WHEN regexp_full_match({country}, '[A-Z]{{2}}') THEN {_register(country)} ELSE '' END"


def agree(one: str, other: str) -> str:
    """Return the SQL condition that two countries do not contradict each other."""
    return f"coalesce(nullif({one}, '') = nullif({other}, ''), true)"


def contradiction(entity: Entity, rule: Rule, one: str, other: str) -> str:
    """Return the SQL condition that each field which can contradict a rule does, of two tables; false for none.

    A blank contradicts nothing.
    """
    pairs = ((entity.field(field).kind, f'{one}."{field}"', f'{other}."{field}"') for field in rule.contradicted_by)
    differing = [_differ(kind, *pair) for kind, *pair in pairs]
    return f"coalesce({' AND '.join(differing)}, false)" if differing else "false"


def _differ(kind: Kind, one: str, other: str) -> str:
    """Texts differ unless one has all words of the other, or hardly more than a letter in eight is another."""
    if kind is not Kind.TEXT:
        return f"ltrim({one}, '0') <> ltrim({other}, '0')"
    mine, theirs = _words(one), _words(other)
    alone, beside = (f"array_to_string(list_sort({words}), ' ')" for words in (mine, theirs))
    return (
        f"NOT (list_has_all({mine}, {theirs}) OR list_has_all({theirs}, {mine})"
        f" OR damerau_levenshtein({alone}, {beside}) * {LETTERS} <= greatest(len({alone}), len({beside}), {LETTERS}))"
    )


def _words(value: str) -> str:
    return rf"regexp_extract_all(lower(strip_accents({value})), '[\p{{L}}\p{{N}}]+')"


def _register(country: str) -> str:
    """A map, as DuckDB repeats what a CASE compares with each of its values, and a country is long to say."""
    return f"coalesce(MAP {{{_REGISTER}}}[{country}], {country})"


def _folded(value: str) -> str:
    return rf"regexp_replace(lower({_compatible(value)}), '\s+', ' ', 'g')"


def _compatible(value: str) -> str:
    """The value in the plain characters that others are forms of; ASCII, which has none, is left as it is."""
    plain = f"translate({value}, '{''.join(_ALIKE)}', '{''.join(_ALIKE.values())}')"
    return f"CASE WHEN strlen({value}) = length({value}) THEN {value} ELSE {plain} END"


def _gtin(number: str) -> str:
    """A GTIN of 8, 12 or 13 digits is the one of 14 that has zeros before it."""
    return f"coalesce(nullif(ltrim({number}, '0'), ''), {number})"


_FORMS = {"gtin": _gtin}
"""The form of the fields that have one of their own, by the field's name."""


def _has_country(number: str) -> str:
    return f"regexp_full_match(upper({number}), '{_OF_FORMAT}')"


def _national(number: str) -> str:
    """The number without the letters of its country, so that a VAT number meets the number that it is made of."""
    shorter = " ".join(f"WHEN '{place}' THEN {form.format(f'upper({number})')}" for place, form in _NATIONAL.items())
    return (
        f"CASE WHEN regexp_full_match({number}, '[0-9]*') THEN {number}"
        f" WHEN {_has_country(number)} THEN CASE upper({number})[:2] {shorter} ELSE upper({number})[3:] END"
        f" ELSE upper({_folded(number)}) END"
    )
