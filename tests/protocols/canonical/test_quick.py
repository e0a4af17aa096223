"""Nodes are made quickly, and are frozen dataclasses all the same."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, fields, replace

import pytest

from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn
from tokentape.protocols.canonical.parts import Text
from tokentape.wire.quick import quick

MADE = (
    Message(Role.USER, (Text("a"),)),
    Reasoning("hm"),
    ToolCall("1", "f", "{}"),
    ToolResult("1", ()),
    Text("a"),
    Tool("f"),
    Origin("mine", ("messages", 0)),
)


@dataclass(frozen=True, slots=True)
class Plain:
    a: str
    b: int = 5
    c: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    a: str
    b: int = 5
    c: tuple[str, ...] = ()


def test_the_signature_is_the_same():
    plain, fast = inspect.signature(Plain), inspect.signature(Quick)
    assert [(p.name, p.default, p.kind) for p in plain.parameters.values()] == [
        (p.name, p.default, p.kind) for p in fast.parameters.values()
    ]
    assert Quick(c=("x",), a="y") == Quick("y", 5, ("x",))
    with pytest.raises(TypeError, match="missing 1 required"):
        Quick()
    with pytest.raises(TypeError, match="unexpected"):
        Quick("a", d=1)


@pytest.mark.parametrize("node", MADE, ids=lambda node: type(node).__name__)
def test_it_is_frozen_and_copies_well(node):
    first = fields(node)[0].name
    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(node, first, "changed")
    assert replace(node) == copy.deepcopy(node) == pickle.loads(pickle.dumps(node)) == node
    assert hash(replace(node)) == hash(node) or isinstance(node, Tool)


def test_where_a_node_came_from_does_not_make_it_another():
    assert Text("a", origin=Origin("mine")) == Text("a")
    assert Turn(("a",)) != Turn(("a",))


def test_nothing_stays_empty():
    with pytest.raises(TypeError, match="stays empty"):
        NOTHING["a"] = 1
    assert dict(NOTHING) == {}
    assert Turn(()).rest is NOTHING
