"""`talk held`: what needs review, with the reason and what to do about it."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import click

from talk_assets.cli import advice, layout, records
from talk_assets.cli.advice import Item
from talk_assets.cli.compare import show_advice, show_candidates
from talk_assets.cli.output import all_option, json_option, number_argument, numbered, show_json
from talk_assets.cli.plan import show_moves
from talk_assets.config import configuration
from talk_assets.config.wiring import Wiring
from talk_assets.model.system import Action
from talk_assets.report import overview, planned, readable
from talk_assets.report.candidates import Candidate, Values, compared
from talk_assets.report.planned import Change
from talk_assets.store.transaction import Transaction

SHOWN = 50
"""Items of one group that the text shows; --all and --json have all."""

WHAT = {
    "record": ("This record could not be linked", "records could not be linked"),
    "failing": ("This change failed again", "changes failed again"),
    "invalid": ("This record could not be read", "records could not be read"),
    "value": ("This value can't be read", "values can't be read"),
    "stop": ("A safety limit stopped changes", "safety limits stopped changes"),
    "property": ("Records do not show a property", "properties are not shown by records"),
    "fight": ("Two programs keep setting a field", "fields are set by two programs in turn"),
}
"""What the items of a group are; changes are named by their action."""


@click.command()
@number_argument
@all_option
@json_option
def held(*, number: int | None, everything: bool, as_json: bool) -> None:
    """Show the records and changes that need review, with the reason and what to do about it.

    NUMBER shows one item of the list in full: its values beside those of the records that it could be. --json has the
    values of every item, and with NUMBER those of its candidates too.
    """
    wiring = Wiring(configuration.current())
    with wiring.reading() as transaction:
        rows = overview.held(transaction).to_dicts()
        chosen = numbered(rows, number, "held")
        details = (
            _details(transaction, wiring, chosen, in_full=number is not None, named=not as_json)
            if as_json or number
            else {}
        )
    if as_json:
        full = number is not None
        show_json({"held": [_document(row, details.get(row["number"], Detail()), in_full=full) for row in chosen]})
    elif not rows:
        click.echo("Nothing is held.")
    elif number:
        _show_item(chosen[0], details.get(number, Detail()), correctable=_correctable(wiring))
    else:
        _show(rows, everything=everything, correctable=_correctable(wiring))


def _correctable(wiring: Wiring) -> frozenset[str]:
    """The collections of which talk.toml can say how they are read."""
    return frozenset(key for key, one in wiring.collections.items() if one.correctable)


@dataclass(frozen=True)
class Detail:
    """An item in full: what its record holds and could be, or the change that it is."""

    values: Values = field(default_factory=dict)
    candidates: tuple[Candidate, ...] = ()
    change: Change | None = None


def _details(
    transaction: Transaction, wiring: Wiring, rows: Sequence[Item], *, in_full: bool, named: bool
) -> dict[int, Detail]:
    """By number, what the records hold and the changes would write; only `in_full` what the records could be."""
    found: dict[int, Detail] = {}
    by_collection = itemgetter("collection")
    for key, items in groupby(sorted(rows, key=by_collection), by_collection):
        of_key, collection = list(items), wiring.collections.get(key)
        if collection is None:
            continue
        unlinked = [item for item in of_key if item["what"] == "record"]
        if in_full:
            found |= {
                item["number"]: Detail(*compared(transaction, key, collection, item["id"], named=named))
                for item in unlinked
            }
        else:
            found |= _values(transaction, unlinked, key, named=named)
        changes = [item for item in of_key if item["what"] == "change"]
        if changes:
            entity = changes[0]["entity_id"] if in_full else None
            held_ = planned.held(transaction, collection, key, entity=entity)
            held_ |= planned.held_fields(transaction, collection, key, entity=entity)
            found |= {
                item["number"]: Detail(change=held_.get((item["entity_id"], item["field"] or item["action"])))
                for item in changes
            }
    return found


def _values(transaction: Transaction, items: Sequence[Item], key: str, *, named: bool) -> dict[int, Detail]:
    shown = [value for item in items for value in readable.fields(item["entity_type"], item["fields"])]
    reader = readable.reader(transaction, shown, key.partition("/")[0], named=named)
    return {item["number"]: Detail(reader.show_object(item["entity_type"], item["fields"])) for item in items}


def _document(row: Item, detail: Detail, *, in_full: bool) -> dict[str, Any]:
    found = {name: value for name, value in row.items() if name != "fields"}
    if row["what"] == "record":
        found["values"] = detail.values
        found |= {"candidates": [asdict(one) for one in detail.candidates]} if in_full else {}
    if detail.change:
        found["fields"] = {one.field: {"before": one.before, "after": one.after} for one in detail.change.moves}
    return found


def _show(rows: Sequence[Item], *, everything: bool, correctable: Container[str]) -> None:
    groups = [list(items) for _, items in groupby(rows, _group)]
    reasons = "1 reason" if len(groups) == 1 else f"{len(groups)} reasons"
    layout.say(f"{_items(len(rows))}, for {reasons}. `talk held NUMBER` shows one in full.")
    changes = _changes(rows)
    width = len(str(len(rows)))
    for items in groups:
        click.echo()
        layout.say(f"{_what(items)}: {items[0]['reason']}", indent="  ", bold=True)
        shown = items if everything else items[:SHOWN]
        for item in shown:
            start = f"  {item['number']:>{width}}  "
            layout.say_name(item["name"], _where(item), first=start, indent=" " * len(start))
        layout.more(len(items), len(shown), "with this reason", "talk held --all", indent="  ")
        key = items[0]["collection"]
        for one in advice.about(items, changes[key] - len(items), correctable=key in correctable):
            show_advice(one)


def _show_item(item: Item, detail: Detail, *, correctable: Container[str]) -> None:
    layout.say_name(item["name"], _where(item), first=f"{item['number']}  ", indent="   ")
    layout.say(
        f"{_what([item])}, held since {records.time(item['since'])}: {item['reason']}", first="   ", indent="   "
    )
    click.echo()
    if item["what"] == "record":
        show_candidates(advice.record(item) or "", detail.values, detail.candidates)
        return
    if detail.change and detail.change.moves:
        layout.say("It would write", first="  ", bold=True)
        show_moves(detail.change.moves, create=item["action"] == Action.CREATE, indent="    ")
        click.echo()
    for one in advice.about([item], 0, correctable=item["collection"] in correctable):
        show_advice(one)


def _group(item: Item) -> tuple[Any, ...]:
    return tuple(item[name] for name in ("what", "collection", "action", "reason"))


def _changes(rows: Iterable[Item]) -> dict[str, int]:
    """By collection, how many changes to it are held."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["collection"]] = counts.get(row["collection"], 0) + (row["what"] == "change")
    return counts


def _what(items: Sequence[Item]) -> str:
    count, what = len(items), items[0]["what"]
    if what == "change":
        return f"{count:,} {items[0]['action']}{'' if count == 1 else 's'} in {items[0]['collection']}"
    one, several = WHAT.get(what, (what, what))
    return one if count == 1 else f"{count:,} {several}"


def _where(item: Item) -> str:
    if item["source"]:
        return f"for {item['source']}"
    where = advice.record(item) or str(item["collection"])
    return f"{where}, field {item['field']}" if item["what"] == "value" else where


def _items(count: int) -> str:
    return "1 item is held" if count == 1 else f"{count:,} items are held"
