"""`talk history SYSTEM/COLLECTION/ID`: what happened to one record, in order of time.

It is told by `sync.history`; here it is put into words. How the record stands now is what `talk explain` tells.
"""

from collections.abc import Sequence
from dataclasses import asdict

import click

from talk_assets import config
from talk_assets.cli import records
from talk_assets.cli.output import json_option, show_json, show_table
from talk_assets.sync import history as told
from talk_assets.sync import story
from talk_assets.sync.history import Event, Value
from talk_assets.wiring import Wiring


@click.command()
@click.argument("record", metavar="SYSTEM/COLLECTION/ID")
@json_option
def history(*, record: str, as_json: bool) -> None:
    """Tell what happened to one record: when it was linked, what people edited, each write and what was answered."""
    wiring = Wiring(config.current())
    key, id_ = wiring.record(record)
    with wiring.hub("history").store.transaction() as transaction:
        events = told.tell(transaction, key, wiring.collections[key], id_)
        if not events and story.tell(transaction, key, wiring.collections[key], id_) is None:
            raise records.unknown(transaction, record, key)
    if as_json:
        show_json({"record": f"{key}/{id_}", "events": [asdict(event) for event in events]})
    else:
        _show(f"{key}/{id_}", events)


def _show(record: str, events: Sequence[Event]) -> None:
    rows = [row for event in events for row in _rows(event)]
    headings = ("time", "what", "field", "before", "after", "because of", "set", "came of it", "request")
    show_table(headings, rows, title=f"History of {record}")


def _rows(event: Event) -> list[tuple[str | None, ...]]:
    """A row per field, or one where it is about none."""
    values = event.values or (Value("", None, None, None, None),)
    return [
        (
            records.time(event.at), event.what, value.field, value.before, _after(event, value), value.origin,
            records.time(value.edited_at), _came_of_it(event, value), event.request_id,
        )
        for value in values
    ]  # fmt: skip


def _after(event: Event, value: Value) -> str | None:
    return "(cleared)" if event.values and value.after is None else value.after


def _came_of_it(event: Event, value: Value) -> str:
    match event.what:
        case "linked":
            return f"with entity {event.entity} {records.how(event.how)}"
        case "gone":
            return "the system no longer has it"
        case "edited":
            return "agreed" if value.won else "lost to a newer edit"
    return ": ".join(part for part in (event.outcome or "not known yet", event.reason, event.answer) if part)
