"""What a create waits for: it stays in sync.changes, and goes out once that is there, or decided by a person.

Everything here marks rows of `asked`: what some entities need, as `changes` is about to store it.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Entity
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.link import keys, matching


def for_reads(transaction: Transaction, asked: Relation, pairs: Sequence[Pair]) -> None:
    """Nothing is created before both sides of a pair were read in full once: the missing record may be there."""
    sides = pl.DataFrame(
        {
            "collection": [p.right for p in pairs for _ in "lr"],
            "side": [s for p in pairs for s in (p.left, p.right)],
        },
        schema={"collection": pl.String, "side": pl.String},
    )
    transaction.run(
        f"""
        UPDATE {asked} due SET status = 'waiting', blocked = true, reason = u.sides || ' not read in full yet'
        FROM (
            SELECT s.collection, string_agg(DISTINCT s.side, ', ') AS sides
            FROM sides s LEFT JOIN sync.cursors c ON c.collection = s.side
            WHERE c.full_at IS NULL GROUP BY s.collection
        ) u
        WHERE due.action = 'create' AND due.collection = u.collection
        """,
        sides=sides,
    )


def for_parents(transaction: Transaction, asked: Relation, entity_type: str, touched: pl.DataFrame) -> None:
    """Nothing is created while a reference of one of the entities `touched` leads to a record that is held."""
    transaction.run(
        f"""
        UPDATE {asked} due SET status = 'waiting', blocked = true, reason = a.awaits || ', which it refers to, is held'
        FROM (
            SELECT entity_id, min(awaits) AS awaits FROM {tables.links(entity_type)} l
                SEMI JOIN touched USING (entity_id)
            WHERE awaits IS NOT NULL AND gone_at IS NULL GROUP BY entity_id
        ) a
        WHERE due.action = 'create' AND due.status = 'planned' AND due.entity_id = a.entity_id
        """,
        touched=touched,
    )


def for_suggested(transaction: Transaction, asked: Relation, entity_type: str) -> None:
    """Nothing is created beside a held record that may be the same, until a person has reviewed it."""
    transaction.run(
        f"""
        UPDATE {asked} due SET status = 'waiting', blocked = true,
            reason = 'may be the same as ' || s.records || ', which waits for review'
        FROM (
            SELECT entity_id, collection, {matching.some("collection || '/' || id")} AS records FROM sync.suggested
            WHERE entity_type = ? AND entity_id IS NOT NULL GROUP BY entity_id, collection
        ) s
        WHERE due.action = 'create' AND due.status = 'planned'
          AND due.entity_id = s.entity_id AND due.collection = s.collection
        """,
        entity_type,
    )


def for_held(transaction: Transaction, asked: Relation, entity: Entity, collections: Mapping[str, Collection]) -> None:
    """A record that a held one could be is not created either."""
    held = transaction.frame("SELECT collection, id, fields, since FROM sync.held WHERE entity_type = ?", entity.name)
    if held.is_empty():
        return
    held = pl.concat([held.drop("fields"), objects.decode(held["fields"], entity.names)], how="horizontal")
    for rule in entity.rules:
        transaction.run(
            f"""
            UPDATE {asked} due SET status = 'waiting', blocked = true,
                reason = 'could be ' || b.ids || ', held with the same {rule.name}'
            FROM (
                SELECT g.entity_id, h.collection, string_agg(h.collection || '/' || h.id, ', ' ORDER BY h.id) AS ids
                FROM held h JOIN {tables.golden(entity.name)} g
                ON {keys.key_of(rule, "g")} = {keys.key_of(rule, "h")}
                AND {keys.agree(keys.country_of(rule, "g"), keys.country_of(rule, "h"))}
                GROUP BY g.entity_id, h.collection
            ) b
            WHERE due.action = 'create' AND due.status = 'planned'
              AND due.entity_id = b.entity_id AND due.collection = b.collection
            """,
            held=held,
        )
    for key, collection in collections.items():
        transaction.apply(
            f"""
            UPDATE {asked} due SET status = 'waiting', blocked = true, reason = 'may be there already, as ' || d.records
            FROM (
                SELECT a.entity_id, {matching.some("h.collection || '/' || h.id")} AS records
                FROM created a JOIN held h ON h.collection = $1 AND h.since >= a.since GROUP BY a.entity_id
            ) d
            WHERE due.action = 'create' AND due.status = 'planned' AND due.collection = $1
                AND due.entity_id = d.entity_id
            """,
            key,
            created=matching.unanswered(transaction, key, collection),
            held=held,
        )
