"""What golden still asks of the collections: who needs a write, and what stands in its way.

`due` decides, pure; `reconcile` finds whom to ask about and stores the answer in `sync.changes`.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import polars as pl

from talk_assets.jsonframes import objects
from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.entities import Entity
from talk_assets.model.system import Action
from talk_assets.model.topology import Topology
from talk_assets.store import tables
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.merge import fights
from talk_assets.sync.plan import deletes, refused, waiting

LINK = ("entity_id", "collection", "id")
"""What is looked at of a link, beside what was sent."""

GONE = ("linked_at", "gone_at", "gone_by", "archived_at")
"""What is looked at as well where a record may be gone, or archived."""

SCHEMA = {"collection": pl.String, "entity_id": pl.String, "id": pl.String, "action": pl.String, "fields": pl.String}

LET_OUT = "a person let it go out"
"""The reason of a change that was held and is no longer, because a person said so."""


def due(
    topology: Topology,
    golden: pl.DataFrame,
    links: pl.DataFrame,
    fought: pl.DataFrame | None = None,
    held: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return `collection, entity_id, id, action, fields, doubt` for entities in golden, given all their links.

    `doubt` says why a person should look first, null where nothing does. Fields that are fought over (`entity_id,
    field`) are not written, nor are those that are `held` (`collection, entity_id, field`).
    """
    fields = {key: updatable(collection) for key, collection in topology.collections.items()}
    gone = deletes.due(deletes.Sides(topology.collections, topology.pairs, golden, links, fields))
    links = links if fought is None else _resting(golden, links, fought)
    held = pl.DataFrame(schema=refused.IN_FORCE) if held is None else held
    updates = [
        _updates(key, collection, golden, _resting(golden, links, held.filter(pl.col("collection") == key)))
        for key, collection in topology.collections.items()
    ]
    asked = pl.concat([pl.DataFrame(schema=SCHEMA), *updates, *_creates(topology, golden, links, held)])
    leaving = gone.filter(pl.col("action") == Action.DELETE)
    asked = asked.join(leaving, on=["collection", "entity_id"], how="anti")
    return pl.concat([gone, asked.with_columns(pl.lit(None, pl.String).alias("doubt"))])


def _resting(golden: pl.DataFrame, links: pl.DataFrame, fought: pl.DataFrame) -> pl.DataFrame:
    """The links as if every field that must not be written were in order."""
    for (field,), rows in fought.group_by("field"):
        agreed = golden.join(rows, on="entity_id", how="semi").select("entity_id", pl.col(str(field)).alias("agreed"))
        both = links.join(agreed.with_columns(fought=True), on="entity_id", how="left", maintain_order="left")
        sent = pl.when("fought").then("agreed").otherwise(f"sent_{field}")
        links = both.with_columns(sent.alias(f"sent_{field}")).drop("agreed", "fought")
    return links


def _updates(
    key: str,
    collection: Collection,
    golden: pl.DataFrame,
    links: pl.DataFrame,
    only_fields: Sequence[str] | None = None,
) -> pl.DataFrame:
    """A live record needs a write where golden is not what it was last sent, of `only_fields` or of all."""
    fields = [field for field in updatable(collection) if only_fields is None or field in only_fields]
    if not fields:
        return pl.DataFrame(schema=SCHEMA)
    live = links.filter((pl.col("collection") == key) & pl.col("gone_at").is_null())
    both = live.select("entity_id", "id", *(f"sent_{field}" for field in fields)).join(golden, on="entity_id")
    mask = both.select(pl.col(field).ne_missing(pl.col(f"sent_{field}")).alias(field) for field in fields)
    changed = mask.select(pl.any_horizontal(pl.all())).to_series()
    both, mask = both.filter(changed), mask.filter(changed)
    return _rows(both, key, "update", objects.encode(both.select(fields), mask))


