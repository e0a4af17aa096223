"""State for clients that speak the upstream's own dialect: where those are known to drop it."""

from __future__ import annotations

import pytest
from gw_fields_clients import CALL, HI, TOOL, Setting, gemini_reply, plain, result, upstream

from tokentape.gateway.fields.memory import FieldMemory, FieldOptions
from tokentape.gateway.fields.scope import Scope
from tokentape.gateway.fields.watch import Going
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import read_request, write_request


def chat_reply(**more):
    message = {"role": "assistant", "content": None, "tool_calls": [CALL], **more}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}


def passing(server, reply, *, options=None, model="m"):
    """A client of Chat in front of a server of Chat, which drops what its SDK does not know."""
    quirks = quirks_of(server)
    setting = Setting(upstream("openai.chat", quirks=quirks, provider=server), model, options=options)
    body = {"model": model, "messages": HI, "tools": [TOOL]}
    going = Going(
        setting.up,
        model,
        setting.scope,
        body,
        lambda: read_request(body, Source("openai.chat")),
        "openai.chat",
    )
    watch = setting.memory.watch(going)
    if watch is not None:
        watch.reply(reply)
        watch.done(complete=True)
    message = plain(reply["choices"][0]["message"])
    after = {"model": model, "messages": [*HI, message, result(message)], "tools": [TOOL], "x_other": [1]}
    return setting, after, setting.memory.passed_on(setting.up, model, setting.scope, after, "openai.chat")


@pytest.mark.parametrize("server", ["deepseek", "moonshot"])
def test_case_22_reasoning_content_comes_back_with_turns_that_call_tools(server):
    _, before, found = passing(server, chat_reply(reasoning_content="hmm"))
    assert found.body["messages"][1] == {**before["messages"][1], "reasoning_content": "hmm"}
    assert [str(note) for note in found.notes] == ["reasoning-content: injected 1"]
    assert all(found.body[name] is before[name] for name in ("model", "tools", "x_other"))


def test_openrouters_details_come_back_unchanged():
    details = [{"type": "reasoning.encrypted", "data": "x", "id": "r", "index": 0}]
    _, _, found = passing("openrouter", chat_reply(reasoning="hmm", reasoning_details=details))
    assert found.body["messages"][1]["reasoning_details"] == details


def test_geminis_chat_endpoint_gets_its_signatures_back():
    signed = {**CALL, "extra_content": {"google": {"thought_signature": "SIG"}}}
    _, _, found = passing("gemini", chat_reply(tool_calls=[signed]), model="gemini-3-pro")
    call = found.body["messages"][1]["tool_calls"][0]
    assert call["extra_content"] == {"google": {"thought_signature": "SIG"}}


def test_a_request_that_lacks_nothing_is_the_same_object():
    setting, before, _ = passing("deepseek", chat_reply(reasoning_content="hmm"))
    before["messages"][1]["reasoning_content"] = "mine"
    found = setting.memory.passed_on(setting.up, "m", setting.scope, before, "openai.chat")
    assert found.body is before
    other = {"model": "m", "messages": HI}
    assert setting.memory.passed_on(setting.up, "m", setting.scope, other, "openai.chat").body is other


@pytest.mark.parametrize(
    ("dialect", "model"),
    [
        ("openai.chat", "gpt-5"),
        ("openai.responses", "gpt-5"),
        ("anthropic.messages", "claude-opus-4-5"),
        ("gemini", "gemini-3-pro"),
    ],
)
def test_nobody_watches_where_client_and_upstream_speak_one_dialect(dialect, model):
    memory = FieldMemory(clock=lambda: 0.0)
    going = Going(upstream(dialect), model, Scope("a", "k", conversation="c"), {}, lambda: None, dialect)
    assert memory.watch(going) is None
    body = {"model": model}
    assert memory.passed_on(going.upstream, model, going.scope, body, dialect).body is body


