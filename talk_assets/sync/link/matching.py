"""Which entity an unlinked record describes: by what we left in it, by the entity that began with it, by the rules.

Matching is joins on normalised keys in DuckDB, one collection at a time, over the relations of `Matches`. In the end
each record has an entity, or is held for the first reason. `match_by_reference`, `match_by_origin` and `match_by_rules`
are for all collections of an entity in turn, as what is certain in one comes before what is likely in any.
"""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model import ids
from talk_assets.model.collection import Collection
from talk_assets.model.entities import Entity, Rule
from talk_assets.model.ids import NewId
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync import journal
from talk_assets.sync.link import keys
from talk_assets.sync.link.matches import Matches, doubted, fresh
from talk_assets.sync.link.weighed import Weigher

NEW = "new"
REFERENCE = "external reference"
CREATED = "created"
ORIGIN = "origin"

_OPEN = "SELECT 1 FROM sync.journal j WHERE j.collection = $1 AND j.action = 'create' AND j.outcome IS NULL"


def match_by_reference(
    transaction: Transaction, incoming: Relation, known: Relation, key: str, collection: Collection
) -> Matches | None:
    """Of the unlinked records, find the entities of those that we created; return None where there can be none."""
    entity = collection.entity
    if collection.reference is None:
        matches = fresh(transaction, incoming, known, key, entity, f"EXISTS ({_OPEN})")
    else:
        ours = (
            f"i.reference IN (SELECT entity_id FROM {tables.golden(entity.name)})"
            f" OR regexp_full_match(i.reference, '{ids.OURS}')"
        )
        matches = fresh(transaction, incoming, known, key, entity, ours)
    if matches:
        _by_reference(transaction, matches, entity, key)
        if collection.reference is None:
            _by_values(transaction, matches, key, collection)
    return matches


def match_by_origin(
    transaction: Transaction, incoming: Relation, known: Relation, key: str, collection: Collection
) -> Matches | None:
    """Of the unlinked records, find those that an entity began with, which is known from its other records.

    Return None where there can be none.
    """
    entity = collection.entity
    golden, own = tables.golden(entity.name), ids.first_record_sql("$1", "i.id")
    matches = fresh(transaction, incoming, known, key, entity, f"{own} IN (SELECT entity_id FROM {golden})")
    if matches:
        transaction.run(
            f"""
            INSERT INTO {matches.decisions} (n, entity_id, linked_by)
            SELECT n, own, '{ORIGIN}' FROM (SELECT n, {own} AS own FROM {matches.fresh} i) o
            WHERE {_free(matches, entity, "o.own")}
            """,
            key,
        )
    return matches


def match_by_rules(
    transaction: Transaction,
    incoming: Relation,
    known: Relation,
    key: str,
    collection: Collection,
    new_id: NewId,
    weigher: Weigher | None = None,
) -> Matches | None:
    """Find the entities of all the unlinked records by the rules, or give them new ones; return None without any.

    With a `weigher`, evidence may contradict a rule, and suggest an entity where no rule finds one.
    """
    entity = collection.entity
    matches = fresh(transaction, incoming, known, key, entity, "true")
    if not matches:
        return None
    stronger: list[Rule] = []
    for rule in entity.rules:
        if set(rule.fields) <= set(collection.lens.fields):
            # What contradicts a key is looked for by the weigher, which tells a person more of it.
            named = replace(rule, contradicted_by=()) if weigher else rule
            _by_rule(transaction, matches, entity, key, named, stronger)
            if weigher:
                weigher.doubt(matches, key, rule)
            stronger.append(rule)
            transaction.step()
    _doubt(transaction, matches, key, collection)
    if weigher:
        weigher.suggest(matches, key)
    if transaction.count(f"SELECT count(*) FROM {matches.fresh} ANTI JOIN {matches.decisions} USING (n)"):
        _begin(transaction, matches, entity, key, new_id)
        transaction.step()
    return matches


def _begin(transaction: Transaction, matches: Matches, entity: Entity, key: str, new_id: NewId) -> None:
    """Give the records that no rule decided on entities of their own, unnamed where theirs has other records now."""
    transaction.run(
        f"""
        INSERT INTO {matches.decisions} (n, entity_id, linked_by)
        SELECT n, if(g.entity_id IS NULL, own, NULL), '{NEW}'
        FROM (
            SELECT n, {ids.first_record_sql("$1", "id")} AS own
            FROM {matches.fresh} ANTI JOIN {matches.decisions} USING (n))
        LEFT JOIN {tables.golden(entity.name)} g ON g.entity_id = own
        """,
        key,
    )
    taken = transaction.frame(
        f"SELECT n FROM {matches.decisions} WHERE linked_by = '{NEW}' AND entity_id IS NULL ORDER BY n"
    )
    transaction.apply(
        f"UPDATE {matches.decisions} d SET entity_id = t.entity_id FROM taken t WHERE t.n = d.n",
        taken=taken.with_columns(pl.Series("entity_id", [ids.unnamed(new_id) for _ in taken["n"]], dtype=pl.String)),
    )


