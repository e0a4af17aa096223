"""What a snapshot shows is what was said: nothing is lost on the way to the file and back."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.evaluation.comparing.comparator import Side
from tokentape.evaluation.comparing.plain import arguments_of
from tokentape.options import Options, redactor_of
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.snapshots import run as runs
from tokentape.snapshots.asserting import assert_llm
from tokentape.snapshots.form import form_of, side_from
from tokentape.snapshots.place import Snapshot

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
names = st.text(max_size=8) | st.sampled_from(["$lines", "$$lines", "text", "json"])
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3)
)
jsons = st.builds(json.dumps, values, indent=st.none() | st.integers(0, 3), ensure_ascii=st.booleans())
texts = st.text() | jsons | st.lists(st.text(max_size=80), max_size=5).map("\n".join)
calls = st.builds(lambda name, value: ToolCall("", name, json.dumps(value)), st.text(max_size=9), values)
said = st.builds(
    lambda *parts: Message(Role.ASSISTANT, parts), st.builds(Text, texts) | st.builds(Refusal, texts)
)
replies = st.builds(
    lambda items, stop: Reply((Choice(tuple(items), Stop(stop)),)),
    st.lists(said | calls, max_size=4),
    st.sampled_from(StopReason),
)


def same(value):
    return dict(value)


@settings(deadline=None, max_examples=300)
@given(replies)
def test_there_and_back(reply):
    side = Side(reply)
    form = form_of(side, same)
    again = side_from(json.loads(json.dumps(form)))
    assert again.text == side.text
    assert [(call.name, arguments_of(call)) for call in again.calls] == [
        (call.name, arguments_of(call)) for call in side.calls
    ]
    assert form_of(again, same) == form


@settings(deadline=None, max_examples=200)
@given(replies)
def test_whatever_is_redacted_can_be_read_again(reply):
    redact = redactor_of(Options.of({})).json
    form = form_of(Side(reply), redact)
    assert form_of(side_from(form), redact) == form


@pytest.mark.parametrize(
    "text", ["\ud800 alone", "\u202ehidden", "a\x00b", "\r\n" * 40, "{", '{"$lines": ["a"]}', "", "ÿ" * 99]
)
def test_odd_texts_are_written_and_read(text, outside, monkeypatch):
    monkeypatch.setattr(runs, "run", runs.Run())
    assert_llm(text).matches_snapshot(path="a.json", compare="exact")
    assert_llm(text).matches_snapshot(path="a.json", compare="exact")
    found = Snapshot(None, "a.json", None).read()
    assert side_from(found).text == text
