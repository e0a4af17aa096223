"""Case 18: Gemini's signatures stay on their parts; Google's dummy is the last resort, and is flagged."""

from __future__ import annotations

import copy

import pytest
from case_history import CHAT, MESSAGES, call, calls_of, to_gemini

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.gemini.signatures import DUMMY
from tokentape.protocols.translation import translate_reply, translate_request

PARTS = [
    {"text": "Hm.", "thought": True, "thoughtSignature": "YQ=="},
    {"text": "So.", "thoughtSignature": "Yg=="},
    {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "Yw=="},
    {"functionCall": {"name": "g", "args": {}}},
    {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thoughtSignature": "ZA=="},
    {"text": "", "thoughtSignature": "ZQ=="},
]


def test_a_signature_stays_on_its_part():
    body = {"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": PARTS}]}
    found = translate_request(body, Source("gemini", model="gemini-3-pro"), Target("gemini"))
    assert found.result.body == body
    assert str(found.losses) == "nothing is lost"


def test_it_goes_through_chat_and_back():
    reply = {"candidates": [{"content": {"role": "model", "parts": [PARTS[2], PARTS[3]]}, "finishReason": "STOP", "index": 0}], "modelVersion": "gemini-3-pro"}  # fmt: skip
    chat = translate_reply(reply, Source("gemini"), Target("openai.chat", model="gemini-3-pro")).result
    message = chat["choices"][0]["message"]
    asked = {"model": "gemini-3-pro", "messages": [{"role": "user", "content": "x"}, message]}
    asked["messages"] += [
        {"role": "tool", "tool_call_id": c["id"], "content": "ok"} for c in message["tool_calls"]
    ]
    body, losses = to_gemini("openai.chat", asked, "gemini-3-pro")
    assert [part.get("thoughtSignature") for part in calls_of(body)] == ["Yw==", None]
    assert not losses.meaning


@pytest.mark.parametrize(("source", "asked"), [("openai.chat", CHAT), ("anthropic.messages", MESSAGES)])
def test_stripped_signatures_have_a_dummy_in_the_current_turn_of_gemini_3(source, asked):
    asked = copy.deepcopy(asked)
    if source == "openai.chat":
        asked["messages"].pop()
    else:
        asked["messages"][-1]["content"].pop()
    body, losses = to_gemini(source, asked, "gemini-3-pro")
    assert [part.get("thoughtSignature") for part in calls_of(body)] == [DUMMY, None]
    assert [loss.what for loss in losses.tuning] == ["thought signature"]
    assert not losses.meaning


def test_not_in_earlier_turns_nor_for_other_models():
    body, losses = to_gemini("openai.chat", CHAT, "gemini-3-pro")
    assert DUMMY not in str(body)
    assert str(losses) == "nothing is lost"
    asked = {**CHAT, "messages": CHAT["messages"][:-1]}
    assert DUMMY not in str(to_gemini("openai.chat", asked, "gemini-2.5-flash")[0])


def test_each_step_of_the_turn_has_one():
    asked = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    for given in ("a", "b"):
        asked["messages"] += [
            {"role": "assistant", "content": None, "tool_calls": [call(given, "f", "{}")]},
            {"role": "tool", "tool_call_id": given, "content": "ok"},
        ]
    body, losses = to_gemini("openai.chat", asked, "gemini-3-flash-preview")
    assert [part["thoughtSignature"] for part in calls_of(body)] == [DUMMY, DUMMY]
    assert len(losses.tuning) == 2


def test_at_home_nothing_is_made_up():
    body = {"contents": [{"role": "user", "parts": [{"text": "x"}]}, {"role": "model", "parts": [PARTS[3]]}]}
    assert (
        translate_request(body, Source("gemini", model="gemini-3-pro"), Target("gemini")).result.body == body
    )


def test_other_opaque_state_stays_away():
    asked = copy.deepcopy(MESSAGES)
    asked["messages"][1]["content"].insert(0, {"type": "thinking", "thinking": "Hm.", "signature": "theirs"})
    body, losses = to_gemini("anthropic.messages", asked)
    assert "theirs" not in str(body)
    assert "Hm." not in str(body)
    assert losses.tuning
    assert not losses.meaning