def _creates(topology: Topology, golden: pl.DataFrame, links: pl.DataFrame, held: pl.DataFrame) -> list[pl.DataFrame]:
    creates = []
    for key, lacking in _lacking(topology, golden["entity_id"], links):
        rows = golden.filter(pl.col("entity_id").is_in(lacking.implode()))
        fields = objects.encode(
            refused.without(rows.select(settable(topology.collections[key])), rows["entity_id"], key, held)
        )
        creates.append(_rows(rows.with_columns(pl.lit(None, pl.String).alias("id")), key, "create", fields))
    return creates


def _lacking(topology: Topology, entities: pl.Series, links: pl.DataFrame) -> Iterator[tuple[str, pl.Series]]:
    """Every record of a pair's left side needs one on the right, unless there is or was one: say which has none."""
    live = {
        key: links.filter((pl.col("collection") == key) & pl.col("gone_at").is_null())["entity_id"]
        for key in topology.collections
    }
    known = {key: links.filter(pl.col("collection") == key)["entity_id"] for key in topology.collections}
    for pair in topology.pairs:
        right = topology.collections[pair.right]
        if not right.creatable or not settable(right):
            continue
        lacking = entities.filter(
            entities.is_in(live[pair.left].implode()) & ~entities.is_in(known[pair.right].implode())
        )
        live[pair.right] = live[pair.right].append(lacking)
        known[pair.right] = known[pair.right].append(lacking)
        yield pair.right, lacking


def _rows(entities: pl.DataFrame, key: str, action: str, fields: pl.Series) -> pl.DataFrame:
    return entities.select(
        pl.lit(key).alias("collection"), "entity_id", "id", pl.lit(action).alias("action"), fields.alias("fields")
    )


def affected(transaction: Transaction, known: Relation) -> pl.DataFrame:
    """Return `entity_id` of what the records that are `known` describe."""
    return transaction.frame(f"SELECT DISTINCT entity_id FROM {known}")


def outstanding(transaction: Transaction, entity: Entity) -> pl.DataFrame:
    """Return `entity_id` of everything that is not in order yet, and of what a person let out."""
    asked = transaction.frame("SELECT DISTINCT entity_id FROM sync.changes WHERE entity_type = ?", entity.name)
    return pl.concat([asked, refused.released(transaction, entity)]).unique()


def every(transaction: Transaction, entity: Entity) -> pl.DataFrame:
    """Return `entity_id` of all that records describe."""
    return transaction.frame(f"SELECT entity_id FROM {tables.golden(entity.name)}")


def reconcile(
    transaction: Transaction,
    topology: Topology,
    entities: pl.DataFrame,
    now: datetime,
    *,
    only_fields: Sequence[str] | None = None,
) -> None:
    """Decide again what the entities (`entity_id`) need, in place of what was decided before.

    `only_fields` are the fields of which alone it may be another than before, where that is known.
    """
    entity_type = topology.entity.name
    if entities.height > tables.CHUNK:
        every, entities = entities, _unreconciled(transaction, topology, entities)
        transaction.run(
            "DELETE FROM sync.changes"
            " WHERE entity_type = ? AND entity_id IN (FROM every ANTI JOIN entities USING (entity_id))",
            entity_type,
            every=every,
            entities=entities,
        )
    for these in entities.iter_slices(tables.CHUNK):
        if these.height:
            _reconcile(transaction, topology, these, now, only_fields)
            transaction.step()


def _reconcile(
    transaction: Transaction, topology: Topology, these: pl.DataFrame, now: datetime, only_fields: Sequence[str] | None
) -> None:
    entity_type = topology.entity.name
    touched = these
    again = refused.forget(transaction, topology, these)
    fought, held = fights.of(transaction, entity_type), refused.of(transaction, topology.entity)
    rows = pl.DataFrame(schema=deletes.SCHEMA)
    if only_fields is not None:
        resting = pl.concat([fought["entity_id"], held["entity_id"], again])
        rows, these = _narrow(transaction, topology, these, only_fields, resting)
    if these.height:
        known = _known(transaction, topology.entity, these, topology.entity.names, GONE)
        rows = pl.concat([rows, due(topology, *known, fought, held)])
    if rows.is_empty():
        _forget(transaction, entity_type, touched)
        return
    asked = transaction.temporary(
        "due",
        """
        SELECT * EXCLUDE doubt, if(doubt IS NULL, 'planned', 'held') AS status, doubt AS reason,
            doubt IS NOT NULL AS blocked
        FROM rows
        """,
        rows=rows,
    )
    if (rows["action"] == Action.CREATE).any():
        waiting.for_reads(transaction, asked, topology.pairs)
        waiting.for_parents(transaction, asked, entity_type, touched)
        waiting.for_suggested(transaction, asked, entity_type)
        waiting.for_held(transaction, asked, topology.entity, topology.collections)
    _store(transaction, asked, topology.entity, touched, now)


