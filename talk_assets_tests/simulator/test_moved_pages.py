"""A page of a list that has moved shows less than there is, and nothing comes of it, unless it is believed."""

import random

from talk_assets_tests.simulator.history import play
from talk_assets_tests.simulator.memory import PAGE
from talk_assets_tests.simulator.planted import PROTECTIONS
from talk_assets_tests.simulator.script import Act, Doing, Fault, Kind, Point, Run, Script
from talk_assets_tests.simulator.writing import Author

FIRMS = PAGE + 3


def script() -> Script:
    """The same firms in two systems, of which one is read while its list moves, long after they were created."""
    author = Author(random.Random(1), FIRMS)
    values = [author._values(history, "a/firms") for history in range(FIRMS)]
    systems = ("a/firms", "b/firms")
    acts = [Act(history, Doing.CREATE, where, 0, values[history]) for where in systems for history in range(FIRMS)]
    moved = Fault(Kind.MOVED, Point("page of b/firms", None, 0))
    return Script(1, (*acts, Run(pause=1000, faults=(moved,))))


def test_a_record_that_a_moved_page_did_not_show_gets_no_second_one() -> None:
    played = play(script())
    assert played.broken is None
    assert played.faults[Kind.MOVED]


def test_who_believes_a_moved_page_creates_a_record_beside_the_one_that_is_there() -> None:
    with PROTECTIONS["moved page believed"]():
        broken = play(script()).broken
    assert broken
    assert "beside" in str(broken) or "twice" in str(broken)
