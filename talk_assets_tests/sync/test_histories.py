"""Random histories of the whole sync keep the promises of the reference model."""

import pytest

from talk_assets_tests.histories import TOGETHER, live

HISTORIES = 300


@pytest.mark.parametrize("seed", range(HISTORIES // TOGETHER))
def test_a_group_of_histories_keeps_every_promise(seed: int) -> None:
    """Nothing lost, nothing twice, nothing overwritten unread; at rest, and all linked records agree."""
    broken, runs, _ = live(seed)
    assert broken is None
    assert runs
