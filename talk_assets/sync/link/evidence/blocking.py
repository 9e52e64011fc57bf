"""Which pairs are compared at all: those that agree in a key, as long as few others do.

A key that many records share, such as a last name, finds a record's counterpart among a hundred others, but yields
millions of pairs among a million records. So each key has a budget, which its rarest values use first: among few
records every key counts, among many those that tell records apart.
"""

from collections.abc import Mapping

import duckdb
import polars as pl

from talk_assets.store.transaction import Transaction
from talk_assets.sync.link.evidence.model import Key, Model

LARGEST = 2_500
"""Pairs that one value of a key may yield."""

BUDGETS = {True: (20_000, 2), False: (50_000, 10)}
"""Pairs that a key may yield, by whether it is loose: so many, and so many more per record of the smaller side."""

MANY = 100_000
"""Records of the larger side among which a loose key in common is chance: a pair must agree in two to be compared."""

FEW = 20
"""Times that one side must be larger for only those of its records to be read that agree with the other in a key."""


def keyed(transaction: Transaction, model: Model, relation: str, id_: str, among: pl.DataFrame | None) -> pl.DataFrame:
    """Return `n, id` and the keys of a relation's records as numbers; `among` keeps those that share one with it."""
    plain = ", ".join(f"{sql} AS {name}" for name, sql in model.plain.items())
    keys = ", ".join(f"{key.hashed} AS k_{name}" for name, key in model.keys.items())
    query = f"SELECT id, {keys} FROM (SELECT {id_} AS id, {plain} FROM {relation})"
    if among is None:
        return transaction.frame(query).with_row_index("n")
    shared = " OR ".join(f"k_{name} IN (SELECT k_{_partner(name, key)} FROM among)" for name, key in model.keys.items())
    return transaction.frame(f"FROM ({query}) WHERE {shared}", among=among).with_row_index("n")


def _partner(name: str, key: Key) -> str:
    return key.against or name


def sides(transaction: Transaction, model: Model, sizes: Mapping[str, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return `keyed` of both sides (which have `left_id` and `right_id`); of a far larger one, only what can match.

    `sizes` has their relations, left first, with how many records each has.
    """
    left, right = sizes
    if sizes[left] * FEW < sizes[right]:
        first = keyed(transaction, model, left, "left_id", None)
        return first, keyed(transaction, model, right, "right_id", first)
    second = keyed(transaction, model, right, "right_id", None)
    return keyed(transaction, model, left, "left_id", second if sizes[right] * FEW < sizes[left] else None), second


def block(scratch: duckdb.DuckDBPyConnection, model: Model, records: tuple[int, int], *, within: bool) -> int:
    """Fill the table `candidates` (`l, r`: numbers) from the tables `keys_l` and `keys_r`; return how many there are.

    `records` is how many each side has. `within` one relation, each pair is there once.
    """
    scratch.execute("CREATE TABLE found (l UINTEGER, r UINTEGER, loose BOOLEAN)")
    for name, key in model.keys.items():
        for other in dict.fromkeys((name, _partner(name, key))):
            _agreeing(scratch, f"k_{name}", f"k_{other}", min(records), loose=key.loose)
    once = "WHERE l < r" if within else ""
    scratch.execute(
        f"CREATE TABLE candidates AS SELECT l, r FROM found {once} GROUP BY l, r"
        f" HAVING count(*) > {int(max(records) > MANY)} OR NOT bool_and(loose); DROP TABLE found"
    )
    return scratch.execute("SELECT count(*) FROM candidates").fetchall()[0][0]  # type: ignore[no-any-return]


def _agreeing(scratch: duckdb.DuckDBPyConnection, left: str, right: str, smaller: int, *, loose: bool) -> None:
    scratch.execute(
        f"""
        CREATE OR REPLACE TABLE blocks AS SELECT k, l.records * r.records AS size
        FROM ({_counted("keys_l", left)}) l JOIN ({_counted("keys_r", right)}) r USING (k)
        WHERE size <= {LARGEST}
        """
    )
    few, each = BUDGETS[loose]
    largest = scratch.execute(
        f"""
        SELECT coalesce(max(size), 0) FROM (
            SELECT size, sum(pairs) OVER (ORDER BY size) AS total
            FROM (SELECT size, sum(size) AS pairs FROM blocks GROUP BY size))
        WHERE total <= {few + each * smaller}
        """
    ).fetchall()[0][0]
    scratch.execute(
        f"""
        INSERT INTO found SELECT l.n, r.n, {loose} FROM (FROM blocks WHERE size <= {largest}) b
        JOIN keys_l l ON l.{left} = b.k JOIN keys_r r ON r.{right} = b.k
        """
    )


def _counted(table: str, key: str) -> str:
    return f"SELECT {key} AS k, count(*) AS records FROM {table} WHERE {key} IS NOT NULL GROUP BY {key}"


def counted(scratch: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Fill a table `often_<key>` (`k, records, most`) per key by which values are counted: in all, and of a side."""
    for name in {one.key for one in model.frequent.values()}:
        scratch.execute(
            f"""
            CREATE TABLE often_{name} AS
            SELECT k, coalesce(l.records, 0) + coalesce(r.records, 0) AS records,
                greatest(coalesce(l.records, 1), coalesce(r.records, 1)) AS most
            FROM ({_counted("keys_l", f"k_{name}")}) l FULL JOIN ({_counted("keys_r", f"k_{name}")}) r USING (k)
            """
        )
