"""`talk link`, `unlink`, `retry`, `resolve`, `approve`: what a person does about what is held, and about conflicts.

What is done is the concern of `operate.actions`; here is only how it is asked for. An act that would change nothing is
an error.
"""

from collections.abc import Sequence

import click

from talk_assets.cli.output import json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.operate.actions import Acting

RECORD = "SYSTEM/COLLECTION/ID"


def acting() -> Acting:
    """Return what acts on the data folder of this process."""
    return Acting(Wiring(configuration.current()), _waiting)


def _waiting(sentence: str) -> None:
    click.echo(sentence, err=True)


def _say(sentence: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"done": sentence})
    else:
        click.echo(sentence)


@click.command()
@click.argument("one", metavar=RECORD, required=False)
@click.argument("other", metavar=RECORD, required=False)
@click.option("--all", "everything", is_flag=True, help="Every pair that waits for review, with --above.")
@click.option("--above", type=click.FloatRange(0, 1), metavar="P", help="Only pairs with at least this probability.")
@json_option
def link(*, one: str | None, other: str | None, everything: bool, above: float | None, as_json: bool) -> None:
    """Say that two records describe the same thing; or, with --all --above 0.99, so many of talk review at once."""
    if everything == bool(one) or everything != (above is not None) or bool(one) != bool(other):
        message = "name two records, or say --all --above P with the probability that is enough."
        raise click.UsageError(message)
    if above is not None:
        _say(acting().link_all(above), as_json=as_json)
    elif one and other:
        _say(acting().link(one, other), as_json=as_json)


@click.command()
@click.argument("record", metavar=RECORD)
@json_option
def unlink(*, record: str, as_json: bool) -> None:
    """Say that a record is not what it is linked with, or what it might be and is held for.

    It gets an entity of its own; what it was linked with gets no other in its place by itself.
    """
    _say(acting().unlink(record), as_json=as_json)


@click.command()
@click.argument("what", metavar=f"[SYSTEM/COLLECTION | {RECORD}]", required=False)
@click.option("--recreate", is_flag=True, help="Create again what was deleted on the other side of the record.")
@json_option
def retry(*, what: str | None, recreate: bool, as_json: bool) -> None:
    """Send again what is held: of a record, of a collection, or everywhere."""
    _say(acting().retry(what, recreate=recreate), as_json=as_json)


@click.command()
@click.argument("record", metavar=RECORD)
@click.argument("field")
@click.option("--take", metavar=RECORD, help="Whose value is right, where several have lost.")
@click.option("--keep", is_flag=True, help="Keep the value that won, and take the conflict off the list.")
@click.option("--force", is_flag=True, help="Even if the field was set after the conflict was noticed.")
@json_option
def resolve(*, record: str, field: str, take: str | None, keep: bool, force: bool, as_json: bool) -> None:
    """Take the value that lost a conflict over FIELD, everywhere.

    A value that is newer than the conflict is not overwritten without --force.
    """
    if take and keep:
        message = "--take and --keep say opposite things; give one of them."
        raise click.UsageError(message)
    _say(acting().resolve(record, field, take=take, keep=keep, force=force), as_json=as_json)


@click.command()
@click.argument("collections", metavar="SYSTEM/COLLECTION...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that is stopped.")
@json_option
def approve(*, collections: Sequence[str], everything: bool, as_json: bool) -> None:
    """Approve changes that a safety limit stopped; talk held lists them."""
    if bool(collections) == everything:
        message = "name the collections, as talk held lists them, or say --all."
        raise click.UsageError(message)
    act = acting()
    _say(act.approve(collections or list(act.wiring.collections)), as_json=as_json)
