"""`talk explain SYSTEM/COLLECTION/ID`: the whole story of one record.

The story is told by `sync.story`; here it is put into words.
"""

from dataclasses import asdict
from typing import Any

import click

from talk_assets import config
from talk_assets.cli import records
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.sync import story
from talk_assets.sync.story import Story
from talk_assets.wiring import Wiring


@click.command()
@click.argument("record", metavar="SYSTEM/COLLECTION/ID")
@json_option
def explain(*, record: str, as_json: bool) -> None:
    """Tell one record's whole story: what it is linked to, where each value is from, what is not done and why."""
    wiring = Wiring(config.current())
    key, id_ = wiring.record(record)
    with wiring.hub("explain").store.transaction() as transaction:
        found = story.tell(transaction, key, wiring.collections[key], id_)
        if found is None:
            raise records.unknown(transaction, record, key)
    if as_json:
        show_json(asdict(found))
    else:
        _show(found)


def _show(found: Story) -> None:
    click.echo(f"{found.collection}/{found.id}" + ("" if found.present else " (no longer in the system)"))
    if found.held:
        click.echo(f"Held since {records.time(found.held_since)}: {found.held}")
    if found.entity is None:
        click.echo("It is not linked to anything" + ("." if found.held else " yet; the next sync decides."))
        return
    linked = f"linked {records.time(found.linked_at)} {records.how(found.linked_by)}"
    click.echo(f"It describes entity {found.entity}, {linked}.")
    for sibling in found.siblings:
        gone = f", gone since {records.time(sibling['gone_at'])}" if sibling["gone_at"] else ""
        click.echo(f"  with {sibling['collection']}/{sibling['id']}, linked {records.how(sibling['linked_by'])}{gone}")
    _show_fields(found)
    _show_changes(found)
    _show_conflicts(found)
    _show_writes(found)


def _show_fields(found: Story) -> None:
    rows = [
        (one.field, one.value, records.time(one.edited_at), one.origin, one.seen, one.sent)
        if one.mapped
        else (one.field, one.value, records.time(one.edited_at), one.origin, "(has no property for it)", None)
        for one in found.fields
        if one.value is not None or one.seen is not None or one.sent is not None
    ]
    click.echo()
    show_table(("field", "value", "set", "by", "this record holds", "is up to date with"), rows, title="Values")


def _show_changes(found: Story) -> None:
    if not found.changes:
        click.echo("\nNothing is waiting to be written.")
        return
    rows = [
        (one["action"], _record(one), _values(one["fields"]), _status(one), records.time(one["since"]))
        for one in found.changes
    ]
    click.echo()
    show_table(("change", "record", "values", "status", "since"), rows, title="Still to be written")


def _show_conflicts(found: Story) -> None:
    rows = [
        (
            one["field"],
            one["value"],
            one["origin"],
            one["winner"],
            one["winner_origin"],
            records.time(one["noticed_at"]),
        )
        for one in found.conflicts
    ]
    if rows:
        click.echo()
        show_table(("field", "lost", "from", "won", "from", "noticed"), rows, title="Conflicts")


def _show_writes(found: Story) -> None:
    rows = [row for one in found.writes for row in _write(one)]
    if rows:
        click.echo()
        show_table(
            ("sent", "write", "record", "field", "before", "after", "because of", "answer"), rows, title="Writes"
        )


def _write(one: dict[str, Any]) -> list[tuple[str | None, ...]]:
    """A row per field."""
    what = (records.time(one["intended_at"]), one["action"], _record(one))
    before, cause = one["before"], one["cause"]
    return [
        (*what, name, before.get(name), after, cause.get(name), _answer(one)) for name, after in one["after"].items()
    ]


def _record(row: dict[str, Any]) -> str:
    return f"{row['collection']}/{row['id']}" if row["id"] else row["collection"]


def _values(values: dict[str, str | None]) -> str:
    return "; ".join(f"{name}: {'(cleared)' if value is None else value}" for name, value in values.items())


def _status(row: dict[str, Any]) -> str:
    return f"{row['status']}: {row['reason']}" if row["reason"] else str(row["status"])


def _answer(row: dict[str, Any]) -> str:
    answer = row["outcome"] or "not known yet"
    return f"{answer}: {row['reason']}" if row["reason"] else answer
