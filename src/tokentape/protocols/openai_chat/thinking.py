"""How much to think, both ways, in the words of each server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import Thinking
from tokentape.protocols.canonical.origin import NOTHING, Origin
from tokentape.protocols.limits import budget_effort, effort_budget, nearest_effort
from tokentape.protocols.openai_chat.options import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

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


def write_thinking(thinking: Thinking, model: str | None, target: Target, own: bool, body: Fields) -> None:
    """Put it into `body` in the server's way; by itself in the way it came, else `reasoning_effort`."""
    origin = thinking.origin if own else None
    spelled = (origin.spelling.get("as") or EFFORT) if origin else None
    style = target.quirks.thinking or spelled or EFFORT
    rest = origin.rest if origin and style == spelled else NOTHING
    as_it_came = style == spelled
    if style == "reasoning":
        body["reasoning"] = {**rest, **_detail_of(thinking, target, as_it_came)}
    elif style == "thinking":
        _write_switch(thinking, rest, body)
    elif style == "enable_thinking":
        body["enable_thinking"] = _is_on(thinking)
        budget = thinking.budget
        if budget is None and thinking.effort and not as_it_came:
            budget = effort_budget(thinking.effort, model) or None
            target.losses.tuning(thinking.origin, "effort", "said as a budget of tokens")
        if budget is not None:
            body["thinking_budget"] = budget
    elif as_it_came:
        body[EFFORT] = thinking.effort
    else:
        _write_effort(thinking, model, target, body)


def _detail_of(thinking: Thinking, target: Target, as_it_came: bool) -> Fields:
    """OpenRouter's object: of effort and budget it takes one."""
    detail: Fields = {}
    if thinking.mode in ("on", "off"):
        detail["enabled"] = thinking.mode == "on"
    if thinking.budget is not None:
        detail["max_tokens"] = thinking.budget
    if thinking.effort is not None and (thinking.budget is None or as_it_came):
        detail["effort"] = thinking.effort
    elif thinking.effort is not None:
        target.losses.tuning(thinking.origin, "effort", "the server takes a budget or an effort, not both")
    if thinking.shown is not None:
        detail["exclude"] = not thinking.shown
    return detail


def _is_on(thinking: Thinking) -> bool:
    return thinking.mode != "off" and (thinking.mode is not None or thinking.effort != "none")


def _write_switch(thinking: Thinking, rest: Mapping[str, Json], body: Fields) -> None:
    kind = "adaptive" if thinking.mode == "adaptive" else "enabled" if _is_on(thinking) else "disabled"
    told: Fields = {**rest, "type": kind}
    if thinking.budget is not None:
        told["budget_tokens"] = thinking.budget
    body["thinking"] = told
    if thinking.effort not in (None, "none"):
        body[EFFORT] = thinking.effort


def _write_effort(thinking: Thinking, model: str | None, target: Target, body: Fields) -> None:
    """The nearest word that the model takes (case 31)."""
    note = target.losses.tuning
    wanted = thinking.effort or ("none" if thinking.mode == "off" else None)
    if wanted is None and thinking.budget is not None:
        wanted = budget_effort(thinking.budget, model)
    if thinking.budget is not None:
        note(thinking.origin, "thinking budget", f"said as the effort {wanted!r}")
    if wanted is None and thinking.mode == "on":
        wanted = "medium"
    if wanted is not None:
        body[EFFORT] = effort = nearest_effort(wanted, model)
        if effort != wanted:
            note(thinking.origin, "effort", f"the model takes no {wanted!r}: it is {effort!r}")
    if thinking.shown:
        note(thinking.origin, "thoughts shown", "the server decides what it shows")
    if thinking.summary is not None:
        note(thinking.origin, "summary of thoughts", "the dialect has no such option")
