"""The kind of property that holds a person's whole name, which is split into first and last name.

Where a person's split is known, `sync/link/full_names` goes by that.
"""

from dataclasses import dataclass

import polars as pl

from talk_assets.model.entities import Kind
from talk_assets.model.lens.properties import Value

PARTICLES = "van|von|der|den|de|du|af|av|la|le|di|da|dos|ter|ten|zu|zur"
"""Words in lower case that begin a last name rather than end a first name."""

FIRST, LAST = "first_name", "last_name"


@dataclass(frozen=True)
class FullName(Value):
    """One property for the first and the last name, which is the last word and the particles before it.

    A lens takes it without a field's name. Both fields must be at hand to write either.
    """

    kinds = frozenset({Kind.TEXT})
    edition = 2
    anything = True
    right = "a name"

    def fields(self, _name: str, /) -> tuple[str, ...]:
        """Both."""
        return (FIRST, LAST)

    def read(self, text: pl.Expr) -> pl.Expr:
        """The whole name."""
        return text

    def get(self, _name: str, /) -> dict[str, pl.Expr]:
        """Split."""
        return self._apart(self.value(pl.col(self.property)))

    def limit(self, _name: str, /) -> dict[str, pl.Expr]:
        """Joined and split again."""
        return self._apart(self.limited(self._together()))

    def put(self, _name: str, /, *, create: bool) -> dict[str, pl.Expr]:
        """Put together."""
        return {self.property: self.spelled(self._together(), create=create)}

    @staticmethod
    def _together() -> pl.Expr:
        name = pl.concat_str(FIRST, LAST, separator=" ", ignore_nulls=True)
        return pl.when(pl.any_horizontal(pl.col(FIRST, LAST).is_not_null())).then(name)

    @staticmethod
    def _apart(name: pl.Expr) -> dict[str, pl.Expr]:
        parts = name.str.extract_groups(rf"^(?s:(?<first>.+?)\s+)?(?<last>(?:(?:{PARTICLES})\s+)*\S+)$").struct
        return {FIRST: parts.field("first"), LAST: parts.field("last")}
