"""The table that ties records to entities: the only functions that change it.

Links change in two places: when records are linked (`link`), and when an answer comes back from a write (`update`,
`created`, `leave`). Unless a person says so (`operate/relinking`), they never move afterwards, whatever happens to the
property that a record was matched on.
"""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity
from talk_assets.model.gone import Gone
from talk_assets.store import tables
from talk_assets.store.tables import MARK
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import full_names, keys, matches, matching
from talk_assets.sync.link.matches import Matches
from talk_assets.sync.merge import merging

USED_AGAIN = "id || ' until ' || gone_at::VARCHAR"
"""What becomes of a deleted record's id when another record has it: the mark stays, under an id that nobody gives."""


def know(transaction: Transaction, entity: Entity, incoming: Relation) -> Relation:
    """Return which records have a link, by their number `n` in `incoming`, and what the link says: `known`.

    Its columns are `n, link, entity_id, gone_at, deleted, compared, awaits_other`. `compared` are those that the link
    was not made of just now: they may have been edited since. `link` is the link's rowid, for as long as nothing is
    committed.
    """
    return transaction.temporary(
        "known",
        f"""
        SELECT i.n, l.rowid AS link, l.entity_id, l.gone_at, i.deleted, true AS compared,
            l.unresolved IS DISTINCT FROM i.unresolved OR l.awaits IS DISTINCT FROM i.awaits AS awaits_other
        FROM {incoming} i JOIN {tables.links(entity.name)} l ON l.collection = i.collection AND l.id = i.id
        """,
    )


def notice_deletes(
    transaction: Transaction, entity: Entity, incoming: Relation, known: Relation, now: datetime
) -> bool:
    """A deleted record leaves a mark on its link; one that comes back takes its place again, if nobody else has it.

    It comes back if it says so itself, or unless what identifies it is another: then the system used the id again.
    Return whether there was any of that: then what is `known` has changed.
    """
    if not transaction.count(f"SELECT count(*) FROM {known} WHERE gone_at IS NOT NULL OR deleted"):
        return False
    linked = tables.links(entity.name)
    rules = [(keys.key_of(rule, "i"), keys.key_of(rule, "links", "seen_")) for rule in entity.rules]
    same, other = (" OR ".join(f"coalesce({a} {sign} {b}, false)" for a, b in rules) for sign in ("=", "<>"))
    transaction.run(
        f"""
        UPDATE {linked} SET id = links.{USED_AGAIN} FROM {incoming} i
        WHERE NOT i.deleted AND i.collection = links.collection AND i.id = links.id AND links.gone_at IS NOT NULL
          AND i.reference IS DISTINCT FROM links.entity_id AND ({other}) AND NOT ({same})
        """
    )
    transaction.run(
        f"""
        UPDATE {linked} SET gone_at = $1, gone_by = '{Gone.FOUND}' FROM {incoming} i
        WHERE i.deleted AND i.collection = links.collection AND i.id = links.id AND links.gone_at IS NULL
        """,
        now,
    )
    transaction.run(
        f"""
        UPDATE {linked} SET gone_at = NULL, gone_by = NULL, archived_at = NULL, linked_at = $1 FROM {incoming} i
        WHERE NOT i.deleted AND i.collection = links.collection AND i.id = links.id AND links.gone_at IS NOT NULL
          AND NOT EXISTS (
            SELECT 1 FROM {linked} o
            WHERE o.entity_id = links.entity_id AND o.collection = links.collection AND o.gone_at IS NULL)
        """,
        now,
    )
    return True


