"""Every fast path says what the one decision says, over random entities.

What runs decide by, over frames and tables of many entities, is held against `decide`, which takes one at a time.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from talk_assets.model.collection import updatable
from talk_assets.model.system import Action
from talk_assets.store.database import Store
from talk_assets.sync.plan import changes, deletes
from talk_assets.sync.plan.decide import due
from talk_assets_tests.sync.plan import stored
from talk_assets_tests.sync.plan.situations import Town, towns

EXAMPLES = int(os.environ.get("DECISIONS", "60"))
"""DECISIONS=5000 in the environment tries more, for minutes."""

many = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decided(town: Town) -> list[stored.Due]:
    return stored.ordered(stored.comparable(id_, change) for id_, one in town.entities.items() for change in due(one))


@many
@given(towns())
def test_what_is_due(town: Town) -> None:
    found = changes.due(town.topology, stored.golden(town), stored.links(town), stored.fought(town))
    assert stored.rows(found) == decided(town)


@many
@given(towns())
def test_what_a_deletion_demands(town: Town) -> None:
    fields = {key: updatable(one) for key, one in town.topology.collections.items()}
    known = deletes.Known(
        town.topology.collections, town.topology.pairs, stored.golden(town), stored.links(town), fields
    )
    assert stored.rows(deletes.due(known)) == [
        change for change in decided(town) if change[3] in {Action.DELETE, Action.ARCHIVE}
    ]
