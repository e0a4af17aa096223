"""Gemini by the method after the colon: `models/NAME:generateContent`; the rest by Google's path words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.call import decoded
from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.call import Call

_METHODS = {
    "generateContent": Kind.GENERATE,
    "streamGenerateContent": Kind.GENERATE,
    "generateAnswer": Kind.GENERATE,
    "batchGenerateContent": Kind.FILES,
    "embedContent": Kind.EMBED,
    "batchEmbedContents": Kind.EMBED,
    "asyncBatchEmbedContent": Kind.FILES,
    "countTokens": Kind.META,
    "computeTokens": Kind.META,
    "predict": Kind.MEDIA,
    "predictLongRunning": Kind.MEDIA,
    "fetchPredictOperation": Kind.MEDIA,
    "rawPredict": Kind.GENERATE,
    "streamRawPredict": Kind.GENERATE,
}
_PLACES = {
    "cachedContents": Kind.FILES,
    "fileSearchStores": Kind.FILES,
    "corpora": Kind.FILES,
    "batches": Kind.FILES,
    "files": Kind.FILES,
    "operations": Kind.FILES,
    "tunedModels": Kind.META,
    "models": Kind.META,
}
_VERSIONS = frozenset({"v1beta", "v1alpha", "v1beta1"})


def recognise(call: Call) -> Operation | None:
    """A method on a model, an interaction, or a thing kept at Google."""
    last = decoded(call.last)
    name, colon, method = last.rpartition(":")
    if colon and method in _METHODS and call.parent in {"models", "tunedModels", "endpoints"}:
        return Operation("gemini", method, _METHODS[method], method.startswith("stream"), name)
    if call.last == "interactions" and call.is_post and "input" in call.fields:
        return Operation("gemini", "interactions", Kind.GENERATE, call.streams, call.model)
    return _kept(call)


def _kept(call: Call) -> Operation | None:
    """Files, caches, models: common words, so a version of Google's (`v1beta`) must stand before them."""
    version = next((at for at, part in enumerate(call.segments) if part in _VERSIONS), None)
    if version is None or "openai" in call.segments:
        return None
    place = next((part for part in call.segments[version:] if part in _PLACES), None)
    if place is not None:
        return Operation("gemini", place, _PLACES[place])
    if "interactions" in call.segments:
        return Operation("gemini", "interaction", Kind.FILES, "stream=true" in call.query.split("&"))
    return None
