"""Whether a native request is one, by what its provider publishes: schemas, or the types of its SDK."""

from __future__ import annotations

import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from schemas import problems


def check(dialect, model, body):
    """Raises what the validator raises; nothing if `body` is right, or the SDK is not there to say."""
    if find_spec(_MODULES.get(dialect, "jsonschema")) is not None:
        _CHECKS[dialect](model, body)


def _chat(model, body):
    assert problems("openai", "CreateChatCompletionRequest", body) == []


def _responses(model, body):
    assert problems("openai", "CreateResponse", body) == []


@cache
def _adapter():
    from anthropic.types import message_create_params as found
    from pydantic import TypeAdapter

    return TypeAdapter(found.MessageCreateParamsBase)


def _messages(model, body):
    body = {name: value for name, value in body.items() if name != "stream"}
    _adapter().validate_python(body)


def _gemini(model, body):
    from google.genai import types

    for content in body["contents"]:
        types.Content.model_validate(content)
    for tool in body["tools"]:
        types.Tool.model_validate(tool)
    types.Content.model_validate(body["systemInstruction"])
    types.GenerationConfig.model_validate(body["generationConfig"])
    assert body.keys() <= {"contents", "tools", "systemInstruction", "generationConfig", "store"}


@cache
def _shapes():
    import botocore.session

    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    return service.operation_model("Converse").input_shape


def _converse(model, body):
    from botocore.validate import validate_parameters

    validate_parameters({"modelId": model, **body}, _shapes())


def _ollama(model, body):
    from ollama._types import ChatRequest

    ChatRequest.model_validate(body)


def _cohere(model, body):
    from cohere.core import parse_obj_as
    from cohere.types import ChatMessageV2, ToolV2

    for message in body["messages"]:
        parse_obj_as(ChatMessageV2, message)
    for tool in body["tools"]:
        parse_obj_as(ToolV2, tool)


_MODULES = {
    "anthropic.messages": "anthropic",
    "gemini": "google",
    "bedrock.converse": "botocore",
    "ollama": "ollama",
    "cohere": "cohere",
}

_CHECKS = {
    "openai.chat": _chat,
    "openai.responses": _responses,
    "anthropic.messages": _messages,
    "gemini": _gemini,
    "bedrock.converse": _converse,
    "ollama": _ollama,
    "cohere": _cohere,
}
