"""Which entity an unlinked record describes: by what we left in it, by the entity that began with it, by the rules.

Matching is joins on normalised keys in DuckDB, one collection at a time, over two temporary tables: `fresh`, the
unlinked records by their numbers in `incoming`, and `decisions`, what is said of each: the `entity_id` that it
describes and `linked_by`, or a `reason` to doubt. In the end each has an entity, or is held for the first reason.
`match_by_reference`, `match_by_origin` and `match_by_rules` are for all collections of an entity in turn, as what is
certain in one comes before what is likely in any.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model import ids
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity, Rule
from talk_assets.store import tables
from talk_assets.store.transaction import Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import keys

NEW = "new"
REFERENCE = "external reference"
CREATED = "created"
ORIGIN = "origin"

FOUND = "(SELECT n, entity_id, linked_by FROM decisions WHERE entity_id IS NOT NULL)"
"""The records of `fresh` of which the entity is known: one row for each."""

WHOLE = f"(SELECT i.*, d.entity_id, d.linked_by FROM {FOUND} d JOIN incoming i USING (n))"
"""The same records with all their fields."""

_OPEN = "SELECT 1 FROM sync.journal j WHERE j.collection = $1 AND j.action = 'create' AND j.outcome IS NULL"


def unlinked(transaction: Transaction) -> frozenset[str]:
    """Return the collections of which a record in `incoming` has no link."""
    found = transaction.frame(
        "SELECT DISTINCT collection FROM incoming i ANTI JOIN known k USING (n) WHERE NOT deleted"
    )
    return frozenset(found["collection"])


def match_by_reference(transaction: Transaction, key: str, collection: Collection) -> int:
    """Of the unlinked records, find the entities of those that we created; return how many there may be."""
    entity = collection.entity
    if collection.reference is None:
        found = _fresh(transaction, key, entity, f"EXISTS ({_OPEN})")
    else:
        known = f"i.reference IN (SELECT entity_id FROM {tables.golden(entity.name)})"
        found = _fresh(transaction, key, entity, f"{known} OR regexp_full_match(i.reference, '{ids.OURS}')")
    if found:
        _by_reference(transaction, entity, key)
        if collection.reference is None:
            _by_values(transaction, key, collection)
    return found


def match_by_origin(transaction: Transaction, key: str, collection: Collection) -> int:
    """Of the unlinked records, find those that an entity began with, which is known from its other records."""
    entity = collection.entity
    golden, own = tables.golden(entity.name), ids.first_record_sql("$1", "i.id")
    found = _fresh(transaction, key, entity, f"{own} IN (SELECT entity_id FROM {golden})")
    if found:
        transaction.run(
            f"""
            INSERT INTO decisions (n, entity_id, linked_by)
            SELECT n, own, '{ORIGIN}' FROM (SELECT n, {own} AS own FROM fresh i) o WHERE {_free(entity, "o.own")}
            """,
            key,
        )
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
    if transaction.count("SELECT count(*) FROM fresh ANTI JOIN decisions USING (n)"):
        _let_found(transaction, entity, key)
        transaction.step()
    return found


def _let_found(transaction: Transaction, entity: Entity, key: str) -> None:
    """Let the records that no rule decided on found entities of their own."""
    transaction.run(
        f"""
        INSERT INTO decisions (n, entity_id, linked_by)
        SELECT n, if(g.entity_id IS NULL, own, {ids.RANDOM}), '{NEW}'
        FROM (SELECT n, {ids.first_record_sql("$1", "id")} AS own FROM fresh ANTI JOIN decisions USING (n))
        LEFT JOIN {tables.golden(entity.name)} g ON g.entity_id = own
        """,
        key,
    )


def _fresh(transaction: Transaction, key: str, entity: Entity, condition: str) -> int:
    """Fill `fresh` with the collection's unlinked records of `incoming` that meet a condition on `i`; count them."""
    names = dict.fromkeys(field for rule in entity.rules for field in (*rule.fields, rule.within) if field)
    values = ", ".join(f'i."{name}"' for name in names)
    transaction.run(
        f"""
        CREATE OR REPLACE TEMP TABLE fresh AS
        SELECT i.n, i.id, i.reference, {values} FROM incoming i ANTI JOIN known k USING (n)
        WHERE i.collection = $1 AND NOT i.deleted AND ({condition})
        """,
        key,
    )
    if count := transaction.count("SELECT count(*) FROM fresh"):
        transaction.run(
            "CREATE OR REPLACE TEMP TABLE decisions (n BIGINT, entity_id VARCHAR, linked_by VARCHAR, reason VARCHAR)"
        )
    return count


