"""`talk history SYSTEM/COLLECTION/ID`: what happened to one record, in order of time.

The events are `sync.history`'s; here they are put into words. How the record stands now is what `talk explain` tells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

import click

from talk_assets.cli import layout, records
from talk_assets.cli.output import json_option, show_json
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.model.system import Action
from talk_assets.report import story
from talk_assets.report import timeline as told
from talk_assets.report.timeline import Event, Value


@click.command()
@click.argument("record", metavar="SYSTEM/COLLECTION/ID")
@json_option
def history(*, record: str, as_json: bool) -> None:
    """Tell what happened to one record: when it was linked, what people edited, each write and what was answered."""
    wiring = Wiring(configuration.current())
    key, id_ = wiring.record(record)
    with wiring.reading() as transaction:
        events = told.tell(transaction, key, wiring.collections[key], id_)
        if not events and story.tell(transaction, key, wiring.collections[key], id_) is None:
            raise records.unknown(transaction, record, key)
    if as_json:
        show_json({"record": f"{key}/{id_}", "events": [asdict(event) for event in events]})
    else:
        _show(f"{key}/{id_}", events)


def _show(record: str, events: Sequence[Event]) -> None:
    layout.say(f"History of {record}", indent="  ", bold=True)
    for event in events:
        what = ", ".join(part for part in (event.what, _came_of_it(event), *_in(event)) if part)
        layout.say(f"{records.time(event.at)} {what}", first="  ", indent="    ")
        for (origin, at), values in groupby(event.values, lambda value: (value.origin, value.edited_at)):
            for value in values:
                layout.say(_moved(event, value), first="    ", indent="      ")
            if origin:
                since = f", set there {records.time(at)}" if at else ""
                layout.say(f"because of {origin}{since}", first="      ", indent="        ")


def _in(event: Event) -> Iterator[str]:
    """The run, by the characters that `talk undo` takes, and the system's name of the request."""
    if event.run and event.what != "edited":
        yield f"run {event.run[:8]}"
    if event.request_id:
        yield f"request {event.request_id}"


def _moved(event: Event, value: Value) -> str:
    after = layout.BLANK if value.after is None else value.after
    if event.what == "edited":
        return f"{value.field}: {after}, {'agreed' if value.won else 'lost to a newer edit'}"
    if event.what == Action.CREATE:
        return f"+ {value.field}: {after}"
    return f"~ {value.field}: {layout.BLANK if value.before is None else value.before} -> {after}"


def _came_of_it(event: Event) -> str:
    match event.what:
        case "linked":
            return f"with entity {event.entity} {records.how(event.how)}"
        case "gone":
            return "the system no longer has it"
        case "edited":
            return ""
    return ": ".join(part for part in (event.outcome or "not known yet", event.reason, event.answer) if part)
