"""Which calls are captured by default, and how to say otherwise."""

from __future__ import annotations

import json

import pytest

from tokentape.errors import UsageError
from tokentape.predicates import DefaultPredicates, Predicates
from tokentape.wire.message import Request

CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()


def is_llm(url, method="POST", body=CHAT, predicates=None):
    return (predicates or DefaultPredicates()).is_llm_call(Request(method, url, (), body))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1/chat/completions",
        "https://API.OpenAI.com/v1/chat/completions",
        "https://api.openai.com:443/v1/chat/completions",
        "https://api.openai.com:8443/v1/chat/completions",
        "https://api.openai.com./v1/chat/completions",
        "https://user:pass@api.openai.com/v1/chat/completions",
        "https://evil.com@api.openai.com/v1/chat/completions",
        "https://api.openai.com/v1/a/new/endpoint",
        "https://api.anthropic.com/v1/messages",
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
        "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse",
        "https://org.snowflakecomputing.com/api/v2/cortex/v1/chat/completions",
        "http://localhost:11434/api/chat",
        "http://localhost:8000/v1/chat/completions",
        "http://[::1]:8000/v1/chat/completions",
        "http://192.168.1.5:1234/v1/chat/completions",
        "http://ollama:11434/api/chat",
    ],
)
def test_calls_of_models(url):
    assert is_llm(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com.evil.com/v1/chat/completions",
        "https://evil-api.openai.com/v1/chat/completions",
        "https://api.openai.com@evil.com/v1/chat/completions",
        "https://api.openai.com:443@evil.com/v1/chat/completions",
        "https://evil.com/https://api.openai.com/v1/chat/completions",
        "https://evil.com?api.openai.com/v1/chat/completions",
        "https://evil.com#@api.openai.com/v1/chat/completions",
        "https://evil.com\\@api.openai.com/v1/chat/completions",
        "https://xn--api-openai.com/v1/chat/completions",
        "https://org.snowflakecomputing.com/session/v1/login-request",
        "https://weather.example/v1/today",
        "http://localhost:3000/api/orders",
        "http://localhost:3000/",
    ],
)
def test_other_calls(url):
    assert not is_llm(url)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://api.openai.com/v1/models"),
        ("GET", "https://api.openai.com/status"),
        ("POST", "https://api.openai.com/v1/traces/ingest"),
        ("GET", "https://api.cerebras.ai/v1/tcp_warming"),
        ("GET", "http://localhost:8000/v1/models"),
        ("GET", "http://localhost:8000/v1/chat/completions"),
    ],
)
def test_R23_side_traffic_is_no_call_of_a_model(method, url):
    assert not is_llm(url, method, CHAT if method == "POST" else None)


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", "https://api.openai.com/v1/files"),
        ("GET", "https://api.openai.com/v1/files/f/content"),
        ("POST", "https://api.anthropic.com/v1/messages/count_tokens"),
        ("POST", "http://localhost:4000/v1/messages/count_tokens"),
        ("POST", "https://api.openai.com/v1/realtime/client_secrets"),
        ("GET", "https://api.openai.com/v1/responses/resp_1"),
    ],
)
def test_what_carries_content_belongs_to_calls_of_models(method, url):
    assert is_llm(url, method, CHAT if method == "POST" else None)


@pytest.mark.parametrize(
    "url",
    [
        "https://stream.replicate.com/v1/predictions/p",
        "https://streaming.api.replicate.com/v1/predictions/p",
        "https://stream-b.svc.rno2.c.replicate.net/v1/files/f",
    ],
)
def test_a_stream_of_events_that_is_read_with_get_carries_content(url):
    asked = Request("GET", url, (("Accept", "text/event-stream"),))
    assert DefaultPredicates().is_llm_call(asked)
    elsewhere = Request("GET", "https://news.example/events", (("Accept", "text/event-stream"),))
    assert not DefaultPredicates().is_llm_call(elsewhere)


def test_a_local_server_must_show_the_body_of_a_dialect():
    url = "http://localhost:8000/v1/chat/completions"
    assert is_llm(url)
    assert not is_llm(url, body=None)
    assert not is_llm(url, body=b'["not", "an", "object"]')


def test_hosts_adds():
    url = "https://llm.corp.example/v1/chat/completions"
    assert not is_llm(url)
    assert is_llm(url, predicates=DefaultPredicates(hosts=["LLM.corp.example"]))
    assert is_llm(
        "https://api.openai.com/v1/embeddings", predicates=DefaultPredicates(hosts=["llm.corp.example"])
    )


@pytest.mark.parametrize(
    ("added", "url", "expected"),
    [
        ("*.corp.example", "https://a.b.corp.example/x", True),
        ("*.corp.example", "https://corp.example/x", False),
        ("*.corp.example", "https://evilcorp.example/x", False),
        ("corp.example:8443", "https://corp.example:8443/x", True),
        ("corp.example:8443", "https://corp.example:443/x", False),
        ("corp.example:8443", "https://corp.example/x", False),
        ("corp.example.", "https://corp.example/x", True),
        ("corp.example", "https://corp.example.evil.com/x", False),
    ],
)
def test_how_an_added_host_is_read(added, url, expected):
    assert is_llm(url, predicates=DefaultPredicates(hosts=[added])) is expected


@pytest.mark.parametrize(
    "wrong", ["https://corp.example/v1", "", "  ", "a b", "user@corp.example", "*.*.example"]
)
def test_no_host_names(wrong):
    with pytest.raises(UsageError, match="host name"):
        DefaultPredicates(hosts=[wrong])


def test_one_string_is_not_a_list_of_hosts():
    with pytest.raises(UsageError, match=r"hosts=\['corp.example'\]"):
        DefaultPredicates(hosts="corp.example")


def test_tools_are_not_captured_by_default():
    request = Request("POST", "https://weather.example/v1/today", (), b"{}")
    assert not DefaultPredicates().is_tool_call(request)
    assert not Predicates().is_llm_call(request)
    assert not Predicates().is_tool_call(request)


def test_a_subclass_adds_to_the_defaults():
    class WithWeather(DefaultPredicates):
        def is_tool_call(self, request):
            return "weather.example" in request.url

        def is_llm_call(self, request):
            return super().is_llm_call(request) and "embeddings" not in request.url

    predicates = WithWeather()
    assert predicates.is_tool_call(Request("GET", "https://weather.example/"))
    assert is_llm("https://api.openai.com/v1/chat/completions", predicates=predicates)
    assert not is_llm("https://api.openai.com/v1/embeddings", predicates=predicates)