def link(
    transaction: Transaction, matched: Matches, key: str, collections: Mapping[str, Collection], now: datetime, run: str
) -> int:
    """Link the records of one of an entity's collections that have an entity or are the first of one; count them.

    They are added to `known`.
    """
    collection = collections[key]
    entity = collection.entity
    recovered = _recover(transaction, matched, key, collection, now)
    full_names.meet(transaction, matched.incoming, matched.entities, key, collections)
    merging.introduce(
        transaction, merging.MergeScope(entity, collections, now, run), matches.parts(transaction, matched)
    )
    merging.create_golden(transaction, entity, matched.records)
    both = ", ".join(f'"{field}" AS seen_{field}, "{field}" AS sent_{field}' for field in collection.lens.fields)
    transaction.run(
        f"""
        INSERT INTO {tables.links(entity.name)} BY NAME
        SELECT collection, id, entity_id, $1::TIMESTAMPTZ AS linked_at, linked_by, evidence, unresolved, awaits, {both}
        FROM {matched.records}
        """,
        now,
    )
    linked = transaction.count(
        f"INSERT INTO {matched.known} SELECT n, NULL, entity_id, NULL, false, false, false FROM {matched.entities}"
    )
    transaction.step()
    return recovered + linked


def _recover(transaction: Transaction, matched: Matches, key: str, collection: Collection, now: datetime) -> int:
    """Records of our own creates whose answer we never stored: what differs from what we sent is a person's edit.

    But where the lens has changed since, what the record shows was not sent, and is seen anew. What a rule found is a
    person's own where ours carry a reference; elsewhere it may be, so what it doesn't show is not known.
    """
    fields = collection.lens.fields
    mine = f"d.linked_by IN ('{matching.REFERENCE}', '{matching.CREATED}')" if collection.reference else "true"
    shown = ", ".join(f'any_value(i."{name}") AS "{name}"' for name in fields)
    intents = transaction.frame(
        f"""
        SELECT j.entity_id, any_value(j.after) AS after, any_value(f.id) AS id, any_value(f.n) AS n,
            min(j.intended_at) AS intended_at, any_value(j.caused_at) AS caused_at, any_value(d.linked_by) AS linked_by,
            any_value(i.unknown) AS unknown, {shown}
        FROM sync.journal j JOIN {matched.entities} d ON d.entity_id = j.entity_id JOIN {matched.fresh} f USING (n)
        JOIN {matched.incoming} i USING (n)
        WHERE j.collection = ? AND j.action = 'create' AND j.outcome IS NULL AND {mine}
        GROUP BY j.entity_id
        """,
        key,
    )
    if intents.is_empty():
        return 0
    sent = objects.decode(intents["after"], fields)
    seen = collection.lens.of_entities.limit(sent)
    otherwise = read_otherwise_since(transaction, key, intents["intended_at"])
    by_rule = ~intents["linked_by"].is_in([matching.REFERENCE, matching.CREATED])
    unknown = pl.select(pl.when(by_rule).then(intents["unknown"])).to_series().fill_null("")
    anew = {
        name: otherwise.get(name, False) | unknown.str.contains(f"{MARK}{name}{MARK}", literal=True) for name in fields
    }
    sent, seen = (
        values.with_columns(pl.when(anew[name]).then(intents[name]).otherwise(name).alias(name) for name in fields)
        for values in (sent, seen)
    )
    created(transaction, key, collection, intents.select("entity_id", "id"), sent=sent, seen=seen, now=now)
    ours = intents.select("entity_id", "id", "intended_at", "caused_at", pl.lit(key).alias("collection"))
    merging.refill(transaction, collection.entity, pl.concat(written(ours, name, sent[name]) for name in fields))
    journal.close_found(transaction, key, intents, now)
    transaction.run(
        f"""
        INSERT INTO {matched.known}
        SELECT n, NULL, entity_id, NULL, false, true, i.unresolved OR i.awaits IS NOT NULL
        FROM {matched.records} i WHERE n IN (SELECT n FROM intents)
        """,
        intents=intents,
    )
    transaction.run(f"DELETE FROM {matched.decisions} WHERE n IN (SELECT n FROM intents)", intents=intents)
    return intents.height


def written(records: pl.DataFrame, field: str, values: pl.Series) -> pl.DataFrame:
    """What was sent to records in a field, as `merging.refill` takes it."""
    caused_at = objects.decode(records["caused_at"], (field,))[field]
    return records.select(
        "entity_id",
        pl.lit(field).alias("field"),
        values.alias("value"),
        pl.concat_str("collection", "id", separator="/").alias("origin"),
        "intended_at",
        caused_at.alias("caused_at"),
    )


