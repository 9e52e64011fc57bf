"""Webcrm's small SQL: `SELECT * FROM Person WHERE PersonUpdatedAt >= '2024-01-01' ORDER BY PersonUpdatedAt`.

Reads a script into a `Query` and tests records against it; finding the records is the API's concern. Tables are joined
by equal values, and may have an alias. What is not in this grammar is a `Malformed`: no functions, no subqueries.
"""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import TABLES, Property, Table

Properties = Mapping[str, Property]

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|<>|!=|<=|>=|[<>=,*().]|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


AFTER_TABLES = {"WHERE", "ORDER", "JOIN", "LEFT", "INNER", "ON"}
"""What may follow a table that has no alias."""


class Malformed(Exception):  # noqa: N818 -- what the API says about a script
    """The script is not understood; the message says where."""


@dataclass(frozen=True)
class Condition:
    """`property` compared by `operator` ("LIKE" included) with `value`; a time is in seconds since 1970."""

    property: str
    operator: str
    value: str | float

    def holds(self, properties: Properties, record: Mapping[str, Any]) -> bool:
        """Whether the record meets it; texts are compared without regard to case, as the real database does.

        Nothing compares with what a join did not find.
        """
        if record[self.property] is None:
            return False
        found = comparable(properties, self.property, record[self.property])
        if self.operator == "LIKE":
            pattern = re.escape(str(self.value)).replace("%", ".*").replace("_", ".")
            return re.fullmatch(pattern, str(found), re.DOTALL) is not None
        return COMPARISONS[self.operator](found, self.value)


@dataclass(frozen=True)
class Either:
    """Several lists of conditions, of one of which all must hold."""

    parts: "tuple[tuple[Condition | Either, ...], ...]"

    def holds(self, properties: Properties, record: Mapping[str, Any]) -> bool:
        """Whether the record meets it."""
        return any(all(one.holds(properties, record) for one in part) for part in self.parts)


@dataclass(frozen=True)
class Join:
    """Another table, of whose records those belong to a row whose `theirs` is what the row has in `ours`.

    `outer`: a row to which none belongs stays.
    """

    table: Table
    ours: str
    theirs: str
    outer: bool


@dataclass(frozen=True)
class Query:
    """A script that was understood; `columns` empty is every one, `order` null is by id; all `conditions` must hold."""

    table: Table
    columns: tuple[str, ...] = ()
    conditions: tuple[Condition | Either, ...] = ()
    order: str | None = None
    descending: bool = False
    joins: tuple[Join, ...] = ()

    @property
    def properties(self) -> Properties:
        """Those of all its tables, no two of which have one in common."""
        if not self.joins:
            return self.table.properties
        return {
            name: one
            for table in (self.table, *(j.table for j in self.joins))
            for name, one in table.properties.items()
        }


def comparable(properties: Properties, name: str, value: Any) -> Any:  # noqa: ANN401 -- JSON scalars
    """A value as it is compared: times as seconds, texts folded."""
    if value is None:  # before everything that is something
        return {"text": "", "choice": ""}.get(properties[name].kind, -math.inf)
    if properties[name].kind == "time":
        return times.to_seconds(value)
    return value.casefold() if isinstance(value, str) else value


def parse(script: str) -> Query:
    """Understand a script; raises Malformed."""
    return _Reader(_tokens(script)).query()


def _tokens(script: str) -> list[str]:
    found, at = [], 0
    while script[at:].strip():
        match = TOKEN.match(script, at)
        if match is None:
            message = f"Incorrect syntax near '{script[at:].strip()[:20]}'"
            raise Malformed(message)
        found.append(match[1])
        at = match.end()
    return found


