"""What brings a database of an earlier version to this one's format: a function for each format, in their order.

Add a function to `MIGRATIONS` under the next number, and raise `schema.FORMAT` to it. It runs once, in one transaction
with the others that are due, after the store has copied the file; it may use nothing but SQL on the tables as they were
then, so that later changes of the code don't change it.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from talk_assets.store.transaction import Transaction

OLDEST = 2
"""The earliest format that can be upgraded."""


def run(transaction: Transaction, found: int, copy: str) -> None:
    """Run what is due from the format that was `found`; note when, and what the `copy` from before is called."""
    for number, migrate in sorted(MIGRATIONS.items()):
        if number > found:
            migrate(transaction)
            transaction.run("UPDATE sync.format SET format = ?", number)
            transaction.run("INSERT INTO sync.migrations VALUES (?, ?, ?)", number, datetime.now(UTC), copy)


def _plain_names(transaction: Transaction) -> None:
    """Tables and columns get the names that the documentation uses; what was recorded of migrations gets a table."""
    transaction.run("CREATE TABLE sync.migrations (format INTEGER, migrated_at TIMESTAMPTZ, copy VARCHAR)")


MIGRATIONS: Mapping[int, Callable[[Transaction], None]] = {3: _plain_names}
