"""`talk conflicts`: the values that lost to a newer one, and how to take them after all."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import click

from talk_assets.cli import layout, records
from talk_assets.cli.advice import Advice
from talk_assets.cli.compare import show_advice
from talk_assets.cli.output import all_option, json_option, number_argument, numbered, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.report import overview, readable

SHOWN = 200
"""Fields in conflict that the text shows; --all and --json have all."""

SHOWN_VALUES = ("value", "winner", "current")
"""The columns of a conflict that hold values of its field."""

Row = Mapping[str, Any]
"""A row of `overview.conflicts`, its values made readable."""


@click.command()
@number_argument
@all_option
@json_option
def conflicts(*, number: int | None, everything: bool, as_json: bool) -> None:
    """Show where the same field was set on several sides: the value that lost, and the one that won.

    NUMBER shows one item of the list in full, with the commands that decide it.
    """
    with Wiring(configuration.current()).reading() as transaction:
        rows = overview.conflicts(transaction).to_dicts()
        values = [(row["entity_type"], row["field"], row[which]) for row in rows for which in SHOWN_VALUES]
        reader = readable.reader(transaction, values, named=not as_json)
    for row in rows:
        row |= {which: reader.show(row["entity_type"], row["field"], row[which]) for which in SHOWN_VALUES}
    chosen = numbered(rows, number, "conflicts")
    if as_json:
        show_json({"conflicts": chosen})
    elif not rows:
        click.echo("There are no conflicts.")
    elif number:
        _show_item(chosen)
    else:
        _show(rows, everything=everything)


def _show(rows: Sequence[Row], *, everything: bool) -> None:
    count = rows[-1]["number"]
    fields = "1 field is" if count == 1 else f"{count:,} fields are"
    layout.say(
        f"{fields} in conflict. The value that is used now stands first. `talk conflicts NUMBER` shows the commands"
        " that take the other value, or keep this one and take the conflict off the list."
    )
    shown = [row for row in rows if everything or row["number"] <= SHOWN]
    for _, of_entity in groupby(shown, lambda row: (row["entity_type"], row["entity_id"])):
        lost = list(of_entity)
        click.echo()
        layout.say_name(lost[0]["name"], _first(lost[0]["records"]), indent="  ")
        for number, of_field in groupby(lost, lambda row: row["number"]):
            _show_field(list(of_field), width=len(str(count)), number=number)
    layout.more(count, shown[-1]["number"], "fields in conflict", "talk conflicts --all")


def _show_field(rows: Sequence[Row], *, width: int, number: int) -> None:
    start = f"  {number:>{width}}  "
    layout.say(rows[0]["field"], first=start)
    for label, value, origin, at in _values(rows):
        blank = " " * len(start)
        source = origin if at is None else f"{origin}, set {records.time(at)}"
        layout.say_name(_value(value), source, first=f"{blank}{label:<4}  ", indent=f"{blank}      ")


def _values(rows: Sequence[Row]) -> list[tuple[str, str | None, str, Any]]:
    first = rows[0]
    now = ("now", first["current"], first["current_origin"], first["current_at"])
    return [now, *(("lost", row["value"], row["origin"], row["edited_at"]) for row in rows)]


def _value(value: str | None) -> str:
    return layout.BLANK if value is None else layout.flat(value)


def _show_item(rows: Sequence[Row]) -> None:
    first = rows[0]
    layout.say_name(first["name"], _first(first["records"]), first=f"{first['number']}  ", indent="   ")
    for record in (first["records"] or "").split(", ")[1:]:
        layout.say(f"linked with {record}", first="   ", indent="   ")
    layout.say(f"In conflict since {records.time(first['noticed_at'])}:", first="   ", indent="   ")
    _show_field(rows, width=1, number=first["number"])
    field = first["field"]
    # Decided otherwise since: who decides again is to have seen that.
    force = "" if first["current"] == first["winner"] else " --force"
    for value, of_value in groupby(sorted(rows, key=lambda row: row["value"] or ""), lambda row: row["value"]):
        origin = next(of_value)["origin"]
        click.echo()
        show_advice(
            Advice(f"To use {_value(value)} everywhere:", (f"talk resolve {origin} {field} --take {origin}{force}",))
        )
    click.echo()
    text = f"To keep {_value(first['current'])}, and take the conflict off the list:"
    show_advice(Advice(text, (f"talk resolve {_resolvable(first)} {field} --keep{force}",)))


def _resolvable(row: Row) -> str:
    """The record to name the conflict by: the one that lost, unless it is not linked any more."""
    listed = (row["records"] or "").split(", ")
    return str(row["origin"]) if row["origin"] in listed else listed[0]


def _first(listed: str | None) -> str:
    return (listed or "no record is left").split(", ")[0]
