"""What a model of an entity is made of: columns to compare, keys to find pairs by, and comparisons with their levels.

Conditions are SQL of DuckDB over a pair, `l` and `r`, of cleaned records; the first level whose condition holds counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NULL, OTHER = "null", "other"
"""The level that is no evidence, as one of the values is missing, and the one of what no level holds for."""


@dataclass(frozen=True)
class Comparison:
    """What is compared under one name: `levels` by label, and the `fields` that people see of it.

    `often` names, by level, the cleaned column a frequent value of which weighs less.
    """

    name: str
    levels: Mapping[str, str]
    fields: tuple[str, ...]
    often: Mapping[str, str] = field(default_factory=dict)

    @property
    def column(self) -> str:
        """The name as part of a column's name."""
        return self.name.replace(" ", "_").replace("-", "_")

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the levels that are evidence, the first one being tried first."""
        return (*(label for label in self.levels if label != NULL), OTHER)


@dataclass(frozen=True)
class Key:
    """Records that agree in all of some expressions over `Model.plain` may be the same.

    A `loose` one is agreed on by many that aren't. `against` names another key with which it is compared as well.
    """

    parts: tuple[str, ...]
    loose: bool = True
    against: str | None = None

    @property
    def hashed(self) -> str:
        """The SQL of a number for the key, null where a part is missing."""
        there = " AND ".join(f"{part} IS NOT NULL" for part in self.parts)
        return f"CASE WHEN {there} THEN hash({', '.join(self.parts)}) END"


@dataclass(frozen=True)
class Frequent:
    """A cleaned column whose values are counted by a key: one that many have is weaker evidence.

    `usual` is the share of records that has the same value in a name, None for what is expected once on each side.
    """

    key: str
    usual: float | None = None


@dataclass(frozen=True)
class Model:
    """How records of an entity are compared.

    `plain` is the SQL of the columns that `keys` need, by name, cheap enough for all records; `cleaned` selects what is
    compared from the relation `{0}`, for the records of which a pair was found. `frequent` is by cleaned column.
    """

    entity: str
    plain: Mapping[str, str]
    keys: Mapping[str, Key]
    cleaned: str
    comparisons: tuple[Comparison, ...]
    frequent: Mapping[str, Frequent] = field(default_factory=dict)


def folded(column: str) -> str:
    """Return the SQL of a text in lower case, without diacritics, compatible characters being the same."""
    return f"strip_accents(translate(nfc_normalize(lower({column})), 'æøåßłð', 'aoasld'))"


def equal(column: str, further: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the levels of a column that is the same or not, with further ones in between."""
    return {NULL: f"l.{column} IS NULL OR r.{column} IS NULL", "same": f"l.{column} = r.{column}", **(further or {})}


def beyond(one: str, other: str, column: str = "words") -> str:
    """Return the SQL of the words that one side has and the other has not."""
    return f"list_filter({one}.{column}, word -> NOT list_contains({other}.{column}, word))"


def words(column: str) -> str:
    """Return the SQL of the columns `words`, in their order, and `ordered`, as a text, of a cleaned column."""
    split = f"string_split({column}, ' ')"
    return f"{split} AS words, array_to_string(list_sort({split}), ' ') AS ordered"
