"""The unlinked records of a collection while it is found out which entities they describe, as relations for SQL."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity, Rule
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction


@dataclass(frozen=True)
class Matches:
    """What is said of a collection's unlinked records, as SQL reads it."""

    incoming: Relation
    """All records that need a decision: see `incoming`."""
    known: Relation
    """Those of them that have a link: see `links.know`."""
    fresh: Relation
    """The collection's unlinked records: `n, id, reference`, and the fields that rules compare."""
    decisions: Relation
    """What is said of each: `n`, the `entity_id` it describes, `linked_by`, `evidence`, or a `reason` to doubt."""

    @property
    def entities(self) -> str:
        """The records of `fresh` with a known entity, one row for each: `n, entity_id, linked_by, evidence`."""
        return f"(SELECT n, entity_id, linked_by, evidence FROM {self.decisions} WHERE entity_id IS NOT NULL)"

    @property
    def records(self) -> str:
        """The same records with all that `incoming` says of them."""
        return (
            f"(SELECT i.*, d.entity_id, d.linked_by, d.evidence FROM {self.entities} d"
            f" JOIN {self.incoming} i USING (n))"
        )


def unlinked(transaction: Transaction, incoming: Relation, known: Relation) -> frozenset[str]:
    """Return the collections of which a record has no link."""
    found = transaction.frame(
        f"SELECT DISTINCT collection FROM {incoming} i ANTI JOIN {known} k USING (n) WHERE NOT deleted"
    )
    return frozenset(found["collection"])


def fresh(
    transaction: Transaction, incoming: Relation, known: Relation, key: str, entity: Entity, condition: str
) -> Matches | None:
    """Return the collection's unlinked records that meet a condition on `i`, of which nothing is said yet."""
    compared = ((*rule.fields, rule.within, *rule.contradicted_by) for rule in entity.rules)
    names = dict.fromkeys(field for fields in compared for field in fields if field)
    values = ", ".join(f'i."{name}"' for name in names)
    records = transaction.temporary(
        "fresh",
        f"""
        SELECT i.n, i.id, i.reference, {values} FROM {incoming} i ANTI JOIN {known} k USING (n)
        WHERE i.collection = $1 AND NOT i.deleted AND ({condition})
        """,
        key,
    )
    if not transaction.count(f"SELECT count(*) FROM {records}"):
        return None
    decisions = {"n": "BIGINT"} | dict.fromkeys(("entity_id", "linked_by", "reason", "evidence"), "VARCHAR")
    return Matches(incoming, known, records, transaction.empty("decisions", decisions))


def parts(transaction: Transaction, matches: Matches) -> Iterator[str]:
    """Return the SQL of the records that have an entity, with all their fields: of some after the other."""
    bounds = transaction.frame(f"SELECT coalesce(min(n), 0), coalesce(max(n), -1) FROM {matches.fresh}")
    first, last = bounds.row(0)
    for start in range(first, last + 1, tables.CHUNK):
        yield _within(matches, start, start + tables.CHUNK)


def _within(matches: Matches, first: int, last: int) -> str:
    """The numbers are in it as such, so that only the files that have them are read."""
    within = " AND ".join(f"{table}.n >= {first} AND {table}.n < {last}" for table in "di")
    return (
        f"(SELECT i.*, d.entity_id, d.linked_by FROM {matches.entities} d JOIN {matches.incoming} i USING (n)"
        f" WHERE {within})"
    )


def held(transaction: Transaction, matches: Matches, collection: Collection) -> pl.DataFrame:
    """Return `collection, id, fields, reason` of the records that are held."""
    rows = [pl.DataFrame(schema=dict.fromkeys(("collection", "id", "fields", "reason"), pl.String))]
    doubtful = f"{matches.fresh} ANTI JOIN {matches.entities} USING (n)"
    if transaction.count(f"SELECT count(*) FROM {doubtful}"):
        found = transaction.frame(
            f"""
            SELECT i.*, d.reason FROM {matches.incoming} i JOIN (
                SELECT n, arg_min(reason, d.rowid) AS reason FROM {matches.decisions} d SEMI JOIN ({doubtful}) USING (n)
                GROUP BY n) d USING (n)
            """
        )
        fields = objects.encode(found.select(collection.entity.names)).alias("fields")
        rows.append(found.select("collection", "id", fields, "reason"))
    return pl.concat(rows)


def doubted(entity: Entity, rule: Rule) -> str:
    """Return why a record is not taken for the only one with its key, where a rule's contradictions hold."""
    called = {other.fields: other.name for other in entity.rules}
    others = (called.get((field,), field.replace("_", " ")) for field in rule.contradicted_by)
    return f"the same {rule.name}, but {' and '.join(f'another {name}' for name in others)}"
