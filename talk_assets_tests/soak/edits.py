"""The log of everything that people did: what was written where, in the order in which it was."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True)
class Edit:
    """Somebody set a field of a record.

    `value` is canonical, as the system shows it; of a reference it is the foreign id, of an order's lines a word that
    the edit put into them, null where it put none there. `told`: whether the value must be found again; otherwise it is
    only an edit that others may have lost to.
    """

    n: int
    at: datetime
    key: str
    id: str
    field: str
    value: str | None
    told: bool = True

    def __str__(self) -> str:
        return f"edit {self.n} at {self.at:%H:%M:%S.%f}: {self.key}/{self.id} {self.field} = {self.value!r}"


@dataclass
class Log:
    """What people did: edits, and the records they created and deleted, by key and id."""

    edits: list[Edit] = field(default_factory=list)
    created: set[tuple[str, str]] = field(default_factory=set)
    deleted: set[tuple[str, str]] = field(default_factory=set)
    acts: int = 0

    def add(self, key: str, id_: str, name: str, value: str | None, *, told: bool = True) -> None:
        """Note an edit that has just been made."""
        self.edits.append(Edit(len(self.edits) + 1, datetime.now(UTC), key, id_, name, value, told))

    def of(self, key: str, id_: str) -> Iterator[Edit]:
        """The edits of one record."""
        return (edit for edit in self.edits if (edit.key, edit.id) == (key, id_))
