"""Webcrm's small SQL: `SELECT * FROM Person WHERE PersonUpdatedAt >= '2024-01-01' ORDER BY PersonUpdatedAt`.

Reads a script into a `Query` and tests records against it; finding the records is the API's concern. What is not in
this grammar is a `Malformed`: no joins, no OR, no functions.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from talk_assets.sandbox.webcrm import times
from talk_assets.sandbox.webcrm.properties import TABLES, Table

TOKEN = re.compile(r"\s*('(?:[^']|'')*'|<>|!=|<=|>=|[<>=,*]|-?\d+(?:\.\d+)?|[A-Za-z_]\w*)")
COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Malformed(Exception):  # noqa: N818 -- what the API says about a script
    """The script is not understood; the message says where."""


@dataclass(frozen=True)
class Condition:
    """`property` compared by `operator` ("LIKE" included) with `value`; a time is in seconds since 1970."""

    property: str
    operator: str
    value: str | float

    def holds(self, table: Table, record: Mapping[str, Any]) -> bool:
        """Whether the record meets it; texts are compared without regard to case, as the real database does."""
        found = comparable(table, self.property, record[self.property])
        if self.operator == "LIKE":
            pattern = re.escape(str(self.value)).replace("%", ".*").replace("_", ".")
            return re.fullmatch(pattern, str(found), re.DOTALL) is not None
        return COMPARISONS[self.operator](found, self.value)


@dataclass(frozen=True)
class Query:
    """A script that was understood; `columns` empty is every one, `order` null is by id."""

    table: Table
    columns: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    order: str | None = None
    descending: bool = False


def comparable(table: Table, name: str, value: Any) -> Any:  # noqa: ANN401 -- JSON scalars
    """A value as it is compared: times as seconds, texts folded."""
    if table.properties[name].kind == "time":
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

    def query(self) -> Query:
        self._expect("SELECT")
        columns = self._columns()
        self._expect("FROM")
        table = self._table()
        conditions: list[Condition] = []
        if self._accept("WHERE"):
            conditions.append(self._condition(table))
            while self._accept("AND"):
                conditions.append(self._condition(table))
        order, descending = self._order(table)
        if self._tokens:
            raise self._unexpected()
        return Query(table, tuple(self._name(table, name) for name in columns), tuple(conditions), order, descending)

    def _columns(self) -> list[str]:
        if self._accept("*"):
            return []
        columns = [self._take()]
        while self._accept(","):
            columns.append(self._take())
        return columns

    def _table(self) -> Table:
        name = self._take()
        for table in TABLES:
            if table.name.lower() == name.lower():
                return table
        message = f"Invalid object name '{name}'"
        raise Malformed(message)

    def _condition(self, table: Table) -> Condition:
        name = self._name(table, self._take())
        sign = self._take().upper().replace("!=", "<>")
        literal = self._take()
        if sign not in (*COMPARISONS, "LIKE"):
            message = f"Incorrect syntax near '{sign}'"
            raise Malformed(message)
        return Condition(name, sign, _literal(table, name, literal))

    def _order(self, table: Table) -> tuple[str | None, bool]:
        if not self._accept("ORDER"):
            return None, False
        self._expect("BY")
        name = self._name(table, self._take())
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        return name, descending

    def _name(self, table: Table, name: str) -> str:
        for known in table.properties:
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

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _unexpected(self) -> Malformed:
        return Malformed(f"Incorrect syntax near '{self._tokens[0] if self._tokens else ''}'")


def _literal(table: Table, name: str, token: str) -> str | float:
    kind = table.properties[name].kind
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
