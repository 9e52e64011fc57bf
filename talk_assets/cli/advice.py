"""What to do about what is held: the commands that decide it, ready to be copied.

`operate.actions` carries the commands out, `report.overview` lists held records, and `held` shows them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from talk_assets.model.system import ALREADY_THERE
from talk_assets.report.candidates import Candidate
from talk_assets.sync.link.weighed import SUGGESTED

SHOWN = 10
"""Candidates that the text shows; --json has all."""

Item = Mapping[str, Any]
"""A row of `overview.held`."""


@dataclass(frozen=True)
class Advice:
    """What to do, in words, and the commands that do it."""

    text: str
    commands: tuple[str, ...] = ()


def about(items: Sequence[Item], others: int, *, correctable: bool = False) -> list[Advice]:
    """Return what decides all of some items that have the same `what`, `collection`, `action` and `reason`.

    `others` is how many more changes are held in the collection, for other reasons. `correctable`: whether talk.toml
    can say how the collection is read.
    """
    collection = items[0]["collection"]
    match items[0]["what"]:
        case "record":
            found = [_about_records(items)]
        case "change":
            found = [_about_changes(items, others)]
        case "invalid" | "property" as what:
            text = _IN_THE_SYSTEM[what].format(collection=collection, system=collection.partition("/")[0])
            found = [Advice(text)]
        case "value":
            found = [_about_values(items, correctable=correctable)]
        case "stop":
            text = "If this is as it should be, approve it, and the next sync goes on:"
            found = [Advice(text, (f"talk approve {collection}",))]
        case "failing":
            commands = tuple(f"talk explain {one}" for item in items[:1] if (one := item["source"] or record(item)))
            found = [Advice("Every sync tries again. What was sent, and what came of it:", commands)]
        case "fight":
            commands = tuple(_sides(items))
            found = [Advice("Stop one of the two programs that set it. Then choose the value that is right:", commands)]
        case _:
            found = []
    return found


_IN_THE_SYSTEM = {
    "invalid": "Correct the value in {system}. The next sync reads the record again.",
    "property": "See whether a right was withdrawn in {system}, or whether its API has changed. If the API leaves blank"
    " properties out, say omits_blanks = true for {collection} in talk.toml.",
}
"""What is decided in the system, and by no command."""


def _about_records(items: Sequence[Item]) -> Advice:
    compare = tuple(f"talk held {item['number']}" for item in items)
    if items[0]["reason"] == SUGGESTED:
        return Advice("See both records side by side, with the evidence, and decide:", ("talk review",))
    if len(items) == 1:
        return Advice("Compare it with the records that it could be, and decide:", compare)
    text = (
        "Correct in their system what they have in common, and the next sync decides. Or resolve one after the"
        " other, beginning with:"
    )
    return Advice(text, (compare[0],))


def _about_values(items: Sequence[Item], *, correctable: bool) -> Advice:
    item = items[0]
    collection, fields = item["collection"], sorted({item["field"] for item in items})
    perhaps = f" It may mean {item['suggested']}." if item["suggested"] else ""
    choice = item["right"].startswith("one of ")
    declare = f" Or say in talk.toml, under fields of {collection}, what it means." if correctable and choice else ""
    keep = f"{' and '.join(fields)} {'keeps its value' if len(fields) == 1 else 'keep their values'}"
    text = f"Correct it in {collection.partition('/')[0]}, and the next sync reads it.{perhaps}{declare}"
    return Advice(f"{text} Until then {keep}, and everything else of the record is in sync.")


def about_candidates(record: str, candidates: Sequence[Candidate]) -> Iterator[Advice]:
    """Yield how to link an unlinked record to each of its candidates, and how to keep it apart from all of them."""
    collection = record.rpartition("/")[0]
    for letter, candidate in letters(candidates):
        own = [other for other in candidate.records if other.startswith(f"{collection}/")]
        elsewhere = [other for other in candidate.records if other not in own]
        if elsewhere and own:
            text = f"If it is {letter}, in place of {own[0]}:"
            yield Advice(text, (f"talk unlink {own[0]}", f"talk link {record} {elsewhere[0]}"))
        elif elsewhere:
            yield Advice(f"If it is {letter}:", (f"talk link {record} {elsewhere[0]}",))
        else:
            yield Advice(f"If it is {letter}, delete one of the two in {collection}: they are in one collection.")
    yield Advice("If it is none of them, keep it apart:", (f"talk unlink {record}",))


def letters(candidates: Sequence[Candidate]) -> Iterator[tuple[str, Candidate]]:
    """Yield the first candidates with the letters that they are called by."""
    yield from zip(ascii_uppercase[:SHOWN], candidates, strict=False)


def _about_changes(items: Sequence[Item], others: int) -> Advice:
    item, count = items[0], len(items)
    these = ("it", "it is") if count == 1 else (f"all {count}", "they are")
    if item["action"] in ("delete", "archive"):
        text = f"To {item['action']} {these[0]} all the same:"
    else:
        subject = "the record that it is for" if count == 1 else "the records that they are for"
        text = f"Correct {subject}, and the next sync sends {these[0]}. To send {these[0]} again as {these[1]}:"
    one = item["source"] or record(item)
    _, there, other = str(item["reason"]).rpartition(f"{ALREADY_THERE} ")
    if count == 1 and item["source"] and there:
        return Advice("If that is the same, link the two:", (f"talk link {item['source']} {other}",))
    if count == 1 and one:
        return Advice(text, (f"talk retry {one}",))
    if others:
        text = f"{text[:-1]} (this also sends {others} that are held for other reasons):"
    return Advice(text, (f"talk retry {item['collection']}",))


def _sides(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        for origin in (record(item), item["other"]):
            yield f"talk resolve {record(item)} {item['field']} --take {origin}"


def record(item: Item) -> str | None:
    """Return the record that an item is about, as `system/collection/id`; None for one that is not there yet."""
    return f"{item['collection']}/{item['id']}" if item["id"] else None
