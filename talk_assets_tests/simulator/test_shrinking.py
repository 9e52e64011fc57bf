"""What breaks a promise is told as short as it can be, and always in the same way."""

import itertools
from collections.abc import Sequence

from talk_assets_tests.simulator.history import live, play
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


def test_a_planted_bug_is_told_in_a_handful_of_events() -> None:
    """Two records with one key on one side, one on the other; it takes three creates, wherever the runs are."""
    with PROTECTIONS["hold"]():
        played = next(played for seed in itertools.count() if (played := live(seed, 12)).broken)
        broken = played.broken
        assert broken

        def breaks(script: Script) -> bool:
            found = play(script).broken
            return found is not None and found.promise == broken.promise

        shortest = shrink(played.script, breaks, broken.history)
        assert len(shortest) <= 6
        assert breaks(shortest)
    assert play(shortest).broken is None
