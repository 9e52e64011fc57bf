"""What breaks a promise is told as short as it can be, and always in the same way."""

import itertools
from collections.abc import Sequence

import pytest

from talk_assets_tests.simulator.history import play
from talk_assets_tests.simulator.planted import PROTECTIONS
from talk_assets_tests.simulator.script import Act, Doing, Fault, Kind, Point, Run, Script
from talk_assets_tests.simulator.shrinking import minimal, shrink

CRASH, LOST = Fault(Kind.CRASH, Point("commit", None, 3)), Fault(Kind.LOST, Point("create b/people", 1, 0))


def create(history: int) -> Act:
    return Act(history, Doing.CREATE, "a/people", 0, (("email", f"{history}@example.com"), ("first_name", "Kari")))


def test_what_is_left_is_what_it_takes() -> None:
    for few in itertools.combinations(range(12), 2):
        assert minimal(range(12), lambda some, few=few: set(few) <= set(some)) == list(few)  # type: ignore[misc]


def test_what_breaks_by_itself_needs_nothing() -> None:
    def breaks(_: Sequence[int]) -> bool:
        return True

    assert minimal(range(12), breaks) == []


def test_a_script_loses_histories_acts_runs_and_faults_that_do_not_matter() -> None:
    acts = [create(history) for history in range(6)]
    script = Script(7, (*acts, Run(full=True, pause=30, faults=(CRASH, LOST)), Run(faults=(CRASH,))))

    def breaks(some: Script) -> bool:
        runs = [event for event in some.events if isinstance(event, Run)]
        return acts[1].history in some.histories and any(LOST in run.faults for run in runs)

    shortest = shrink(script, breaks)
    assert shortest == Script(
        7, (Act(1, Doing.CREATE, "a/people", 0, (*acts[1].values[:1], ("first_name", None))), Run(faults=(LOST,)))
    )


@pytest.mark.thorough
def test_a_planted_bug_is_told_in_a_handful_of_events() -> None:
    """Two records with one key in one collection, where the right one was guessed: it takes three creates."""
    same = (("email", "010@example.com"), ("first_name", "01 Kari"))
    alike = [Act(1, Doing.CREATE, where, 0, same) for where in ("a/people", "b/people", "b/people")]
    events: tuple[Act | Run, ...] = (create(2), *alike, Run(full=True))
    with PROTECTIONS["hold"]():
        broken = play(Script(2, events)).broken
        assert broken

        def breaks(script: Script) -> bool:
            found = play(script).broken
            return found is not None and found.promise == broken.promise

        shortest = shrink(Script(2, events), breaks, broken.history)
        assert [str(event).split(":")[1] for event in shortest.events if isinstance(event, Act)] == [
            " somebody creates a/people",
            " somebody creates b/people",
            " somebody creates b/people",
        ]
    assert play(shortest).broken is None
