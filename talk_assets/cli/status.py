"""`talk status`: the state of each pair, and how the latest run ended."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from talk_assets.cli import layout
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.config import configuration
from talk_assets.config.configuration import DataflowSettings
from talk_assets.config.wiring import Wiring
from talk_assets.operate import authorising, processes
from talk_assets.report import overview, time_zones
from talk_assets.report.overview import PairStatus
from talk_assets.store.transaction import Transaction
from talk_assets.sync import runs
from talk_assets.sync.hub import utc_now
from talk_assets.systems import SystemSettings

SAYS = {
    "incomplete": "incomplete, as something failed or waits for approval",
    "failed": "failed before its end",
    "stopped": "stopped by a person before its end",
    "died": "its process died before its end",
}
"""How the outcomes read that are no word by themselves."""

OF_A_RUN = ("created", "updated")
"""What a pair's status counts of one run only."""


@click.command()
@json_option
def status(*, as_json: bool) -> None:
    """Show the state of each pair: records on both sides, linked, waiting, held, in conflict.

    Above each table are the dataflow, its mode, and which of its systems the sandbox serves. The last lines say how
    the latest run ended, what failed in it, which system's times are hours away from when it was written to, and when
    the database was upgraded.
    """
    wiring = Wiring(configuration.current())
    topologies, dataflows = list(wiring.topologies.values()), wiring.config.dataflows
    with wiring.reading() as transaction:
        last = runs.last(transaction).to_dicts()
        if last and last[0]["outcome"] is None and processes.died_at_work(wiring.config.folder):
            last[0]["outcome"] = "died"  # the next sync notes it
        failures = _failures(transaction, last[0]["run"]) if last else {}
        upgrades = transaction.frame("SELECT * FROM sync.migrations ORDER BY format").to_dicts()
        zones = time_zones.wrong(transaction, wiring.collections)
        found = {one.name: overview.pairs(transaction, topologies, one.pairs) for one in dataflows}
    ending = authorising.ending(wiring.config, utc_now())
    if as_json:
        documents = [_document(one, pair) for one in dataflows for pair in found[one.name]]
        run = {**last[0], "failures": failures} if last else None
        systems = {name: "sandbox" if one.sandbox else "own" for name, one in wiring.config.systems.items()}
        show_json(
            {
                "systems": systems,
                "pairs": documents,
                "last_run": run,
                "sign_ins_ending": ending,
                "upgrades": upgrades,
                "time_zones": zones,
            }
        )
        return
    for one in dataflows:
        _show(_title(one, wiring.config.systems), found[one.name])
    layout.say(latest(last[0] if last else None))
    for message in failures.values():
        layout.say(" ".join(message.splitlines()), first="  ", indent="  ")
    for sentence in ending.values():
        layout.say(sentence)
    for sentence in zones.values():
        layout.say(f"{sentence}.")
    for upgrade in upgrades:
        layout.say(
            f"The database was upgraded to format {upgrade['format']} on"
            f" {upgrade['migrated_at']:%Y-%m-%d %H:%M:%S} UTC; {upgrade['copy']} is a copy of it from before."
            " It can be deleted once all is well."
        )


def _failures(transaction: Transaction, run: str) -> dict[str, str]:
    summary = runs.summary(transaction, run)
    return summary.failures | runs.failed_writes(transaction, run, summary)


def latest(run: dict[str, Any] | None) -> str:
    """Return how the latest run ended, as a sentence; None stands for no run at all."""
    if run is None:
        return "There was no run yet: talk sync"
    began, ended = (at and f"{at:%Y-%m-%d %H:%M:%S} UTC" for at in (run["started_at"], run["ended_at"]))
    so_far = f"its latest step ended {ended}" if ended else "no step has ended yet"
    outcome = SAYS.get(run["outcome"], run["outcome"]) or so_far
    return f"The latest run, {run['run']}, began {began}: {outcome}."


def _document(dataflow: DataflowSettings, pair: PairStatus) -> dict[str, object]:
    return {"dataflow": dataflow.name, "mode": str(dataflow.mode)} | {
        key: value for key, value in asdict(pair).items() if key not in OF_A_RUN
    }


def _title(dataflow: DataflowSettings, systems: Mapping[str, SystemSettings]) -> str:
    """Its name, its mode, and which of its systems are none of the company's."""
    ends = (dataflow.dataflow.left, dataflow.dataflow.right)
    invented = [end for end in ends if systems[end].sandbox]
    served = f"; the sandbox serves {invented[0] if len(invented) == 1 else 'both'}" if invented else ""
    return f"{dataflow.name}: mode {dataflow.mode}{served}"


def _show(title: str, pairs: list[PairStatus]) -> None:
    headings = ("left", "records", "right", "records", "linked", "waiting", "held", "conflicts")
    rows = [(p.left, p.left_records, p.right, p.right_records, p.linked, p.waiting, p.held, p.conflicts) for p in pairs]
    show_table(headings, rows, title=title)
    click.echo()