def read_otherwise_since(transaction: Transaction, key: str, moments: pl.Series) -> dict[str, pl.Series]:
    """Say by field whether its lens has changed since moments; only fields of which it ever has are in it."""
    changed = transaction.frame(
        "SELECT field, since FROM sync.lenses WHERE collection = ? AND since IS NOT NULL ORDER BY field", key
    )
    return {field: (moments < since).fill_null(value=False) for field, since in changed.iter_rows()}


def update(transaction: Transaction, collection: Collection, states: pl.DataFrame) -> None:
    """Store seen and sent: `states` has `link`, a rowid, and any of the columns `seen_<field>` and `sent_<field>`."""
    assignments = ", ".join(f'"{name}" = s."{name}"' for name in states.columns if name != "link")
    transaction.apply(
        f"UPDATE {tables.links(collection.entity.name)} SET {assignments} FROM states s WHERE links.rowid = s.link",
        states=states,
    )


def created(
    transaction: Transaction,
    key: str,
    collection: Collection,
    records: pl.DataFrame,
    *,
    sent: pl.DataFrame,
    seen: pl.DataFrame,
    now: datetime,
) -> None:
    """Link records that we created: `records` has `entity_id, id`; `sent` and `seen` a column per field of the lens.

    What had such an id before is gone, even where nobody has noticed.
    """
    leave(transaction, key, collection, records.select("id"), Gone.DELETED, now)
    transaction.run(
        f"UPDATE {tables.links(collection.entity.name)} SET id = {USED_AGAIN}"
        " WHERE collection = ? AND gone_at IS NOT NULL AND id IN (SELECT id FROM records)",
        key,
        records=records,
    )
    rows = records.select("entity_id", "id").with_columns(
        pl.lit(key).alias("collection"),
        pl.lit(now).alias("linked_at"),
        pl.lit(matching.CREATED).alias("linked_by"),
        pl.lit(value=False).alias("unresolved"),
        *(seen[field].alias(f"seen_{field}") for field in collection.lens.fields),
        *(sent[field].alias(f"sent_{field}") for field in collection.lens.fields),
    )
    transaction.run(f"INSERT INTO {tables.links(collection.entity.name)} BY NAME SELECT * FROM rows", rows=rows)


def leave(
    transaction: Transaction, key: str, collection: Collection, ids: pl.DataFrame, gone: Gone, now: datetime
) -> None:
    """Note that records (`id`) left their entities, which get no others in their place by themselves."""
    transaction.apply(
        f"UPDATE {tables.links(collection.entity.name)} SET gone_at = ?, gone_by = ?"
        " WHERE collection = ? AND gone_at IS NULL AND id IN (SELECT id FROM ids)",
        now,
        gone.value,
        key,
        ids=ids,
    )


def archived(transaction: Transaction, key: str, collection: Collection, ids: pl.DataFrame, now: datetime) -> None:
    """Note that we archived records (`id`): if somebody takes them back, that stands."""
    transaction.apply(
        f"UPDATE {tables.links(collection.entity.name)} SET archived_at = ?"
        " WHERE collection = ? AND id IN (SELECT id FROM ids)",
        now,
        key,
        ids=ids,
    )


def hold(transaction: Transaction, entity: Entity, keys: list[str], held: pl.DataFrame, now: datetime) -> None:
    """Replace what is held of the collections by `held`: `collection, id, fields, reason`."""
    since = transaction.frame("SELECT collection, id, since FROM sync.held WHERE entity_type = ?", entity.name)
    rows = held.join(since, on=["collection", "id"], how="left").with_columns(
        pl.col("since").fill_null(pl.lit(now)), pl.lit(entity.name).alias("entity_type")
    )
    transaction.run(
        "DELETE FROM sync.held WHERE entity_type = ? AND collection IN (SELECT unnest(?))", entity.name, keys
    )
    transaction.run("INSERT INTO sync.held BY NAME SELECT * FROM rows", rows=rows)
