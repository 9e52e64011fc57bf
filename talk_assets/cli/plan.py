"""The plan of a sync as text and as JSON: what would be written, record by record and field by field.

What it consists of is `sync.planned`'s. `talk sync` shows it with --plan, and for dataflows in mode plan.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from talk_assets.cli import layout
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.model.system import Action
from talk_assets.report.planned import ACTIONS, STATUSES, Change, Move, Plan, planned

if TYPE_CHECKING:
    from talk_assets.graph.running import SyncResult

SHOWN = 10
"""Changes of one action and status that the text shows of a collection; --json has all."""

ALL = "talk sync --plan --json"

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-", Action.ARCHIVE: "-"}

WORDS = {
    "planned": "would be written",
    "waiting": "wait for something else, and are not sent",
    "held": "held for a person to decide, and not sent: talk held",
}
"""What a status means, after a number of changes."""


def show(outcome: "SyncResult") -> None:
    """Print what the dataflows that only plan would write; nothing where none does."""
    if not outcome.planned:
        return
    plans = read(outcome, limit=SHOWN)
    names = ", ".join(outcome.planned)
    sent = any(status == "planned" for plan in plans for status, _ in plan.counts)
    layout.say(f"{names}: {'would be written' if sent else 'nothing would be written'}", bold=True)
    if sent:
        layout.say("None of this was sent: `talk sync --plan` and dataflows in mode plan write nothing.")
    click.echo()
    for plan in plans:
        _show(plan)


def read(outcome: "SyncResult", *, limit: int | None = None) -> list[Plan]:
    """Return the plans of the collections of the dataflows that only plan, `limit` changes of each kind, null for all.

    Each collection is in it once, however many dataflows it belongs to.
    """
    wiring = Wiring(configuration.current())
    sides = dict.fromkeys(
        side for name in outcome.planned for pair in outcome.pairs[name] for side in (pair.left, pair.right)
    )
    with wiring.reading() as transaction:
        permits = wiring.permits(wiring.config.dataflows)
        return list(planned(transaction, wiring.collections, sides, limit=limit, permits=permits))


def document(outcome: "SyncResult") -> list[dict[str, object]]:
    """Return every change that the dataflows in mode plan would write, as JSON has it."""
    if not outcome.planned:
        return []
    return [_document(change) for plan in read(outcome) for change in plan.changes]


def _document(change: Change) -> dict[str, object]:
    return {
        "collection": change.collection,
        "action": change.action,
        "record": f"{change.collection}/{change.id}" if change.id else None,
        "name": change.name,
        "of": list(change.sources),
        "status": change.status,
        "reason": change.reason,
        "fields": {move.field: {"before": move.before, "after": move.after} for move in change.moves},
    }


def _show(plan: Plan) -> None:
    layout.say(f"{plan.collection}: {_summary(plan)}", indent="  ", bold=True)
    if plan.side_effects:
        layout.say(plan.side_effects, first="  ", indent="  ")
    for status in STATUSES:
        of_status = [change for change in plan.changes if change.status == status]
        if of_status and status != "planned":
            count = sum(count for (one, _), count in plan.counts.items() if one == status)
            layout.say(f"{count:,} {WORDS[status]}", first="  ", indent="  ")
        for action in ACTIONS:
            changes = [change for change in of_status if change.action == action]
            show_changes(changes)
            count = plan.counts.get((status, action), 0)
            layout.more(
                count, len(changes), f"{action}s {'' if status == 'planned' else status}".strip(), ALL, indent="  "
            )
    click.echo()


def _summary(plan: Plan) -> str:
    parts = [
        f"{plan.counts['planned', action]:,} to {action}" for action in ACTIONS if ("planned", action) in plan.counts
    ]
    for status in STATUSES[1:]:
        count = sum(count for (one, _), count in plan.counts.items() if one == status)
        parts += [f"{count:,} {status}"] if count else []
    return ", ".join(parts)


def show_changes(changes: Iterable[Change], *, indent: str = "  ") -> None:
    """Print changes: the record with its name, then a line per field, then why it is not sent.

    Changes that follow each other with the same reason have it once, after the last of them.
    """
    listed = list(changes)
    for at, change in enumerate(listed):
        sign = SIGNS[Action(change.action)]
        layout.say_name(change.name, _record(change), first=f"{indent}{sign} {change.action} ", indent=f"{indent}    ")
        show_moves(change.moves, create=change.action == Action.CREATE, indent=f"{indent}    ")
        following = listed[at + 1].reason if at + 1 < len(listed) else None
        if change.reason and change.reason != following:
            layout.say(f"{change.status}: {change.reason}", first=f"{indent}    ", indent=f"{indent}      ")


def show_moves(moves: Sequence[Move], *, create: bool, indent: str) -> None:
    """Print a line per field: `+ field: value` of a create, `~ field: before -> after` of an update."""
    for move in moves:
        after = layout.BLANK if move.after is None else move.after
        if create:
            text = f"{move.field}: {after}"
        else:
            text = f"{move.field}: {layout.BLANK if move.before is None else move.before} -> {after}"
        layout.say(text, first=f"{indent}{'+' if create else '~'} ", indent=f"{indent}    ")


def _record(change: Change) -> str:
    if change.id:
        return f"{change.collection}/{change.id}"
    if not change.sources:
        return f"in {change.collection}"
    others = len(change.sources) - 1
    return f"for {change.sources[0]}" + (f" and {others} linked with it" if others else "")
