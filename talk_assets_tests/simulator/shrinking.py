"""Makes a script that breaks a promise short: fewer histories, then fewer events and faults, and simpler ones.

Deterministic, and no more than some hundred replays; each is faster than the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from talk_assets_tests.simulator.script import EVERYTHING, Act, Fault, Run, Script, Setting

Item = TypeVar("Item")
Breaks = Callable[[Script], bool]


def minimal(items: Sequence[Item], breaks: Callable[[Sequence[Item]], bool]) -> Sequence[Item]:
    """Return a part of the items that still breaks, and no longer does without any one of them (ddmin)."""
    parts = 2
    while len(items) > 1:
        size = -(-len(items) // parts)
        for start in range(0, len(items), size):
            rest = [*items[:start], *items[start + size :]]
            if breaks(rest):
                items, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                break
            parts = min(2 * parts, len(items))
    return [] if len(items) == 1 and breaks([]) else items


def shrink(script: Script, breaks: Breaks, guess: int | None = None) -> Script:
    """Return the shortest script found that still breaks; the one given must. `guess` is the history to look at."""
    if guess is not None and breaks(_only(script, [guess])):
        histories: Sequence[int] = [guess]
    else:
        histories = minimal(script.histories, lambda some: breaks(_only(script, some)))
    script = _only(script, histories)
    while True:
        shorter = _simpler(_fewer(script, breaks), breaks)
        if shorter == script:
            return script
        script = shorter


def _only(script: Script, histories: Sequence[int]) -> Script:
    """What happens in these histories."""
    kept = set(histories)
    events = [_run_of(event, kept) if isinstance(event, Run) else event for event in script.events]
    return replace(script, events=tuple(one for one in events if not isinstance(one, Act) or one.history in kept))


def _run_of(run: Run, kept: set[int]) -> Run:
    def concerns(fault: Fault) -> bool:
        whose = {fault.at.history, fault.act.history if fault.act else None} - {None}
        return whose <= kept

    return replace(run, faults=tuple(filter(concerns, run.faults)))


def _fewer(script: Script, breaks: Breaks) -> Script:
    """Leave out acts, runs and single faults."""
    places: list[tuple[int, int | None]] = []
    for n, event in enumerate(script.events):
        places.append((n, None))
        if isinstance(event, Run):
            places += [(n, m) for m in range(len(event.faults))]
    kept = minimal(places, lambda some: breaks(_part(script, set(some))))
    return _part(script, set(kept))


def _part(script: Script, places: set[tuple[int, int | None]]) -> Script:
    events: list[Act | Run | Setting] = []
    for n, event in enumerate(script.events):
        if (n, None) not in places:
            continue
        if isinstance(event, Run):
            event = replace(event, faults=tuple(f for m, f in enumerate(event.faults) if (n, m) in places))  # noqa: PLW2901
        events.append(event)
    return replace(script, events=tuple(events))


def _simpler(script: Script, breaks: Breaks) -> Script:
    """Say less in each event: fewer values, no full read, no choice of what is read, no pause."""
    for n, event in enumerate(script.events):
        for simpler in _simplified(event):
            events = (*script.events[:n], simpler, *script.events[n + 1 :])
            if simpler != script.events[n] and breaks(replace(script, events=events)):
                script = replace(script, events=events)
    return script


def _simplified(event: Act | Run | Setting) -> Sequence[Act | Run | Setting]:
    if isinstance(event, Setting):
        parts = [(name, part) for name in ("off", "planned", "renamed", "hidden") for part in getattr(event, name)]
        return [
            replace(event, **{name: tuple(one for one in getattr(event, name) if one != part)}) for name, part in parts
        ]
    if isinstance(event, Run):
        event = replace(event, full=False)
        return [event, replace(event, reads=EVERYTHING), replace(event, reads=EVERYTHING, pause=1)]
    return [
        replace(event, values=tuple((name, None if name == left else value) for name, value in event.values))
        for left in ("firm", "job_title", "first_name")
        if dict(event.values).get(left) is not None
    ]
