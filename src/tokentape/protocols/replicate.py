"""Replicate: predictions that are started, then asked after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Dialect, Kind, Operation
from tokentape.protocols.reading import at, fields, text

if TYPE_CHECKING:
    from tokentape.protocols.call import Call
    from tokentape.wire.interaction import Json


def recognise(call: Call) -> Operation | None:
    """A prediction (its `stream` asks for a second URL, not for a streamed reply), or a model's record."""
    if call.is_post and call.last == "predictions" and "input" in call.fields:
        return Operation("replicate", "create", Kind.GENERATE, model=_model(call))
    if call.host != "api.replicate.com":
        return None
    if "predictions" in call.segments:
        return Operation("replicate", "cancel" if call.last == "cancel" else "retrieve", Kind.FILES)
    if "models" in call.segments:
        return Operation("replicate", "models", Kind.META, model=_model(call))
    return None


def _model(call: Call) -> str | None:
    named = "/".join(call.after("models")[:2])
    return named or text(call.fields.get("version")) or None


def asks(body: Json) -> str:
    """The prompt among the inputs."""
    return text(at(body, "input", "prompt"))


def reads_as(reply: Json) -> str:
    """The output, or how far it is."""
    output = fields(reply).get("output")
    words = "".join(map(text, output)) if isinstance(output, list) else text(output)
    return words or text(fields(reply).get("status"))


DIALECT = Dialect("replicate", recognise, asks=asks, reads_as=reads_as)
