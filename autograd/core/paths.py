"""Walks through a graph: what a result was computed from, and what leads to what. Nothing here recurses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import attrgetter

from .node import Node

__all__ = ["age", "between", "collect", "leading_to", "reachable", "segment"]

# Creation order is a topological order, so sorting by number is all that an order takes.
age = attrgetter("sequence")


def reachable(roots: Iterable[Node]) -> list[Node]:
    """Return every node that ``roots`` were computed from: results, latest first, then leaves."""
    results, leaves = collect(roots)
    return results + leaves


def collect(roots: Iterable[Node]) -> tuple[list[Node], list[Node]]:
    """Return the results that ``roots`` were computed from, latest first, and the leaves."""
    stack = list(dict.fromkeys(roots))
    seen = set(stack)
    results, leaves = [], []
    while stack:
        node = stack.pop()
        if not node.inputs:
            leaves.append(node)
            continue
        # Noted when visited, the newest operand first: so nearly the order of creation that sorting takes no time.
        results.append(node)
        for vertex in node.inputs:
            if vertex.__class__ is Node and vertex not in seen:
                seen.add(vertex)
                stack.append(vertex)
    results.sort(key=age, reverse=True)
    # Leaves only receive, so they may come last, in any order.
    return results, leaves


def segment(roots: Iterable[Node], start: int, inputs: set[Node]) -> tuple[list[Node], list[Node]]:
    """Return the nodes made since ``start`` that ``roots`` depend on, latest first, and those outside that they read.

    Leaves that are not among ``inputs`` count as outside.
    """
    stack = list(dict.fromkeys(roots))
    seen = set(stack)
    inside, outside = [], []
    while stack:
        node = stack.pop()
        if node.sequence < start or (not node.inputs and node not in inputs):
            outside.append(node)
            continue
        inside.append(node)
        for vertex in node.inputs:
            if vertex.__class__ is Node and vertex not in seen:
                seen.add(vertex)
                stack.append(vertex)
    inside.sort(key=age, reverse=True)
    return inside, outside


def leading_to(targets: Collection[Node], order: Iterable[Node]) -> set[Node]:
    """Return ``targets``, and the nodes of ``order`` (oldest first) that depend on one of them."""
    found = set(targets)
    for node in order:
        if node not in found and not found.isdisjoint(node.inputs):
            found.add(node)
    return found


def between(inputs: Collection[Node], outputs: Iterable[Node]) -> list[Node]:
    """Return the nodes that lead from ``inputs`` to ``outputs``, oldest first, without the inputs."""
    if not inputs:
        return []
    # What is older than the oldest input cannot depend on any.
    inside, _ = segment(outputs, min(node.sequence for node in inputs), set(inputs))
    inside.reverse()
    found = leading_to(inputs, inside)
    return [node for node in inside if node in found and node not in inputs]
