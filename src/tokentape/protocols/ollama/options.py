"""Options of a request: sampling is in `options`, thinking and the form of the answer beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import OutputFormat, Thinking
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.limits import budget_effort
from tokentape.protocols.ollama.form import NAME
from tokentape.protocols.options import Place

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

OPTIONS = (
    Place("max_output_tokens", ("options", "num_predict"), "integer"),
    Place("temperature", ("options", "temperature"), "number"),
    Place("top_p", ("options", "top_p"), "number"),
    Place("top_k", ("options", "top_k"), "integer"),
    Place("min_p", ("options", "min_p"), "number"),
    Place("frequency_penalty", ("options", "frequency_penalty"), "number"),
    Place("presence_penalty", ("options", "presence_penalty"), "number"),
    Place("repetition_penalty", ("options", "repeat_penalty"), "number"),
    Place("seed", ("options", "seed"), "integer"),
    Place("stop", ("options", "stop"), "texts"),
    Place("logprobs", ("logprobs",), "flag"),
    Place("top_logprobs", ("top_logprobs",), "integer"),
)

KNOWN_OPTIONS = frozenset(place.path[1] for place in OPTIONS if len(place.path) == 2)

_LEVELS = re.compile(r"gpt-?oss", re.IGNORECASE)
"""Models that take a level of thinking ("low", "medium", "high"), and ignore true and false; for all
others the API refuses a level.
"""


def read_format(given: Json, where: Where) -> OutputFormat | None:
    """The form of the answer: "json", or a schema."""
    if given is None or given == "":
        return None
    if isinstance(given, dict):
        return OutputFormat("schema", given, origin=Origin(NAME, ("format",)))
    if given != "json":
        where.wrong(f'expected "json" or a schema, found {where.text(given, "format")!r}', "format")
    return OutputFormat("json", origin=Origin(NAME, ("format",)))


def write_format(output: OutputFormat | None, body: Fields, losses: Losses) -> None:
    """The form of the answer. A schema always binds the answer, so `strict` needs no saying."""
    if output is None or output.kind == "text":
        return
    if output.kind == "json" or output.schema is None:
        body["format"] = "json"
        return
    body["format"] = output.schema
    for what in ("name", "description"):
        if getattr(output, what) is not None:
            losses.tuning(output.origin or ("format",), f"schema {what}", "the schema stands alone")


def read_thinking(given: Json, where: Where) -> Thinking | None:
    """True, false, or a level."""
    if given is None or given == "":
        return None
    origin = Origin(NAME, ("think",))
    if isinstance(given, bool):
        return Thinking("on" if given else "off", origin=origin)
    return Thinking("on", effort=where.text(given, "think"), origin=origin)


def write_thinking(thinking: Thinking | None, model: str | None, body: Fields, losses: Losses) -> None:
    """On, off or a level, where the model takes levels."""
    if thinking is None:
        return
    origin = thinking.origin or ("think",)
    own = thinking.origin is not None and thinking.origin.protocol == NAME
    if thinking.mode == "off" or thinking.effort == "none":
        body["think"] = False
    elif thinking.effort is not None and own:
        body["think"] = thinking.effort
    elif thinking.mode is not None or thinking.effort is not None or thinking.budget is not None:
        body["think"] = _level(thinking, model) or True
    if not own and body.get("think") != thinking.effort:
        for what in ("effort", "budget"):
            if getattr(thinking, what) not in (None, "none"):
                losses.tuning(origin, f"thinking {what}", "the model thinks or does not")
    if thinking.summary is not None:
        losses.tuning(origin, "thinking summary", "thoughts come as they are")
    if thinking.shown is False and body.get("think"):
        losses.tuning(origin, "hidden thinking", "thoughts come with the reply")


def _level(thinking: Thinking, model: str | None) -> str | None:
    if not model or not _LEVELS.search(model):
        return None
    effort = thinking.effort or (budget_effort(thinking.budget, model) if thinking.budget else None)
    if effort is None:
        return None
    if effort in ("minimal", "low"):
        return "low"
    return "high" if effort in ("high", "xhigh", "max") else "medium"
