"""Losses, and the walk that finds what cannot leave its dialect."""

from __future__ import annotations

import pickle

import pytest

from tokentape.errors import ProtocolError, UnsupportedFeature
from tokentape.protocols.canonical.conversation import Continuation, Conversation, NativeTool
from tokentape.protocols.canonical.items import Message, Role, ServerTool, ToolResult
from tokentape.protocols.canonical.losses import Loss, Losses, LossReport, Severity
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn, dotted, rest_of
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.canonical.walk import Walk, portable


def walked(conversation, *, target="theirs", meaning=(), implied=()):
    losses = Losses()
    Walk(target, losses, lambda _: (frozenset(meaning), frozenset(implied))).conversation(conversation)
    return [(loss.path, loss.severity.value) for loss in losses.report]


def test_a_report_tells_the_two_kinds_apart_and_reads_well():
    losses = Losses()
    losses.tuning(("seed",), "seed", "no such option")
    losses.meaning(Origin("mine", ("messages", 2)), "image", "cannot be sent", "content", 0)
    losses.tuning(("seed",), "seed", "no such option")
    report = losses.report
    assert len(report) == 2
    assert str(report) == (
        "seed: seed: no such option [tuning]\nmessages[2].content[0]: image: cannot be sent [meaning]"
    )
    assert [loss.what for loss in report.meaning] == ["image"]
    assert [loss.what for loss in report.tuning] == ["seed"]
    assert str(LossReport()) == "nothing is lost"


def test_unknown_fields_are_losses_elsewhere_and_none_at_home():
    turn = Turn(("messages", 0), {"x": 1, "nothing": None})
    items = tuple(
        Message(Role.USER, (Text(said),), origin=Origin("mine", ("messages", 0), turn=turn)) for said in "ab"
    )
    asked = Conversation(items, origin=Origin("mine", rest={"safety": 1, "object": "x"}))
    assert walked(asked, target="mine") == []
    assert walked(asked, meaning=("safety",), implied=("object",)) == [
        ("safety", "meaning"),
        ("messages[0].x", "tuning"),
    ]


def test_native_things_change_the_meaning():
    here = Origin("mine", ("input", 1))
    asked = Conversation(
        (
            ServerTool("mine", "web_search", {"type": "web_search_call"}, origin=here),
            Unknown("mine", {"type": "strange"}, Origin("mine", ("input", 2))),
            Unknown("mine", {"odd": 1}),
            ToolResult("1", (Unknown("mine", 5),), origin=Origin("mine", ("input", 3))),
        ),
        tools=(NativeTool("mine", "web_search", {}),),
        continuation=Continuation("mine", "resp_1"),
    )
    assert walked(asked) == [
        ("previous_response_id", "meaning"),
        ("tools[0]", "meaning"),
        ("input[1]", "meaning"),
        ("input[2]", "meaning"),
        ("", "meaning"),
        ("input[3]", "meaning"),
    ]
    assert walked(asked, target="mine") == []


def test_writers_do_not_meet_what_is_foreign():
    mixed = Message(Role.USER, (Text("a"), Unknown("mine", {})))
    items = (mixed, ServerTool("mine", "x", {}), Unknown("theirs", {}))
    assert portable(items, "theirs") == (Message(Role.USER, (Text("a"),)), Unknown("theirs", {}))
    assert portable(items[:2], "mine") == items[:2]


def test_replies_are_walked_too():
    losses = Losses()
    choice = Choice((Unknown("mine", {"type": "x"}),), origin=Origin("mine", ("choices", 0), {"y": 2}))
    Walk("theirs", losses, lambda _: (frozenset(), frozenset())).reply(
        Reply((choice,), origin=Origin("mine", rest={"fingerprint": "f"}))
    )
    assert [loss.path for loss in losses.report] == ["fingerprint", "choices[0].y", ""]


def test_what_is_left_over_of_an_object():
    assert rest_of({"a": 1}, frozenset("ab")) is NOTHING
    assert rest_of({"a": 1, "c": None}, frozenset("ab")) == {"c": None}
    assert rest_of({"a": None, "b": 1}, frozenset("ab")) == {"a": None}, "null means absent, and is kept"


def test_paths_are_dotted():
    assert dotted(("messages", 3, "content", 0, "text")) == "messages[3].content[0].text"
    assert dotted(()) == ""


@pytest.mark.parametrize(
    "error",
    [
        ProtocolError("openai.chat", "messages[0]", "expected an object"),
        UnsupportedFeature("a", "b", LossReport((Loss("x", "y", "z", Severity.MEANING),))),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_a_walk_says_whether_something_has_to_go():
    for item, met in ((Message(Role.USER, (Text("a"),)), False), (Unknown("mine", {}), True)):
        walk = Walk("theirs", Losses(), lambda _: (frozenset(), frozenset()))
        walk.items((item,))
        assert walk.met is met
