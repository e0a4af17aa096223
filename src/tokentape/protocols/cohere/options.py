"""Options of a request; the form of the answer, and how much the model may think."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import OutputFormat, Thinking
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.cohere.form import NAME, own, rest_from, spelling_from
from tokentape.protocols.limits import effort_budget
from tokentape.protocols.options import Place, path_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation, Options
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

OPTIONS = (
    Place("max_output_tokens", ("max_tokens",), "integer"),
    Place("temperature", ("temperature",), "number"),
    Place("top_p", ("p",), "number"),
    Place("top_k", ("k",), "integer"),
    Place("frequency_penalty", ("frequency_penalty",), "number"),
    Place("presence_penalty", ("presence_penalty",), "number"),
    Place("seed", ("seed",), "integer"),
    Place("stop", ("stop_sequences",), "texts"),
    Place("logprobs", ("logprobs",), "flag"),
)

KNOWN_OPTIONS = frozenset(place.path[0] for place in OPTIONS)

_RANGES: dict[str, tuple[float, float]] = {
    "top_p": (0.01, 0.99),
    "top_k": (0, 500),
    "frequency_penalty": (0, 1),
    "presence_penalty": (0, 1),
}
"""What the API takes (its reference); other APIs take more."""


def fitted(asked: Conversation, losses: Losses) -> Options:
    """The options of another dialect, each at most as far as this one goes."""
    options = asked.options
    changed: dict[str, float] = {}
    for name, (least, most) in _RANGES.items():
        value = getattr(options, name)
        if value is not None and not least <= value <= most:
            changed[name] = min(max(value, least), most)
            losses.tuning(
                path_of(asked, name), name.replace("_", " "), f"it is from {least} to {most}, not {value}"
            )
    return replace(options, **changed) if changed else options  # type: ignore[arg-type]


_FORMAT = frozenset({"type", "json_schema", "schema"})


def read_format(given: Json, where: Where) -> OutputFormat | None:
    """The form of the answer."""
    if given is None:
        return None
    form = where.fields(given, "response_format")
    kind = where.text(form.get("type"), "response_format", "type")
    name = next((name for name in ("json_schema", "schema") if form.get(name) is not None), None)
    schema = form[name] if name else None
    if kind not in ("text", "json_object"):
        where.wrong(f"expected text or json_object, found {kind!r}", "response_format", "type")
    known = _FORMAT if kind == "json_object" else frozenset({"type"})
    known -= {"schema"} if name == "json_schema" else set()
    origin = Origin(NAME, ("response_format",), rest_of(form, known), {"schema": name})
    if kind == "text":
        return OutputFormat("text", origin=origin)
    return OutputFormat("json" if schema is None else "schema", schema, origin=origin)


def write_format(output: OutputFormat | None, body: Fields, losses: Losses) -> None:
    """The form of the answer. A schema always binds it, so `strict` needs no saying."""
    if output is None or (output.kind == "text" and own(output.origin) is None):
        return
    form: Fields = {**rest_from(output.origin), "type": "text" if output.kind == "text" else "json_object"}
    if output.kind == "schema" and output.schema is not None:
        name = spelling_from(output.origin).get("schema")
        form[name if isinstance(name, str) else "json_schema"] = output.schema
    body["response_format"] = form
    for what in ("name", "description"):
        if getattr(output, what) is not None:
            losses.tuning(output.origin or ("response_format",), f"schema {what}", "the schema stands alone")


_THINKING = frozenset({"type", "token_budget"})


def read_thinking(given: Json, where: Where) -> Thinking | None:
    """On or off, and a budget."""
    if given is None:
        return None
    thinking = where.fields(given, "thinking")
    kind = where.text_or_none(thinking.get("type"), "thinking", "type")
    budget = where.integer_or_none(thinking.get("token_budget"), "thinking", "token_budget")
    origin = Origin(NAME, ("thinking",), rest_of(thinking, _THINKING), {"type": kind})
    if kind == "disabled":
        return Thinking("off", budget=budget, origin=origin)
    if kind not in (None, "enabled"):
        where.wrong(f"expected enabled or disabled, found {kind!r}", "thinking", "type")
    return Thinking("on" if kind else None, budget=budget, origin=origin)


def write_thinking(thinking: Thinking | None, model: str | None, body: Fields, losses: Losses) -> None:
    """On or off, and a budget; an effort is the budget that it stands for (case 31)."""
    if thinking is None:
        return
    origin = thinking.origin or ("thinking",)
    for what, why in (("summary", "thoughts come as they are"), ("shown", "thoughts come as they are")):
        if getattr(thinking, what) not in (None, True):
            losses.tuning(origin, f"thinking {what}", why)
    budget = thinking.budget
    if thinking.effort not in (None, "none"):
        losses.tuning(origin, "thinking effort", "there are budgets only")
        budget = effort_budget(thinking.effort, model) if budget is None and thinking.effort else budget
    off = thinking.mode == "off" or thinking.effort == "none"
    if thinking.mode == "adaptive":
        losses.tuning(origin, "adaptive thinking", "the model thinks or does not")
    given = own(thinking.origin)
    if given is None and thinking.mode is None and thinking.effort is None and budget is None:
        return
    written: Fields = dict(rest_from(thinking.origin))
    if given is None or thinking.mode is not None:
        written["type"] = "disabled" if off else "enabled"
    if budget is not None and (given is not None or (not off and budget > 0)):
        written["token_budget"] = budget
    body["thinking"] = written
