"""Pairs of records that may be the same, as a numbered list that both `talk review` and `talk duplicates` show."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from talk_assets.cli import layout
from talk_assets.report.duplicates import Duplicate
from talk_assets.report.reviewing import Pairing

P = TypeVar("P", Pairing, Duplicate)


def names(pair: Pairing | Duplicate) -> str:
    """Return what the records are called: once, where both have the same name."""
    return " and ".join(dict.fromkeys(name for name in (pair.name, pair.right_name) if name))


def show(pairs: Sequence[P], why: Callable[[P], str]) -> None:
    """Print a block per pair: number, probability and names, both records, and why they may be the same."""
    width = len(str(pairs[-1].number))
    for pair in pairs:
        start = f"  {pair.number:>{width}}  "
        blank = " " * len(start)
        click.echo()
        layout.say(f"{layout.odds(pair.probability)}  {names(pair)}", first=start, indent=blank, bold=True)
        layout.say(f"{pair.left} and {pair.right}", first=blank, indent=blank)
        layout.say(why(pair), first=blank, indent=blank)
