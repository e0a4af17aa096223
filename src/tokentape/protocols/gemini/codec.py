"""Gemini both ways: what `protocols.codec` asks of a dialect."""

from __future__ import annotations

from tokentape.protocols.codec import Codec
from tokentape.protocols.gemini.failures import read_failure, write_failure
from tokentape.protocols.gemini.names import NAME, snake
from tokentape.protocols.gemini.options import OPTIONS
from tokentape.protocols.gemini.read_reply import read_reply
from tokentape.protocols.gemini.read_request import read_request
from tokentape.protocols.gemini.read_stream import GeminiReader
from tokentape.protocols.gemini.write_reply import write_reply
from tokentape.protocols.gemini.write_request import write_request
from tokentape.protocols.gemini.write_stream import GeminiWriter

_TOLD = (
    "cachedContent", "safetySettings", "parameters", "partMetadata", "modelArmorConfig", "videoMetadata",
    "generationConfig.responseMimeType", "generationConfig.responseSchema",
    "generationConfig.responseJsonSchema", "generationConfig.responseFormat", "generationConfig.imageConfig",
    "generationConfig.speechConfig", "generationConfig.translationConfig", "functionCall.partialArgs",
    "functionCall.willContinue", "functionResponse.willContinue",
)  # fmt: skip
"""Prompts kept at Google, what is let through, and the form of the answer where it is no text."""

_SPLIT = [name.rpartition(".") for name in _TOLD]

_MEANING = frozenset({*_TOLD, *(f"{head}{dot}{snake(tail)}" for head, dot, tail in _SPLIT)})

CODEC = Codec(
    NAME,
    read_request,
    write_request,
    read_reply,
    write_reply,
    GeminiReader,
    GeminiWriter,
    read_failure,
    write_failure,
    options=OPTIONS,
    meaning=_MEANING,
    implied=frozenset({"toolConfig", "avgLogprobs", "tokenCount", "index"}),
)
