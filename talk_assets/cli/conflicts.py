"""`talk conflicts`: the values that lost to a newer one."""

import click

from talk_assets import config
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.sync import readable, report
from talk_assets.wiring import Wiring


@click.command()
@json_option
def conflicts(*, as_json: bool) -> None:
    """Show where the same field was set on several sides: the value that lost, and the one that won."""
    with Wiring(config.current()).hub("conflicts").store.transaction() as transaction:
        rows = report.conflicts(transaction).to_dicts()
        values = [(row["kind"], row["field"], row[which]) for row in rows for which in ("value", "winner")]
        reader = readable.reader(transaction, values)
    for row in rows:
        row |= {which: reader.show(row["kind"], row["field"], row[which]) for which in ("value", "winner")}
    if as_json:
        show_json({"conflicts": rows})
    elif rows:
        headings = ("records", "field", "lost", "from", "won", "from", "noticed")
        columns = ("records", "field", "value", "origin", "winner", "winner_origin")
        shown = [(*(row[column] for column in columns), f"{row['noticed_at']:%Y-%m-%d %H:%M}") for row in rows]
        show_table(headings, shown)
    else:
        click.echo("There are no conflicts.")
