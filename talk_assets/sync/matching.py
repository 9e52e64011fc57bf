"""Which entity a record without a link describes: by what we left in it, by what it founded, by the rules.

Matching is joins on normalised keys in DuckDB, one collection at a time, over the temporary table `fresh`: the unlinked
records by their numbers in `incoming`, each in the end with an `entity` and `linked_by`, or with the `reason` why it is
held. `recognise`, `rejoin` and `match` are for all collections of an entity in turn, as what is certain in one comes
before what is likely in any.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from talk_assets.entities import Entity, Rule
from talk_assets.sync import ids, journal, objects, tables
from talk_assets.sync.connection import Collection
from talk_assets.transaction import Transaction

NEW = "new"
REFERENCE = "external reference"
CREATED = "created"
FOUNDED = "founded it"

WHOLE = "(SELECT i.*, f.entity, f.linked_by, f.reason FROM fresh f JOIN incoming i USING (n))"
"""The records of `fresh` with all their fields."""

_OPEN = "SELECT 1 FROM sync.journal j WHERE j.collection = $1 AND j.action = 'create' AND j.outcome IS NULL"


def strangers(transaction: Transaction) -> frozenset[str]:
    """Return the collections of which a record in `incoming` has no link."""
    found = transaction.frame(
        "SELECT DISTINCT collection FROM incoming i ANTI JOIN known k USING (n) WHERE NOT deleted"
    )
    return frozenset(found["collection"])


def recognise(transaction: Transaction, key: str, collection: Collection) -> int:
    """Of the unlinked records, find the entities of those that we created; return how many there may be."""
    entity = collection.entity
    if collection.reference is None:
        found = _fresh(transaction, key, entity, f"EXISTS ({_OPEN})")
    else:
        known = f"i.reference IN (SELECT entity FROM {tables.golden(entity.name)})"
        found = _fresh(transaction, key, entity, f"{known} OR regexp_full_match(i.reference, '{ids.OURS}')")
    if found:
        _by_reference(transaction, entity, key)
        if collection.reference is None:
            _by_values(transaction, key, collection)
    return found


def rejoin(transaction: Transaction, key: str, collection: Collection) -> int:
    """Of the unlinked records, find those that founded an entity which is there: its other records told of it."""
    entity = collection.entity
    golden, own = tables.golden(entity.name), ids.founded_sql("fresh")
    found = _fresh(transaction, key, entity, f"{ids.founded_sql('i')} IN (SELECT entity FROM {golden})")
    if found:
        transaction.run(f"UPDATE fresh SET entity = {own}, linked_by = '{FOUNDED}' WHERE {_free(entity, own)}", key)
    return found


def match(transaction: Transaction, key: str, collection: Collection) -> int:
    """Find the entities of all the unlinked records by the rules, or let them found one; return how many there are."""
    entity = collection.entity
    found = _fresh(transaction, key, entity, "true")
    if not found:
        return 0
    stronger: list[Rule] = []
    for rule in entity.rules:
        if set(rule.fields) <= set(collection.lens.fields):
            _by_rule(transaction, entity, key, rule, stronger)
            stronger.append(rule)
            transaction.step()
    _doubt(transaction, key, collection)
    if transaction.count("SELECT count(*) FROM fresh WHERE entity IS NULL AND reason IS NULL"):
        _let_found(transaction, entity)
        transaction.step()
    return found


def _let_found(transaction: Transaction, entity: Entity) -> None:
    """Let the records that no rule decided on found entities of their own."""
    transaction.run(
        f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT f.* EXCLUDE own REPLACE (
            CASE WHEN own IS NULL THEN f.entity WHEN g.entity IS NULL THEN own ELSE {ids.RANDOM} END AS entity,
            if(own IS NULL, linked_by, '{NEW}') AS linked_by)
        FROM (
            SELECT *, CASE WHEN entity IS NULL AND reason IS NULL THEN {ids.founded_sql("fresh")} END AS own FROM fresh
        ) f LEFT JOIN {tables.golden(entity.name)} g ON g.entity = own
        """
    )