def _free(entity: Entity, column: str) -> str:
    """The SQL condition that an entity has no live record in the collection given as parameter $1, and gets none."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {tables.links(entity.name)} l"
        f" WHERE l.entity_id = {column} AND l.collection = $1 AND l.gone_at IS NULL)"
        f" AND {column} NOT IN (SELECT entity_id FROM {FOUND})"
    )


def _by_reference(transaction: Transaction, entity: Entity, key: str) -> None:
    """Our own creates carry the entity id. Of several with one, people copied all but one: none is ours for sure.

    Nor is a record whose entity has, or had, another record in the collection, unless a create of ours is unanswered:
    people copied that one, and the copy carries our mark. It is matched like any other record. An entity that nobody
    knows was forgotten with an older state: the record begins it again, and the others meet it.
    """
    transaction.run(
        f"""
        INSERT INTO decisions (n, entity_id, linked_by) SELECT n, reference, '{REFERENCE}' FROM fresh
        WHERE reference IN (SELECT reference FROM fresh GROUP BY reference HAVING count(*) = 1)
          AND {_free(entity, "fresh.reference")}
          AND {_no_copy(entity)}
        """,
        key,
    )


def _no_copy(entity: Entity) -> str:
    """The SQL condition that a record in `fresh` is no copy of another one of its entity."""
    return f"""
        (NOT EXISTS (
            SELECT 1 FROM {tables.links(entity.name)} l
            WHERE l.entity_id = fresh.reference AND l.collection = $1 AND l.id <> fresh.id)
        OR EXISTS ({_OPEN} AND j.entity_id = fresh.reference))
    """


def _by_values(transaction: Transaction, key: str, collection: Collection) -> None:
    """Where the API keeps no external reference: a record exactly as we asked for one, the answer of which was lost."""
    asked = _asked(transaction, key, collection)
    if asked.is_empty():
        return
    same = " AND ".join(f'i."{field}" IS NOT DISTINCT FROM a."{field}"' for field in collection.lens.fields)
    found = transaction.frame(
        f"""
        SELECT a.asked, arg_min(n, i.id) AS n
        FROM asked a JOIN incoming i ON {same} SEMI JOIN fresh USING (n) ANTI JOIN {FOUND} USING (n)
        GROUP BY asked
        """,
        asked=asked,
    ).unique("n", keep="first", maintain_order=True)
    transaction.run(
        f"INSERT INTO decisions (n, entity_id, linked_by) SELECT n, asked, '{CREATED}' FROM found", found=found
    )


def unanswered(transaction: Transaction, key: str, collection: Collection) -> pl.DataFrame:
    """Return `entity_id, since` of creates whose answer was lost, where the API keeps no external reference.

    Whatever is seen for the first time after that may be what was created, whatever people made of it meanwhile.
    """
    if collection.reference:
        return pl.DataFrame(schema={"entity_id": pl.String, "since": pl.Datetime("us", "UTC")})
    return journal.open_creates(transaction, key).select("entity_id", pl.col("intended_at").alias("since"))


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
    return values.with_columns(intents["entity_id"].alias("asked"))


def _by_rule(transaction: Transaction, entity: Entity, key: str, rule: Rule, stronger: Sequence[Rule]) -> None:
    """Decide on the records that have no entity yet and are the only one of their collection with their key."""
    mine, label = keys.key_of(rule, "f"), rule.name.replace("'", "''")
    if not transaction.count(f"SELECT count(*) FROM fresh f ANTI JOIN {FOUND} USING (n) WHERE {mine} IS NOT NULL"):
        return
    present = _present(entity, rule)
    transaction.run(f"CREATE OR REPLACE TEMP TABLE alike AS {_alike(rule, present)}", key)
    several = f"several records here have the same {label}"
    transaction.run(
        f"""
        INSERT INTO decisions
        SELECT n, if(candidates = 1 AND sure, entity_id, NULL), '{label}',
            CASE WHEN candidates > 1 THEN candidates || ' entities have the same {label}'
                WHEN NOT sure THEN '{several}, each in another country' END
        FROM ({_candidates(entity, rule, stronger, "(SELECT * FROM alike WHERE records = 1)")})
        """,
        key,
    )
    if transaction.count("SELECT count(*) FROM alike WHERE records > 1"):
        tried = " OR ".join(f"{keys.key_of(other, 'f')} IS NOT NULL" for other in stronger)
        transaction.run(
            f"""
            CREATE OR REPLACE TEMP TABLE several AS
            SELECT f.n, a.key, a.country, a.everywhere, {tried or "false"} AS tried
            FROM fresh f ANTI JOIN {FOUND} USING (n)
            JOIN alike a ON a.key = {mine} AND a.country = {keys.country_of(rule, "f")} WHERE a.records > 1
            """
        )
        transaction.run(
            f"""
            INSERT INTO decisions (n, reason)
            SELECT s.n, '{several}: ' || p.ids
            FROM several s JOIN (
                SELECT w.key, w.country, string_agg(r.id, ', ' ORDER BY r.id) AS ids
                FROM (SELECT DISTINCT key, country FROM several) w
                JOIN ({present}) r ON r.key = w.key AND {keys.agree("r.country", "w.country")}
                GROUP BY ALL) p USING (key, country)
            WHERE NOT s.tried OR s.n IN (SELECT n FROM ({_candidates(entity, rule, stronger, "several")}))
            """,
            key,
        )
        transaction.run("DROP TABLE several")
    transaction.run("DROP TABLE alike")


def _alike(rule: Rule, present: str) -> str:
    """The SQL of the keys that records without an entity have: `key, country, n, records, everywhere`.

    `records` of the collection may be meant by a key, and `everywhere` counts those in other countries with them.
    """
    each = (
        f"SELECT key, country, count(*) AS own, any_value(n) AS n FROM ({present}) WHERE key IS NOT NULL GROUP BY ALL"
    )
    if rule.within is None:
        return f"SELECT key, country, n, own AS records, own AS everywhere FROM ({each}) WHERE n IS NOT NULL"
    return f"""
        SELECT key, country, n, if(country = '', everywhere, own + anywhere) AS records, everywhere
        FROM (
            SELECT *, sum(own) OVER (PARTITION BY key) AS everywhere,
                sum(if(country = '', own, 0)) OVER (PARTITION BY key) AS anywhere
            FROM ({each}))
        WHERE n IS NOT NULL
    """


def _present(entity: Entity, rule: Rule) -> str:
    """The SQL of all that the collection given as parameter $1 has: `key, country, id`, `n` of what has no entity."""
    return f"""
        SELECT if(d.n IS NULL, f.n, NULL) AS n, f.id, {keys.key_of(rule, "f")} AS key,
            {keys.country_of(rule, "f")} AS country
        FROM fresh f LEFT JOIN {FOUND} d USING (n)
        UNION ALL
        SELECT NULL, i.id, {keys.key_of(rule, "i")}, {keys.country_of(rule, "i")} FROM known JOIN incoming i USING (n)
        WHERE i.collection = $1 AND NOT i.deleted
        UNION ALL
        SELECT NULL, l.id, {keys.key_of(rule, "l", "seen_")}, {keys.country_of(rule, "l", "seen_")}
        FROM {tables.links(entity.name)} l
        WHERE l.collection = $1 AND l.gone_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM incoming i WHERE i.collection = $1 AND i.id = l.id)
    """


def _candidates(entity: Entity, rule: Rule, stronger: Sequence[Rule], asked: str) -> str:
    """The SQL of the free entities that have the key of a record: `n, candidates`, and `entity_id`, one of them.

    It is not `sure` where its country is not known, and the collection has the key in several. `asked` is a table of
    `n, key, country, everywhere`.
    """
    decisive = [other for other in stronger if other.decisive]
    record = "JOIN fresh f USING (n)" if decisive else ""
    others = "".join(f" AND coalesce({_same(other)}, true)" for other in decisive)
    there = keys.country_of(rule, "g")
    return f"""
        SELECT a.n, count(*) AS candidates, any_value(g.entity_id) AS entity_id,
            bool_and({there} = a.country OR a.everywhere = 1) AS sure
        FROM {asked} a JOIN {tables.golden(entity.name)} g
            ON {keys.key_of(rule, "g")} = a.key AND {keys.agree(there, "a.country")} {record}
        WHERE {_free(entity, "g.entity_id")}{others}
        GROUP BY a.n
    """


def _same(rule: Rule) -> str:
    """The SQL condition that the record `f` and the agreed values `g` have the same key; null where one has none."""
    countries = keys.agree(keys.country_of(rule, "f"), keys.country_of(rule, "g"))
    return f"({keys.key_of(rule, 'f')} = {keys.key_of(rule, 'g')} AND {countries})"


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
            FROM fresh f ANTI JOIN decisions USING (n) LEFT JOIN sync.held h ON h.collection = $1 AND h.id = f.id)
        INSERT INTO decisions (n, reason)
        SELECT u.n, 'may be what was created for ' || p.records || ', the answer to which was lost'
        FROM unknown u JOIN (
            SELECT m.since, {some("l.collection || '/' || l.id")} AS records
            FROM (SELECT DISTINCT since FROM unknown) m JOIN asked a ON a.since <= m.since
            JOIN {linked} l ON l.entity_id = a.entity_id AND l.gone_at IS NULL
            GROUP BY m.since
        ) p USING (since)
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
    within = " AND ".join(f"{table}.n >= {first} AND {table}.n < {last}" for table in "di")
    return f"(SELECT i.*, d.entity_id, d.linked_by FROM {FOUND} d JOIN incoming i USING (n) WHERE {within})"


def held(transaction: Transaction, collection: Collection) -> pl.DataFrame:
    """Return `collection, id, fields, reason` of the records in `fresh` that are held."""
    rows = [pl.DataFrame(schema=dict.fromkeys(("collection", "id", "fields", "reason"), pl.String))]
    doubtful = f"fresh ANTI JOIN {FOUND} USING (n)"
    if transaction.count(f"SELECT count(*) FROM {doubtful}"):
        found = transaction.frame(
            f"""
            SELECT i.*, d.reason FROM incoming i JOIN (
                SELECT n, arg_min(reason, decisions.rowid) AS reason FROM decisions SEMI JOIN ({doubtful}) USING (n)
                GROUP BY n) d USING (n)
            """
        )
        fields = objects.encode(found.select(collection.entity.names)).alias("fields")
        rows.append(found.select("collection", "id", fields, "reason"))
    return pl.concat(rows)
