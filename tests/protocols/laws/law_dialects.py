"""The dialects that the laws are held for, and the real recordings of each."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[2] / "rosetta"))

from protocol_samples import samples

from tokentape.errors import UsageError
from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise
from tokentape.protocols.translation import codec_of
from tokentape.wire.body import decoded_body
from tokentape.wire.jsontext import parse

SEVEN = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "bedrock.converse",
    "ollama",
    "cohere",
)


def has_codec(name):
    try:
        codec_of(name)
    except (UsageError, ImportError):
        return False
    return True


PRESENT = tuple(name for name in SEVEN if has_codec(name))

IN_THE_PATH = frozenset({"gemini", "bedrock.converse"})
"""Dialects whose paths name the model, and whether the reply shall stream."""

OTHER_OPERATIONS = {
    "gemini/interactions": "Gemini's newer API, recognised and passed on",
    "ollama/generate": "a prompt, no conversation",
    "cohere/v1.chat": "Cohere's first version of the API",
    "cohere/v1.generate": "a prompt, no conversation",
}
"""Operations of these dialects that are no conversations of theirs: no codec reads them."""


@dataclass(frozen=True)
class Call:
    """A recorded call of one of the seven. `whole` is its reply where that is one JSON value."""

    id: str
    dialect: str
    source: Source
    body: dict
    status: int
    whole: object
    response: object
    is_stream: bool

    @property
    def codec(self):
        return codec_of(self.dialect)

    @property
    def payloads(self):
        return payloads(self.response, asked=True)


@cache
def calls():
    """Every recorded call of a dialect that has a codec."""
    return tuple(call for call in map(_call, samples()) if call is not None)


def _call(sample):
    found = recognise(sample.request)
    operation = found.operation
    is_other = operation.kind is not Kind.GENERATE or operation.full_name in OTHER_OPERATIONS
    if operation.dialect not in PRESENT or is_other or not found.is_json:
        return None
    source = Source(operation.dialect, provider=sample.row["provider"])
    if operation.dialect in IN_THE_PATH:
        source = replace(source, model=operation.model, stream=operation.stream)
    stream = payloads(sample.response, asked=operation.stream) if sample.response.status == 200 else None
    whole = None if stream is not None else _json(sample.response)
    return Call(
        sample.id, operation.dialect, source, found.body, sample.response.status, whole, sample.response,
        stream is not None,
    )  # fmt: skip


def _json(response):
    data = decoded_body(response)
    try:
        return parse(data) if data else None
    except ValueError:
        return None
