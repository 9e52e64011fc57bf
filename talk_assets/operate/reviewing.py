"""What a person says of pairs of records: that they are the same or not, what stood before, and taking that back.

Every act is noted in `sync.verdicts` with what its records were before, so that nobody is asked again what was
answered, and `talk undo ACT` restores them. What a sync has written since is taken back by undoing that run.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from talk_assets.errors import ConfigurationError
from talk_assets.operate import relinking
from talk_assets.operate.relinking import Record, Scene
from talk_assets.report import reviewing
from talk_assets.report.reviewing import Pairing
from talk_assets.store.transaction import Transaction

SCHEMA = {"collection": pl.String, "id": pl.String}


def new_act() -> str:
    """Return the id of an act."""
    return str(uuid.uuid4())


def link(transaction: Transaction, scene: Scene, one: Record, other: Record, act: str) -> bool:
    """Make two records describe one entity, and note it; return whether they did not yet."""
    before = _before(transaction, scene, one, other)
    weighed = _weighed(transaction, scene, one, other)
    new = relinking.link(transaction, scene, one, other)
    if new:
        _note(transaction, scene, act, (one, [str(other)]), before, same=True)
        for record in (one, other) if weighed else ():
            transaction.run(
                f"UPDATE {scene.links} SET evidence = ? WHERE collection = ? AND id = ? AND linked_at = ?",
                weighed,
                record.key,
                record.id,
                scene.now,
            )
        _forget(transaction, scene, one, other)
    return new


def unlink(transaction: Transaction, scene: Scene, record: Record, act: str) -> bool:
    """Give a record an entity of its own, and note what it is not; return whether it shared one, or was held."""
    entity = relinking.entity_of(transaction, scene, record)
    others = _linked_with(transaction, scene, record) if entity else _asked(transaction, scene, record)
    beside = [Record(*_parts(one)) for one in others]
    before = _before(transaction, scene, record, *beside)
    entities = [found for one in beside if (found := relinking.entity_of(transaction, scene, one))]
    new = relinking.unlink(transaction, scene, record)
    if new:
        _note(transaction, scene, act, (record, others), before, same=False)
        _forget(transaction, scene, record)
        relinking.reconcile(transaction, scene, entities)
    return new


def link_all(transaction: Transaction, scene: Scene, pairs: Sequence[Pairing], act: str) -> tuple[int, list[str]]:
    """Link the pairs, the likeliest first; return how many, and why the others could not be."""
    count, refused = 0, []
    for pair in pairs:
        try:
            count += link(transaction, scene, Record(*_parts(pair.left)), Record(*_parts(pair.right)), act)
        except ConfigurationError as error:
            refused.append(str(error))
    return count, refused


def acts(transaction: Transaction, start: str) -> list[str]:
    """Return the acts whose id begins with a text."""
    found = transaction.frame("SELECT DISTINCT act FROM sync.verdicts WHERE starts_with(act, ?) ORDER BY act", start)
    return found["act"].to_list()


@dataclass(frozen=True)
class Verdict:
    """What a person said of a record and others, which are none where it was only unlinked."""

    entity_type: str
    record: str
    others: tuple[str, ...]
    same: bool

    def __str__(self) -> str:
        beside = ", ".join(self.others)
        if self.same:
            return f"{self.record} and {beside} are linked"
        return f"{self.record} is not the same as {beside}" if beside else f"{self.record} is unlinked"


def said(transaction: Transaction, act: str) -> list[Verdict]:
    """Return what was said in an act."""
    found = transaction.frame(
        "SELECT entity_type, record, list(other ORDER BY other) FILTER (other IS NOT NULL), same FROM sync.verdicts"
        " WHERE act = ? GROUP BY ALL ORDER BY min(rowid)",
        act,
    )
    return [Verdict(name, record, tuple(others or ()), same) for name, record, others, same in found.iter_rows()]


def is_asked(transaction: Transaction, record: Record) -> bool:
    """Return whether a record is part of a pair that waits for review."""
    asked = "SELECT count(*) FROM sync.suggested WHERE (collection = ? AND id = ?) OR other = ?"
    return bool(transaction.count(asked, record.key, record.id, str(record)))


def take_back(transaction: Transaction, scene: Scene, act: str) -> int:
    """Restore what the records of an entity were before an act; return how many.

    Raise ConfigurationError where one of them was linked or unlinked again since, or written because of the act.
    """
    rows = transaction.frame(
        "SELECT record, any_value(before) AS before, max(decided_at) AS at FROM sync.verdicts"
        " WHERE act = ? AND entity_type = ? GROUP BY record ORDER BY max(rowid) DESC",
        act,
        scene.entity.name,
    )
    for record, before, at in rows.iter_rows():
        _require_unwritten(transaction, scene, record, at)
        _restore(transaction, scene, json.loads(before))
    transaction.run("DELETE FROM sync.verdicts WHERE act = ? AND entity_type = ?", act, scene.entity.name)
    transaction.run("DELETE FROM sync.weighed WHERE entity_type = ?", scene.entity.name)
    return rows.height


def _parts(record: str) -> tuple[str, str]:
    system, collection, id_ = record.split("/", 2)
    return f"{system}/{collection}", id_


def _weighed(transaction: Transaction, scene: Scene, one: Record, other: Record) -> str | None:
    """The evidence by which one record was suggested with the other one."""
    found = transaction.frame(
        f"""
        SELECT s.evidence FROM sync.suggested s LEFT JOIN {scene.links} l USING (entity_id)
        WHERE s.collection || '/' || s.id IN ($1, $2) AND
            (s.other IN ($1, $2) OR (l.gone_at IS NULL AND l.collection || '/' || l.id IN ($1, $2)))
        """,
        str(one),
        str(other),
    )["evidence"].to_list()
    return found[0] if found else None


def _asked(transaction: Transaction, scene: Scene, record: Record) -> list[str]:
    """The records that a held one may be the same as."""
    return transaction.frame(
        f"""
        SELECT DISTINCT coalesce(s.other, l.collection || '/' || l.id) AS record FROM sync.suggested s
        LEFT JOIN {scene.links} l ON l.entity_id = s.entity_id AND l.gone_at IS NULL
        WHERE s.collection = ? AND s.id = ? AND (s.other IS NOT NULL OR l.id IS NOT NULL) ORDER BY record
        """,
        record.key,
        record.id,
    )["record"].to_list()


def _linked_with(transaction: Transaction, scene: Scene, record: Record) -> list[str]:
    return transaction.frame(
        f"""
        SELECT o.collection || '/' || o.id AS record FROM {scene.links} l JOIN {scene.links} o USING (entity_id)
        WHERE l.collection = ? AND l.id = ? AND o.gone_at IS NULL AND (o.collection, o.id) <> (l.collection, l.id)
        ORDER BY record
        """,
        record.key,
        record.id,
    )["record"].to_list()


def _note(
    transaction: Transaction, scene: Scene, act: str, what: tuple[Record, Sequence[str]], before: str, *, same: bool
) -> None:
    record, others = what
    rows = pl.DataFrame({"other": pl.Series([*others] or [None], dtype=pl.String)}).with_columns(
        act=pl.lit(act), entity_type=pl.lit(scene.entity.name), record=pl.lit(str(record)), same=pl.lit(same),
        decided_at=pl.lit(scene.now), before=pl.lit(before),
    )  # fmt: skip
    transaction.run("INSERT INTO sync.verdicts BY NAME SELECT * FROM rows", rows=rows)


def _forget(transaction: Transaction, scene: Scene, *records: Record) -> None:
    """What a record was suggested with is decided; golden is looked at again before anything of before is taken up."""
    for record in records:
        transaction.run(
            "DELETE FROM sync.suggested WHERE (collection = $1 AND id = $2) OR other = $3",
            record.key,
            record.id,
            str(record),
        )
    transaction.run("UPDATE sync.weighed SET version = NULL WHERE entity_type = ?", scene.entity.name)


def _before(transaction: Transaction, scene: Scene, *records: Record) -> str:
    """What some records and their entities are, as JSON: rows of the tables that an act changes."""
    entities = [found for one in records if (found := relinking.entity_of(transaction, scene, one))]
    these = pl.DataFrame({"entity_id": entities}, schema={"entity_id": pl.String}).unique()
    named = pl.DataFrame([(one.key, one.id) for one in records], schema=SCHEMA, orient="row")
    state: dict[str, Any] = {"records": [str(one) for one in records], "entities": these["entity_id"].to_list()}
    for table in (scene.links, scene.golden):
        state[table] = _json(transaction, f"SELECT t.* FROM {table} t SEMI JOIN wanted USING (entity_id)", these)
    for table in ("sync.held", "sync.suggested"):
        state[table] = _json(transaction, f"SELECT t.* FROM {table} t SEMI JOIN wanted USING (collection, id)", named)
    return json.dumps(state)


def _json(transaction: Transaction, query: str, wanted: pl.DataFrame) -> list[str]:
    """The rows of a query as JSON objects."""
    rows = transaction.frame(f"SELECT to_json(q)::VARCHAR AS row FROM ({query}) q", wanted=wanted)
    return rows["row"].to_list()


def _require_unwritten(transaction: Transaction, scene: Scene, record: str, at: object) -> None:
    """What was sent because of the act is not known here: the run that sent it is undone first."""
    key, id_ = _parts(record)
    runs = transaction.frame(
        f"""
        SELECT j.run FROM sync.journal j JOIN {scene.links} l USING (entity_id)
        WHERE l.collection = ? AND l.id = ? AND j.intended_at > ? AND j.entity_type = ?
        ORDER BY j.intended_at DESC LIMIT 1
        """,
        key,
        id_,
        at,
        scene.entity.name,
    )["run"].to_list()
    if runs:
        message = (
            f"{record}: was written by a sync since. Undo that run first (talk undo {runs[0][:8]} --write); or change"
            f" the link itself: talk unlink {record}"
        )
        raise ConfigurationError(message)


def _restore(transaction: Transaction, scene: Scene, before: dict[str, Any]) -> None:
    """Put back the rows of `_before`, in place of what the records and their entities are now."""
    named = pl.DataFrame([_parts(one) for one in before["records"]], schema=SCHEMA, orient="row")
    now = transaction.frame(
        f"SELECT DISTINCT entity_id FROM {scene.links} SEMI JOIN named USING (collection, id) WHERE gone_at IS NULL",
        named=named,
    )
    known = pl.DataFrame({"entity_id": before["entities"]}, schema={"entity_id": pl.String})
    concerned = pl.concat([now, known]).unique()
    for table in (scene.links, scene.golden):
        transaction.run(f"DELETE FROM {table} WHERE entity_id IN (SELECT entity_id FROM these)", these=concerned)
    transaction.run(
        "DELETE FROM sync.changes WHERE entity_type = ? AND entity_id IN (SELECT entity_id FROM these)",
        scene.entity.name,
        these=concerned,
    )
    for table in ("sync.held", "sync.suggested"):
        transaction.run(
            f"DELETE FROM {table} WHERE (collection, id) IN (SELECT (collection, id) FROM named)", named=named
        )
    for table in (scene.links, scene.golden, "sync.held", "sync.suggested"):
        _insert(transaction, table, before[table])
    _refer_again(transaction, scene, before, now["entity_id"].to_list())
    relinking.reconcile(transaction, scene, concerned["entity_id"])


def _refer_again(transaction: Transaction, scene: Scene, before: dict[str, Any], now: Sequence[str]) -> None:
    """What referred to an entity that the act made, or brought to an end, refers to what it did before."""
    for text in before["records"]:
        record = Record(*_parts(text))
        entity = relinking.entity_of(transaction, scene, record)
        for other in now if entity else ():
            if other not in before["entities"]:
                relinking.come_to_an_end(transaction, scene, other, str(entity))
            elif entity not in now:
                relinking.refer(transaction, scene, record, other, str(entity))


def _insert(transaction: Transaction, table: str, rows: Sequence[str]) -> None:
    """Insert rows that are JSON objects."""
    if not rows:
        return
    schema, name = table.replace('"', "").split(".")
    types = transaction.frame(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = ? AND table_name = ? AND table_catalog = current_database()",
        schema,
        name,
    )
    columns = ", ".join(f"""(row ->> '$."{column}"')::{type_} AS "{column}\"""" for column, type_ in types.iter_rows())
    transaction.run(f"INSERT INTO {table} BY NAME SELECT {columns} FROM rows", rows=pl.DataFrame({"row": list(rows)}))


def waiting(transaction: Transaction, above: float) -> list[Pairing]:
    """Return the pairs that `link_all` is about: the likeliest ones for each other, with at least this probability."""
    return [pair for pair in reviewing.pairs(transaction, above=above) if pair.best or pair.rule is not None]
