"""`talk undo RUN`: what taking back a run would do, and with --write, doing it."""

from collections.abc import Sequence
from dataclasses import asdict

import click
import polars as pl

from talk_assets.cli import layout
from talk_assets.cli.acts import acting
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.config.wiring import Wiring
from talk_assets.operate.actions import Acting, unfinished
from talk_assets.operate.reviewing import Verdict
from talk_assets.report import readable
from talk_assets.sync.write import undo_run as undoing
from talk_assets.sync.write.undo_run import UndoPlan

SHOWN = 50
"""Records that are shown of a plan; --json has all."""


@click.command()
@click.argument("run")
@click.option("--write", is_flag=True, help="Do it; without, only show what would be done.")
@json_option
@click.pass_context
def undo(ctx: click.Context, *, run: str, write: bool, as_json: bool) -> None:
    """Restore what a run changed, and delete what it created, as far as nobody has touched it since.

    RUN may also be an act of review, as talk link and talk unlink name it: then its links are restored.

    Nothing is written without --write. RUN is the id that talk sync --json gives and talk history shows, or its first
    eight characters, as the Dagster UI shows them. The exit status is 1 if nothing can be undone, or if a write failed.
    """
    act = acting()
    if reviewed := act.reviewed(run):
        _undo_review(act, *reviewed, write=write, as_json=as_json)
        return
    plan, summary = act.undo(run) if write else (act.plan_undo(run), None)
    failures = unfinished(plan, summary)
    if as_json:
        written, failed = (summary.writes, summary.failed) if summary else (0, 0)
        steps = _steps(act.wiring, plan)
        show_json({"run": run, "written": written, "failed": failed, "steps": steps, "failures": failures})
    else:
        _show(act.wiring, plan, run)
        if summary:
            click.echo(undoing.restored(summary.writes))
        elif plan.possible.height:
            click.echo(f"Nothing was written. To do it: talk undo {run} --write")
    for message in failures:
        click.echo(f"talk: {' '.join(message.splitlines())}", err=True)
    if failures:
        ctx.exit(1)


def _undo_review(act: Acting, id_: str, verdicts: Sequence[Verdict], *, write: bool, as_json: bool) -> None:
    done = act.undo_review(id_) if write else None
    if as_json:
        show_json({"act": id_, "done": done, "verdicts": [asdict(one) for one in verdicts]})
        return
    for one in verdicts[:SHOWN]:
        layout.say(str(one), first="  ", indent="    ")
    layout.more(len(verdicts), min(SHOWN, len(verdicts)), "verdicts", f"talk undo {id_[:8]} --json", indent="  ")
    click.echo(done or f"Nothing was changed. To take it back: talk undo {id_[:8]} --write")


def _steps(wiring: Wiring, plan: UndoPlan) -> list[dict[str, object]]:
    readers = _reader(wiring, plan.steps)
    return [
        {
            "record": f"{row['collection']}/{row['id']}",
            "action": row["action"],
            "fields": readers[row["collection"]].show_object(_kind(wiring, row["collection"]), row["fields"]),
            "not": row["reason"],
        }
        for row in plan.steps.iter_rows(named=True)
    ]


def _show(wiring: Wiring, plan: UndoPlan, run: str) -> None:
    steps = _steps(wiring, plan)
    would = [step for step in steps if step["not"] is None]
    rows = [(step["action"], step["record"], _values(step["fields"])) for step in would[:SHOWN]]
    if rows:
        show_table(("what", "record", "back to"), rows, title="Can be taken back")
    if len(would) > SHOWN:
        click.echo(f"and {len(would) - SHOWN:,} more. To see all of them: talk undo {run} --json")
    cannot = [step for step in steps if step["not"] is not None]
    if cannot:
        show_table(("record", "because"), [(s["record"], s["not"]) for s in cannot[:SHOWN]], title="Cannot")
    if len(cannot) > SHOWN:
        click.echo(f"and {len(cannot) - SHOWN:,} more. To see all of them: talk undo {run} --json")


def _values(fields: object) -> str:
    found = fields if isinstance(fields, dict) else {}
    return "; ".join(f"{name}: {'(blank)' if value is None else value}" for name, value in found.items())


def _kind(wiring: Wiring, key: str) -> str:
    return wiring.collections[key].entity.name


def _reader(wiring: Wiring, steps: pl.DataFrame) -> dict[str, readable.Reader]:
    """How the values of each collection are shown: references as records of its own system."""
    found = {}
    with wiring.reading() as transaction:
        for key in steps["collection"].unique().to_list():
            texts = steps.filter(pl.col("collection") == key)["fields"]
            values = [one for text in texts for one in readable.fields(_kind(wiring, key), text)]
            found[key] = readable.reader(transaction, values, key.partition("/")[0])
    return found
