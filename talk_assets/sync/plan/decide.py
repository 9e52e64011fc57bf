"""The one decision: what is to be done with each collection of an entity. Begin reading here.

`due` says what golden and the pairs demand of the collections, `decide` what becomes of each of those changes now: it
is sent, it waits, or a person looks first. Pure, one entity at a time, and too slow for a million: runs use `changes`
and `deletes` (what is due), `waiting` (what stands in its way) and `permits` (what a run may send). Hypothesis holds
them against this file (`talk_assets_tests/sync/plan`), so change a rule here and there.

Not here, because one entity does not show it: limits on what a run changes (`sync/guards`), how a fight is noticed
(`sync/merge/fights`), and references to records that are still to be created (`sync/write/writing`).
"""

from collections.abc import Iterator
from dataclasses import replace

from talk_assets.model.collection import settable
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.system import Action
from talk_assets.sync.plan.situation import Change, Decision, Situation, Verdict


def due(entity: Situation) -> Iterator[Change]:
    """Yield what the collections need, whatever stands in its way; a collection that is not named is left alone."""
    missing = set(_missing(entity))
    for key, collection in entity.topology.collections.items():
        record, removal = entity.live(key), _removal(entity, key)
        if key in missing:
            # A pair demands a record here, and there never was one: what was deleted or unlinked is not created again.
            named = [name for name in settable(collection) if (key, name) not in entity.refused]
            yield Change(key, Action.CREATE, fields={name: entity.golden[name] for name in named})
        if removal:
            # The record across a pair was deleted, and the pair says that this one is to follow it.
            yield removal
        if record is None or (removal and removal.action is Action.DELETE):
            # There is nothing to keep up to date, or not for long.
            continue
        resting = {*entity.fought, *(name for other, name in entity.refused if other == key)}
        if changed := [name for name in entity.unsent(record) if name not in resting]:
            # The record was not sent yet what was agreed on. Where two systems fight, nobody writes until it is over;
            # what the system refused is sent once it is another value.
            yield Change(key, Action.UPDATE, record.id, {name: entity.golden[name] for name in changed})


def decide(entity: Situation) -> Iterator[Decision]:
    """Yield what becomes of everything that is due, each change by the first reason that applies."""
    permits = entity.permits
    for change in due(entity):
        key, creates = change.collection, change.action is Action.CREATE
        sides = {side for pair in entity.topology.pairs if pair.right == key for side in (pair.left, pair.right)}
        if change.doubt and change not in entity.approved:
            # An edit would be lost with the record: a person looks first.
            yield Decision(change, Verdict.HOLD, change.doubt)
        elif creates and (unread := sides & entity.unread):
            # The record that seems to be missing may be among those that nobody has read.
            yield Decision(change, Verdict.WAIT, f"{', '.join(sorted(unread))} not read in full yet")
        elif creates and entity.held_parent:
            # It refers to a record that a person has to link first.
            yield Decision(change, Verdict.WAIT, f"{entity.held_parent}, which it refers to, is held")
        elif creates and key in entity.could_be:
            # A held record may be the one that seems to be missing: a person has to link that first.
            yield Decision(change, Verdict.WAIT, entity.could_be[key])
        elif change in entity.held:
            # Exactly this was refused by its system, or doubtful: it is sent once it is another, or a record of the
            # entity was edited since (those are not `held` here), or a person says so.
            yield Decision(change, Verdict.HOLD, "held before")
        elif key not in permits.writable:
            # Every dataflow that leads here is in mode plan, or not part of this run.
            yield Decision(change, Verdict.WAIT, permits.why_not_written(key))
        elif creates and not entity.live(*permits.lefts(key)):
            # The pair that demands the record may not write, or its left record is still to be created.
            yield Decision(change, Verdict.WAIT, permits.why_not_created(key))
        elif _removes(change) and not any(pair in permits.writing for pair, _ in _demands(entity, key)):
            # The pair that demands the removal may not write.
            yield Decision(change, Verdict.WAIT, permits.why_not_deleted(key))
        else:
            yield _as_far_as_permitted(entity, change)


def _as_far_as_permitted(entity: Situation, change: Change) -> Decision:
    """Send the values that come from where this run may write from; the other fields wait for their dataflows.

    A create goes out in any case: for those fields, it shows what the record on the left of its pair shows.
    """
    key, permits = change.collection, entity.permits
    kept = [name for name in change.fields if not any(permits.counts(one, key) for one in entity.sources(name, key))]
    origins = {name: entity.origins[name] for name in kept}
    reasons = [f"{name} was set in {origin}, and {permits.why_not(origin, key)}" for name, origin in origins.items()]
    fields = {name: value for name, value in change.fields.items() if name not in kept}
    left = entity.live(*permits.lefts(key))
    if change.action is Action.CREATE and left:
        fields |= {name: left.seen.get(name) for name in kept}
    if kept and not fields:
        return Decision(change, Verdict.WAIT, "; ".join(reasons))
    return Decision(replace(change, fields=fields), Verdict.SEND, "; ".join(reasons) or None)


def _missing(entity: Situation) -> Iterator[str]:
    """Every record on the left of a pair demands one on the right; so does one that is to be created itself."""
    known = {record.collection for record in entity.records}
    there = {record.collection for record in entity.records if record.gone_at is None}
    for pair in entity.topology.pairs:
        right = entity.topology.collections[pair.right]
        if pair.left in there and pair.right not in known and right.creatable and settable(right):
            known.add(pair.right)
            there.add(pair.right)
            yield pair.right


def _removes(change: Change) -> bool:
    return change.action in {Action.DELETE, Action.ARCHIVE}


def _removal(entity: Situation, key: str) -> Change | None:
    """What one pair would archive and another delete is archived, and once; of two reasons, the doubtful one counts."""
    demands = [change for _, change in _demands(entity, key)]
    order = {Action.ARCHIVE: 0, Action.DELETE: 1}
    first = min(demands, key=lambda one: (order[one.action], one.doubt is None, one.doubt), default=None)
    record = entity.live(key)
    return None if first and first.action is Action.ARCHIVE and record and record.archived else first


def _demands(entity: Situation, key: str) -> Iterator[tuple[Pair, Change]]:
    """Yield per pair what the deletion of its other record demands of this one, unless a pair demands that it stays."""
    record, collection, pairs = entity.live(key), entity.topology.collections[key], entity.topology.pairs
    if record is None or not collection.writable or entity.live(*(pair.left for pair in pairs if pair.right == key)):
        return
    for pair in pairs:
        other = pair.right if pair.left == key else pair.left
        deleted = entity.deleted(other, since=record.linked_at) if key in (pair.left, pair.right) else None
        flagged = pair.on_delete is OnDelete.ARCHIVE and collection.archived is not None
        if deleted and (flagged or pair.on_delete is OnDelete.DELETE):
            # The deleted record never had what was agreed on since: with this one, that edit would be lost.
            lost = f"holds an edit that {other} never had; it was deleted, and so would this be"
            yield pair, Change(key, Action(pair.on_delete), record.id, doubt=lost if entity.unsent(deleted) else None)
