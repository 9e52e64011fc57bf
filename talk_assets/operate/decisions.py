"""What a person does about what is held and about conflicts. An act that is repeated changes nothing.

What it asks of the systems is decided at once, and goes out with the next sync.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from talk_assets.errors import ConfigurationError
from talk_assets.operate.relinking import Record, Scene, entity_of, reconcile
from talk_assets.report import readable
from talk_assets.store.transaction import Transaction
from talk_assets.sync.merge import conflicts, fights
from talk_assets.sync.plan import refused
from talk_assets.sync.plan.changes import LET_OUT


def retry(transaction: Transaction, key: str, entity_id: str | None = None) -> int:
    """Let out what is held of the changes of a collection, or of an entity in all of them; return how many there were.

    Of a record of which only fields are held, they count as one. What the API refuses again is held again.
    """
    where, which = ("entity_id = ?", entity_id) if entity_id else ("collection = ?", key)
    return refused.release(transaction, key, entity_id) + transaction.count(
        f"UPDATE sync.changes SET status = 'planned', blocked = false, reason = ? WHERE status = 'held' AND {where}",
        LET_OUT,
        which,
    )


def recreate(transaction: Transaction, scene: Scene, entity_id: str) -> int:
    """Forget that records of an entity were deleted, so that its pairs demand them again; return how many."""
    forgotten = transaction.count(f"DELETE FROM {scene.links} WHERE entity_id = ? AND gone_at IS NOT NULL", entity_id)
    reconcile(transaction, scene, (entity_id,))
    return forgotten


@dataclass(frozen=True)
class Choice:
    """A value that a field could have, canonical, and the record that has it, or that it was lost in."""

    value: str | None
    origin: str


def choices(transaction: Transaction, scene: Scene, record: Record, field: str) -> list[Choice]:
    """Return the values that were lost in conflicts over a record's field, latest first, then those that records show.

    Each is another than the agreed one. Raise ConfigurationError for a field that the entity does not have.
    """
    entity = _linked(transaction, scene, record, field)
    found = transaction.frame(
        f"""
        SELECT seen_{field} AS value, collection || '/' || id AS origin FROM {scene.links} l
        JOIN {scene.golden} g USING (entity_id)
        WHERE entity_id = ? AND gone_at IS NULL AND seen_{field} IS DISTINCT FROM g."{field}" ORDER BY origin
        """,
        entity,
    )
    shown = [Choice(value, origin) for value, origin in found.iter_rows()]
    return list(dict.fromkeys([*_lost(transaction, scene, entity, field), *shown]))


def resolve(
    transaction: Transaction, scene: Scene, record: Record, field: str, take: str | None, *, force: bool = False
) -> Choice | None:
    """Make the value that lost golden, or that of the record `take`; return it, None where there is nothing to decide.

    Raise ConfigurationError where it is not clear which value is meant. Without `force`, raise it as well where golden
    is newer than the conflict, or where no conflict is open and `take` would overwrite golden.
    """
    entity = _linked(transaction, scene, record, field)
    if take is not None and agrees(transaction, scene, record, field, take):
        return None
    chosen = _chosen(transaction, scene, record, field, take)
    if chosen is None:
        return None
    if not force:
        said = f"talk resolve {record} {field} --take {chosen.origin} --force"
        _require_open(transaction, scene, record, field, f"To replace it all the same: {said}")
    _set(transaction, scene, entity, field, chosen)
    return chosen


def agrees(transaction: Transaction, scene: Scene, record: Record, field: str, origin: str) -> bool:
    """Return whether golden is the value of `origin`, a record of the same entity of which no other value lost."""
    entity = _linked(transaction, scene, record, field)
    if origin in [choice.origin for choice in _lost(transaction, scene, entity, field)]:
        return False
    return bool(
        transaction.count(
            f"""
            SELECT count(*) FROM {scene.golden} g WHERE g.entity_id = $1 AND ({field}_from = $2 OR EXISTS (
                SELECT 1 FROM {scene.links} l WHERE l.entity_id = $1 AND l.gone_at IS NULL
                AND l.collection || '/' || l.id = $2 AND l.seen_{field} IS NOT DISTINCT FROM g."{field}"))
            """,
            entity,
            origin,
        )
    )


def _chosen(transaction: Transaction, scene: Scene, record: Record, field: str, take: str | None) -> Choice | None:
    """The one value that is meant, None where golden is that value already."""
    if take is not None:
        found = choices(transaction, scene, record, field)
        for choice in found:
            if choice.origin == take:
                return choice
        there = ", ".join(dict.fromkeys(choice.origin for choice in found)) or "none"
        message = f"{take}: has no other value for {field} of {record}. Records with another value: {there}."
        raise ConfigurationError(message)
    lost = _lost(transaction, scene, _linked(transaction, scene, record, field), field)
    if len({choice.value for choice in lost}) > 1:
        origins = sorted({choice.origin for choice in lost})
        listed = " or ".join(f"talk resolve {record} {field} --take {origin}" for origin in origins)
        message = f"{record}: several values of {field} lost. Choose one: {listed}"
        raise ConfigurationError(message)
    return lost[0] if lost else None


def keep(transaction: Transaction, scene: Scene, record: Record, field: str, *, force: bool = False) -> int:
    """Keep golden, and take the field off the list of conflicts; return how many conflicts and fights that ends.

    Without `force`, raise ConfigurationError where golden is newer than the conflict.
    """
    entity = _linked(transaction, scene, record, field)
    if not force and _lost(transaction, scene, entity, field):
        said = f"talk resolve {record} {field} --keep --force"
        _require_open(transaction, scene, record, field, f"To keep this value: {said}")
    return _end(transaction, scene, entity, field)


@dataclass(frozen=True)
class _Agreed:
    """What golden has for one field: the value, when it was set, and by which record."""

    value: str | None
    at: datetime | None
    origin: str | None


def agreed(transaction: Transaction, scene: Scene, record: Record, field: str) -> str:
    """Return what golden has for a record's field, as people read it: the value, when it was set, and where."""
    standing = _agreed(transaction, scene, _linked(transaction, scene, record, field), field)
    at = f", set {standing.at:%Y-%m-%d %H:%M} UTC" if standing.at else ""
    origin = f" in {standing.origin}" if standing.origin else ""
    return f"{shown(transaction, scene, field, standing.value)}{at}{origin}"


