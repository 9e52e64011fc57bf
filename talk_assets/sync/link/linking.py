"""From records to links: which entity each record describes, and what was edited in those that had a link already."""

from collections.abc import Sequence

import polars as pl

from talk_assets.model.ids import NewId
from talk_assets.model.topology import Topology
from talk_assets.store.transaction import Relation, Transaction
from talk_assets.sync.link import edits, incoming, links, matches, matching
from talk_assets.sync.merge.merging import MergeScope


def link_all(
    transaction: Transaction, topology: Topology, records: Relation, scope: MergeScope, new_id: NewId
) -> tuple[Relation, Sequence[str] | None, bool]:
    """Return which records have a link now, in which fields alone something may be due, and whether anything moved.

    `records` are those of `incoming.gather`. The fields are null where records came, went or came back, or may be
    about to.
    """
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
    for key, collection in collections.items():
        if found := matching.match_by_rules(transaction, records, known, key, collection, new_id):
            held.append(matches.held(transaction, found, collection))
            linked += links.link(transaction, found, key, topology.collections, now, scope.run)
    links.hold(transaction, entity, list(topology.collections), pl.concat(held), now)
    edited = edits.absorb(transaction, records, known, scope)
    unsure = other or unlinked or incoming.interrupted(transaction, entity)
    return known, None if unsure else edited, bool(other or linked or edited)
