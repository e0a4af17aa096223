"""Every real sample is recognised as what its collectors say it is."""

from __future__ import annotations

import json

import pytest
from protocol_samples import samples

from tokentape.protocols.codec import Source
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.protocols.table import dialect_named
from tokentape.wire.body import decoded_body

ANYWHERE = {
    "chat": "openai.chat/create",
    "responses": "openai.responses/create",
    "messages": "anthropic.messages/create",
    "completions": "openai.completions/create",
    "embeddings": "openai.embeddings/create",
    "rerank": "rerank/create",
    "count_tokens": "anthropic.messages/count_tokens",
    "anthropic-complete": "anthropic.complete/create",
    "converse": "bedrock.converse/create",
    "converse-stream": "bedrock.converse/create",
    "invoke": "bedrock.invoke/create",
    "invoke-stream": "bedrock.invoke/create",
    "generateContent": "gemini/generateContent",
    "streamGenerateContent": "gemini/streamGenerateContent",
    "countTokens": "gemini/countTokens",
    "interactions": "gemini/interactions",
    "models": "openai.meta/models",
    "generate": "ollama/generate",
}
"""What an endpoint of the index is, whoever provides it."""

BY_PROVIDER = {
    ("ollama", "chat"): "ollama/chat",
    ("ollama", "embeddings"): "ollama/embeddings",
    ("cohere", "chat"): {"/v1/chat": "cohere/v1.chat", "/v2/chat": "cohere/chat"},
    ("cohere", "embeddings"): "cohere/embed",
    ("cohere", "generate"): "cohere/v1.generate",
    ("cohere", "other"): "cohere/v1.tokenize",
    ("bedrock", "count_tokens"): "bedrock.converse/count_tokens",
    ("bedrock", "other"): "bedrock/apply_guardrail",
    ("bedrock-agent", "other"): "bedrock/invoke_agent",
    ("bedrock-other", "other"): "bedrock/inference_profiles",
    ("sagemaker", "other"): "bedrock/sagemaker",
    ("gemini", "embeddings"): "gemini/batchEmbedContents",
    ("vertex", "embeddings"): "gemini/embedContent",
    ("vertex", "predict"): "gemini/predict",
    ("gemini", "models"): "gemini/models",
    ("gemini", "caches"): "gemini/cachedContents",
    ("gemini", "files"): "gemini/fileSearchStores",
    ("gemini", "other"): "gemini/fileSearchStores",
    ("anthropic", "files"): "anthropic.files/files",
    ("openai", "other"): "telemetry/traces",
    ("openai", "files"): "openai.files/files",
    ("openai", "images"): "openai.media/images.generations",
    ("openai", "moderations"): "openai.media/moderations",
    ("openai", "conversations"): "openai.files/conversations",
    ("openai", "assistants"): "openai.files/assistants",
    ("huggingface", "models"): "huggingface/models",
    ("huggingface", "other"): "huggingface/feature-extraction",
    ("replicate", "other"): "replicate/create",
}

ONE_BY_ONE = {
    "018-0": "http/request",
    "019-0": "replicate/create",
    "030-0": "http/request",
    "088-0": "replicate/models",
    "088-1": "replicate/models",
    "003-0": "openai.realtime/realtime.calls",
    "109-0": "openai.realtime/realtime.calls",
    "169-0": "openai.realtime/realtime.calls",
    "095-0": "openai.realtime/realtime.client_secrets",
    "095-1": "openai.realtime/realtime.calls",
    "037-0": "openai.media/audio.transcriptions",
    "122-0": "openai.media/audio.translations",
    "102-0": "openai.files/threads",
    "102-1": "openai.files/threads",
    "102-3": "openai.files/runs",
}

NOT_RECOGNISED = {
    "018-0": "Aleph Alpha's own completion: one provider's dialect, shares only its path with Anthropic's",
    "030-0": "the record of a Logfire project: no API of a model",
}


def expected(sample):
    if sample.id in ONE_BY_ONE:
        return ONE_BY_ONE[sample.id]
    found = BY_PROVIDER.get(
        (sample.row["provider"], sample.row["endpoint"]), ANYWHERE.get(sample.row["endpoint"])
    )
    return found[sample.row["path"]] if isinstance(found, dict) else found


