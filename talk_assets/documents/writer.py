"""The document of a dataflow, in reStructuredText, from the running definitions.

Every sentence follows from a pair, an entity's rules or a collection's declaration: what is not declared is not said.
The same definitions give the same text.
"""

import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from talk_assets.config.configuration import DataflowSettings, Mode
from talk_assets.config.wiring import Wiring
from talk_assets.documents.properties import shared
from talk_assets.errors import ConfigurationError
from talk_assets.model.collection import Collection, settable, updatable
from talk_assets.model.dataflows import OnDelete, Pair
from talk_assets.model.lens.lens import Property, Value
from talk_assets.model.system import System

WIDTH = 100


def write(wiring: Wiring, folder: Path) -> list[Path]:
    """Write a document per dataflow into a folder, in place of one of that name, and return the files.

    Raise ConfigurationError where the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = []
        for dataflow in wiring.config.dataflows:
            if dataflow.pairs:
                files.append(folder / f"{dataflow.name}.rst")
                files[-1].write_text(document(wiring, dataflow), "utf-8")
    except OSError as error:
        message = f"{folder}: cannot be written to ({error.strerror}). It should be a folder, or the name of a new one."
        raise ConfigurationError(message) from error
    return files


def document(wiring: Wiring, dataflow: DataflowSettings) -> str:
    """Return the document of a dataflow with at least one pair."""
    left, right = (wiring.systems[name] for name in (dataflow.dataflow.left, dataflow.dataflow.right))
    title = _escaped(f"{left.label} to {right.label} Dataflow")
    rule = "=" * _width(title)
    parts = [f"{rule}\n{title}\n{rule}", *(_filled(text) for text in _introduction(dataflow, left, right))]
    for pair in dataflow.pairs:
        parts += _section(_Sides(pair, left, right))
    return "\n\n".join(parts) + "\n"


class _Sides:
    """A pair with its two collections."""

    def __init__(self, pair: Pair, left: System, right: System) -> None:
        self.pair = pair
        self.labels = (left.label, right.label)
        self.left_key, self.right_key = _literal(pair.left), _literal(pair.right)
        self.left = left.collection(pair.left.partition("/")[2])
        self.right = right.collection(pair.right.partition("/")[2])
        self.siblings = {pair.left: left.collections, pair.right: right.collections}
        self.each = ((pair.left, self.left), (pair.right, self.right))

    @property
    def noun(self) -> str:
        """What the records describe."""
        return self.left.entity.name


def _introduction(dataflow: DataflowSettings, left: System, right: System) -> Iterator[str]:
    one, other = _escaped(left.label), _escaped(right.label)
    yield (
        f"Every record of the collections of {one} that are named here has a record in {other}. Once two records are"
        " linked they stay in sync, as far as their section says: the newest edit wins, field by field, and a field"
        " that is cleared is cleared on the other side. When two records first meet, a blank never beats a value. A"
        " link never moves by itself."
    )
    if dataflow.mode is Mode.PLAN:
        yield "The dataflow is in mode plan: what would be written is shown, and nothing is written."
    yield f"The dataflow is called {_literal(dataflow.name)}. This document follows from its definition."


def _section(sides: _Sides) -> Iterator[str]:
    title = _escaped(f"{_titled(sides.labels[0], sides.left)} to {_titled(sides.labels[1], sides.right)}")
    yield f"{title}\n{'-' * _width(title)}"
    yield _filled(
        f"Every record of {sides.left_key} describes {_article(sides.noun)} and has a record in {sides.right_key}."
    )
    for term, sentences in (
        ("Matched", _matched(sides)),
        ("Created", _created(sides)),
        ("Updated", _updated(sides)),
        ("Deleted", _deleted(sides)),
        ("Held", _held(sides)),
    ):
        yield f"{term}\n{textwrap.indent(_filled(' '.join(sentences)), '    ')}"
    yield from _table(sides)


def _matched(sides: _Sides) -> Iterator[str]:
    references = [_literal(one.reference) for _, one in sides.each if one.reference]
    if references:
        yield (
            f"A record that carries the id of {_article(sides.noun)}, in {_or(references)}, and is the only one of its"
            " collection to do so, describes that one."
        )
    rules = [rule for rule in sides.left.entity.rules if _both(sides, rule.fields)]
    if not rules:
        yield (
            f"No property that identifies {_article(sides.noun)} is there on both sides: two records are linked when"
            " one is created for the other, or when each matches a third."
        )
        return
    named = [f"by {rule.name} ({'; '.join(_sources(sides, field) for field in rule.fields)})" for rule in rules]
    yield f"Others are matched {', then '.join(named)}, where the value is unique on both sides, whatever its case."
    for rule in rules[:-1]:
        if rule.decisive:
            yield f"Records that both have {_article(rule.name)}, and not the same one, are matched by nothing else."


def _both(sides: _Sides, fields: Iterable[str]) -> bool:
    return set(fields) <= set(sides.left.lens.fields) & set(sides.right.lens.fields)


def _sources(sides: _Sides, field: str) -> str:
    return " and ".join(_literal(", ".join(one.lens.sources(field))) for _, one in sides.each)


def _created(sides: _Sides) -> Iterator[str]:
    right = sides.right
    if not right.creatable:
        yield f"Nothing is created in {sides.right_key}: a record that matches none there stays without one."
    else:
        yield (
            f"A record of {sides.left_key} that matches none gets a new record in {sides.right_key}, once both"
            f" collections have been read in full. It is given {_and(_words(settable(right)))}, where there are values."
        )
        if right.reference:
            reference = _literal(right.reference)
            yield f"It carries the id of the {sides.noun} in {reference}, so that it is not created twice."
        else:
            yield "Should the answer to a create be lost, the sync finds the new record by its values."
        for prop in right.lens.properties.values():
            blank = _blank(prop)
            if blank is not None:
                yield f"A blank {_literal(', '.join(prop.columns()))} is sent as {_literal(blank)}."
    yield f"This pair creates nothing in {sides.left_key}."


def _updated(sides: _Sides) -> Iterator[str]:
    for (_, source), (key, target) in (sides.each, sides.each[::-1]):
        fields = updatable(target)
        if not fields:
            yield f"{_literal(key)} is read and not written to."
            continue
        kept = [field for field in source.lens.fields if field in target.lens.fields and field not in fields]
        but = f", except for {_and(_words(kept))}" if kept else ""
        yield f"An edit in {_literal(_other(sides, key))} reaches {_literal(key)}{but}."


def _other(sides: _Sides, key: str) -> str:
    return next(other for other, _ in sides.each if other != key)


def _deleted(sides: _Sides) -> Iterator[str]:
    on_delete = sides.pair.on_delete
    if on_delete is OnDelete.KEEP:
        yield "A record that is deleted on one side is not deleted on the other, and not created again."
    else:
        for (here, _), (there, other) in (sides.each, sides.each[::-1]):
            follows = _follows(there, other, on_delete)
            yield f"When a record of {_literal(here)} is deleted, the record in {_literal(there)} is {follows}."
        yield (
            "A record that holds an edit that the deleted one never had needs review before it is"
            f" {'archived' if on_delete is OnDelete.ARCHIVE else 'deleted'}. No deleted record is created again."
        )
    yield (
        "A record that a full read does not show counts as deleted once the system, asked for it by its id, does not"
        " have it."
    )
    for key, one in sides.each:
        for whole in sides.siblings[key]:
            if any(part.of == one.name for part in whole.parts):
                owner = _literal(f"{key.partition('/')[0]}/{whole.name}")
                yield f"Records of {_literal(key)} are lines of {owner}: one that is taken out there is deleted."


def _follows(key: str, collection: Collection, on_delete: OnDelete) -> str:
    """What becomes of a record whose counterpart was deleted."""
    if not collection.writable:
        return f"kept: nothing is written to {_literal(key)}"
    unless = "unless another pair still demands it"
    if on_delete is OnDelete.DELETE:
        return f"deleted too, {unless}"
    if collection.archived is None:
        return "kept: the API has no flag that archives it"
    flags = [
        f"{_literal(name)} is set to {_literal(_serialised(value))}" for name, value in collection.archived.items()
    ]
    return f"archived ({_and(flags)}), {unless}"


def _serialised(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _held(sides: _Sides) -> Iterator[str]:
    rules = [rule.name for rule in sides.left.entity.rules if any(_has(one, rule.fields) for _, one in sides.each)]
    several = f", and where several could be meant, because they have the same {_or(rules)}" if rules else ""
    yield f"A record is held where a property does not hold what it should{several}."
    yield "A change is held where the system refuses it."
    right = sides.right
    if not right.creatable:
        return
    refs = _words(field for field in right.lens.fields if field in right.lens.refs)
    held = f", or while the {_or(refs)} that it refers to is held" if refs else ""
    yield f"A new record waits while one that is held could be it{held}."
    needed = [prop for prop in right.lens.properties.values() if prop.required and _blank(prop) is None]
    if needed:
        yield f"It also waits until there is something for {_and([_literal(', '.join(p.columns())) for p in needed])}."


def _has(collection: Collection, fields: Iterable[str]) -> bool:
    return set(fields) <= set(collection.lens.fields)


def _blank(prop: Property) -> str | None:
    return prop.blank if isinstance(prop, Value) else None


def _table(sides: _Sides) -> Iterator[str]:
    rows = shared(sides.left, sides.right)
    if not rows:
        yield "The two sides have no field in common."
        return
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "",
        *_row([f"{_escaped(label)} property" for label in sides.labels], "Type"),
    ]
    for row in rows:
        lines += _row([_literal(row.left), _literal(row.right)], row.type)
    yield "\n".join(lines)


def _row(properties: Sequence[str], kind: str) -> list[str]:
    first, second = properties
    return [f"   * - {first}", f"     - {second}", f"     - {kind}"]


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _titled(label: str, collection: Collection) -> str:
    return f"{label} {collection.name[:1].upper()}{collection.name[1:]}"


def _words(fields: Iterable[str]) -> list[str]:
    return [field.replace("_", " ") for field in fields]


def _article(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def _and(names: Sequence[str]) -> str:
    return _listed(names, "and")


def _or(names: Sequence[str]) -> str:
    return _listed(list(dict.fromkeys(names)), "or")


def _listed(names: Sequence[str], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def _literal(text: str) -> str:
    return f"``{text}``"


def _escaped(text: str) -> str:
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def _width(text: str) -> int:
    """Columns on a screen: letters of some scripts take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
