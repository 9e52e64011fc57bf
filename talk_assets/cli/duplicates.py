"""`talk duplicates COLLECTION`: records of one system that may be the same, ranked."""

from collections.abc import Sequence
from dataclasses import asdict

import click

from talk_assets.cli import layout, pairs
from talk_assets.cli.output import all_option, json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.messages import suggestion
from talk_assets.config.wiring import Wiring
from talk_assets.errors import ConfigurationError
from talk_assets.report.duplicates import Duplicate, find
from talk_assets.sync.link.weighed import ENTITIES

SHOWN = 20
"""Pairs that the text shows; --all and --json have all."""


@click.command()
@click.argument("collection", metavar="SYSTEM/COLLECTION")
@click.option(
    "--above", type=click.FloatRange(0, 1), default=0.5, metavar="P", show_default=True,
    help="Only pairs that are the same with at least this probability.",
)  # fmt: skip
@all_option
@json_option
def duplicates(*, collection: str, above: float, everything: bool, as_json: bool) -> None:
    """Show pairs of records in one collection that may be the same, the likeliest first.

    It is a report: nothing is merged. Merge them in their system, and the next sync follows.
    """
    wiring = Wiring(configuration.current())
    declared = wiring.collections.get(collection)
    if declared is None or declared.entity.name not in ENTITIES:
        known = [key for key, one in wiring.collections.items() if one.entity.name in ENTITIES]
        hint = suggestion(collection, known) or "."
        message = f"{collection}: there is no such collection to compare records of{hint} There are {', '.join(known)}."
        raise ConfigurationError(message)
    with wiring.reading() as transaction:
        found = find(transaction, collection, declared, above=above, named=not as_json)
    if as_json:
        show_json({"duplicates": [asdict(one) for one in found]})
    else:
        _show(found, collection, above, everything=everything)


def _show(found: Sequence[Duplicate], key: str, above: float, *, everything: bool) -> None:
    if not found:
        click.echo(f"{key}: no two records are the same with a probability of {above:g} or more.")
        return
    count = "1 pair of records" if len(found) == 1 else f"{len(found):,} pairs of records"
    layout.say(f"{key}: {count} may be the same. Merge those that are in {key.partition('/')[0]}.")
    shown = found if everything else found[:SHOWN]
    pairs.show(shown, lambda one: one.evidence)
    layout.more(len(found), len(shown), "pairs", f"talk duplicates {key} --all", indent="  ")
