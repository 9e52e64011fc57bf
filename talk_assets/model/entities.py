"""What linked records describe: the five entities, their fields and how records of one find each other.

To add a field, name it here and in every lens whose API has a property for it. How one API writes a value is no concern
of this file; that is a lens.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a field's canonical text means. Every value travels as text; no value is null, never an empty text.

    TEXT is in normal form C, without invisible characters, a line having single blanks only; DECIMAL is a plain
    number without exponent or trailing zeros; DATE is YYYY-MM-DD; INSTANT is UTC as YYYY-MM-DDTHH:MM:SS.ffffffZ;
    COUNTRY is ISO 3166-1 alpha-2; CURRENCY is ISO 4217; PHONE is E.164 where the number can be read as one; EMAIL
    is lower case; DIGITS has nothing but digits where the text is such a number; ORGANISATION_NUMBER keeps its
    letters and has no blanks, dots or hyphens; REFERENCE is an entity id; LINES is a JSON array of objects with the
    keys of `LINE`, absent where blank, product being an entity id.
    """

    TEXT = "text"
    EMAIL = "e-mail"
    PHONE = "phone"
    DIGITS = "digits"
    ORGANISATION_NUMBER = "organisation number"
    DECIMAL = "decimal"
    DATE = "date"
    INSTANT = "instant"
    COUNTRY = "country"
    CURRENCY = "currency"
    CHOICE = "choice"
    REFERENCE = "reference"
    LINES = "lines"


@dataclass(frozen=True)
class Field:
    """One field of an entity; `to` names the entity that a REFERENCE points to, `values` are those of a CHOICE."""

    name: str
    kind: Kind = Kind.TEXT
    to: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Records whose `fields` have the same values, case aside, describe one entity, where those values are unique.

    After a `decisive` rule, records that both have a value and not the same one never match by a later rule. `within`
    names the field with the country in whose register the values are unique: those of two countries are never the same.
    Where every field of `contradicted_by` is another one as well, a key that agrees proves nothing: a person decides.
    """

    name: str
    fields: tuple[str, ...]
    decisive: bool = False
    within: str | None = None
    contradicted_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entity:
    """`rules` in the order in which they are tried; an external reference that holds an entity id comes before them."""

    name: str
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]

    def field(self, name: str) -> Field:
        """Raise KeyError for a field the entity does not have."""
        for field in self.fields:
            if field.name == name:
                return field
        message = f"{self.name} has no field {name}; it has {', '.join(self.names)}"
        raise KeyError(message)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields' names, in the order in which people read them."""
        return tuple(field.name for field in self.fields)

    @property
    def parents(self) -> frozenset[str]:
        """The entities whose records must exist before this one's can refer to them."""
        lines = {LINE["product"].to} if any(field.kind is Kind.LINES for field in self.fields) else set()
        return frozenset(name for name in {field.to for field in self.fields} | lines if name)


LINE = {
    "product": Field("product", Kind.REFERENCE, to="product"),
    "description": Field("description"),
    "quantity": Field("quantity", Kind.DECIMAL),
    "unit_price": Field("unit_price", Kind.DECIMAL),
    "discount": Field("discount", Kind.DECIMAL),
}
"""What an order's line holds; discount is in percent."""

ADDRESS = (Field("street"), Field("postal_code"), Field("city"), Field("country", Kind.COUNTRY))

person = Entity(
    "person",
    fields=(
        Field("first_name"),
        Field("last_name"),
        Field("job_title"),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("mobile", Kind.PHONE),
        Field("birth_date", Kind.DATE),
        Field("company", Kind.REFERENCE, to="company"),
        *ADDRESS,
    ),
    rules=(
        Rule("e-mail", ("email",), contradicted_by=("first_name", "last_name")),
        Rule("mobile and last name", ("mobile", "last_name")),
    ),
)

company = Entity(
    "company",
    fields=(
        Field("name"),
        Field("organisation_number", Kind.ORGANISATION_NUMBER),
        Field("email", Kind.EMAIL),
        Field("phone", Kind.PHONE),
        Field("website"),
        *ADDRESS,
        Field("department_code"),
    ),
    rules=(
        Rule("organisation number", ("organisation_number",), decisive=True, within="country"),
        Rule("e-mail", ("email",), contradicted_by=("name", "street")),
        Rule("department code", ("department_code",)),
    ),
)

product = Entity(
    "product",
    fields=(
        Field("number"),
        Field("name"),
        Field("description"),
        Field("unit_price", Kind.DECIMAL),
        Field("unit_cost", Kind.DECIMAL),
        Field("unit"),
        Field("gtin", Kind.DIGITS),
    ),
    rules=(
        Rule("number", ("number",), contradicted_by=("gtin", "name")),
        Rule("GTIN", ("gtin",), contradicted_by=("number", "name")),
    ),
)

order = Entity(
    "order",
    fields=(
        Field("number"),
        Field("description"),
        Field("customer", Kind.REFERENCE, to="company"),
        Field("contact", Kind.REFERENCE, to="person"),
        Field("order_date", Kind.DATE),
        Field("delivery_date", Kind.DATE),
        Field("currency", Kind.CURRENCY),
        Field("status", Kind.CHOICE, values=("draft", "confirmed", "delivered", "invoiced", "cancelled")),
        Field("lines", Kind.LINES),
    ),
    rules=(Rule("number", ("number",)),),
)

project = Entity(
    "project",
    fields=(
        Field("number"),
        Field("name"),
        Field("description"),
        Field("starts_at", Kind.INSTANT),
        Field("ends_at", Kind.INSTANT),
        Field("customer", Kind.REFERENCE, to="company"),
        Field("owner", Kind.REFERENCE, to="person"),
    ),
    rules=(Rule("number", ("number",)),),
)

ENTITIES = {entity.name: entity for entity in (company, product, person, order, project)}
"""Every entity by name, parents before children."""
