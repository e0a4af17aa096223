"""The table of servers that speak Chat, and what its quirks do to a request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tokentape.errors import UsageError
from tokentape.protocols.canonical.conversation import Conversation, Options, OutputFormat, Thinking
from tokentape.protocols.canonical.items import Message, Reasoning, Role
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import CacheMark, Document, Inline, Text, Url, Video
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import SERVERS, quirks_of, server_of
from tokentape.protocols.hosts import is_provider, is_shared
from tokentape.protocols.quirks import NO_QUIRKS, Quirks
from tokentape.protocols.tool_ids import RULES
from tokentape.protocols.translate import translate
from tokentape.protocols.translation import translate_request, write_request

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "compatible-servers.md"


def user(*parts):
    return Message(Role.USER, parts or (Text("Go."),))


def body(conversation, name):
    done = write_request(conversation, Target("openai.chat", quirks=quirks_of(name)), allow_losses=True)
    return done.result.body, done.losses


def test_names_and_hosts_are_told_once():
    assert len({server.name for server in SERVERS}) == len(SERVERS) >= 20
    hosts = [host for server in SERVERS for host in server.hosts]
    assert len(set(hosts)) == len(hosts)


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_each_has_a_source_and_hosts_that_are_known(server):
    assert server.source.startswith("https://")
    assert server.notes
    assert server.quirks.tool_ids in (None, *RULES)
    for host in server.hosts:
        shown = f"a-b{host}" if host.startswith(".") else host
        assert is_provider(shown) or is_shared(shown)
        assert server_of(shown) is server


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_the_page_has_each(server):
    assert f"| `{server.name}` | {server.notes} | [" in PAGE.read_text(encoding="utf-8")
    assert server.source in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["", "nobody", "api.mistral.ai.example.net", "example.com"])
def test_who_is_not_known_has_no_quirks(name):
    assert quirks_of(name) is NO_QUIRKS


def test_other_names():
    assert server_of("qwen") is server_of("dashscope")
    assert server_of("my-thing.openai.azure.com").name == "azure"


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_a_plain_request_goes_to_each(server):
    asked = Conversation((user(),), model="m", options=Options(max_output_tokens=10), stream=True)
    written, losses = body(asked, server.name)
    assert written["messages"] == [{"role": "user", "content": "Go."}]
    assert {"max_tokens", "max_completion_tokens"} & written.keys()
    assert not losses.losses


def test_mistral():
    asked = Conversation(
        (
            Message(Role.DEVELOPER, (Text("Be brief."),)),
            user(),
            Reasoning("Hm."),
            Message(Role.ASSISTANT, (Text("4"),)),
        ),
        options=Options(seed=7, max_output_tokens=5, user="u"),
        stream=True,
    )
    written, losses = body(asked, "mistral")
    assert written["random_seed"] == 7
    assert written["max_tokens"] == 5
    assert written["messages"][0]["role"] == "system"
    assert written["messages"][2]["content"] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "4"},
    ]
    assert "stream_options" not in written
    assert [loss.what for loss in losses] == ["user"]


@pytest.mark.parametrize(
    ("name", "thinking", "expected"),
    [
        ("openrouter", Thinking("on", budget=2048), {"reasoning": {"enabled": True, "max_tokens": 2048}}),
        (
            "openrouter",
            Thinking(effort="high", shown=False),
            {"reasoning": {"effort": "high", "exclude": True}},
        ),
        ("deepseek", Thinking(effort="high"), {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("deepseek", Thinking("off"), {"thinking": {"type": "disabled"}}),
        ("moonshot", Thinking(effort="high"), {"thinking": {"type": "enabled"}}),
        ("dashscope", Thinking("on", budget=99), {"enable_thinking": True, "thinking_budget": 99}),
        ("openai", Thinking("on", budget=2048), {"reasoning_effort": "medium"}),
        ("openai", Thinking("off"), {"reasoning_effort": "none"}),
        ("openai", Thinking("on", shown=True, summary="auto"), {"reasoning_effort": "medium"}),
    ],
)
def test_how_much_to_think(name, thinking, expected):
    written, _ = body(Conversation((user(),), thinking=thinking), name)
    assert {key: value for key, value in written.items() if key != "messages"} == expected


def test_thinking_of_one_chat_server_at_another():
    asked = {"messages": [], "enable_thinking": True, "thinking_budget": 100}
    target = Target("openai.chat", quirks=quirks_of("openrouter"))
    written = translate_request(asked, Source("openai.chat"), target).result.body
    assert written == {"messages": [], "reasoning": {"enabled": True, "max_tokens": 100}}


def test_schemas_where_there_are_none():
    schema = OutputFormat("schema", {"type": "object"}, "a")
    written, losses = body(Conversation((user(),), output=schema), "deepseek")
    assert written["response_format"] == {"type": "json_object"}
    assert [loss.what for loss in losses.meaning] == ["output schema"]
    written, losses = body(Conversation((user(),), output=OutputFormat("json")), "perplexity")
    assert written["response_format"]["type"] == "json_schema"
    assert not losses.losses


def test_turns_of_perplexity():
    asked = Conversation(
        (user(), user(), Message(Role.SYSTEM, (Text("Be brief."),)), user(Text("x"), Text("y")))
    )
    written, _ = body(asked, "perplexity")
    assert [message["role"] for message in written["messages"]] == ["system", "user"]


def test_parts_that_some_take():
    asked = Conversation(
        (user(Video(Url("https://a/")), Document(Url("https://b/")), Text("Go.", cache=CacheMark("1h"))),)
    )
    written, losses = body(asked, "openrouter")
    assert [part["type"] for part in written["messages"][0]["content"]] == ["video_url", "file", "text"]
    assert written["messages"][0]["content"][2]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert not losses.losses
    written, losses = body(asked, "openai")
    assert written["messages"][0]["content"] == [{"type": "text", "text": "Go."}]
    assert [loss.what for loss in losses] == ["video", "document", "caching mark"]
    assert body(asked, "mistral")[0]["messages"][0]["content"][0]["type"] == "document_url"


def test_details_of_thoughts_go_back_to_who_made_them():
    detail = {"type": "reasoning.encrypted", "data": "AAA="}
    message = {"role": "assistant", "content": "4", "reasoning": "Hm.", "reasoning_details": [detail]}
    asked = {"model": "anthropic/claude-sonnet-4.5", "messages": [message]}
    target = Target("openai.chat", quirks=quirks_of("openrouter"))
    assert translate_request(asked, Source("openai.chat"), target).result.body == asked
    other = Target("openai.chat", model="openai/gpt-5", quirks=quirks_of("openrouter"))
    done = translate_request(asked, Source("openai.chat"), other)
    assert "reasoning_details" not in done.result.body["messages"][0]
    assert [loss.what for loss in done.losses.tuning] == ["reasoning.encrypted"]


def test_signatures_of_another_dialect_stay_behind():
    thought = Reasoning("Hm.", opaque=(Opaque("signature", "c2ln", Maker("anthropic", "claude")),))
    done = write_request(
        Conversation((thought,), model="claude"), Target("openai.chat", quirks=quirks_of("openrouter"))
    )
    assert done.result.body["messages"][0]["reasoning"] == "Hm."
    assert [loss.what for loss in done.losses.tuning] == ["signature"]


def test_fields_that_are_dropped_wanted_and_forced():
    quirks = Quirks(
        rename=(("user", "extra.user"),),
        drop=frozenset({"messages.name", "seed"}),
        default=(("temperature", 1), ("top_p", 0.9)),
        force=(("extra.mode", "x"),),
        text_only=True,
    )
    asked = Conversation(
        (Message(Role.USER, (Text("a"), Text("b")), name="ada"),),
        options=Options(seed=1, user="u", temperature=0.2),
    )
    done = write_request(asked, Target("openai.chat", quirks=quirks))
    assert done.result.body == {
        "messages": [{"role": "user", "content": "a\n\nb"}],
        "temperature": 0.2,
        "top_p": 0.9,
        "extra": {"user": "u", "mode": "x"},
    }
    assert [loss.what for loss in done.losses.tuning] == ["messages.name", "seed"]


def test_files_without_a_name_get_one():
    written, _ = body(Conversation((user(Document(Inline("application/pdf", "AA=="))),)), "openai")
    assert written["messages"][0]["content"][0]["file"]["filename"] == "document.pdf"


def test_translate_takes_the_name_of_a_server():
    asked = {
        "model": "m",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "Hi"}],
        "stop_sequences": ["x"],
    }
    body = translate(asked, "chat", source="anthropic", server="mistral").result.body
    assert body["max_tokens"] == 5
    assert translate(asked, "chat", source="anthropic").result.body["max_completion_tokens"] == 5
    assert translate(asked, "chat", source="anthropic", server="API.Mistral.ai").result.body == body
    with pytest.raises(UsageError, match=r"no server 'nobody' is known; known are .*mistral"):
        translate(asked, "chat", source="anthropic", server="nobody")
