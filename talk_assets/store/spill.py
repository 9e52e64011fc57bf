"""Rows on their way from Polars into SQL, more of them than should stand in memory at once.

DuckDB frees what is in a temporary table when the transaction ends, and no sooner, whatever is dropped or replaced
meanwhile. So many rows go through files, which only the transaction knows.
"""

from collections.abc import Mapping

import polars as pl

from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction, quoted


class Spill:
    """What is added to it is a relation, once shown: in a temporary table, or in files where it is much."""

    def __init__(self, transaction: Transaction, name: str, columns: Mapping[str, str]) -> None:
        self.count = 0
        self._transaction = transaction
        self._name = name
        self._files: list[str] = []
        self._few = transaction.empty(name, columns)

    def add(self, rows: pl.DataFrame) -> None:
        """Add rows, with the columns in any order; those that they lack are null."""
        if rows.height < tables.CHUNK:
            self._transaction.run(f"INSERT INTO {self._few} BY NAME SELECT * FROM rows", rows=rows)
        else:
            file = quoted(self._transaction.parts() / f"{self._name}-{self.count}.parquet")
            # Every file has all the columns, as the first one says for all which there are.
            columns = f"FROM {self._few} LIMIT 0"
            self._transaction.run(
                f"COPY (({columns}) UNION ALL BY NAME FROM rows) TO {file} (FORMAT parquet)", rows=rows
            )
            self._files.append(file)
        self.count += rows.height

    def show(self) -> Relation:
        """Return the name of what was added."""
        if not self._files:
            return self._few
        return self._transaction.view(
            self._name, f"FROM {self._few} UNION ALL BY NAME FROM read_parquet([{', '.join(self._files)}])"
        )
