"""`talk sync`: read, reconcile and write once, and say what came of it.

The sync itself is `graph.running`; here it is asked for, and its outcome shown.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from talk_assets.cli import layout
from talk_assets.cli import plan as planning
from talk_assets.cli.lines import Lines
from talk_assets.cli.output import json_option, show_json, show_progress, show_table
from talk_assets.cli.sandbox import start_if_needed
from talk_assets.config import configuration
from talk_assets.sync import runs

if TYPE_CHECKING:
    from talk_assets.graph.running import SyncResult

ACTIONS = ("create", "update", "delete")


@click.command()
@click.option("--plan", is_flag=True, help="Write nothing: show what would be written.")
@click.option("--full", is_flag=True, help="Read every record again, and notice those that are gone.")
@click.option("--dataflow", "dataflows", multiple=True, help="Only this one, like webcrm-customerp; may be repeated.")
@click.option("--verbose", is_flag=True, help="Show the run's log as well.")
@click.option("--progress", is_flag=True, help="Say how far the work is, also where stderr is no terminal.")
@json_option
@click.pass_context
def sync(
    ctx: click.Context,
    *,
    plan: bool,
    full: bool,
    dataflows: Sequence[str],
    verbose: bool,
    progress: bool,
    as_json: bool,
) -> None:
    """Read what changed, reconcile it, and write what is asked for.

    The exit status is 1 if a system could not be read or written to, if a write failed, if a check blocked, or if a
    safety limit stopped something that waits for talk approve; everything else is done then.
    """
    here = configuration.current()
    for note in here.notes:
        click.echo(f"talk: {note}.", err=True)
    start_if_needed(here)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
    terminal = sys.stderr.isatty()
    if progress or terminal:
        click.echo("Loading Dagster ...", err=True)
    # Dagster takes seconds to import; a mistake in talk.toml is reported at once.
    from talk_assets.graph import running  # noqa: PLC0415

    with nullcontext(Lines()) if progress and not terminal else show_progress() as tell:
        outcome = running.sync(here, running.SyncRequest(plan, full, dataflows, verbose, waiting=_waiting, tell=tell))
    if as_json:
        show_json(_document(outcome))
    else:
        _show(outcome, scoped=bool(dataflows))
    for message in outcome.failures.values():
        click.echo(f"talk: {' '.join(message.splitlines())}", err=True)
    for key, reason in outcome.pending_approvals.items():
        click.echo(f"talk: {key}: {reason}.", err=True)
    if outcome.failures or outcome.pending_approvals:
        ctx.exit(1)


def _waiting(sentence: str) -> None:
    click.echo(sentence, err=True)


def _document(outcome: "SyncResult") -> dict[str, object]:
    return {
        "run": outcome.run,
        "outcome": outcome.outcome,
        "seconds": round(outcome.seconds, 3),
        "writes": outcome.summary.writes,
        "collections": {key: _counts(outcome, key) for key in outcome.collections},
        "requests": outcome.summary.requests,
        "pairs": [{"dataflow": name} | asdict(pair) for name, pairs in outcome.pairs.items() for pair in pairs],
        "plan": list(outcome.planned),
        "changes": planning.document(outcome),
        "waiting": [asdict(one) for one in outcome.waiting],
        "review": outcome.review,
        "notes": outcome.summary.notes,
        "failures": outcome.failures,
        "pending_approvals": outcome.pending_approvals,
    }


def _counts(outcome: "SyncResult", key: str) -> dict[str, int]:
    """What the run did; then what stands afterwards: held, waiting, and under `planned` what could be sent now."""
    asked = outcome.changes.get(key, {})
    done = dict.fromkeys(runs.COUNTS, 0) | outcome.summary.collections.get(key, {})
    return done | {
        "held": outcome.held.get(key, 0),
        "waiting": asked.get("waiting", 0),
        "planned": sum(asked.get(action, 0) for action in ACTIONS),
    }


def _show(outcome: "SyncResult", *, scoped: bool) -> None:
    for note in outcome.summary.notes:
        layout.say(note if ": talk " in note else f"{note}.", indent="  ")
    if outcome.summary.notes:
        click.echo()
    planning.show(outcome)
    for name, pairs in outcome.pairs.items():
        headings = ("left", "records", "right", "records", "linked", "created", "updated", "waiting", "held")
        rows = [
            (p.left, p.left_records, p.right, p.right_records, p.linked, p.created, p.updated, p.waiting, p.held)
            for p in pairs
        ]
        show_table(headings, rows, title=name)
        click.echo()
    for one in outcome.waiting if scoped else ():
        what = f"{one.count} {one.action}{'' if one.count == 1 else 's'}"
        layout.say(f"Waiting in {one.collection}: {what}, as {one.reason}.", indent="  ")
    summary = outcome.summary
    click.echo(
        f"{summary.writes} {'record' if summary.writes == 1 else 'records'} written in {outcome.seconds:.1f} seconds,"
        f" with {sum(summary.requests.values())} requests."
        + (f" {runs.unwritten(summary.failed)}." if summary.failed else "")
    )
    if outcome.held:
        click.echo("Some records need review: talk held")
    if outcome.review:
        what = "1 pair of records may be the same" if outcome.review == 1 else f"{outcome.review} pairs may be the same"
        click.echo(f"{what}: talk review")
    if outcome.failures or outcome.pending_approvals:
        count = len(outcome.failures) + len(outcome.pending_approvals)
        click.echo(f"This sync is incomplete, for {count} {'reason' if count == 1 else 'reasons'}:")
