"""How a record is named on the command line, and the words in which commands tell of one."""

from datetime import datetime

from talk_assets.errors import ConfigurationError
from talk_assets.report import overview
from talk_assets.store.transaction import Transaction

LINKED_BY = {
    "new": "as the first record of its entity",
    "created": "because the sync created it",
    "external reference": "by the external reference it carries",
    "origin": "as the record that its entity began with",
    "hand": "by hand",
    "evidence": "by the evidence",
}
"""How a record was linked, where it was not by a match rule."""


def unknown(transaction: Transaction, record: str, key: str) -> ConfigurationError:
    """Return the error for a record that nothing is known of, with the first of those that there are."""
    count, known = overview.examples(transaction, key)
    if not known:
        there = f"no record of {key} was read yet: talk sync"
    elif count > len(known):
        there = f"{key} has {count:,} records, among them {', '.join(known)}"
    else:
        there = f"{key} has {', '.join(known)}"
    return ConfigurationError(f"{record}: there is no such record; {there}.")


def how(linked_by: str | None, evidence: str | None = None) -> str:
    """Say how a record was linked, with the evidence in words where that was weighed."""
    said = LINKED_BY.get(linked_by or "", f"by the same {linked_by}")
    return f"{said} ({evidence})" if evidence else said


def time(moment: datetime | None) -> str:
    """Write an instant, to the second; nothing for none."""
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
