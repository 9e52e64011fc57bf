"""From records to links: which entity each record describes, and what was edited in those that had a link already."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from talk_assets.model.ids import NewId
from talk_assets.model.topology import Topology
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.link import edits, incoming, links, matches, matching, weighed
from talk_assets.sync.link.weighed import Evidence
from talk_assets.sync.merge.merging import MergeScope


@dataclass(frozen=True)
class Linked:
    """What came of linking the records of an entity."""

    known: Relation
    """The records that have a link now: see `links.know`."""
    only_fields: Sequence[str] | None
    """In which fields alone something may be due; None where records came, went or came back, or may be about to."""
    moved: bool
    """Whether anything was linked, edited or deleted."""
    asked: pl.DataFrame
    """`entity_id` of what a held record may be the same as, as of now."""


def link_all(
    transaction: Transaction,
    topology: Topology,
    records: Relation,
    scope: MergeScope,
    new_id: NewId,
    evidence: Evidence = weighed.OFF,
) -> Linked:
    """Link the records of `incoming.gather`, and take in what was edited in those that had a link."""
    entity, now, linked = topology.entity, scope.now, 0
    known = links.know(transaction, entity, records)
    if other := links.notice_deletes(transaction, entity, records, known, now):
        known = links.know(transaction, entity, records)
    held = [pl.DataFrame(schema=dict.fromkeys(("collection", "id", "fields", "reason"), pl.String))]
    unlinked = matches.unlinked(transaction, records, known)
    collections = {key: one for key, one in topology.collections.items() if key in unlinked}
    for certain in (matching.match_by_reference, matching.match_by_origin):
        for key, collection in collections.items():
            if found := certain(transaction, records, known, key, collection):
                linked += links.link(transaction, found, key, topology.collections, now, scope.run)
    weigher = weighed.weigher(transaction, entity, records, evidence)
    for key, collection in collections.items():
        if found := matching.match_by_rules(transaction, records, known, key, collection, new_id, weigher):
            held.append(matches.held(transaction, found, collection))
            if weigher:
                weigher.note_held(held[-1])
            linked += links.link(transaction, found, key, topology.collections, now, scope.run)
    links.hold(transaction, entity, list(topology.collections), pl.concat(held), now)
    asked = weighed.finish(transaction, entity, weigher, list(topology.collections))
    edited = edits.absorb(transaction, records, known, scope)
    unsure = other or unlinked or incoming.interrupted(transaction, entity)
    return Linked(known, None if unsure else edited, bool(other or linked or edited), asked)