def _narrow(
    transaction: Transaction, topology: Topology, these: pl.DataFrame, only_fields: Sequence[str], resting: pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is due as `due` has it where no more than some fields need to be looked at, and the entities of the others.

    Among a million records, looking at all fields takes longer than everything else. They are in order, unless
    something is asked for already, or fought over or held (`resting`), or a record is missing or gone.
    """
    golden, links = _known(transaction, topology.entity, these, only_fields)
    links = links.with_columns(pl.lit(None).alias("gone_at"))  # of what is not left out here
    asked = transaction.frame(
        "SELECT entity_id, action, fields FROM sync.changes WHERE entity_type = ? AND entity_id IN (FROM these)",
        topology.entity.name,
        these=these,
    )
    elsewhere = objects.present(
        asked["fields"], tuple(name for name in topology.entity.names if name not in only_fields)
    )
    more = elsewhere.select(pl.any_horizontal(pl.lit(value=False), *elsewhere.columns)).to_series()
    wide = pl.concat(
        [
            resting,
            asked.filter((asked["action"] != Action.UPDATE) | more)["entity_id"],
            *(_marked(transaction, topology.entity, these, column) for column in ("gone_at", "archived_at")),
            *(lacking for _, lacking in _lacking(topology, golden["entity_id"], links)),
        ]
    )
    within = ~pl.col("entity_id").is_in(wide.implode())
    golden, links = golden.filter(within), links.filter(within)
    updates = [_updates(key, one, golden, links, only_fields) for key, one in topology.collections.items()]
    rows = pl.concat([pl.DataFrame(schema=SCHEMA), *updates]).with_columns(pl.lit(None, pl.String).alias("doubt"))
    return rows, these.filter(~within)


def _marked(transaction: Transaction, entity: Entity, these: pl.DataFrame, column: str) -> pl.Series:
    """Entities with a link in which a column is not null; asked for by itself, as blocks without any are not read."""
    return transaction.frame(
        f"SELECT entity_id FROM {tables.links(entity.name)} SEMI JOIN these USING (entity_id)"
        f" WHERE {column} IS NOT NULL",
        these=these,
    )["entity_id"]


def fully_sent(collection: Collection, written: pl.DataFrame) -> pl.DataFrame:
    """Return `collection, entity_id, action` of the updates and creates after which nothing is left to send.

    `written` are rows of a batch, as `writing` prepares them.
    """
    complete = set(updatable(collection)) <= set(settable(collection))
    actions = [Action.UPDATE.value, *([Action.CREATE.value] if complete else [])]
    said = pl.col("left_out").is_null() & pl.col("key_again").is_null() & ~pl.col("part")
    return written.filter(pl.col("action").is_in(actions) & said).select("collection", "entity_id", "action")


def done(transaction: Transaction, written: pl.DataFrame) -> None:
    """Take `collection, entity_id, action` off what is asked."""
    transaction.apply(
        "DELETE FROM sync.changes"
        " WHERE (collection, entity_id, action) IN (SELECT (collection, entity_id, action) FROM written)",
        written=written,
    )


def _known(
    transaction: Transaction,
    entity: Entity,
    these: pl.DataFrame,
    fields: Sequence[str],
    more: Sequence[str] = (),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Golden and links of entities, with what was agreed and sent in some fields, and `more` of the links."""
    values = ", ".join(["entity_id", *(f'"{name}"' for name in fields)])
    states = ", ".join([*LINK, *more, *(f"sent_{name}" for name in fields)])
    golden, links = (
        transaction.frame(f"SELECT {columns} FROM {table} SEMI JOIN these USING (entity_id)", these=these)
        for table, columns in ((tables.golden(entity.name), values), (tables.links(entity.name), states))
    )
    return golden, links


def _unreconciled(transaction: Transaction, topology: Topology, entities: pl.DataFrame) -> pl.DataFrame:
    """Those of many entities (`entity_id`) about which there may be something to decide: all but those in order.

    Values are compared by their hashes, which need not stand in memory beside each other. They come as golden has
    them, so that parts of them stand near each other.
    """
    links, golden = (table(topology.entity.name) for table in (tables.links, tables.golden))
    suspects = [f"SELECT entity_id FROM {links} WHERE gone_at IS NOT NULL OR archived_at IS NOT NULL"]
    for pair in topology.pairs:
        here, there = (f"FROM {links} WHERE collection = '{side}'" for side in (pair.left, pair.right))
        suspects.append(f"(SELECT entity_id {here}) EXCEPT ALL (SELECT entity_id {there})")
    for key, collection in topology.collections.items():
        if fields := updatable(collection):
            sent, agreed = (", ".join(f'"{prefix}{field}"' for field in fields) for prefix in ("sent_", ""))
            suspects.append(
                f"""
                SELECT entity_id
                FROM (SELECT entity_id, hash({sent}) AS sent FROM {links} WHERE collection = '{key}')
                JOIN (SELECT entity_id, hash({agreed}) AS agreed FROM {golden}) USING (entity_id) WHERE sent <> agreed
                """
            )
    return transaction.frame(
        f"""
        SELECT entity_id FROM {golden} SEMI JOIN entities USING (entity_id)
        WHERE entity_id IN ({" UNION ALL ".join(f"({suspect})" for suspect in suspects)})
        """,
        entities=entities,
    )


def _store(transaction: Transaction, asked: Relation, entity: Entity, touched: pl.DataFrame, now: datetime) -> None:
    """What was refused stays held until it is another change, or its records were edited; what was let out stays so."""
    entity_type = entity.name
    transaction.run(
        f"""
        UPDATE {asked} due SET status = 'planned', blocked = false, reason = c.reason FROM sync.changes c
        WHERE c.reason = ? AND c.entity_type = ? AND due.status = 'held' AND due.collection = c.collection
          AND due.entity_id = c.entity_id AND due.action = c.action AND due.fields = c.fields
        """,
        LET_OUT,
        entity_type,
    )
    transaction.run(
        f"""
        UPDATE {asked} due SET status = 'held', blocked = true, reason = c.reason FROM sync.changes c
        WHERE c.status = 'held' AND c.entity_type = ? AND due.status = 'planned' AND due.collection = c.collection
          AND due.entity_id = c.entity_id AND due.action = c.action AND due.fields = c.fields
          AND (c.collection, c.entity_id, c.action) NOT IN (FROM again)
        """,
        entity_type,
        again=refused.edited(transaction, entity),
    )
    since = transaction.temporary(
        "due_since",
        f"""
        SELECT d.*, c.since, if(d.fields = c.fields, c.failures, NULL) AS failures,
            if(d.fields = c.fields, c.failure, NULL) AS failure
        FROM {asked} d
        LEFT JOIN sync.changes c
        ON c.entity_type = ? AND c.collection = d.collection AND c.entity_id = d.entity_id AND c.action = d.action
        """,
        entity_type,
    )
    _forget(transaction, entity_type, touched)
    transaction.run(
        f"""
        INSERT INTO sync.changes BY NAME
        SELECT $1 AS entity_type, * REPLACE (coalesce(since, $2::TIMESTAMPTZ) AS since) FROM {since}
        """,
        entity_type,
        now,
    )


def _forget(transaction: Transaction, entity_type: str, touched: pl.DataFrame) -> None:
    transaction.run(
        "DELETE FROM sync.changes WHERE entity_type = ? AND entity_id IN (SELECT entity_id FROM touched)",
        entity_type,
        touched=touched,
    )
