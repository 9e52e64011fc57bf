"""The names by which people know what records describe: a person's, a company's, a product's.

An id says nothing to whoever reads a list, so that a name comes before it wherever there is one.
"""

from collections.abc import Mapping

from talk_assets.model.entities import ENTITIES
from talk_assets.store import tables

NAMES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "company": (("name",), ("organisation_number",), ("email",)),
    "product": (("name",), ("number",), ("gtin",)),
    "person": (("first_name", "last_name"), ("email",), ("mobile",)),
    "order": (("number",), ("description",)),
    "project": (("name",), ("number",)),
}
"""By entity: the fields that make its name, the first of these that are not all blank."""


def name_sql(entity_type: str) -> str:
    """Return the SQL of an entity's name over the columns of its golden table, null where it has none."""
    columns = (", ".join(f'"{field}"' for field in fields) for fields in NAMES[entity_type])
    choices = (f"nullif(concat_ws(' ', {listed}), '')" for listed in columns)
    return f"coalesce({', '.join(choices)})"


def name_of(entity_type: str, values: Mapping[str, str | None]) -> str | None:
    """Return the name that canonical values by field give, None where they give none."""
    for fields in NAMES[entity_type]:
        if parts := [part for field in fields if (part := values.get(field))]:
            return " ".join(parts)
    return None


NAMED = " UNION ALL ".join(
    f"SELECT '{entity_type}' AS entity_type, entity_id, {name_sql(entity_type)} AS name"
    f" FROM {tables.golden(entity_type)}"
    for entity_type in ENTITIES
)
"""The SQL of the names of all entities: `entity_type, entity_id, name`."""