def _free(matches: Matches, entity: Entity, column: str) -> str:
    """The SQL condition that an entity has no live record in the collection given as parameter $1, and gets none."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {tables.links(entity.name)} l"
        f" WHERE l.entity_id = {column} AND l.collection = $1 AND l.gone_at IS NULL)"
        f" AND {column} NOT IN (SELECT entity_id FROM {matches.entities})"
    )


def _by_reference(transaction: Transaction, matches: Matches, entity: Entity, key: str) -> None:
    """Our own creates carry the entity id. Of several with one, people copied all but one: none is ours for sure.

    Nor is a record whose entity has, or had, another record in the collection, unless a create of ours is unanswered:
    people copied that one, and the copy carries our mark. It is matched like any other record. An entity that nobody
    knows was forgotten with an older state: the record begins it again, and the others meet it.
    """
    transaction.run(
        f"""
        INSERT INTO {matches.decisions} (n, entity_id, linked_by)
        SELECT n, reference, '{REFERENCE}' FROM {matches.fresh} f
        WHERE reference IN (SELECT reference FROM {matches.fresh} GROUP BY reference HAVING count(*) = 1)
          AND {_free(matches, entity, "f.reference")}
          AND {_no_copy(entity)}
        """,
        key,
    )


def _no_copy(entity: Entity) -> str:
    """The SQL condition that a record, `f`, is no copy of another one of its entity."""
    return f"""
        (NOT EXISTS (
            SELECT 1 FROM {tables.links(entity.name)} l
            WHERE l.entity_id = f.reference AND l.collection = $1 AND l.id <> f.id)
        OR EXISTS ({_OPEN} AND j.entity_id = f.reference))
    """


def _by_values(transaction: Transaction, matches: Matches, key: str, collection: Collection) -> None:
    """Where the API keeps no external reference: a record exactly as we asked for one, the answer of which was lost."""
    asked = _asked(transaction, key, collection)
    if asked.is_empty():
        return
    same = " AND ".join(f'i."{field}" IS NOT DISTINCT FROM a."{field}"' for field in collection.lens.fields)
    found = transaction.frame(
        f"""
        SELECT a.asked, arg_min(n, i.id) AS n
        FROM asked a JOIN {matches.incoming} i ON {same} SEMI JOIN {matches.fresh} USING (n)
        ANTI JOIN {matches.entities} USING (n)
        GROUP BY asked
        """,
        asked=asked,
    ).unique("n", keep="first", maintain_order=True)
    transaction.run(
        f"INSERT INTO {matches.decisions} (n, entity_id, linked_by) SELECT n, asked, '{CREATED}' FROM found",
        found=found,
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
    values = collection.lens.of_entities.limit(objects.decode(intents["after"], collection.lens.fields))
    return values.with_columns(intents["entity_id"].alias("asked"))


def _by_rule(
    transaction: Transaction, matches: Matches, entity: Entity, key: str, rule: Rule, stronger: Sequence[Rule]
) -> None:
    """Decide on the records that have no entity yet and are the only one of their collection with their key."""
    mine, label = keys.key_of(rule, "f"), rule.name.replace("'", "''")
    undecided = f"{matches.fresh} f ANTI JOIN {matches.entities} USING (n)"
    if not transaction.count(f"SELECT count(*) FROM {undecided} WHERE {mine} IS NOT NULL"):
        return
    present = _present(matches, entity, rule)
    alike = transaction.temporary("alike", _alike(rule, present), key)
    several = f"several records here have the same {label}"
    but = doubted(entity, rule).replace("'", "''")
    transaction.run(
        f"""
        INSERT INTO {matches.decisions} (n, entity_id, linked_by, reason)
        SELECT n, if(candidates = 1 AND sure AND NOT contradicted, entity_id, NULL), '{label}',
            CASE WHEN candidates > 1 THEN candidates || ' entities have the same {label}'
                WHEN NOT sure THEN '{several}, each in another country'
                WHEN contradicted THEN '{but}' END
        FROM ({_candidates(matches, entity, rule, stronger, f"(SELECT * FROM {alike} WHERE records = 1)")})
        """,
        key,
    )
    if transaction.count(f"SELECT count(*) FROM {alike} WHERE records > 1"):
        tried = " OR ".join(f"{keys.key_of(other, 'f')} IS NOT NULL" for other in stronger)
        same = transaction.temporary(
            "same",
            f"""
            SELECT f.n, a.key, a.country, a.everywhere, {tried or "false"} AS tried
            FROM {undecided}
            JOIN {alike} a ON a.key = {mine} AND a.country = {keys.country_of(rule, "f")} WHERE a.records > 1
            """,
        )
        transaction.run(
            f"""
            INSERT INTO {matches.decisions} (n, reason)
            SELECT s.n, '{several}: ' || p.ids
            FROM {same} s JOIN (
                SELECT w.key, w.country, string_agg(r.id, ', ' ORDER BY r.id) AS ids
                FROM (SELECT DISTINCT key, country FROM {same}) w
                JOIN ({present}) r ON r.key = w.key AND {keys.agree("r.country", "w.country")}
                GROUP BY ALL) p USING (key, country)
            WHERE NOT s.tried OR s.n IN (SELECT n FROM ({_candidates(matches, entity, rule, stronger, same)}))
            """,
            key,
        )


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


def _present(matches: Matches, entity: Entity, rule: Rule) -> str:
    """The SQL of all that the collection given as parameter $1 has: `key, country, id`, `n` of what has no entity."""
    return f"""
        SELECT if(d.n IS NULL, f.n, NULL) AS n, f.id, {keys.key_of(rule, "f")} AS key,
            {keys.country_of(rule, "f")} AS country
        FROM {matches.fresh} f LEFT JOIN {matches.entities} d USING (n)
        UNION ALL
        SELECT NULL, i.id, {keys.key_of(rule, "i")}, {keys.country_of(rule, "i")}
        FROM {matches.known} JOIN {matches.incoming} i USING (n)
        WHERE i.collection = $1 AND NOT i.deleted
        UNION ALL
        SELECT NULL, l.id, {keys.key_of(rule, "l", "seen_")}, {keys.country_of(rule, "l", "seen_")}
        FROM {tables.links(entity.name)} l
        WHERE l.collection = $1 AND l.gone_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM {matches.incoming} i WHERE i.collection = $1 AND i.id = l.id)
    """


def _candidates(matches: Matches, entity: Entity, rule: Rule, stronger: Sequence[Rule], asked: str) -> str:
    """The SQL of the free entities that have the key of a record: `n, candidates`, and `entity_id`, one of them.

    It is not `sure` where its country is not known, and the collection has the key in several; `contradicted` where the
    rest of the record says that it is another. `asked` is a table of `n, key, country, everywhere`.
    """
    decisive = [other for other in stronger if other.decisive]
    record = f"JOIN {matches.fresh} f USING (n)" if decisive or rule.contradicted_by else ""
    others = "".join(f" AND coalesce({_same(other)}, true)" for other in decisive)
    there = keys.country_of(rule, "g")
    return f"""
        SELECT a.n, count(*) AS candidates, any_value(g.entity_id) AS entity_id,
            bool_and({there} = a.country OR a.everywhere = 1) AS sure,
            bool_and({keys.contradiction(entity, rule, "f", "g")}) AS contradicted
        FROM {asked} a JOIN {tables.golden(entity.name)} g
            ON {keys.key_of(rule, "g")} = a.key AND {keys.agree(there, "a.country")} {record}
        WHERE {_free(matches, entity, "g.entity_id")}{others}
        GROUP BY a.n
    """


def _same(rule: Rule) -> str:
    """The SQL condition that the record `f` and the agreed values `g` have the same key; null where one has none."""
    countries = keys.agree(keys.country_of(rule, "f"), keys.country_of(rule, "g"))
    return f"({keys.key_of(rule, 'f')} = {keys.key_of(rule, 'g')} AND {countries})"


def _doubt(transaction: Transaction, matches: Matches, key: str, collection: Collection) -> None:
    """What may be ours is held rather than taken for another, as what we asked for would be created once more."""
    asked = unanswered(transaction, key, collection)
    if asked.is_empty():
        return
    linked = tables.links(collection.entity.name)
    transaction.run(
        f"""
        WITH unknown AS (
            SELECT f.n, coalesce(h.since, 'infinity') AS since
            FROM {matches.fresh} f ANTI JOIN {matches.decisions} USING (n)
            LEFT JOIN sync.held h ON h.collection = $1 AND h.id = f.id)
        INSERT INTO {matches.decisions} (n, reason)
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
