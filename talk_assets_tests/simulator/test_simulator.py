"""Random histories keep every promise, and are the same when they are lived again; a planted bug does not stay hidden.

Few of each: `make simulate` and `make planted` are the real thing.
"""

import itertools

import pytest

from talk_assets_tests.simulator.history import live, play
from talk_assets_tests.simulator.planted import PROTECTIONS

HISTORIES = 25
QUICK = {"sent": 5, "hold": 12}
"""Planted bugs that are found within seconds, and in how many histories a group."""


@pytest.mark.parametrize("seed", range(2))
def test_a_group_of_histories_keeps_every_promise(seed: int) -> None:
    """Nothing lost, nothing twice, nothing overwritten unread; at rest, and all linked records agree."""
    played = live(seed, HISTORIES)
    assert played.broken is None
    assert played.runs


def test_what_was_written_down_happens_again() -> None:
    played = live(3, 5)
    again = play(played.script)
    assert again == played
    assert any(played.faults.values())


@pytest.mark.parametrize("name", QUICK)
def test_a_planted_bug_is_found(name: str) -> None:
    with PROTECTIONS[name]():
        found = (live(seed, QUICK[name]).broken for seed in itertools.count())
        assert next(broken for broken in found if broken is not None).promise
