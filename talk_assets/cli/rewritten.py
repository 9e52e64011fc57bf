"""`talk rewritten`: what systems made of the values they were sent."""

import click

from talk_assets import config
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.sync import readable
from talk_assets.sync.rewritten import rewritten as found
from talk_assets.wiring import Wiring


@click.command()
@json_option
def rewritten(*, as_json: bool) -> None:
    """Show the values that a system shows otherwise than they were sent. They are not sent again by themselves."""
    wiring = Wiring(config.current())
    with wiring.hub("rewritten").store.transaction() as transaction:
        rows = found(transaction, wiring.collections).to_dicts()
        values = [(row["kind"], row["field"], row[which]) for row in rows for which in ("sent", "shown")]
        reader = readable.reader(transaction, values)
    for row in rows:
        row |= {which: reader.show(row["kind"], row["field"], row[which]) for which in ("sent", "shown")}
    if as_json:
        show_json({"rewritten": rows})
    elif rows:
        columns = ("field", "sent", "shown")
        shown = [(f"{row['collection']}/{row['id']}", *(row[column] for column in columns)) for row in rows]
        show_table(("record", *columns), shown)
    else:
        click.echo("Every system shows what it was sent.")
