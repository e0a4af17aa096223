"""How much the model thinks: `thinkingConfig`, with a budget (Gemini 2.5) or a level (Gemini 3)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from tokentape.protocols.canonical.conversation import Thinking
from tokentape.protocols.gemini.names import NAME, Again, Found, known
from tokentape.protocols.limits import effort_budget, nearest_effort

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_KNOWN = known("includeThoughts", "thinkingBudget", "thinkingLevel")
_PATH = ("generationConfig", "thinkingConfig")
_LEVELS = {0: "unspecified", 1: "low", 2: "high", 3: "medium", 4: "minimal"}

_LEVELLED = re.compile(r"gemini-(?:[3-9]|\d\d)")
_TOLD = frozenset({"minimal", "low", "medium", "high"})


def has_levels(model: str | None) -> bool:
    """True for Gemini 3 and later: they take levels, and want signatures back."""
    return model is not None and _LEVELLED.search(model.lower()) is not None


def read_thinking(value: Json, where: Where) -> Thinking:
    """The config. A budget of 0 is off, of -1 the model's own choice."""
    found = Found()
    told = found.object(where.fields(value, *_PATH), _KNOWN)
    budget = where.integer_or_none(told.get("thinkingBudget"), *_PATH, "thinkingBudget")
    level = told.get("thinkingLevel")
    effort = None
    if isinstance(level, int) and not isinstance(level, bool):
        effort = _LEVELS.get(level, str(level))
    elif level is not None:
        effort = where.text(level, *_PATH, "thinkingLevel").lower()
    if level != effort:
        found.spelling["=level"] = level
    if budget == -1:
        found.spelling["=budget"] = -1
        budget = None
    mode: Literal["on", "off", "adaptive"] | None = None
    if "=budget" in found.spelling:
        mode = "adaptive"
    elif budget is not None:
        mode = "off" if budget == 0 else "on"
        if budget == 0:
            found.spelling["=budget"] = 0
            budget = None
    shown = where.flag_or_none(told.get("includeThoughts"), *_PATH, "includeThoughts")
    return Thinking(mode, effort, budget, shown, origin=found.origin(_PATH))


def write_thinking(thinking: Thinking, model: str | None, losses: Losses, *, moved: bool = False) -> Fields:
    """The config that says it best to `model`; what it cannot say tunes (case 31). `moved`: the request was
    written for another model.
    """
    again = Again(thinking.origin)
    written: Fields = {}
    shown = thinking.shown
    if thinking.summary is not None:
        shown = True if shown is None else shown
        if thinking.summary != "auto":
            losses.tuning(thinking.origin, "summary", "thoughts have one form here")
    if shown is not None:
        written["includeThoughts"] = shown
    if thinking.mode == "off" or thinking.effort == "none":
        written["thinkingBudget"] = 0
    elif thinking.budget is not None:
        written["thinkingBudget"] = thinking.budget
    elif thinking.mode == "adaptive" and (thinking.effort is None or "=budget" in again.spelling):
        written["thinkingBudget"] = -1
    if thinking.effort not in (None, "none"):
        own = thinking.origin is not None and thinking.origin.protocol == NAME
        if own and not (moved and not has_levels(model)):
            level = again.spelling.get("=level")
            written["thinkingLevel"] = level if _word(level) == thinking.effort else thinking.effort
        else:
            _effort(thinking, model, written, losses)
    return again.object(written)


def _effort(thinking: Thinking, model: str | None, written: Fields, losses: Losses) -> None:
    """An effort that is no level of this dialect yet."""
    effort = thinking.effort or ""
    if "thinkingBudget" in written:
        losses.tuning(thinking.origin, "effort", "the budget says it")
    elif not has_levels(model):
        budget = effort_budget(effort, model)
        written["thinkingBudget"] = budget = -1 if budget is None else budget
        losses.tuning(thinking.origin, "effort", f"a budget of {budget} tokens stands for it")
    else:
        nearest = nearest_effort(effort, model)
        level = nearest if nearest in _TOLD else "high"
        written["thinkingLevel"] = level
        if level != effort:
            losses.tuning(thinking.origin, "effort", f"{level!r} stands for {effort!r}")


def _word(level: Json) -> Json:
    if isinstance(level, int):
        return _LEVELS.get(level, str(level))
    return level.lower() if isinstance(level, str) else level