def shown(transaction: Transaction, scene: Scene, field: str, value: str | None) -> str:
    """Return a canonical value of a field as people read it."""
    entity_type = scene.entity.name
    text = readable.reader(transaction, [(entity_type, field, value)]).show(entity_type, field, value)
    return "(blank)" if text is None else f'"{text}"'


def _require_open(transaction: Transaction, scene: Scene, record: Record, field: str, instead: str) -> None:
    """Refuse where golden is not what won: somebody set the field after the conflict was noticed, or decided it."""
    entity = _linked(transaction, scene, record, field)
    winners = transaction.frame(
        "SELECT winner FROM sync.conflicts WHERE entity_type = ? AND entity_id = ? AND field = ?",
        scene.entity.name,
        entity,
        field,
    )["winner"].to_list()
    if _agreed(transaction, scene, entity, field).value in winners or _fought(transaction, scene, entity, field):
        return
    why = "was set after the conflict was noticed" if winners else "is not in conflict any more"
    message = f"{record}: {field} {why}. It is {agreed(transaction, scene, record, field)}. {instead}"
    raise ConfigurationError(message)


def _linked(transaction: Transaction, scene: Scene, record: Record, field: str) -> str:
    if field not in scene.entity.names:
        message = f"{field}: {scene.entity.name} has no such field; it has {', '.join(scene.entity.names)}."
        raise ConfigurationError(message)
    entity = entity_of(transaction, scene, record)
    if entity is None:
        message = (
            f"{record}: is not linked, so no other record has a value for its {field}. To link it:"
            f" talk link {record} SYSTEM/COLLECTION/ID"
        )
        raise ConfigurationError(message)
    return entity


def _lost(transaction: Transaction, scene: Scene, entity_id: str, field: str) -> list[Choice]:
    """The values that lost in the open conflicts over a field, latest first, but for what golden is now."""
    found = transaction.frame(
        f"""
        SELECT c.value, c.origin FROM sync.conflicts c JOIN {scene.golden} g ON g.entity_id = c.entity_id
        WHERE c.entity_type = ? AND c.entity_id = ? AND c.field = ? AND c.value IS DISTINCT FROM g."{field}"
        ORDER BY c.noticed_at DESC, c.origin
        """,
        scene.entity.name,
        entity_id,
        field,
    )
    return [Choice(value, origin) for value, origin in found.unique(maintain_order=True).iter_rows()]


def _agreed(transaction: Transaction, scene: Scene, entity_id: str, field: str) -> _Agreed:
    return _Agreed(
        *transaction.frame(
            f'SELECT "{field}", {field}_at, {field}_from FROM {scene.golden} WHERE entity_id = ?', entity_id
        ).row(0)
    )


def _fought(transaction: Transaction, scene: Scene, entity_id: str, field: str) -> bool:
    return (entity_id, field) in fights.of(transaction, scene.entity.name).iter_rows()


def _set(transaction: Transaction, scene: Scene, entity_id: str, field: str, choice: Choice) -> None:
    """Golden counts as set when the records were last read: an edit that nobody has read yet is newer, and wins."""
    read = transaction.frame(
        f"""
        SELECT min(read_at) AS at FROM sync.cursors
        WHERE collection IN (SELECT collection FROM {scene.links} WHERE entity_id = ? AND gone_at IS NULL)
        """,
        entity_id,
    ).item()
    transaction.run(
        f"""
        UPDATE {scene.golden} SET "{field}" = $1, {field}_from = $2,
            {field}_at = greatest({field}_at, least($3::TIMESTAMPTZ, $4::TIMESTAMPTZ))
        WHERE entity_id = $5
        """,
        choice.value,
        choice.origin,
        read,
        scene.now,
        entity_id,
    )
    transaction.run(
        "INSERT INTO sync.edits (entity_type, entity_id, field, value, edited_at, origin, won, noticed_at, run)"
        " VALUES ($1, $2, $3, $4, $5, $6, true, $5, $7)",
        scene.entity.name, entity_id, field, choice.value, scene.now, choice.origin, scene.run,
    )  # fmt: skip
    _end(transaction, scene, entity_id, field)


def _end(transaction: Transaction, scene: Scene, entity_id: str, field: str) -> int:
    """The field is decided: it is neither in conflict nor fought over."""
    fought = _fought(transaction, scene, entity_id, field)
    fights.end(transaction, scene.entity.name, entity_id, field)
    fields = pl.DataFrame({"entity_id": [entity_id], "field": [field]})
    count = conflicts.end(transaction, scene.entity.name, fields, scene.now) + fought
    reconcile(transaction, scene, (entity_id,))
    return count