def test_there_are_200_samples():
    assert len(samples()) == 200


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.id)
def test_sample_is_recognised(sample):
    found = recognise(sample.request)
    assert found.operation.full_name == expected(sample)
    if sample.id in NOT_RECOGNISED:
        assert found.dialect is None
    else:
        assert found.dialect is dialect_named(found.operation.dialect)


def test_nothing_is_unrecognised_without_a_reason():
    assert {sample.id for sample in samples() if recognise(sample.request).dialect is None} == set(
        NOT_RECOGNISED
    )


TRANSLATED = {
    "anthropic.messages/create", "bedrock.converse/create", "cohere/chat", "gemini/generateContent",
    "gemini/streamGenerateContent", "ollama/chat", "ollama/generate", "openai.chat/create",
    "openai.responses/create",
}  # fmt: skip
"""Operations that a codec reads and writes."""

PASSED_ON = {
    "anthropic.complete/create": "Anthropic's API before Messages: one prompt",
    "openai.completions/create": "one prompt, several answers",
    "bedrock.invoke/create": "a body per maker of models, inside one operation",
    "bedrock/invoke_agent": "an agent's session is kept at the provider",
    "bedrock/sagemaker": "a body per deployed model",
    "cohere/v1.chat": "Cohere's version 1: its stream is framed otherwise, its calls have no ids",
    "cohere/v1.generate": "Cohere's version 1: one prompt",
    "gemini/interactions": "a conversation that is kept at the provider",
    "openai.files/runs": "a thread that is kept at the provider",
    "replicate/create": "an input per model",
    "openai.realtime/realtime.calls": "a session over WebRTC",
    "openai.realtime/realtime.client_secrets": "the same",
    "anthropic.messages/count_tokens": "a number is asked, not an answer",
    "bedrock.converse/count_tokens": "the same",
    "gemini/countTokens": "the same",
    "cohere/v1.tokenize": "the same",
    "http/request": "nobody's dialect",
}
"""Operations that are passed on as they are, with the reason; those of `PASSED_KINDS` need none."""

PASSED_KINDS = {
    Kind.EMBED: "vectors, not words",
    Kind.MEDIA: "pictures, sound, a judgement, an order: no conversation",
    Kind.FILES: "things that are kept at the provider",
    Kind.META: "about models, not by them",
    Kind.TELEMETRY: "no model is asked",
}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.id)
def test_sample_is_translated_or_passed_on_with_a_reason(sample):
    found = recognise(sample.request).operation
    assert (found.full_name in TRANSLATED) is not (found.full_name in PASSED_ON or found.kind in PASSED_KINDS)


def test_every_reason_is_of_a_sample():
    found = {recognise(sample.request).operation.full_name for sample in samples()}
    assert TRANSLATED | set(PASSED_ON) <= found


REFUSED = {"084-0": "a message is a string; the provider would not have it either"}


@pytest.mark.parametrize(
    "sample",
    [
        one
        for one in samples()
        if recognise(one.request).operation.full_name in TRANSLATED and one.id not in REFUSED
    ],
    ids=lambda sample: sample.id,
)
def test_what_is_translated_can_be_read(sample):
    found = recognise(sample.request)
    source = Source(found.dialect.name, found.operation.model, found.operation.stream)
    assert found.dialect.codec().read_request(json.loads(decoded_body(sample.request)), source).items


STREAM_FLAG_SAYS_OTHERWISE = {
    "013-0": "agents decide by the reply's type, not by the path or the body",
    "099-0": "the same",
    "117-0": "the caller asked for a stream; the index calls a reply of one line none",
    "146-0": "the body was edited by its collectors and asks for no stream; the reply is one",
    "157-0": "asked for a stream, got an error",
    "039-0": "the same",
    "093-0": "the same",
}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.id)
def test_stream_flag_of_sample(sample):
    said = sample.row["streaming"] == "True"
    found = recognise(sample.request).operation.stream
    assert (found is said) is (sample.id not in STREAM_FLAG_SAYS_OTHERWISE)


OTHER_MODEL = {
    "012-0": "test-openai",  # Azure: the deployment in the path is what answers
    "058-0": "test-openai",
    "086-0": "gpt-4.1-mini",
    "018-0": None,  # not recognised
    "065-0": None,  # a cache is kept, no model answers
}


@pytest.mark.parametrize("sample", [s for s in samples() if s.row["model"]], ids=lambda sample: sample.id)
def test_model_of_sample(sample):
    model = recognise(sample.request).operation.model
    assert model == OTHER_MODEL.get(sample.id, sample.row["model"])
