"""Without a configuration: whose a key is, and where it never goes."""

from __future__ import annotations

import pytest

from tokentape.gateway.table import Table, shown_key
from tokentape.gateway.targets import Asked, NoRoute

TABLE = Table()


def key(text, name="authorization"):
    return ((name, f"Bearer {text}" if name == "authorization" else text),)


def goes(dialect, model="", headers=(), upstream=None):
    (one,) = TABLE.resolve(Asked(model, dialect, headers=headers, upstream=upstream)).candidates
    assert one.model == model
    return one.upstream


GOES = [
    ("anthropic.messages", "claude-haiku-4-5", key("sk-ant-x", "x-api-key"), "anthropic"),
    ("anthropic.messages", "claude-haiku-4-5", key("anything", "x-api-key"), "anthropic"),
    ("anthropic.messages", "my-own", key("anything", "x-api-key"), "anthropic"),
    ("anthropic.messages", "claude-haiku-4-5", (), "anthropic"),
    ("anthropic.files", "", key("sk-ant-x", "x-api-key"), "anthropic"),
    ("gemini", "gemini-3-flash", key("AIzaSy", "x-goog-api-key"), "gemini"),
    ("gemini", "", (), "gemini"),
    ("ollama", "llama4", (), "ollama"),
    ("ollama", "claude-x", key("sk-ant-x"), "ollama"),
    ("cohere", "command-a", key("anything"), "cohere"),
    ("openai.chat", "gpt-5", key("sk-proj-x"), "openai"),
    ("openai.chat", "gpt-5", key("sk-x"), "openai"),
    ("openai.chat", "my-own", key("sk-x"), "openai"),
    ("openai.chat", "llama4", (), "openai"),
    ("openai.responses", "gpt-5", key("sk-proj-x"), "openai"),
    ("openai.embeddings", "text-embedding-3-small", key("sk-proj-x"), "openai"),
    ("openai.meta", "", key("sk-proj-x"), "openai"),
    ("openai.files", "", key("sk-proj-x"), "openai"),
    ("openai.chat", "deepseek-chat", key("sk-0123456789abcdef"), "deepseek"),
    ("openai.chat", "mistral-large", key("0123456789abcdef"), "mistral"),
    ("openai.chat", "llama-3.3-70b", key("gsk_x"), "groq"),
    ("openai.chat", "openai/gpt-oss-120b", key("gsk_x"), "groq"),
    ("openai.chat", "grok-4", key("xai-x"), "xai"),
    ("openai.chat", "anthropic/claude-haiku-4.5", key("sk-or-v1-x"), "openrouter"),
    ("openai.chat", "sonar", key("pplx-x"), "perplexity"),
    ("http", "", key("sk-proj-x"), "openai"),
    ("http", "", (("anthropic-version", "2023-06-01"),), "anthropic"),
    ("http", "", key("anything", "x-goog-api-key"), "gemini"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "model", "headers", "name"), GOES, ids=range(len(GOES)))
def test_where_a_call_goes(dialect, model, headers, name):
    assert goes(dialect, model, headers).name == name


NOWHERE = [
    ("openai.chat", "claude-haiku-4-5", key("sk-proj-x"), "model 'claude-haiku-4-5' is one of anthropic's, and openai"),
    ("openai.chat", "claude-haiku-4-5", key("sk-x"), "model 'claude-haiku-4-5' is one of anthropic's, and openai"),
    ("openai.chat", "claude-haiku-4-5", (), "model 'claude-haiku-4-5' is one of anthropic's"),
    ("openai.chat", "gemini-3-flash", key("sk-x"), "is one of gemini's, and openai"),
    ("openai.chat", "grok-4", key("sk-x"), "is one of xai's, and openai"),
    ("openai.chat", "deepseek-chat", key("sk-proj-x"), "is one of deepseek's, and openai"),
    ("openai.chat", "gpt-5", key("xai-x"), "is one of openai's, and xai"),
    ("openai.chat", "llama-4", key("sk-x"), "is served by many, and your key does not say by whom"),
    ("openai.chat", "gpt-5", key("sk-ant-x"), "is one of openai's, and anthropic would be asked"),
    ("openai.chat", "claude-x", key("sk-ant-x"), "anthropic has another API than openai.chat"),
    ("openai.responses", "llama", key("gsk_x"), "groq has another API than openai.responses"),
    ("openai.chat", "x", key("AIzaSy"), "gemini has another API than openai.chat"),
    ("openai.chat", "x", key("r8_x"), "your key is one of replicate's, which is not known"),
    ("anthropic.messages", "gpt-5", key("any", "x-api-key"), "is one of openai's, and anthropic"),
    ("anthropic.messages", "claude-x", key("sk-proj-x"), "is one of anthropic's, and openai"),
    ("gemini", "claude-x", key("any", "x-goog-api-key"), "is one of anthropic's, and gemini"),
    ("bedrock.converse", "x", (), "bedrock.converse is nobody's that is known without a configuration"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "model", "headers", "line"), NOWHERE, ids=range(len(NOWHERE)))
def test_where_a_key_does_not_go(dialect, model, headers, line):
    with pytest.raises(NoRoute) as told:
        goes(dialect, model, headers)
    assert line in str(told.value)
    assert "\n" not in str(told.value)
    assert "tokentape serve --config FILE" in str(told.value)
    for _, value in headers:
        assert value not in str(told.value)


def test_a_named_provider():
    assert goes("openai.chat", "m", key("sk-x"), upstream="fireworks").name == "fireworks"


def test_a_named_provider_that_is_none():
    with pytest.raises(NoRoute, match=r"no provider is called 'opnai'; did you mean 'openai'"):
        goes("openai.chat", upstream="opnai")


def test_a_named_provider_that_needs_more():
    with pytest.raises(NoRoute, match=r"the option resource is missing.*it needs a configuration"):
        goes("openai.chat", upstream="azure")


def test_a_named_provider_with_another_api():
    with pytest.raises(NoRoute, match=r"anthropic has another API than openai\.chat"):
        goes("openai.chat", "gpt-5", upstream="anthropic")


def test_the_clients_own_key_is_passed_on():
    one = goes("openai.chat", "gpt-5", key("sk-proj-x"))
    assert one.passes_client_key
    assert one.credentials[0].secret is None
    assert type(one.auth).__name__ == "ClientKey"


def test_a_local_server_is_shown_no_key():
    assert not goes("ollama", "llama4").passes_client_key


def test_nothing_is_listed():
    assert TABLE.models_listed() == ()


def test_an_upstream_is_the_same_for_every_call():
    assert goes("ollama") is goes("ollama")


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ((), None),
        ((("authorization", ""),), None),
        ((("Authorization", "Bearer  k "),), "k"),
        ((("authorization", "k"),), "k"),
        ((("authorization", "AWS4-HMAC-SHA256 x"),), "AWS4-HMAC-SHA256 x"),
        ((("api-key", "k"),), "k"),
    ],
)
def test_the_key_that_is_shown(headers, shown):
    assert shown_key(headers) == shown
