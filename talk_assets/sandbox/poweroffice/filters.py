"""The part of OData that PowerOffice v1 takes in `$filter`: comparisons, and, or, not, tolower, startswith.

A filter is parsed into nested `Node`s. What of it the store can search by is `searched`; the rest is asked of each
record with `holds`. Words of errors are ASSUMED, except `Invalid operator`.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from talk_assets.sandbox.poweroffice import times
from talk_assets.sandbox.poweroffice.properties import Kinds

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
SIGNS = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
WORDS = {"true": True, "false": False, "null": None}
MOMENTS = ("datetimeoffset", "datetime")
TOKEN = re.compile(
    r"\s*(datetimeoffset'[^']*'|datetime'[^']*'|'(?:[^']|'')*'|-?\d+(?:\.\d+)?[lLmM]?|\w+|[(),])",
    re.IGNORECASE,
)


class Malformed(Exception):  # noqa: N818 -- what the API says about a filter
    """The filter is none, or asks for what there is not."""


@dataclass(frozen=True)
class Node:
    """`kind` is and, or, not, a comparison, tolower, startswith, property or literal; `value` is for the last two."""

    kind: str
    parts: tuple["Node", ...] = ()
    value: Any = None


EVERYTHING = Node("and")


def parse(text: str, kinds: Kinds) -> Node:
    """Understand a filter over records with these properties; raises Malformed.

    The documentation wants it in parentheses; clients in use send it without.
    """
    stripped = text.strip()
    tokens, at = [], 0
    while stripped[at:].strip():
        match = TOKEN.match(stripped, at)
        if match is None:
            message = f"Syntax error at position {at} in the filter"
            raise Malformed(message)
        tokens.append(match[1])
        at = match.end()
    return _Reader(tokens, kinds).filter()


class _Reader:
    """Takes a filter's tokens from the front."""

    def __init__(self, tokens: list[str], kinds: Kinds) -> None:
        self._tokens, self._kinds = tokens, kinds

    def filter(self) -> Node:
        node = self._either()
        if self._tokens:
            message = "Invalid operator"
            raise Malformed(message)
        return node

    def _either(self) -> Node:
        parts = [self._both()]
        while self._accept("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Node("or", tuple(parts))

    def _both(self) -> Node:
        parts = [self._one()]
        while self._accept("and"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Node("and", tuple(parts))

    def _one(self) -> Node:
        if self._accept("not"):
            return Node("not", (self._one(),))
        if self._accept("("):
            node = self._either()
            self._expect(")")
            return node
        left = self._operand()
        sign = self._take()
        if sign not in COMPARISONS:
            message = "Invalid operator"
            raise Malformed(message)
        right = self._operand()
        self._check(sign, left, right)
        return Node(sign, (left, right))

    def _check(self, sign: str, left: Node, right: Node) -> None:
        """A property compares with values of its own kind, and with null."""
        if left.kind == "property" and right.kind == "literal" and right.value is not None:
            kind = self._kinds[left.value]
            fits = {"text": str, "bool": bool}.get(kind, float)
            if not isinstance(right.value, fits):
                message = f"A binary operator with incompatible types was detected: '{sign}'"
                raise Malformed(message)

    def _operand(self) -> Node:
        token = self._take()
        lower = token.lower()
        if lower.startswith(MOMENTS):
            try:
                return Node("literal", value=times.to_seconds(token.partition("'")[2][:-1]))
            except ValueError as error:
                message = f"{token} is not a valid time"
                raise Malformed(message) from error
        if token.startswith("'"):
            return Node("literal", value=token[1:-1].replace("''", "'"))
        if re.match(r"-?\d", token):
            return Node("literal", value=float(token.rstrip("lLmM")))
        if lower in WORDS:
            return Node("literal", value=WORDS[lower])
        if lower in {"tolower", "startswith"}:
            return self._call(lower)
        return self._property(token)

    def _call(self, name: str) -> Node:
        self._expect("(")
        parts = [self._operand()]
        if name == "startswith":
            self._expect(",")
            parts.append(self._operand())
        self._expect(")")
        return Node(name, tuple(parts))

    def _property(self, name: str) -> Node:
        wire = name[:1].lower() + name[1:]
        if wire not in self._kinds or not name[:1].isupper():
            message = f"Could not find a property named '{name}'"
            raise Malformed(message)
        return Node("property", value=wire)

    def _take(self) -> str:
        if not self._tokens:
            message = "Syntax error at the end of the filter"
            raise Malformed(message)
        return self._tokens.pop(0)

    def _accept(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == word:
            del self._tokens[0]
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            message = f"Syntax error: '{word}' expected in the filter"
            raise Malformed(message)


def holds(node: Node, record: Mapping[str, Any], kinds: Kinds) -> bool:
    """Whether a record meets the filter; nothing but null equals null, and nothing else compares with it."""
    match node.kind:
        case "and":
            return all(holds(part, record, kinds) for part in node.parts)
        case "or":
            return any(holds(part, record, kinds) for part in node.parts)
        case "not":
            return not holds(node.parts[0], record, kinds)
    left, right = (valued(part, record, kinds) for part in node.parts)
    if left is None or right is None:
        return (left is right) == (node.kind == "eq") if node.kind in {"eq", "ne"} else False
    try:
        return COMPARISONS[node.kind](left, right)
    except TypeError as error:
        message = f"A binary operator with incompatible types was detected: '{node.kind}'"
        raise Malformed(message) from error


def valued(node: Node, record: Mapping[str, Any], kinds: Kinds) -> Any:  # noqa: ANN401 -- a JSON scalar
    """What an operand is for a record: times and dates as seconds."""
    match node.kind:
        case "literal":
            return node.value
        case "tolower":
            return str(valued(node.parts[0], record, kinds) or "").lower()
        case "startswith":
            text, start = (str(valued(part, record, kinds) or "") for part in node.parts)
            return text.startswith(start)
    value = record.get(node.value)
    return times.to_seconds(value) if value is not None and kinds[node.value] in {"time", "date"} else value


def compared(node: Node) -> tuple[str, str, Any] | None:
    """Property, sign and value, where the filter is one comparison of a property with a literal."""
    if node.kind in SIGNS and [part.kind for part in node.parts] == ["property", "literal"]:
        return node.parts[0].value, SIGNS[node.kind], node.parts[1].value
    return None


def conjuncts(node: Node) -> tuple[Node, ...]:
    """What must all hold."""
    return tuple(one for part in node.parts for one in conjuncts(part)) if node.kind == "and" else (node,)
