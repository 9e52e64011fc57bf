"""`talk explain SYSTEM/COLLECTION/ID`: the whole story of one record.

The story is `sync.story`'s; here it is put into words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import groupby
from operator import itemgetter
from typing import Any

import click

from talk_assets.cli import layout, records
from talk_assets.cli.compare import show_candidates
from talk_assets.cli.output import all_option, json_option, show_json
from talk_assets.cli.plan import show_moves
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.model.system import Action
from talk_assets.report import story
from talk_assets.report.planned import Move
from talk_assets.report.story import FieldStory, ReportScope, Story
from talk_assets.store.transaction import Transaction
from talk_assets.sync.plan import permits


@click.command()
@click.argument("record", metavar="SYSTEM/COLLECTION/ID")
@all_option
@json_option
def explain(*, record: str, everything: bool, as_json: bool) -> None:
    """Show everything known about one record: its links, where each value is from, what is not done and why.

    Of a record that is not linked: what it holds, beside the values of every record that it could be.
    """
    wiring = Wiring(configuration.current())
    key, id_ = wiring.record(record)
    scope = ReportScope(writes=None if everything or as_json else story.WRITES, named=not as_json)
    with wiring.reading() as transaction:
        found = story.tell(transaction, key, wiring.collections[key], id_, scope)
        if found is None:
            raise records.unknown(transaction, record, key)
        found = replace(found, changes=tuple(_judged(transaction, wiring, found)))
    if as_json:
        show_json(asdict(found))
    else:
        _show(found)


def _judged(transaction: Transaction, wiring: Wiring, found: Story) -> Iterator[dict[str, Any]]:
    """The changes, with those that wait for a dataflow in mode plan."""
    permits_ = wiring.permits(wiring.config.dataflows)
    for change in found.changes:
        if change["status"] != "planned" or change["collection"] not in wiring.collections:
            yield change
            continue
        reasons = permits.reasons(transaction, permits_, change["collection"], wiring.collections, found.entity)
        reason = reasons.get((str(found.entity), change["action"]))
        yield change | {"status": "waiting", "reason": reason} if reason else change


def _show(found: Story) -> None:
    record = f"{found.collection}/{found.id}"
    layout.say_name(found.name, record + ("" if found.present else " (no longer in the system)"), indent="  ")
    if found.held:
        layout.say(f"Held since {records.time(found.held_since)}: {found.held}", indent="  ")
    if found.entity is None:
        layout.say("It is not linked to anything" + ("." if found.held else " yet; the next sync decides."))
        for one in found.invalid:
            layout.say(f"{one['field']}: {_misread(one)}", first="  ", indent="    ")
        click.echo()
        show_candidates(record, found.values, found.candidates)
        return
    linked = f"linked {records.time(found.linked_at)} {records.how(found.linked_by, found.evidence)}"
    layout.say(f"It describes entity {found.entity}, {linked}.", indent="  ")
    for sibling in found.siblings:
        gone = f", gone since {records.time(sibling['gone_at'])}" if sibling["gone_at"] else ""
        how = f"linked {records.how(sibling['linked_by'], sibling['evidence'])}{gone}"
        layout.say(f"with {_record(sibling)}, {how}", first="  ", indent="    ")
    _show_fields(found)
    _show_changes(found)
    _show_conflicts(found)
    _show_writes(found, record)


def _show_fields(found: Story) -> None:
    _title("Values")
    misread = {name: list(rows) for name, rows in groupby(found.invalid, itemgetter("field"))}
    fields = [one for one in found.fields if any((one.value, one.seen, one.sent)) or one.field in misread]
    for (at, origin), alike in groupby(fields, lambda one: (one.edited_at, one.origin)):
        for one in alike:
            layout.say(f"{one.field}: {_value(one.value)}", first="  ", indent="      ")
            if difference := _difference(one, misread.get(one.field, ())):
                layout.say(difference, first="      ", indent="      ")
        if origin:
            layout.say(f"set {records.time(at)} by {origin}", first="    ", indent="      ")


def _misread(row: dict[str, Any]) -> str:
    perhaps = f", perhaps {row['suggested']}" if row["suggested"] else ""
    return f"can't be read since {records.time(row['since'])}: {row['reason']}{perhaps}"


def _difference(one: FieldStory, misread: Sequence[dict[str, Any]]) -> str | None:
    """What this record holds, where that is not the entity's value."""
    if misread:
        return f"what this record holds {'; '.join(map(_misread, misread))}"
    if not one.mapped:
        return "this record has no property for it"
    if one.seen == one.value:
        return None
    if one.sent == one.value:
        return f"this record shows {_value(one.seen)}, though it was sent {_value(one.sent)}: talk rewritten"
    return f"this record shows {_value(one.seen)}, and was last sent {_value(one.sent)}"


def _show_changes(found: Story) -> None:
    if not found.changes:
        click.echo("\nNothing is waiting to be written.")
        return
    _title("Still to be written")
    for one in found.changes:
        where = _record(one) if one["id"] else f"in {one['collection']}"
        layout.say(f"{one['action']} {where}, since {records.time(one['since'])}", first="  ", indent="    ")
        for name, value in one["fields"].items():
            layout.say(f"{name}: {_value(value)}", first="    ", indent="      ")
        layout.say(
            f"{one['status']}: {one['reason']}" if one["reason"] else one["status"], first="    ", indent="      "
        )


def _show_conflicts(found: Story) -> None:
    if not found.conflicts:
        return
    _title("Conflicts")
    for (name, winner, origin, at), lost in groupby(found.conflicts, _won):
        layout.say(name, first="  ")
        layout.say_name(_value(winner), f"{origin}, set {records.time(at)}", first="    won   ", indent="          ")
        for one in lost:
            source = f"{one['origin']}, set {records.time(one['edited_at'])}"
            layout.say_name(_value(one["value"]), source, first="    lost  ", indent="          ")


def _won(conflict: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(conflict[name] for name in ("field", "winner", "winner_origin", "winner_edited_at"))


def _show_writes(found: Story, record: str) -> None:
    if not found.writes:
        return
    _title("Writes")
    for one in found.writes:
        what = f"{records.time(one['intended_at'])} {one['action']} {_record(one)}: {_answer(one)}"
        layout.say(what, first="  ", indent="    ")
        causes = [(one["cause"].get(name), name) for name in one["after"]]
        for origin, names in groupby(causes, itemgetter(0)):
            moves = [Move(name, one["before"].get(name), one["after"][name]) for _, name in names]
            show_moves(moves, create=one["action"] == Action.CREATE, indent="    ")
            if origin:
                layout.say(f"because of {origin}", first="      ", indent="        ")
    layout.more(found.write_count, len(found.writes), "writes", f"talk explain {record} --all", indent="  ")


def _title(title: str) -> None:
    click.echo()
    layout.say(title, bold=True)


def _record(row: dict[str, Any]) -> str:
    return f"{row['collection']}/{row['id']}" if row["id"] else str(row["collection"])


def _value(value: str | None) -> str:
    return layout.BLANK if value is None else layout.flat(value)


def _answer(row: dict[str, Any]) -> str:
    answer = row["outcome"] or "not known yet"
    return f"{answer}: {row['reason']}" if row["reason"] else answer
