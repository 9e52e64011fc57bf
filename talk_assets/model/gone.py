"""How a record leaves its entity."""

from enum import StrEnum


class Gone(StrEnum):
    """How a record left its entity. Only what was deleted asks anything of others."""

    FOUND = "found deleted"
    DELETED = "deleted by us"
    UNLINKED = "unlinked"
    UNDONE = "undone"


DELETED = (Gone.FOUND.value, Gone.DELETED.value)
