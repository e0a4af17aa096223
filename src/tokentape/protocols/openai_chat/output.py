"""The form of the answer and how much to think, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import OutputFormat, Thinking
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_SCHEMA = frozenset({"name", "description", "schema", "strict"})


def read_output(value: Json, where: Where) -> OutputFormat | None:
    """`response_format`; None for a type that is not known, which stays where it was.

    Together and Fireworks take a schema with `json_object`.
    """
    path = ("response_format",)
    told = where.fields(value, *path)
    kind = told.get("type")
    if kind == "json_schema":
        inner = where.fields(told.get("json_schema"), *path, "json_schema")
        rest: Fields = {key: said for key, said in told.items() if key not in ("type", "json_schema")}
        if more := {key: said for key, said in inner.items() if said is None or key not in _SCHEMA}:
            rest["json_schema"] = more
        return OutputFormat(
            "schema",
            inner.get("schema"),
            where.text_or_none(inner.get("name"), *path, "json_schema", "name"),
            where.text_or_none(inner.get("description"), *path, "json_schema", "description"),
            where.flag_or_none(inner.get("strict"), *path, "json_schema", "strict"),
            Origin(NAME, path, rest),
        )
    if kind not in ("text", "json_object"):
        return None
    rest = {key: said for key, said in told.items() if key not in ("type", "schema") or said is None}
    if kind == "json_object" and told.get("schema") is not None:
        return OutputFormat("schema", told["schema"], origin=Origin(NAME, path, rest, {"as": "json_object"}))
    shown: Literal["text", "json"] = "text" if kind == "text" else "json"
    if kind == "text" and "schema" in told:
        rest["schema"] = told["schema"]
    return OutputFormat(shown, origin=Origin(NAME, path, rest))


def write_output(output: OutputFormat, target: Target, own: bool) -> Fields:
    """`response_format`."""
    origin = output.origin if own else None
    rest, spelling = (origin.rest, origin.spelling) if origin else (NOTHING, NOTHING)
    takes = target.quirks.output
    if output.kind == "text":
        return {**rest, "type": "text"}
    if output.kind == "json" and "json" not in takes:
        return {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    if output.kind == "json" or "schema" not in takes:
        if output.kind == "schema":
            target.losses.meaning(output.origin, "output schema", "the server takes no schema, only JSON")
        return {**rest, "type": "json_object"}
    if spelling.get("as") == "json_object":
        return {**rest, "type": "json_object", "schema": output.schema}
    inner: Fields = dict(fields(rest.get("json_schema")))
    if output.name is not None or not own:
        inner["name"] = output.name or "answer"
    for name, value in (
        ("description", output.description),
        ("schema", output.schema),
        ("strict", output.strict),
    ):
        if value is not None:
            inner[name] = value
    return {**rest, "type": "json_schema", "json_schema": inner}


EFFORT = "reasoning_effort"
_DETAIL = frozenset({"effort", "max_tokens", "exclude", "enabled"})
THOUGHTS = frozenset({EFFORT, "reasoning", "thinking", "enable_thinking", "thinking_budget"})
"""Fields that say how much to think: of OpenAI, OpenRouter, DeepSeek and others, DashScope."""


def read_thinking(body: Mapping[str, Json], where: Where) -> tuple[Thinking | None, frozenset[str]]:
    """How much to think, and the fields that said it; what is not understood stays where it was."""
    if (effort := body.get(EFFORT)) is not None:
        said = where.text(effort, EFFORT)
        return Thinking(effort=said, origin=Origin(NAME, (EFFORT,))), frozenset({EFFORT})
    if isinstance(detail := body.get("reasoning"), dict):
        return _detailed(detail, where), frozenset({"reasoning"})
    told = body.get("thinking")
    if isinstance(told, dict) and (mode := _MODES.get(str(told.get("type")))):
        budget = where.integer_or_none(told.get("budget_tokens"), "thinking", "budget_tokens")
        rest = {
            key: said for key, said in told.items() if said is None or key not in ("type", "budget_tokens")
        }
        origin = Origin(NAME, ("thinking",), rest, {"as": "thinking"})
        return Thinking(mode, budget=budget, origin=origin), frozenset({"thinking"})
    if isinstance(enabled := body.get("enable_thinking"), bool):
        budget = where.integer_or_none(body.get("thinking_budget"), "thinking_budget")
        used = frozenset({"enable_thinking"} if budget is None else {"enable_thinking", "thinking_budget"})
        origin = Origin(NAME, ("enable_thinking",), NOTHING, {"as": "enable_thinking"})
        return Thinking("on" if enabled else "off", budget=budget, origin=origin), used
    return None, frozenset()


_MODES: dict[str, Literal["on", "off", "adaptive"]] = {
    "enabled": "on",
    "disabled": "off",
    "adaptive": "adaptive",
}


def _detailed(detail: Fields, where: Where) -> Thinking:
    enabled = where.flag_or_none(detail.get("enabled"), "reasoning", "enabled")
    hidden = where.flag_or_none(detail.get("exclude"), "reasoning", "exclude")
    mode: Literal["on", "off"] | None = None if enabled is None else "on" if enabled else "off"
    return Thinking(
        mode,
        where.text_or_none(detail.get("effort"), "reasoning", "effort"),
        where.integer_or_none(detail.get("max_tokens"), "reasoning", "max_tokens"),
        None if hidden is None else not hidden,
        origin=Origin(
            NAME,
            ("reasoning",),
            {key: said for key, said in detail.items() if said is None or key not in _DETAIL},
            {"as": "reasoning"},
        ),
    )


def effort_of(budget: int) -> str:
    """The word for a budget of tokens, as OpenRouter and others convert it."""
    return "low" if budget <= 2048 else "medium" if budget <= 8192 else "high"


def write_thinking(thinking: Thinking, target: Target, own: bool, body: Fields) -> None:
    """Put it into `body` in the server's way; by itself in the way it came, else `reasoning_effort`."""
    origin = thinking.origin if own else None
    spelled = origin.spelling.get("as") if origin else None
    rest = origin.rest if origin else NOTHING
    style = target.quirks.thinking or spelled or EFFORT
    if style != spelled and spelled is not None:
        rest = NOTHING
    if style == "reasoning":
        detail: Fields = {**rest}
        if thinking.mode in ("on", "off"):
            detail["enabled"] = thinking.mode == "on"
        if thinking.effort is not None:
            detail["effort"] = thinking.effort
        if thinking.budget is not None:
            detail["max_tokens"] = thinking.budget
        if thinking.shown is not None:
            detail["exclude"] = not thinking.shown
        body["reasoning"] = detail
    elif style == "thinking":
        _write_switch(thinking, target, rest, body)
    elif style == "enable_thinking":
        body["enable_thinking"] = _is_on(thinking)
        if thinking.budget is not None:
            body["thinking_budget"] = thinking.budget
    else:
        _write_effort(thinking, target, body)


