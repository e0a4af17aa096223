"""What is written is what google-genai's own types take, fields and enums alike."""

from __future__ import annotations

import base64
import warnings

import pytest
from gemini_bodies import chunks_of

genai_types = pytest.importorskip("google.genai.types")
pydantic = pytest.importorskip("pydantic")

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

sys.path.append(str(Path(__file__).parents[1] / "laws"))
sys.path.append(str(Path(__file__).parents[3]))

from conversations import conversations, event_sequences, replies  # noqa: E402
from hypothesis import HealthCheck, given, settings  # noqa: E402
from matrix.protocols_stones import DIALECTS, stones_of  # noqa: E402

from tokentape.protocols.codec import Source, Target  # noqa: E402
from tokentape.protocols.translation import translate_reply, translate_request, write_reply, write_request  # noqa: E402

many = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
MODEL = "gemini-2.5-flash"
BESIDE = frozenset(
    {"contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "serviceTier", "store"}
)


def strictly(kind, value):
    """Validate: unknown fields are errors in these types, and unknown enum words warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return kind.model_validate(value)


def is_request(body):
    assert body.keys() <= BESIDE
    for content in body["contents"]:
        assert content["role"] in ("user", "model")
        assert content["parts"]
        strictly(genai_types.Content, content)
    if "systemInstruction" in body:
        strictly(genai_types.Content, body["systemInstruction"])
    for tool in body.get("tools", []):
        strictly(genai_types.Tool, tool)
    strictly(genai_types.ToolConfig, body.get("toolConfig", {}))
    strictly(genai_types.GenerationConfig, body.get("generationConfig", {}))


def is_reply(body):
    strictly(genai_types.GenerateContentResponse, body)


def test_the_types_are_strict():
    for wrong in ({"parts": [{"brandNew": 1}]}, {"parts": [{"functionCall": {"x": 1}}]}):
        with pytest.raises(pydantic.ValidationError):
            strictly(genai_types.Content, wrong)
    with pytest.raises(UserWarning):
        strictly(genai_types.Candidate, {"finishReason": "tool_calls"})


STONES = [pytest.param(found, id=f"{name}-{found.feature}") for name in DIALECTS for found in stones_of(name)]


@pytest.mark.parametrize("stone", STONES)
def test_what_comes_from_each_dialect(stone):
    source, target = Source(stone.dialect, model=stone.model), Target("gemini", model=MODEL)
    if stone.request is not None:
        is_request(translate_request(stone.request, source, target, allow_losses=True).result.body)
    if stone.reply is not None:
        is_reply(translate_reply(stone.reply, source, target).result)


@many
@given(conversation=conversations())
def test_any_request(conversation):
    body = write_request(conversation, Target("gemini", model=MODEL), allow_losses=True).result.body
    is_request(_with_base64(body))


@many
@given(reply=replies())
def test_any_reply(reply):
    is_reply(_with_base64(write_reply(reply, Target("gemini", model=MODEL)).result))


@many
@given(events=event_sequences())
def test_any_stream(events):
    for chunk in chunks_of(events, Target("gemini", model=MODEL)):
        if "error" in chunk:
            assert isinstance(chunk["error"]["code"], int)
        else:
            is_reply(_with_base64(chunk))


def _with_base64(value):
    """The value with bytes that are base64, which random ones are not."""
    if isinstance(value, dict):
        return {
            name: base64.b64encode(str(entry).encode()).decode() if name in ("data", "thoughtSignature") else _with_base64(entry)
            for name, entry in value.items()
        }  # fmt: skip
    return [_with_base64(entry) for entry in value] if isinstance(value, list) else value