def _fresh(transaction: Transaction, key: str, entity: Entity, condition: str) -> int:
    """Fill `fresh` with the collection's unlinked records of `incoming` that meet a condition on `i`; count them."""
    keys = ", ".join(f'i."{field}"' for field in dict.fromkeys(field for rule in entity.rules for field in rule.fields))
    transaction.run(
        f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT i.n, i.collection, i.id, i.reference, {keys},
            NULL::VARCHAR AS entity, NULL::VARCHAR AS linked_by, NULL::VARCHAR AS reason, false AS tried
        FROM incoming i ANTI JOIN known k USING (n)
        WHERE i.collection = $1 AND NOT i.deleted AND ({condition})
        """,
        key,
    )
    return transaction.count("SELECT count(*) FROM fresh")


def key_of(rule: Rule, table: str, prefix: str = "") -> str:
    """Return the SQL of a rule's normalised key over a table's columns, null where one of the fields is blank."""
    return " || chr(31) || ".join(f'lower({table}."{prefix}{field}")' for field in rule.fields)


def _free(entity: Entity, column: str) -> str:
    """The SQL condition that an entity has no live record in the collection given as parameter $1, and gets none."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {tables.links(entity.name)} l"
        f" WHERE l.entity = {column} AND l.collection = $1 AND l.gone_at IS NULL)"
        f" AND {column} NOT IN (SELECT o.entity FROM fresh o WHERE o.entity IS NOT NULL)"
    )


def _by_reference(transaction: Transaction, entity: Entity, key: str) -> None:
    """Our own creates carry the entity id. Of several with one, people copied all but one: none is ours for sure.

    An entity that nobody knows was forgotten with an older state: it is founded again, for its other records to meet.
    """
    transaction.run(
        f"""
        UPDATE fresh SET entity = reference, linked_by = '{REFERENCE}'
        WHERE reference IN (SELECT reference FROM fresh GROUP BY reference HAVING count(*) = 1)
          AND {_free(entity, "fresh.reference")}
        """,
        key,
    )


def _by_values(transaction: Transaction, key: str, collection: Collection) -> None:
    """Where the API keeps no external reference: a record exactly as we asked for one, the answer of which was lost."""
    asked = _asked(transaction, key, collection)
    if asked.is_empty():
        return
    same = " AND ".join(f'f."{field}" IS NOT DISTINCT FROM a."{field}"' for field in collection.lens.fields)
    found = transaction.frame(
        f"SELECT a.asked, min(f.id) AS id FROM asked a JOIN {WHOLE} f ON {same} WHERE f.entity IS NULL GROUP BY asked",
        asked=asked,
    ).unique("id", keep="first", maintain_order=True)
    transaction.run(
        f"UPDATE fresh SET entity = found.asked, linked_by = '{CREATED}' FROM found WHERE fresh.id = found.id",
        found=found,
    )


