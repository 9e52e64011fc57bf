"""`talk rewritten`: what systems made of the values they were sent."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from talk_assets.cli import layout
from talk_assets.cli.advice import Advice
from talk_assets.cli.compare import show_advice
from talk_assets.cli.output import all_option, json_option, number_argument, numbered, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.report import readable
from talk_assets.report.rewritten import Meaning
from talk_assets.report.rewritten import rewritten as found

SHOWN = 200
"""Values that the text shows; --all and --json have all."""

MEANINGS = {
    Meaning.EMPTIED: "{system} did not keep the value: the field is blank there. Look whether the field is read-only.",
    Meaning.KEPT: "{system} did not clear the field: it still shows the old value.",
    Meaning.CUT: "{system} keeps only the beginning of the value. The other systems have all of it.",
    Meaning.CHANGED: "{system} shows another value. The other systems have the one that was sent.",
    Meaning.LEFT_OUT: "{system} can't hold these, and does not get them. The other systems keep them.",
    Meaning.UNDONE: "talk undo put the former value back in this record. The other systems have the one that was sent.",
}

Row = Mapping[str, Any]
"""A row of `sync.rewritten`, its values made readable."""


@click.command()
@number_argument
@all_option
@json_option
def rewritten(*, number: int | None, everything: bool, as_json: bool) -> None:
    """Show the values that a system shows otherwise than they were sent. They are not sent again by themselves.

    NUMBER shows one item of the list in full, with the command that decides it.
    """
    wiring = Wiring(configuration.current())
    with wiring.reading() as transaction:
        rows = found(transaction, wiring.collections).to_dicts()
        values = [(row["entity_type"], row["field"], row[which]) for row in rows for which in ("sent", "shown")]
        reader = readable.reader(transaction, values, named=not as_json)
    for row in rows:
        row |= {which: reader.show(row["entity_type"], row["field"], row[which]) for which in ("sent", "shown")}
    chosen = numbered(rows, number, "rewritten")
    if as_json:
        show_json({"rewritten": [{**row, "means": _means(row)} for row in chosen]})
    elif not rows:
        click.echo("Every system shows what it was sent.")
    elif number:
        _show_values(chosen[0], width=1)
        click.echo()
        layout.say(_means(chosen[0]), first="  ", indent="  ")
        _show_advice(chosen[0])
    else:
        _show(rows, everything=everything)


def _show(rows: Sequence[Row], *, everything: bool) -> None:
    count = len(rows)
    values = "1 value differs" if count == 1 else f"{count:,} values differ"
    layout.say(
        f"{values} from what was sent, and nothing is sent again until somebody edits the field."
        " `talk rewritten NUMBER` shows the command that uses what the system shows everywhere."
    )
    shown = rows if everything else rows[:SHOWN]
    for means, alike in groupby(shown, _means):
        click.echo()
        layout.say(means, bold=True)
        for row in alike:
            _show_values(row, width=len(str(count)))
    layout.more(count, len(shown), "values", "talk rewritten --all")


def _show_values(row: Row, *, width: int) -> None:
    start = f"  {row['number']:>{width}}  "
    blank = " " * len(start)
    layout.say_name(row["name"], _record(row), first=start, indent=blank)
    layout.say(row["field"], first=blank)
    for label, which in (("sent", "sent"), ("shows", "shown")):
        value = layout.BLANK if row[which] is None else row[which]
        layout.say(value, first=f"{blank}  {label:<5}  ", indent=f"{blank}         ")


def _show_advice(row: Row) -> None:
    record = _record(row)
    if row["meaning"] == Meaning.LEFT_OUT:
        show_advice(Advice("Nothing is to be done. What the system can hold is sent once it is edited in any other."))
        return
    text = f"To use what {row['collection'].partition('/')[0]} shows everywhere:"
    show_advice(Advice(text, (f"talk resolve {record} {row['field']} --take {record} --force",)))
    show_advice(Advice("To send the value again, edit the field in any system; the next sync sends it."))


def _means(row: Row) -> str:
    return MEANINGS[Meaning(row["meaning"])].format(system=row["collection"].partition("/")[0])


def _record(row: Row) -> str:
    return f"{row['collection']}/{row['id']}"