class _Reader:
    """Takes a script's tokens from the front."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._known: Properties = {}

    def query(self) -> Query:
        self._expect("SELECT")
        columns = self._columns()
        self._expect("FROM")
        table = self._table()
        joins = []
        while (outer := self._accept("LEFT")) or self._accept("INNER") or self._upcoming("JOIN"):
            joins.append(self._join(outer=outer))
        self._known = Query(table, joins=tuple(joins)).properties
        conditions = self._either() if self._accept("WHERE") else ()
        order, descending = self._order()
        if self._tokens:
            raise self._unexpected()
        return Query(table, tuple(map(self._name, columns)), conditions, order, descending, tuple(joins))

    def _join(self, *, outer: bool) -> Join:
        """After LEFT or INNER: OUTER, JOIN, a table, and ON with two properties, in either order."""
        if outer:
            self._accept("OUTER")
        self._expect("JOIN")
        table = self._table()
        self._expect("ON")
        wrapped = self._accept("(")
        one = self._column()
        self._expect("=")
        other = self._column()
        if wrapped:
            self._expect(")")
        theirs = {name.lower(): name for name in table.properties}
        if one.lower() in theirs:
            one, other = other, one
        if other.lower() not in theirs:
            message = f"Invalid column name '{other}'"
            raise Malformed(message)
        mine = next((name for known in TABLES for name in known.properties if name.lower() == one.lower()), None)
        if mine is None:
            message = f"Invalid column name '{one}'"
            raise Malformed(message)
        return Join(table, mine, theirs[other.lower()], outer)

    def _either(self) -> tuple[Condition | Either, ...]:
        """What must all hold."""
        parts = [self._both()]
        while self._accept("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else (Either(tuple(parts)),)

    def _both(self) -> tuple[Condition | Either, ...]:
        found = [*self._one()]
        while self._accept("AND"):
            found.extend(self._one())
        return tuple(found)

    def _one(self) -> tuple[Condition | Either, ...]:
        if self._accept("("):
            found = self._either()
            self._expect(")")
            return found
        return (self._condition(),)

    def _column(self) -> str:
        """A column's name, without the table or the alias before it."""
        name = self._take()
        return self._take() if self._accept(".") else name

    def _columns(self) -> list[str]:
        if self._accept("*"):
            return []
        columns = [self._column()]
        while self._accept(","):
            columns.append(self._column())
        return [] if columns == ["*"] else columns

    def _table(self) -> Table:
        name = self._take()
        for table in TABLES:
            if table.name.lower() == name.lower():
                if self._accept("AS") or (self._tokens and self._tokens[0].upper() not in AFTER_TABLES):
                    self._take()
                return table
        message = f"Invalid object name '{name}'"
        raise Malformed(message)

    def _condition(self) -> Condition:
        name = self._name(self._column())
        sign = self._take().upper().replace("!=", "<>")
        literal = self._take()
        if sign not in (*COMPARISONS, "LIKE"):
            message = f"Incorrect syntax near '{sign}'"
            raise Malformed(message)
        return Condition(name, sign, _literal(self._known[name], name, literal))

    def _order(self) -> tuple[str | None, bool]:
        if not self._accept("ORDER"):
            return None, False
        self._expect("BY")
        name = self._name(self._column())
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        return name, descending

    def _name(self, name: str) -> str:
        for known in self._known:
            if known.lower() == name.lower():
                return known
        message = f"Invalid column name '{name}'"
        raise Malformed(message)

    def _take(self) -> str:
        if not self._tokens:
            message = "Incorrect syntax near the end of the script"
            raise Malformed(message)
        return self._tokens.pop(0)

    def _accept(self, word: str) -> bool:
        if self._tokens and self._tokens[0].upper() == word:
            del self._tokens[0]
            return True
        return False

    def _upcoming(self, word: str) -> bool:
        return bool(self._tokens) and self._tokens[0].upper() == word

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _unexpected(self) -> Malformed:
        return Malformed(f"Incorrect syntax near '{self._tokens[0] if self._tokens else ''}'")


def _literal(known: Property, name: str, token: str) -> str | float:
    kind = known.kind
    text = token[1:-1].replace("''", "'") if token.startswith("'") else token
    try:
        if kind == "time":
            return times.to_seconds(text)
        if kind in {"int", "number", "bool"}:
            return float({"true": "1", "false": "0"}.get(text.lower(), text))
    except (ValueError, OverflowError) as error:
        message = f"Conversion failed when converting '{text}' for {name}"
        raise Malformed(message) from error
    return text.casefold()
