"""`talk totals`: the orders whose totals differ between systems."""

from collections.abc import Mapping
from typing import Any

import click

from talk_assets.cli import layout
from talk_assets.cli.output import all_option, json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.report import totals as report

SHOWN = 200
"""Orders that the text shows; --all and --json have all."""


@click.command()
@all_option
@json_option
def totals(*, everything: bool, as_json: bool) -> None:
    """Show the orders whose totals differ between systems by more than 0.01, with the difference.

    A total is the system's own where it has one, and otherwise that of the lines as the system shows them.
    """
    wiring = Wiring(configuration.current())
    with wiring.reading() as transaction:
        rows = report.differing(transaction, wiring.collections, wiring.pairs).to_dicts()
    if as_json:
        show_json({"totals": rows})
    elif not rows:
        click.echo("The totals of all orders agree.")
    else:
        count = len(rows)
        layout.say("The totals of 1 order differ." if count == 1 else f"The totals of {count:,} orders differ.")
        shown = rows if everything else rows[:SHOWN]
        for row in shown:
            _show(row)
        layout.more(count, len(shown), "orders", "talk totals --all")


def _show(row: Mapping[str, Any]) -> None:
    click.echo()
    layout.say_name(row["name"], row["left"], first="  ", indent="  ")
    amounts = {row["left"]: row["left_total"], row["right"]: row["right_total"], "difference": row["difference"]}
    layout.say_pairs(((name, f"{amount:,.2f}") for name, amount in amounts.items()), indent="    ")
    if row["why"]:
        layout.say(row["why"], first="    ", indent="    ")
