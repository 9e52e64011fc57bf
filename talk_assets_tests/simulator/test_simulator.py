"""Random histories keep every promise, and are the same when they are lived again.

Twenty in each of three groups; `make simulate` and `make planted` are for more, and `test_shrinking` has a planted bug.
"""

import pytest

from talk_assets_tests.simulator.history import live, play

HISTORIES = 20


@pytest.mark.parametrize("seed", [2, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in (1, 3))])
def test_a_group_of_histories_keeps_every_promise(seed: int) -> None:
    """Nothing lost, nothing twice, nothing overwritten unread; at rest, and all linked records agree."""
    played = live(seed, HISTORIES)
    assert played.broken is None
    assert played.runs


def test_what_was_written_down_happens_again() -> None:
    played = live(2, 5)
    again = play(played.script)
    assert again == played
    assert any(played.faults.values())
