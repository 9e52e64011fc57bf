"""Values that differ only in form: in case, blanks, a URL's scheme or slash, or a telephone number's notation.

For a person they are one value, so that no list shows such a difference and no count includes it. Everything here is
SQL over canonical text. Nothing here decides who wins or what is written.
"""

from talk_assets.model.entities import ENTITIES, Kind

URLS = ("website",)
"""The fields that hold a URL: of whichever entity has a field of this name."""

PHONES = tuple(
    dict.fromkeys(field.name for entity in ENTITIES.values() for field in entity.fields if field.kind is Kind.PHONE)
)
"""The fields that hold a telephone number."""


def differ(field: str, one: str, other: str) -> str:
    """Return the SQL condition that two values of a field differ for a person; all three are SQL expressions."""
    return f"({one} IS DISTINCT FROM {other} AND {_form(field, one)} IS DISTINCT FROM {_form(field, other)})"


def _form(field: str, value: str) -> str:
    """The SQL of what is left of a value without its form: null for null."""
    text = rf"regexp_replace(lower(nfc_normalize({value})), '\s+', '', 'g')"
    url = rf"regexp_replace({text}, '^[a-z][a-z0-9+.-]*://|/+$', '', 'g')"
    # Without a digit it is no number, and all of its letters count.
    number = rf"regexp_replace({text}, '\(0\)|[^0-9+]', '', 'g')"
    phone = rf"CASE WHEN regexp_matches({value}, '[0-9]') THEN regexp_replace({number}, '^00', '+') ELSE {text} END"
    return (
        f"CASE WHEN {field} IN {_names(URLS)} THEN {url} WHEN {field} IN {_names(PHONES)} THEN {phone} ELSE {text} END"
    )


def _names(fields: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{field}'" for field in fields)
    return f"({listed})"


CONFLICTS = f"(SELECT * FROM sync.conflicts WHERE {differ('field', 'value', 'winner')})"
"""The SQL of the conflicts that are some for a person. `sync.conflicts` keeps the others as well."""
