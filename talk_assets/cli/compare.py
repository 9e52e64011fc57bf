"""The values of several records beside each other, field by field, for whoever decides whether they are one."""

from collections.abc import Sequence

import click

from talk_assets.cli import layout
from talk_assets.cli.advice import Advice, about_candidates, letters
from talk_assets.report.candidates import Candidate, Values


def show_values(values: Values, title: str, *, indent: str = "  ") -> None:
    """Print values by field; blank ones are left out."""
    layout.say(title, first=indent, bold=True)
    layout.say_pairs(((name, value) for name, value in values.items() if value is not None), indent=f"{indent}  ")


def show_candidates(record: str, own: Values, others: Sequence[Candidate], *, indent: str = "  ") -> None:
    """Print what an unlinked record holds, and beside it what the records hold that it could describe the same as.

    The commands follow that link it to each of them, or keep it apart.
    """
    if not others:
        show_values(own, "What it holds", indent=indent)
        layout.say("No other record has the same values in the fields that records are matched on.", first=indent)
        return
    layout.say("What it could describe the same as", first=indent, bold=True)
    shown = list(letters(others))
    for letter, other in shown:
        start = f"{indent}  {letter}  "
        blank = " " * len(start)
        records = f"{other.records[0]}, {'held too' if other.held else 'linked'}, {other.why}{_likely(other)}"
        layout.say_name(other.name, records, first=start, indent=blank)
        for more in other.records[1:]:
            layout.say(f"linked with {more}", first=blank, indent=blank)
    layout.more(len(others), len(shown), "candidates", f"talk explain {record} --json", indent=indent)
    click.echo()
    names = dict.fromkeys((*own, *(name for _, other in shown for name in other.values)))
    titles = ["this record", *(letter for letter, _ in shown)]
    rows = [(name, [own.get(name), *(other.values.get(name) for _, other in shown)]) for name in names]
    layout.compare(titles, rows, indent=indent)
    for one in about_candidates(record, others):
        click.echo()
        show_advice(one, indent=indent)


def _likely(other: Candidate) -> str:
    """How likely it is the same, where that was weighed."""
    return "" if other.probability is None else f": {layout.odds(other.probability)}"


def show_advice(advice: Advice, *, indent: str = "  ") -> None:
    """Print what to do, and below it the commands."""
    layout.say(advice.text, first=indent, indent=indent)
    for command in advice.commands:
        layout.say_command(command, indent=f"{indent}  ")
