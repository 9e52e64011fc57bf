"""Which collections an entity has, by the pairs that are switched on, and in which order they come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from talk_assets.model import ordering
from talk_assets.model.collection import Collection
from talk_assets.model.dataflows import Pair
from talk_assets.model.entities import Entity
from talk_assets.model.system import System


@dataclass(frozen=True)
class Topology:
    """One entity's collections by key, and the pairs between them, each pair after those that lead to its left side."""

    entity: Entity
    collections: Mapping[str, Collection]
    pairs: Sequence[Pair]


def of(entity: Entity, systems: Mapping[str, System], pairs: Iterable[Pair]) -> Topology:
    """Return the collections of an entity that the pairs name, or that others are assembled from."""
    own = [
        pair
        for pair in pairs
        if all(
            side.split("/")[0] in systems and collection_of(systems, side).entity == entity
            for side in (pair.left, pair.right)
        )
    ]
    keys = dict.fromkeys(side for pair in own for side in (pair.left, pair.right))
    for key in list(keys):
        keys |= dict.fromkeys(f"{key.split('/')[0]}/{part.of}" for part in collection_of(systems, key).parts)
    order = ordering.ordered({key: [pair.left for pair in own if pair.right == key] for key in keys})
    rank = {key: n for n, key in enumerate(order)}
    ordered = sorted(own, key=lambda pair: (rank[pair.left], rank[pair.right]))
    return Topology(entity, {key: collection_of(systems, key) for key in keys}, ordered)


def collection_of(systems: Mapping[str, System], key: str) -> Collection:
    """Return the collection `system/name`; raise KeyError where there is none."""
    system, name = key.split("/")
    return systems[system].collection(name)
