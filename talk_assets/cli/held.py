"""`talk held`: what waits for a person, with the reason."""

from typing import Any

import click

from talk_assets import config
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.sync import report
from talk_assets.wiring import Wiring


@click.command()
@json_option
def held(*, as_json: bool) -> None:
    """Show the records and changes that wait for a person, with the reason and since when."""
    with Wiring(config.current()).hub("held").store.transaction() as transaction:
        rows = report.held(transaction).to_dicts()
    if as_json:
        show_json({"held": rows})
    elif rows:
        show_table(("what", "where", "reason", "since"), [_row(row) for row in rows])
    else:
        click.echo("Nothing is held.")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    where = f"{row['collection']}/{row['id']}" if row["id"] else row["collection"]
    where += f", for {row['source']}" if row["source"] else ""
    return (row["action"] or row["what"], where, row["reason"], f"{row['since']:%Y-%m-%d %H:%M}")