def _is_on(thinking: Thinking) -> bool:
    return thinking.mode != "off" and (thinking.mode is not None or thinking.effort != "none")


def _write_switch(thinking: Thinking, target: Target, rest: Mapping[str, Json], body: Fields) -> None:
    kind = "adaptive" if thinking.mode == "adaptive" else "enabled" if _is_on(thinking) else "disabled"
    told: Fields = {**rest, "type": kind}
    if thinking.budget is not None:
        told["budget_tokens"] = thinking.budget
    body["thinking"] = told
    if thinking.effort not in (None, "none"):
        body[EFFORT] = thinking.effort


def _write_effort(thinking: Thinking, target: Target, body: Fields) -> None:
    effort = thinking.effort
    if effort is None and thinking.mode == "off":
        effort = "none"
    if effort is None and thinking.budget is not None:
        effort = effort_of(thinking.budget)
        target.losses.tuning(thinking.origin, "thinking budget", f"said as the effort {effort!r}")
    elif thinking.budget is not None:
        target.losses.tuning(thinking.origin, "thinking budget", "the dialect takes an effort only")
    if effort is None and thinking.mode == "on":
        effort = "medium"
    if effort is not None:
        body[EFFORT] = effort
    if thinking.shown:
        target.losses.tuning(thinking.origin, "thoughts shown", "the server decides what it shows")
    if thinking.summary is not None:
        target.losses.tuning(thinking.origin, "summary of thoughts", "the dialect has no such option")
