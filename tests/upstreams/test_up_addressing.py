"""Addresses: base URL and path, templates, and names of models that reach no other path."""

from __future__ import annotations

import pytest

from tokentape.errors import UsageError
from tokentape.upstreams.addressing import check_path, model_segment, url_of
from tokentape.upstreams.auth.nothing import NoAuth
from tokentape.upstreams.upstream import Upstream


def at(base_url: str, **more) -> Upstream:
    return Upstream("x", "openai.chat", base_url, NoAuth(), **more)


@pytest.mark.parametrize(
    ("base", "path", "expected"),
    [
        ("https://api.openai.com/v1", "v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com/v1/", "/v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("https://api.openai.com", "v1/chat/completions", "https://api.openai.com/v1/chat/completions"),
        ("https://api.groq.com/openai/v1", "v1/models", "https://api.groq.com/openai/v1/models"),
        (
            "https://api.z.ai/api/paas/v4",
            "v1/chat/completions",
            "https://api.z.ai/api/paas/v4/chat/completions",
        ),
        ("https://h.example/v1", "v1beta/models/g:x", "https://h.example/v1/models/g:x"),
        ("https://h.example/v1alpha", "v1beta/models/g:x", "https://h.example/v1alpha/models/g:x"),
        ("http://127.0.0.1:11434", "api/chat", "http://127.0.0.1:11434/api/chat"),
        ("https://h.example/proxy", "v2/chat", "https://h.example/proxy/v2/chat"),
        ("https://h.example/v1x", "v1/chat", "https://h.example/v1x/v1/chat"),
        ("https://h.example", "model/a.b-c%3A1/converse", "https://h.example/model/a.b-c%3A1/converse"),
    ],
)
def test_a_version_stands_there_once(base, path, expected):
    assert url_of(at(base), path) == expected


def test_queries_of_the_upstream_and_the_call_come_together():
    upstream = at("https://h.example", query="api-version=1")
    assert url_of(upstream, "v1/x", "alt=sse") == "https://h.example/v1/x?api-version=1&alt=sse"
    assert url_of(upstream, "v1/x") == "https://h.example/v1/x?api-version=1"
    assert url_of(at("https://h.example"), "v1/x", "a=b") == "https://h.example/v1/x?a=b"


AZURE = at("https://r.example/openai", paths={"*": "deployments/{model}/{path}", "models": "models"})
VERTEX = at(
    "https://v.example/v1/projects/p/publishers/anthropic",
    paths={"messages": "models/{model}:{method}", "messages/count_tokens": "models/count-tokens:rawPredict"},
)
GOOGLE = at("https://v.example/v1/projects/p/publishers/google", paths={"models": "models/{model}:{method}"})
WORKERS = at("https://w.example/ai", paths={"chat/completions": "run/{model:path}"})


def test_templates_say_what_a_path_is_elsewhere():
    assert (
        url_of(AZURE, "v1/chat/completions", model="gpt-5")
        == "https://r.example/openai/deployments/gpt-5/chat/completions"
    )
    assert url_of(AZURE, "v1/models", model="gpt-5") == "https://r.example/openai/models"
    assert (
        url_of(GOOGLE, "v1beta/models/g-2:countTokens", model="g-2")
        == "https://v.example/v1/projects/p/publishers/google/models/g-2:countTokens"
    )
    assert (
        url_of(WORKERS, "v1/chat/completions", model="@cf/meta/llama")
        == "https://w.example/ai/run/@cf/meta/llama"
    )


def test_the_longest_key_that_fits_counts_and_others_are_plain():
    base = "https://v.example/v1/projects/p/publishers/anthropic"
    assert url_of(VERTEX, "v1/messages", model="claude@1") == f"{base}/models/claude@1:rawPredict"
    assert (
        url_of(VERTEX, "v1/messages", model="claude@1", stream=True)
        == f"{base}/models/claude@1:streamRawPredict"
    )
    assert url_of(VERTEX, "v1/messages", model="claude@1", method="messages", stream=True).endswith(
        ":streamRawPredict"
    )
    assert url_of(VERTEX, "v1/messages", model="c", method="other").endswith("/c:other")
    assert url_of(VERTEX, "v1/messages/count_tokens", model="c") == f"{base}/models/count-tokens:rawPredict"
    assert url_of(VERTEX, "v1/messages_else", model="c") == f"{base}/v1/messages_else"


BAD = (
    "..",
    ".",
    "a/../b",
    "../../v1/files",
    "a/./b",
    "a//b",
    "/a",
    "a/",
    "a?b",
    "a#b",
    "a\\b",
    "a\nb",
    "a b",
    "a\x00",
    "%2e%2e",
    "a%2fb",
    "\x7f",
    "",
)


@pytest.mark.parametrize("model", BAD)
@pytest.mark.parametrize("upstream", [AZURE, VERTEX, WORKERS], ids=["azure", "vertex", "workers"])
def test_the_name_of_a_model_reaches_no_other_path(model, upstream):
    path = "v1/messages" if upstream is VERTEX else "v1/chat/completions"
    with pytest.raises(UsageError) as told:
        url_of(upstream, path, model=model)
    assert "\n" not in str(told.value)


def test_slashes_stay_where_they_are_allowed():
    for upstream, path in ((AZURE, "v1/chat/completions"), (VERTEX, "v1/messages")):
        with pytest.raises(UsageError, match="'/', which is not allowed here"):
            url_of(upstream, path, model="org/model")


def test_a_models_name_counts_for_nothing_where_the_path_does_not_hold_it():
    assert (
        url_of(at("https://h.example/v1"), "v1/chat/completions", model="../odd?#")
        == "https://h.example/v1/chat/completions"
    )


@pytest.mark.parametrize(
    "model", ["../../v1/files", "files/abc", "cachedContents/x", "models/../files", "tunedModels/%2e%2e"]
)
def test_a_model_of_geminis_stays_among_models(model):
    with pytest.raises(UsageError, match="cannot stand in a path"):
        check_path("v1beta/models/harmless:generateContent", model)


@pytest.mark.parametrize(
    "model",
    [
        "gemini-2.5-pro",
        "models/gemini-2.5-pro",
        "tunedModels/x",
        "publishers/google/models/g",
        "projects/p/locations/l/endpoints/1",
    ],
)
def test_models_of_geminis_that_are_ones(model):
    place = model if "/" in model else f"models/{model}"
    assert url_of(at("https://h.example"), f"v1beta/{place}:generateContent", model=model)


@pytest.mark.parametrize(
    "path",
    [
        "v1/../x", "v1/..", "../x", "v1/%2e%2e/x", "v1/%2E./x", "v1/.%2e/x", "model/..%2fx/converse", "a/%5c../x", "a\\b",
        "a?b", "a#b", "a\nb", "a/%0d%0aX", "a/%00", "a/%252e%252e/x", "a/..;x/b", "a/./b",
    ],
)  # fmt: skip
def test_a_path_that_means_another_one_to_some_is_refused(path):
    with pytest.raises(UsageError, match="refused"):
        url_of(at("https://h.example/v1"), path)


@pytest.mark.parametrize(
    "path",
    [
        "v1/files/file-a.b_c",
        "v1/x/.well",
        "v1/a...b",
        "model/arn%3Aaws%3Ax%2Fy/converse",
        "v1/caf%C3%A9",
        "v1beta/models/a@b:c",
    ],
)
def test_paths_that_are_what_they_say(path):
    assert url_of(at("https://h.example"), path) == f"https://h.example/{path}"


@pytest.mark.parametrize(
    "model",
    [
        "anthropic.claude-3-sonnet-20240229-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0",
        "us.amazon.nova~1",
    ],
)
def test_identifiers_of_bedrock_stand_in_a_path_as_its_sdk_writes_them(model):
    botocore_session = pytest.importorskip("botocore.session")
    client = botocore_session.get_session().create_client(
        "bedrock-runtime", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    seen = []
    client.meta.events.register("before-send.*.*", lambda request, **_: seen.append(request.url) or _reply())
    client.converse(modelId=model, messages=[{"role": "user", "content": [{"text": "hi"}]}])
    wanted = seen[0].partition("/model/")[2].removesuffix("/converse")
    from urllib.parse import quote

    from tokentape.protocols.codec import Source, Target
    from tokentape.protocols.translation import read_request, write_request

    asked = read_request(
        {"model": "m", "messages": [{"role": "user", "content": "hi"}]}, Source("openai.chat")
    )
    written = write_request(asked, Target("bedrock.converse", model)).result
    assert (
        url_of(at("https://h.example"), written.path, model=model)
        == f"https://h.example/model/{wanted}/converse"
    )
    if model.startswith("arn:"):
        assert model_segment(model) == quote(model, safe="") == wanted


def _reply():
    from botocore.awsrequest import AWSResponse

    class Raw:
        def stream(self, *_, **__):
            yield b'{"output": {"message": {"role": "assistant", "content": []}}, "stopReason": "end_turn"}'

    return AWSResponse("https://h.example", 200, {"content-type": "application/json"}, Raw())