def test_a_dialects_own_clients_may_be_served_too_if_that_is_wanted():
    """pains 7: clients of Gemini's own API that drop its signatures."""
    memory = FieldMemory(clock=lambda: 0.0, options=FieldOptions(passed=frozenset({"gemini-signatures"})))
    up, scope = upstream("gemini"), Scope("a", "k", conversation="c")
    hi = {"role": "user", "parts": [{"text": "hi"}]}
    body = {"contents": [hi]}
    watch = memory.watch(
        Going(up, "gemini-3-pro", scope, body, lambda: read_request(body, Source("gemini")), "gemini")
    )
    watch.reply(gemini_reply())
    watch.done(complete=True)
    stripped = [{"functionCall": {"name": "look", "args": {"at": "sea"}}}]
    answer = [{"functionResponse": {"name": "look", "response": {"result": "waves"}}}]
    after = {
        "contents": [hi, {"role": "model", "parts": stripped}, {"role": "user", "parts": answer}],
    }
    found = memory.passed_on(up, "gemini-3-pro", scope, after, "gemini").body
    assert found["contents"][1]["parts"] == [{**stripped[0], "thoughtSignature": "SIG"}]
    assert found["contents"][2] == after["contents"][2]


def test_a_built_in_rule_can_be_switched_off():
    off = FieldOptions(off=frozenset({"reasoning-content"}))
    _, before, found = passing("deepseek", chat_reply(reasoning_content="hmm"), options=off)
    assert found.body is before


def test_openrouters_details_come_back_for_a_client_of_another_dialect():
    details = [{"type": "reasoning.encrypted", "data": "x", "id": "r", "index": 0}]
    up = upstream("openai.chat", quirks=quirks_of("openrouter"), provider="openrouter")
    memory, scope = FieldMemory(clock=lambda: 0.0), Scope("a", "k", conversation="c")
    body = {"model": "m", "max_tokens": 9, "messages": HI}

    def read(asked):
        return read_request(asked, Source("anthropic.messages"))

    watch = memory.watch(Going(up, "m", scope, {}, lambda: read(body), "openai.chat"), passed=False)
    watch.reply(chat_reply(reasoning="hmm", reasoning_details=details))
    watch.done(complete=True)
    use = {"type": "tool_use", "id": "call_1", "name": "look", "input": {"at": "sea"}}
    back = {"type": "tool_result", "tool_use_id": "call_1", "content": "waves"}
    said = [{"role": "assistant", "content": [use]}, {"role": "user", "content": [back]}]
    found = memory.restore(up, "m", scope, read({**body, "messages": [*HI, *said]}), passed=False)
    sent = write_request(found.asked, Target("openai.chat", "m", quirks=up.quirks)).result.body
    assert [each["role"] for each in sent["messages"]] == ["user", "assistant", "tool"]
    assert sent["messages"][1]["reasoning"] == "hmm"
    assert sent["messages"][1]["reasoning_details"] == details


@pytest.mark.parametrize("server", ["deepseek", "moonshot", "openrouter"])
def test_state_comes_back_into_a_body_that_was_written_for_its_server(server):
    """The quirks of a server are applied first: they must not hide that the thought is missing."""
    details = [{"type": "reasoning.encrypted", "data": "x", "id": "r", "index": 0}]
    reply = chat_reply(reasoning_content="hmm", reasoning="hmm", reasoning_details=details)
    setting, before, _ = passing(server, reply)
    target = Target("openai.chat", "m", quirks=setting.up.quirks)
    asked = read_request(before, Source("openai.chat"))
    written = write_request(asked, target, allow_losses=True).result.body
    found = setting.memory.passed_on(setting.up, "m", setting.scope, written, "openai.chat").body
    field = setting.up.quirks.reasoning_field
    assert found["messages"][1][field] == "hmm"


def test_what_was_sealed_for_a_credential_binds_the_conversation_to_it():
    for dialect, model, expected in (("openai.responses", "gpt-5", True), ("gemini", "gemini-3-pro", False)):
        setting = Setting(upstream(dialect, provider="openai"), model)
        setting.ask(HI)
        watch = setting.watch()
        sealed = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "SEALED"}
        call = {"type": "function_call", "id": "fc", "call_id": "c", "name": "look", "arguments": "{}"}
        response = {"id": "r", "object": "response", "status": "completed", "model": model}
        watch.reply({**response, "output": [sealed, call]} if expected else gemini_reply())
        assert not watch.is_bound
        watch.done(complete=True)
        assert watch.is_bound is expected
