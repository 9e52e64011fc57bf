"""`talk review`: pairs of records that may be the same, side by side, with what speaks for it and against it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from talk_assets.cli import layout, pairs, records
from talk_assets.cli.advice import Advice
from talk_assets.cli.compare import show_advice
from talk_assets.cli.output import all_option, json_option, number_argument, numbered, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.report import reviewing
from talk_assets.report.reviewing import Pairing

SHOWN = 20
"""Pairs that the text shows; --all and --json have all."""


@click.command()
@number_argument
@click.option("--above", type=click.FloatRange(0, 1), default=0.0, metavar="P", help="Only pairs at least as likely.")
@all_option
@json_option
def review(*, number: int | None, above: float, everything: bool, as_json: bool) -> None:
    """Show the pairs of records that may be the same, the likeliest first, with the evidence and its probability.

    NUMBER shows one pair in full: the values of both beside each other, and what each comparison weighs. Until a pair
    is decided, nothing is created for either record.
    """
    wiring = Wiring(configuration.current())
    with wiring.reading() as transaction:
        found = reviewing.pairs(transaction, above=above, number=number, named=not as_json)
        if number is not None and not found:
            numbered([{"number": one} for one in range(1, reviewing.count(transaction) + 1)], number, "review")
    if as_json:
        show_json({"review": [_document(pair) for pair in found]})
    elif number is not None:
        for pair in found:
            _show_pair(pair)
    else:
        _show(found, above, everything=everything)


def _document(pair: Pairing) -> dict[str, Any]:
    document = asdict(pair)
    first = ("number", "left", "right", "probability", "evidence")
    return {name: document[name] for name in first} | document


def _show(found: Sequence[Pairing], above: float, *, everything: bool) -> None:
    if not found:
        which = f" with a probability of {above:g} or more" if above else ""
        click.echo(f"No pair{which} waits for review.")
        return
    waits = "1 pair waits" if len(found) == 1 else f"{len(found):,} pairs wait"
    layout.say(f"{waits} for review. `talk review NUMBER` shows one in full, and how to decide it.")
    shown = found if everything else found[:SHOWN]
    pairs.show(shown, _why)
    click.echo()
    layout.more(len(found), len(shown), "pairs", "talk review --all", indent="  ")
    layout.say("To link many at once, those that are likely enough:", first="  ", indent="  ")
    layout.say_command("talk link --all --above 0.99", indent="    ")


def _why(pair: Pairing) -> str:
    return f"doubtful: the same {pair.rule}; {pair.evidence}" if pair.rule else pair.evidence


def _show_pair(pair: Pairing) -> None:
    layout.say(
        f"{layout.odds(pair.probability)}  {pairs.names(pair)}", first=f"{pair.number}  ", indent="   ", bold=True
    )
    layout.say(f"{_why(pair)}", first="   ", indent="   ")
    layout.say(f"{pair.left} is held since {records.time(pair.since)}", first="   ", indent="   ")
    for one in pair.records:
        layout.say(f"{one} {'is held too' if pair.right_held else 'is linked'}", first="   ", indent="   ")
    click.echo()
    names = dict.fromkeys((*pair.left_values, *pair.right_values))
    rows = [(name, [pair.left_values.get(name), pair.right_values.get(name)]) for name in names]
    layout.compare([pair.left, pair.right], rows, indent="  ")
    click.echo()
    layout.say("What each comparison weighs, in bits", first="  ", bold=True)
    layout.say_pairs(((str(one["comparison"]), _weight(one)) for one in pair.weights), indent="    ")
    click.echo()
    show_advice(Advice("If they are the same:", (f"talk link {pair.left} {pair.right}",)))
    show_advice(Advice("If they are not:", (f"talk unlink {pair.left}",)))


def _weight(one: Any) -> str:  # noqa: ANN401 -- a part of a JSON document
    return f"{one['weight']:+.1f}  {one['level']}"
