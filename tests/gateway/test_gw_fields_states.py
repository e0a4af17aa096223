"""What models sealed or thought comes back to them, though the client's dialect had no place for it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from gw_fields_clients import (
    CALL,
    CLAUDE_REPLY,
    HI,
    OPENAI_REPLY,
    Setting,
    function_calls,
    gemini_reply,
    plain,
    result,
    upstream,
)

from tokentape.gateway.fields.memory import FieldOptions
from tokentape.gateway.fields.scope import Scope
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import codec_of


@pytest.mark.parametrize("call", [{}, {"id": "fc-1"}, {"id": "an id of Gemini's! with spaces"}])
def test_case_18_the_signature_of_a_call_comes_back_though_chat_dropped_it(call):
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(**call)))
    body, notes = setting.ask([*HI, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["SIG"]
    assert notes == ["gemini-signatures: injected 1"]


def test_case_18_without_it_the_documented_dummy_stays_the_last_resort():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    body, notes = setting.ask([*HI, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["skip_thought_signature_validator"]
    assert notes == []


def test_a_client_that_keeps_the_signature_gets_nothing_put_in():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = setting.answer(gemini_reply(id="x"))
    message["tool_calls"][0]["extra_content"]["google"]["thought_signature"] = "ITS OWN"
    body, notes = setting.ask([*HI, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["ITS OWN"]
    assert notes == []


def test_the_signature_is_found_by_the_calls_id_where_the_history_was_cut():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(id="x")))
    other = [{"role": "user", "content": "A shorter beginning."}]
    body, _ = setting.ask([*other, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["SIG"]


@pytest.mark.parametrize(
    "scope",
    [
        Scope("bob", "key1", conversation="conv_1"),
        Scope("alice", "key1", conversation="conv_2"),
        Scope("alice", "key1", conversation=None),
        Scope("alice", "key1", conversation=""),
    ],
)
def test_nobody_else_gets_the_signature(scope):
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(id="x")))
    body, _ = setting.ask([*HI, message, result(message)], scope)
    assert [part["thoughtSignature"] for part in function_calls(body)] != ["SIG"]


def test_an_edited_conversation_reads_what_the_one_it_came_from_learned():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply()))
    scope = Scope("alice", "key1", conversation="conv_2", linked="conv_1")
    body, _ = setting.ask([*HI, message, result(message)], scope)
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["SIG"]


def test_a_cut_reply_teaches_nothing():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(id="x"), complete=False))
    assert setting.notes == []
    _, notes = setting.ask([*HI, message, result(message)])
    assert notes == []


def gemini_stream(*chunks):
    return b"".join(f"data: {json.dumps(chunk)}\r\n\r\n".encode() for chunk in chunks)


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_stream_and_whole_reply_feed_the_same_memory(size):
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    data = gemini_stream(gemini_reply())
    watch = setting.watch()
    assert not watch.wants_stream
    for at in range(0, len(data), size):
        watch.feed(data[at : at + size])
    assert [str(note) for note in watch.done(complete=True)] == ["gemini-signatures: kept 1"]
    message = plain(setting.told(gemini_reply()))
    body, _ = setting.ask([*HI, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["SIG"]


def test_a_stream_that_has_no_end_teaches_nothing_though_somebody_calls_it_complete():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    unfinished = gemini_reply()
    del unfinished["candidates"][0]["finishReason"]
    watch = setting.watch()
    watch.feed(gemini_stream(unfinished))
    assert watch.done(complete=True) == ()


def test_a_stream_that_cannot_be_read_teaches_nothing_and_says_so():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    watch = setting.watch()
    watch.feed(b'data: {"what": 1}\n\n')
    assert [note.why for note in watch.done(complete=True)] == ["the stream could not be read"]


def test_the_canonical_reply_is_enough():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    watch = setting.watch()
    watch.said(codec_of("gemini").read_reply(gemini_reply(), Source("gemini", "gemini-3-pro")))
    watch.done(complete=True)
    message = plain(setting.told(gemini_reply()))
    body, _ = setting.ask([*HI, message, result(message)])
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["SIG"]


def test_what_was_kept_grows_old():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(id="x")))
    setting.now = 86_400.0
    assert setting.ask([*HI, message, result(message)])[1] == []


# ---- Claude


CLAUDE = {
    **CLAUDE_REPLY,
    "content": [
        CLAUDE_REPLY["content"][0],
        {"type": "redacted_thinking", "data": "HIDDEN"},
        {"type": "text", "text": "Looking."},
        {"type": "thinking", "thinking": "Now.", "signature": "SEAL2"},
        CLAUDE_REPLY["content"][1],
    ],
}


def test_case_15_thinking_comes_back_before_the_tool_use_as_it_was():
    setting = Setting(upstream("anthropic.messages", provider="anthropic"), "claude-opus-4-5")
    setting.ask(HI, reasoning_effort="high")
    message = plain(setting.answer(CLAUDE))
    body, notes = setting.ask([*HI, message, result(message)], reasoning_effort="high")
    assert notes == ["claude-thinking: injected 1"]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == CLAUDE["content"]


def test_case_15_a_thought_that_came_back_without_its_seal_gives_way_to_the_sealed_one():
    setting = Setting(upstream("anthropic.messages", provider="anthropic"), "claude-opus-4-5")
    setting.ask(HI)
    told = setting.answer(CLAUDE)
    message = {**plain(told), "reasoning_content": told["reasoning_content"]}
    body, _ = setting.ask([*HI, message, result(message)])
    assert body["messages"][1]["content"] == CLAUDE["content"]


def test_thoughts_are_not_put_into_a_request_that_switches_thinking_off():
    setting = Setting(upstream("anthropic.messages", provider="anthropic"), "claude-opus-4-5")
    setting.ask(HI)
    message = plain(setting.answer(CLAUDE))
    body, notes = setting.ask([*HI, message, result(message)], reasoning_effort="none")
    assert notes == []
    assert "thinking" not in json.dumps(body["messages"])


# ---- OpenAI


def openai(**more):
    return Setting(upstream("openai.responses", provider="openai"), "gpt-5", **more)


def test_case_21_encrypted_reasoning_comes_back_before_its_call():
    setting = openai()
    setting.ask(HI)
    message = plain(setting.answer(OPENAI_REPLY))
    body, notes = setting.ask([*HI, message, result(message)])
    assert [item["type"] for item in body["input"]][1:] == [
        "reasoning",
        "function_call",
        "function_call_output",
    ]
    assert body["input"][1]["encrypted_content"] == "SEALED"
    assert "openai-reasoning: injected 1" in notes


@pytest.mark.parametrize(
    "other",
    [Scope("alice", "key2", conversation="conv_1"), Scope("alice", None, conversation="conv_1")],
)
def test_case_20_what_is_sealed_for_one_organisation_goes_to_no_other_credential(other):
    """pains 17, encrypted_content routing: fails closed."""
    setting = openai()
    setting.ask(HI)
    message = plain(setting.answer(OPENAI_REPLY))
    body, notes = setting.ask([*HI, message, result(message)], other)
    assert "SEALED" not in json.dumps(body)
    if other.credential is None:
        assert "openai-reasoning: skipped: no credential" in notes


def test_a_missing_credential_keeps_nothing_there_is_no_shared_bucket():
    setting = openai(scope=Scope("alice", None, conversation="conv_1"))
    setting.ask(HI)
    message = plain(setting.answer(OPENAI_REPLY))
    assert setting.notes == ["openai-reasoning: skipped: no credential"]
    assert len(setting.memory.values) == 0
    body, _ = setting.ask([*HI, message, result(message)])
    assert "SEALED" not in json.dumps(body)


def test_another_model_gets_no_encrypted_reasoning():
    setting = openai()
    setting.ask(HI)
    message = plain(setting.answer(OPENAI_REPLY))
    setting.model = "gpt-5-mini"
    body, _ = setting.ask([*HI, message, result(message)])
    assert "SEALED" not in json.dumps(body)


def test_the_conversation_names_the_cache_to_ask_unless_the_client_does():
    setting = openai()
    body, notes = setting.ask(HI)
    assert body["prompt_cache_key"] == "conv_1"
    assert notes == ["prompt-cache-key: injected 1"]
    assert setting.ask(HI, prompt_cache_key="mine")[0]["prompt_cache_key"] == "mine"
    other = Setting(upstream("openai.responses", provider="xai"), "grok-5")
    assert "prompt_cache_key" not in other.ask(HI)[0]
    off = openai(options=FieldOptions(off=frozenset({"prompt-cache-key"})))
    assert "prompt_cache_key" not in off.ask(HI)[0]


def test_traces_show_that_a_rule_hit_and_never_the_value():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    message = plain(setting.answer(gemini_reply(id="x")))
    _, notes = setting.ask([*HI, message, result(message)])
    assert "SIG" not in repr((notes, setting.notes))


def test_a_reply_that_failed_teaches_nothing():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    setting.ask(HI)
    watch = setting.watch()
    said = codec_of("gemini").read_reply(gemini_reply(), Source("gemini", "gemini-3-pro"))
    watch.said(replace(said, complete=False))
    assert watch.done(complete=True) == ()


def test_reasoning_is_asked_for_sealed_where_a_translated_request_reasons():
    setting = openai()
    body, _ = setting.ask(HI, reasoning_effort="high")
    found = setting.memory.inject(setting.up, "gpt-5", setting.scope, body, (), passed=False)
    assert found.body["include"] == ["reasoning.encrypted_content"]
    again = setting.memory.inject(setting.up, "gpt-5", setting.scope, found.body, (), passed=False)
    assert again.body is found.body
    silent, _ = setting.ask(HI)
    for passed, asked in ((False, silent), (True, body)):
        found = setting.memory.inject(setting.up, "gpt-5", setting.scope, asked, (), passed=passed)
        assert found.body is asked


def test_the_same_call_twice_has_each_its_own_signature_though_neither_has_an_id():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    messages = list(HI)
    for signature in ("ONE", "TWO"):
        reply = gemini_reply()
        reply["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = signature
        reply["responseId"] = signature
        setting.ask(messages)
        message = plain(setting.answer(reply))
        messages += [message, result(message)]
    body, _ = setting.ask(messages)
    assert [part["thoughtSignature"] for part in function_calls(body)] == ["ONE", "TWO"]


def test_parallel_calls_only_the_first_of_which_is_signed():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    reply = gemini_reply()
    parts = reply["candidates"][0]["content"]["parts"]
    parts += [{"text": "And"}, {"functionCall": {"name": "look", "args": {"at": "sky"}}}]
    setting.ask(HI)
    message = plain(setting.answer(reply))
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "x"} for call in message["tool_calls"]]
    body, _ = setting.ask([*HI, message, *results])
    assert [part.get("thoughtSignature") for part in function_calls(body)] == ["SIG", None]


def test_a_signature_of_a_text_comes_back_at_the_text():
    setting = Setting(upstream("gemini"), "gemini-3-pro")
    reply = gemini_reply()
    reply["candidates"][0]["content"]["parts"] = [{"text": "Waves.", "thoughtSignature": "T"}]
    setting.ask(HI)
    message = plain(setting.answer(reply))
    body, _ = setting.ask([*HI, message, {"role": "user", "content": "and?"}])
    assert body["contents"][1]["parts"] == [{"text": "Waves.", "thoughtSignature": "T"}]
