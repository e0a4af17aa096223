"""Presets: each one is complete, leads where it says, and stands in the docs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from up_wire import Clock, NoSender, asked

from tokentape.errors import UsageError
from tokentape.protocols.compatible import server_of
from tokentape.protocols.hosts import PROVIDERS, is_local, is_provider, is_shared
from tokentape.protocols.quirks import NO_QUIRKS
from tokentape.protocols.table import dialects
from tokentape.upstreams.addressing import url_of
from tokentape.upstreams.auth.kinds import KINDS, Surroundings
from tokentape.upstreams.presets import preset, preset_named
from tokentape.upstreams.providers import PRESETS
from tokentape.upstreams.upstream import Secret
from tokentape.wire.url import host_of

NAMES = [one.name for one in PRESETS]
AROUND = Surroundings(NoSender(), Clock(), {})
OPTIONS = {
    "vertex": {"project": "p"},
    "vertex-anthropic": {"project": "p"},
    "azure": {"resource": "r"},
    "azure-deployments": {"resource": "r"},
    "azure-anthropic": {"resource": "r"},
}
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "upstreams.md"


def made(name: str, **options):
    return preset(name, {**OPTIONS.get(name, {}), **options}, AROUND)


def test_no_name_stands_there_twice_and_none_of_the_wanted_is_missing():
    assert len(set(NAMES)) == len(NAMES) >= 22
    assert set(NAMES) >= {
        "openai", "anthropic", "gemini", "vertex", "vertex-anthropic", "azure", "azure-deployments", "bedrock", "openrouter",
        "github", "groq", "mistral", "together", "fireworks", "deepseek", "xai", "cerebras", "perplexity", "sambanova",
        "cohere", "vllm", "llama.cpp", "lmstudio", "ollama", "huggingface", "dashscope", "litellm", "tokentape",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_is_complete(name):
    one = preset_named(name)
    known = {dialect.name for dialect in dialects()}
    assert {one.dialect, *one.also} <= known
    assert one.dialect not in one.also
    assert one.auth in KINDS
    assert one.docs.startswith("https://") or name == "tokentape"
    assert one.title
    assert one.provider
    assert one.server == "" or server_of(one.server) is not None
    host = host_of(made(name).base_url)
    assert is_provider(host) or is_shared(host) or is_local(host), host
    assert bool(one.variables) or one.auth in ("aws", "google", "optional")


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_becomes_an_upstream(name):
    upstream = made(name)
    assert "{" not in upstream.base_url + upstream.query
    assert upstream.provider == preset_named(name).provider
    if name in {
        server for server in NAMES if server_of(server) and preset_named(server).dialect == "openai.chat"
    }:
        assert upstream.quirks is not NO_QUIRKS


@pytest.mark.parametrize(
    ("name", "path", "expected"),
    [
        ("openai", "v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("openai", "v1/responses", "https://api.openai.com/v1/responses"),
        ("anthropic", "v1/messages", "https://api.anthropic.com/v1/messages"),
        ("gemini", "v1beta/models/m:generateContent", "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"),
        ("vertex", "v1beta/models/m:streamGenerateContent", "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/google/models/m:streamGenerateContent"),
        ("vertex-anthropic", "v1/messages", "https://aiplatform.googleapis.com/v1/projects/p/locations/global/publishers/anthropic/models/m:rawPredict"),
        ("azure", "v1/chat/completions", "https://r.openai.azure.com/openai/v1/chat/completions"),
        ("azure-deployments", "v1/chat/completions", "https://r.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21"),
        ("azure-anthropic", "v1/messages", "https://r.services.ai.azure.com/anthropic/v1/messages"),
        ("bedrock", "model/m/converse", "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse"),
        ("openrouter", "v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions"),
        ("github", "v1/chat/completions", "https://models.github.ai/inference/chat/completions"),
        ("groq", "v1/chat/completions", "https://api.groq.com/openai/v1/chat/completions"),
        ("fireworks", "v1/chat/completions", "https://api.fireworks.ai/inference/v1/chat/completions"),
        ("perplexity", "v1/chat/completions", "https://api.perplexity.ai/chat/completions"),
        ("cohere", "v2/chat", "https://api.cohere.com/v2/chat"),
        ("huggingface", "v1/chat/completions", "https://router.huggingface.co/v1/chat/completions"),
        ("dashscope", "v1/chat/completions", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions"),
        ("zai", "v1/chat/completions", "https://api.z.ai/api/paas/v4/chat/completions"),
        ("ollama", "api/chat", "http://127.0.0.1:11434/api/chat"),
        ("ollama", "v1/embeddings", "http://127.0.0.1:11434/v1/embeddings"),
        ("litellm", "v1/chat/completions", "http://127.0.0.1:4000/v1/chat/completions"),
        ("tokentape", "v1beta/models/m:generateContent", "http://127.0.0.1:8420/v1beta/models/m:generateContent"),
    ],
)  # fmt: skip
def test_a_call_arrives_where_the_provider_has_it(name, path, expected):
    assert url_of(made(name), path, model="m") == expected


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_vertex_is_where_its_region_is(region, host):
    assert host_of(made("vertex", region=region).base_url) == host


def test_the_region_of_bedrock_is_the_one_of_its_signature():
    request = asked("https://bedrock-runtime.eu-west-3.amazonaws.com/model/m/converse")
    upstream = made("bedrock", region="eu-west-3")
    assert host_of(upstream.base_url) == host_of(request.url)
    result = asyncio.run(upstream.auth.signed(request, Secret("A:B")))
    assert "/eu-west-3/bedrock/" in (result.header("authorization") or "")


def test_claude_on_vertex_has_its_version_in_the_body_and_its_model_in_the_path():
    upstream = made("vertex-anthropic")
    assert dict(upstream.forced) == {"anthropic_version": "vertex-2023-10-16"}
    assert upstream.dropped == {"model"}


def test_options_of_the_way_to_authenticate_go_there():
    assert made("bedrock", profile="team").auth
    with pytest.raises(UsageError, match="preset bedrock: auth option profil"):
        made("bedrock", profil="team")


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("azure", {"resource": None}, "the option resource is missing"),
        ("azure", {"resource": "r.evil.example/"}, "resource: 'r.evil.example/' cannot stand"),
        ("azure", {"resource": "evil.example#"}, "cannot stand"),
        ("azure", {"resource": "a..b"}, "cannot stand"),
        ("azure", {"resource": "user@evil"}, "cannot stand"),
        ("azure", {"resource": 3}, "cannot stand"),
        ("vertex", {"project": "../x"}, "cannot stand"),
        ("openai", {"region": "x"}, "auth option region"),
        ("opnai", {}, "no preset 'opnai' is known; known are anthropic"),
    ],
)
def test_a_wrong_option_is_told_in_one_line(name, options, words):
    with pytest.raises(UsageError, match=words) as told:
        made(name, **options)
    assert "\n" not in str(told.value)


def test_local_servers_take_a_key_or_none():
    for name in NAMES:
        if preset_named(name).auth == "optional":
            assert asyncio.run(made(name).auth.signed(asked(), None)).header("authorization") is None
            shown = asyncio.run(made(name).auth.signed(asked(), Secret("k"))).header("authorization")
            assert shown == "Bearer k"


def test_every_host_of_a_known_provider_is_the_presets():
    """A preset's provider is the one whose keys may go there."""
    for name, provider in (
        ("openai", "openai"),
        ("anthropic", "anthropic"),
        ("gemini", "google"),
        ("groq", "groq"),
        ("xai", "xai"),
    ):
        assert host_of(made(name).base_url) in PROVIDERS[provider]


def row(name: str) -> str:
    """The line of a preset in the docs."""
    one = preset_named(name)
    dialects = ", ".join(f"`{dialect}`" for dialect in (one.dialect, *sorted(one.also)))
    variables = " ".join(f"`{variable}`" for variable in one.variables)
    places = ", ".join(
        f"`{place}`" + (f" (`{usual}`)" if usual else "") for place, usual in one.places.items()
    )
    title = f"[{one.title}]({one.docs})" if one.docs else one.title
    cells = (f"`{name}`", title, f"`{one.base_url}`", dialects, f"`{one.auth}`", variables, places, one.notes)
    return "| " + " | ".join(cells) + " |"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_the_preset(name):
    assert row(name) in PAGE.read_text("utf-8").splitlines()


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_shows_the_way_to_authenticate(kind):
    assert f"| `{kind}` |" in PAGE.read_text("utf-8")
