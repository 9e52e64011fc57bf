"""What a person does about what is held and about conflicts. Each act may be repeated.

What it asks of the systems is decided at once, and goes out with the next sync.
"""

from dataclasses import dataclass

from talk_assets.errors import ConfigurationError
from talk_assets.sync import fights
from talk_assets.sync.changes import LET_OUT
from talk_assets.sync.relinking import Record, Scene, entity_of, settle
from talk_assets.transaction import Transaction


def retry(transaction: Transaction, key: str, entity: str | None = None) -> int:
    """Let out what is held of the changes of a collection, or of an entity in all of them; return how many there were.

    What the API refuses again is held again.
    """
    where, which = ("entity = ?", entity) if entity else ("collection = ?", key)
    return transaction.count(
        f"UPDATE sync.changes SET status = 'planned', blocked = false, reason = ? WHERE status = 'held' AND {where}",
        LET_OUT,
        which,
    )


def recreate(transaction: Transaction, scene: Scene, entity: str) -> int:
    """Forget that records of an entity were deleted, so that its pairs demand them again; return how many."""
    forgotten = transaction.count(f"DELETE FROM {scene.links} WHERE entity = ? AND gone_at IS NOT NULL", entity)
    settle(transaction, scene, (entity,))
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
        WITH lost AS (
            SELECT value, origin, noticed_at FROM sync.conflicts WHERE kind = $1 AND entity = $2 AND field = $3
            UNION ALL
            SELECT seen_{field}, collection || '/' || id, NULL FROM {scene.links}
            WHERE entity = $2 AND gone_at IS NULL)
        SELECT l.value, l.origin FROM lost l JOIN {scene.golden} g ON g.entity = $2
        WHERE l.value IS DISTINCT FROM g."{field}"
        ORDER BY l.noticed_at DESC NULLS LAST, l.origin
        """,
        scene.entity.name,
        entity,
        field,
    )
    return [Choice(value, origin) for value, origin in found.unique(maintain_order=True).iter_rows()]


def resolve(transaction: Transaction, scene: Scene, record: Record, field: str, take: str | None) -> bool:
    """Make the value that lost the agreed one, of the record `take` where several did; return whether that is new.

    Raise ConfigurationError where it is not clear which value is meant.
    """
    entity = _linked(transaction, scene, record, field)
    found = choices(transaction, scene, record, field)
    if take is None:
        lost = _lost(transaction, scene, entity, field)
        values = dict.fromkeys(choice.value for choice in found if choice.origin in lost)
        if not values:
            return False
        if len(values) > 1:
            message = (
                f"{record}: {field} has lost in {', '.join(lost)}; say which to take: --take SYSTEM/COLLECTION/ID."
            )
            raise ConfigurationError(message)
        value, origin = next((one.value, one.origin) for one in found if one.origin in lost)
    else:
        if _agrees(transaction, scene, entity, field, take):
            keep(transaction, scene, record, field)
            return False
        chosen = [choice for choice in found if choice.origin == take]
        if not chosen:
            there = ", ".join(dict.fromkeys(choice.origin for choice in found)) or "none"
            message = f"{take}: has no other value for {field} of {record}; there are those of {there}."
            raise ConfigurationError(message)
        value, origin = chosen[0].value, chosen[0].origin
    _set(transaction, scene, entity, field, value, origin)
    return True


def keep(transaction: Transaction, scene: Scene, record: Record, field: str) -> int:
    """Keep the agreed value, and take the field off the list of conflicts; return how many there were."""
    entity = _linked(transaction, scene, record, field)
    fights.end(transaction, scene.entity.name, entity, field)
    settle(transaction, scene, (entity,))
    return transaction.count(
        "DELETE FROM sync.conflicts WHERE kind = ? AND entity = ? AND field = ?", scene.entity.name, entity, field
    )


def _linked(transaction: Transaction, scene: Scene, record: Record, field: str) -> str:
    if field not in scene.entity.names:
        message = f"{field}: {scene.entity.name} has no such field; it has {', '.join(scene.entity.names)}."
        raise ConfigurationError(message)
    entity = entity_of(transaction, scene, record)
    if entity is None:
        message = f"{record}: is not linked, so that nothing else has a value for its {field}."
        raise ConfigurationError(message)
    return entity


def _lost(transaction: Transaction, scene: Scene, entity: str, field: str) -> list[str]:
    return transaction.frame(
        "SELECT DISTINCT origin FROM sync.conflicts WHERE kind = ? AND entity = ? AND field = ? ORDER BY origin",
        scene.entity.name,
        entity,
        field,
    )["origin"].to_list()


def _agrees(transaction: Transaction, scene: Scene, entity: str, field: str, origin: str) -> bool:
    """Whether the agreed value is already that of a record."""
    return bool(
        transaction.count(f"SELECT count(*) FROM {scene.golden} WHERE entity = ? AND {field}_from = ?", entity, origin)
    )


def _set(transaction: Transaction, scene: Scene, entity: str, field: str, value: str | None, origin: str) -> None:
    transaction.run(
        f'UPDATE {scene.golden} SET "{field}" = ?, {field}_at = ?, {field}_from = ? WHERE entity = ?',
        value,
        scene.now,
        origin,
        entity,
    )
    transaction.run(
        "INSERT INTO sync.edits (kind, entity, field, value, edited_at, origin, won, noticed_at, run)"
        " VALUES ($1, $2, $3, $4, $5, $6, true, $5, $7)",
        scene.entity.name, entity, field, value, scene.now, origin, scene.run,
    )  # fmt: skip
    transaction.run(
        "DELETE FROM sync.conflicts WHERE kind = ? AND entity = ? AND field = ?", scene.entity.name, entity, field
    )
    fights.end(transaction, scene.entity.name, entity, field)
    settle(transaction, scene, (entity,))