def unanswered(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    """Return `entity, since` of creates whose answer was lost, where the API keeps no external reference.

    Whatever is seen for the first time after that may be what was created, whatever people made of it meanwhile.
    """
    if collection.reference:
        return pl.DataFrame(schema={"entity": pl.String, "since": pl.Datetime("us", "UTC")})
    return journal.open_creates(transaction, key).select("entity", pl.col("intended_at").alias("since"))


def some(names: str) -> str:
    """Return the SQL aggregate of names that says the first three, and how many more there are."""
    listed = f"list_sort(list_distinct(list({names})))"
    return (
        f"array_to_string({listed}[:3], ', ') || if(len({listed}) > 3, ' and ' || (len({listed}) - 3) || ' more', '')"
    )


def _asked(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    """The creates of unknown outcome as the system would show them: `asked`, the entity, and the lens's fields."""
    intents = journal.open_creates(transaction, key)
    values = collection.lens.limit(objects.decode(intents["after"], collection.lens.fields))
    return values.with_columns(intents["entity"].alias("asked"))


def _by_rule(transaction: Transaction, entity: Entity, key: str, rule: Rule, stronger: Sequence[Rule]) -> None:
    own, seen, mine = key_of(rule, "incoming"), key_of(rule, "k", "seen_"), key_of(rule, "fresh")
    if not transaction.count(f"SELECT count(*) FROM fresh WHERE entity IS NULL AND {mine} IS NOT NULL"):
        return
    decided = "".join(
        f' AND (g."{field}" IS NULL OR f."{field}" IS NULL OR lower(g."{field}") = lower(f."{field}"))'
        for other in stronger
        if other.decisive
        for field in other.fields
    )
    transaction.run(
        f"""
        CREATE OR REPLACE TEMP TABLE decisions AS
        WITH keyed AS (SELECT n, {mine} AS key, tried FROM fresh WHERE entity IS NULL AND key IS NOT NULL),
        present AS (
            SELECT {own} AS key, id FROM incoming WHERE collection = $1 AND NOT deleted
            UNION ALL
            SELECT {seen} AS key, k.id FROM {tables.links(entity.name)} k
            WHERE k.collection = $1 AND k.gone_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM incoming i WHERE i.collection = $1 AND i.id = k.id)),
        alike AS (SELECT key, count(*) AS n FROM present SEMI JOIN keyed USING (key) GROUP BY key),
        several AS (
            SELECT key, string_agg(id, ', ' ORDER BY id) AS ids
            FROM present WHERE key IN (SELECT key FROM alike WHERE n > 1) GROUP BY key),
        candidates AS (
            SELECT f.n, count(*) AS candidates, min(g.entity) AS entity
            FROM fresh f JOIN {tables.golden(entity.name)} g ON {key_of(rule, "g")} = {key_of(rule, "f")}
            WHERE f.entity IS NULL AND {_free(entity, "g.entity")} {decided}
            GROUP BY f.n)
        SELECT k.n, a.n AS alike, s.ids, coalesce(c.candidates, 0) AS candidates, c.entity, k.tried
        FROM keyed k JOIN alike a USING (key) LEFT JOIN several s USING (key) LEFT JOIN candidates c ON c.n = k.n
        """,
        key,
    )
    _decide(transaction, rule.name.replace("'", "''"))


def _decide(transaction: Transaction, label: str) -> None:
    """Give the records that a rule decided on an entity, or say why there is none. Updating would cost more memory."""
    transaction.run(
        f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT f.* REPLACE (
            coalesce(f.entity, CASE WHEN d.alike = 1 AND d.candidates = 1 THEN d.entity END) AS entity,
            if(d.n IS NULL, f.linked_by, '{label}') AS linked_by,
            CASE WHEN d.alike = 1 AND d.candidates = 1 THEN NULL ELSE coalesce(f.reason, CASE
                WHEN d.alike > 1 AND (d.candidates > 0 OR NOT d.tried) THEN
                    'several records here have the same {label}: ' || d.ids
                WHEN d.candidates > 1 THEN
                    d.candidates || ' entities have the same {label}' END) END AS reason,
            f.tried OR d.n IS NOT NULL AS tried)
        FROM fresh f LEFT JOIN decisions d USING (n)
        """
    )
    transaction.run("DROP TABLE decisions")


def _doubt(transaction: Transaction, key: str, collection: Collection) -> None:
    """What may be ours is held rather than taken for another, as what we asked for would be created once more."""
    asked = unanswered(transaction, key, collection)
    if asked.is_empty():
        return
    linked = tables.links(collection.entity.name)
    transaction.run(
        f"""
        WITH unknown AS (
            SELECT f.n, coalesce(h.since, 'infinity') AS since
            FROM fresh f LEFT JOIN sync.held h ON h.collection = $1 AND h.id = f.id
            WHERE f.entity IS NULL AND f.reason IS NULL)
        UPDATE fresh SET reason = 'may be what was created for ' || p.records || ', the answer to which was lost'
        FROM unknown u JOIN (
            SELECT m.since, {some("l.collection || '/' || l.id")} AS records
            FROM (SELECT DISTINCT since FROM unknown) m JOIN asked a ON a.since <= m.since
            JOIN {linked} l ON l.entity = a.entity AND l.gone_at IS NULL
            GROUP BY m.since
        ) p USING (since)
        WHERE fresh.n = u.n
        """,
        key,
        asked=asked,
    )


def parts(transaction: Transaction) -> Iterator[str]:
    """Return the SQL of the records in `fresh` that have an entity, with all their fields: of some after the other."""
    first, last = transaction.frame("SELECT coalesce(min(n), 0), coalesce(max(n), -1) FROM fresh").row(0)
    for start in range(first, last + 1, tables.CHUNK):
        yield _within(start, start + tables.CHUNK)


def _within(first: int, last: int) -> str:
    """The numbers are in it as such, so that only the files that have them are read."""
    within = " AND ".join(f"{table}.n >= {first} AND {table}.n < {last}" for table in "fi")
    return (
        "(SELECT i.*, f.entity, f.linked_by FROM fresh f JOIN incoming i USING (n)"
        f" WHERE f.entity IS NOT NULL AND {within})"
    )


def held(transaction: Transaction, collection: Collection) -> pl.DataFrame:
    """Return `collection, id, fields, reason` of the records in `fresh` that are held."""
    rows = [pl.DataFrame(schema=dict.fromkeys(("collection", "id", "fields", "reason"), pl.String))]
    if transaction.count("SELECT count(*) FROM fresh WHERE entity IS NULL"):
        found = transaction.frame(f"SELECT * FROM {WHOLE} WHERE entity IS NULL")
        fields = objects.encode(found.select(collection.entity.names)).alias("fields")
        rows.append(found.select("collection", "id", fields, "reason"))
    return pl.concat(rows)
