"""What goes before what, also where pairs lead in both directions: "every left has a right" and "every right a left".

A cycle has no first member. Its last edge is left out, so that an order exists. What that edge would have carried
arrives all the same, as it is decided again after every write.
"""

from collections.abc import Hashable, Iterable, Mapping
from graphlib import TopologicalSorter
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def acyclic(before: Mapping[Node, Iterable[Node]]) -> dict[Node, list[Node]]:
    """Return for each node the nodes that go before it, less those that would close a cycle."""
    kept: dict[Node, list[Node]] = {}
    for node, firsts in before.items():
        kept[node] = []
        for first in dict.fromkeys(firsts):
            if not _leads(kept, first, node):
                kept[node].append(first)
    return kept


def ordered(before: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """Return every node after those that go before it, as far as that can be."""
    return list(TopologicalSorter(acyclic(before)).static_order())


def _leads(before: Mapping[Node, Iterable[Node]], node: Node, goal: Node) -> bool:
    """Whether `goal` goes before `node`, or is `node`."""
    seen, todo = set[Node](), [node]
    while todo:
        one = todo.pop()
        if one == goal:
            return True
        if one not in seen:
            seen.add(one)
            todo += before.get(one, ())
    return False
