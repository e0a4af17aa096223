"""Anthropic's models on Vertex AI: Messages, with model and streaming in the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.messages import Messages
from tokentape.testing.provider.reading import mapped

if TYPE_CHECKING:
    from tokentape.testing.provider.turn import Question
    from tokentape.wire.interaction import Json


class Vertex(Messages):
    """`POST .../publishers/anthropic/models/{id}:rawPredict` and `:streamRawPredict`."""

    def question(self, body: Json, path: str) -> Question:
        """The question in the body; model and stream stand in the path."""
        model, _, verb = path.rpartition("/")[2].partition(":")
        told: dict[str, Json] = {"model": model, "stream": verb == "streamRawPredict"}
        return super().question(mapped(body) | told, path)
