"""`/api/generate`: a conversation of one prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ollama_bodies import PNG, events, folded, read, read_reply, write_reply, written

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.conversation import Tool
from tokentape.protocols.canonical.events import Close, Ended, Open
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Image, Inline, Text
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.ollama.codec import CODEC
from tokentape.protocols.translation import write_request

BODIES = {
    "prompt": {"model": "m", "prompt": "hi"},
    "system and images": {"model": "m", "prompt": "hi", "system": "Be brief.", "images": [PNG], "stream": False},
    "zero values": {
        "model": "m", "prompt": "", "system": "", "template": "", "suffix": "", "raw": False, "context": [],
        "images": [], "format": "", "options": {}, "keep_alive": None,
    },
    "of the prompt alone": {
        "model": "m", "prompt": "def f(", "suffix": "return 1", "raw": True, "template": "{{ .Prompt }}",
        "context": [1, 2], "options": {"num_predict": 9, "num_ctx": 1},
    },
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_request_comes_back(name):
    target = Target("ollama")
    outgoing = CODEC.write_request(read(BODIES[name]), target)
    assert (outgoing.path, outgoing.body) == ("api/generate", BODIES[name])
    assert not target.losses.report


def test_it_is_one_turn():
    assert read(BODIES["system and images"]).items == (
        Message(Role.SYSTEM, (Text("Be brief."),)),
        Message(Role.USER, (Text("hi"), Image(Inline("image/png", PNG)))),
    )


@pytest.mark.parametrize("field", ["suffix", "raw", "template", "context"])
def test_what_only_a_prompt_has_is_not_left_out(field):
    body = {"model": "m", "prompt": "hi", field: BODIES["of the prompt alone"][field]}
    with pytest.raises(UnsupportedFeature, match=field):
        write_request(read(body), Target("cohere"))


@pytest.mark.parametrize(
    "change",
    [
        lambda asked: replace(asked, tools=(Tool("look"),)),
        lambda asked: replace(asked, items=(*asked.items, Message(Role.ASSISTANT, (Text("so"),)))),
        lambda asked: replace(asked, items=(Message(Role.USER, (Text("and"),)), *asked.items)),
        lambda asked: replace(asked, items=(*asked.items, *asked.items, *asked.items)),
    ],
)
def test_more_than_a_prompt_is_a_chat(change):
    target = Target("ollama")
    outgoing = CODEC.write_request(change(read(BODIES["of the prompt alone"])), target)
    assert outgoing.path == "api/chat"
    assert not outgoing.body.keys() & {"prompt", "suffix", "raw", "template", "context"}
    assert {loss.what for loss in target.losses.report.meaning} == {"suffix", "raw", "template", "context"}


REPLY = {
    "model": "m", "created_at": "2024-05-24T20:19:45.363966Z", "response": "Paris.", "thinking": "Hm.",
    "done": True, "done_reason": "stop", "context": [1, 2], "total_duration": 5, "prompt_eval_count": 14,
    "eval_count": 3,
}  # fmt: skip


def test_a_reply_comes_back():
    assert write_reply(read_reply(REPLY)) == (REPLY, [])
    assert read_reply(REPLY).items == (Reasoning("Hm."), Message(Role.ASSISTANT, (Text("Paris."),)))
    thought = {"response": "", "thinking": "Hm.", "done": True}
    assert write_reply(read_reply(thought)) == (thought, [])
    assert write_reply(read_reply({"response": "", "done": True})) == ({"response": "", "done": True}, [])


LINES = [
    {"model": "m", "created_at": "2024-05-24T20:19:45.1Z", "response": "", "thinking": "Hm.", "done": False},
    {"model": "m", "created_at": "2024-05-24T20:19:45.2Z", "response": "Par", "done": False},
    {"model": "m", "created_at": "2024-05-24T20:19:45.3Z", "response": "is.", "done": False},
    {name: value for name, value in REPLY.items() if name not in ("response", "thinking")} | {"response": ""},
]


def test_a_stream_amounts_to_the_reply():
    assert folded(LINES) == read_reply(REPLY)


def test_a_stream_is_written_for_who_asked_so():
    asked = read(BODIES["prompt"])
    lines, losses = written(events(LINES), asked=asked)
    assert [line["response"] for line in lines] == ["", "Par", "is.", ""]
    assert lines[0]["thinking"] == "Hm."
    assert all("message" not in line for line in lines)
    assert lines[-1]["context"] == [1, 2]
    assert losses == []
    foreign = replace(read_reply(REPLY), origin=None)
    assert write_reply(foreign, asked=asked)[0]["response"] == "Paris."


def test_a_prompt_cannot_be_answered_with_calls():
    foreign = CODEC.read_reply(
        {"message": {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]}},
        Source("ollama"),
    )
    asked = read(BODIES["prompt"])
    body, losses = write_reply(replace(foreign, origin=None), asked=asked)
    assert "tool_calls" not in body
    assert "[meaning]" in losses[0]
    assert isinstance(foreign.items[0], ToolCall)
    lines, losses = written([Open(0, foreign.items[0]), Close(0), Ended(True)], asked=asked)
    assert [line["response"] for line in lines] == [""]
    assert "[meaning]" in losses[0]
