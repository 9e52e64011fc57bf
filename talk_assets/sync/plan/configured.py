"""What the changes of an entity were planned by: pairs, what they say about deletions, and what may be written where.

What is due depends on this as well as on the records. When it changes, everything it concerns is planned again, and the
run says why. Modes are not part of it: they decide what is sent, not what is due (see `permits`).
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from talk_assets.model.collection import settable, updatable
from talk_assets.model.topology import Topology
from talk_assets.store.transaction import Transaction
from talk_assets.sync.link import remapping
from talk_assets.sync.merge.merging import MergeScope
from talk_assets.sync.plan import changes


def describe(topology: Topology) -> dict[str, dict[str, Any]]:
    """Return what the changes of an entity are planned by, as it is stored."""
    return {
        "pairs": {f"{pair.left} → {pair.right}": pair.on_delete.value for pair in topology.pairs},
        "collections": {
            key: {
                "updates": list(updatable(one)),
                "creates": list(settable(one)) if one.creatable else [],
                "deletes": one.writable,
                "archives": one.archived is not None,
            }
            for key, one in topology.collections.items()
        },
    }


def anew(
    transaction: Transaction, topology: Topology, scope: MergeScope, *, known: bool
) -> tuple[list[str], pl.DataFrame | None]:
    """Have records seen anew whose lens has changed; return what was read or planned again, for people.

    With it, return the entities (`entity_id`) to plan again, null where nothing is configured otherwise. `known` says
    that pairs and what may be written are unchanged.
    """
    reasons = [] if known else differences(transaction, topology)
    read, entities = remapping.meet(transaction, scope)
    notes = [str(one) for one in read]
    if reasons:
        notes.append(f"{topology.entity.name}: every change was planned again, because {'; '.join(reasons)}")
        entities = changes.every(transaction, topology.entity)
    if not notes:
        return [], None
    forget(transaction, topology)  # a run that dies before it has planned them leaves them to the next
    return notes, entities


def differences(transaction: Transaction, topology: Topology) -> list[str]:
    """Return what is configured otherwise than when an entity's changes were planned last, as sentences.

    Nothing where they never were.
    """
    stored = transaction.frame("SELECT configuration FROM sync.configured WHERE entity_type = ?", topology.entity.name)
    if stored.is_empty():
        return ["it is not known what was configured before"] if _planned(transaction, topology) else []
    return list(_differences(json.loads(stored.item()), describe(topology)))


def forget(transaction: Transaction, topology: Topology) -> None:
    """Have everything of an entity planned again, unless `note` says that it was."""
    transaction.run("DELETE FROM sync.configured WHERE entity_type = ?", topology.entity.name)


def note(transaction: Transaction, topology: Topology) -> None:
    """Note what an entity's changes are planned by now."""
    forget(transaction, topology)
    transaction.run(
        "INSERT INTO sync.configured VALUES (?, ?)",
        topology.entity.name,
        json.dumps(describe(topology), ensure_ascii=False),
    )


def _planned(transaction: Transaction, topology: Topology) -> bool:
    """Whether anything was planned before."""
    return bool(transaction.count(f'SELECT count(*) FROM "{topology.entity.name}".golden'))


def _differences(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    pairs, were = now["pairs"], before["pairs"]
    for pair in pairs:
        if pair not in were:
            yield f"the pair {pair} was switched on"
        elif pairs[pair] != were[pair]:
            yield f"on_delete of the pair {pair} is {pairs[pair]} now, and was {were[pair]}"
    for pair in were:
        if pair not in pairs:
            yield f"the pair {pair} was switched off"
    for key, one in now["collections"].items():
        known = before["collections"].get(key)
        if known is not None and known != one:
            yield f"what may be written to {key} has changed"
