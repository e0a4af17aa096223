"""The settings of a Messages request: limits, sampling, thinking, the form of the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import is_own
from tokentape.protocols.anthropic_messages.options import MODES, OLDER, SHOWN, SIMPLE
from tokentape.protocols.limits import budget_effort, effort_budget, efforts, nearest_effort, output_cap
from tokentape.protocols.options import NO_OPTIONS, path_of, unwritten, write_options

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Thinking
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

FALLBACK = 8192
"""`max_tokens` for a model whose cap nobody has published: what every Claude since 3.5 can write."""

LEAST_BUDGET = 1024
"""Anthropic's least thinking budget."""

_MODES = {word: name for name, word in MODES.items()}
_SHOWN = {shown: word for word, shown in SHOWN.items()}
_TIERS = {"auto": "auto", "default": "standard_only", "standard_only": "standard_only"}


@dataclass(slots=True)
class Plan:
    """How much to think, in Anthropic's words. `derived`: the budget is ours, made from an effort."""

    config: Fields | None = None
    effort: str | None = None
    derived: bool = False

    @property
    def budget(self) -> int | None:
        """The budget of thinking that has one."""
        found = self.config.get("budget_tokens") if self.config else None
        return found if isinstance(found, int) else None

    @property
    def thinks(self) -> bool:
        """True where thinking is asked for."""
        return self.config is not None and self.config.get("type") != "disabled"


def planned(thinking: Thinking | None, model: str | None, losses: Losses) -> Plan:
    """`thinking` and the effort. Effort words go to the models that are known to take them, budgets to all
    others; either way the difference is noted (case 31).
    """
    if thinking is None:
        return Plan()
    if is_own(thinking.origin):
        return Plan(_as_told(thinking), thinking.effort)
    if thinking.mode == "off" or thinking.effort == "none" or thinking.budget == 0:
        return Plan({"type": "disabled"})
    if thinking.mode is None and thinking.effort is None and thinking.budget is None:
        losses.tuning(thinking.origin, "summary of thoughts", "the request does not say to think")
        return Plan()
    plan = (_by_effort if efforts(model) else _by_budget)(thinking, model, losses)
    shown = True if thinking.shown is None and thinking.summary is not None else thinking.shown
    if plan.config is not None and shown is not None:
        plan.config["display"] = _SHOWN[shown]
    return plan


def _as_told(thinking: Thinking) -> Fields | None:
    if thinking.mode is None:
        return None
    told: Fields = dict(thinking.origin.rest) if is_own(thinking.origin) else {}
    told["type"] = _MODES[thinking.mode]
    if thinking.budget is not None:
        told["budget_tokens"] = thinking.budget
    if thinking.shown is not None:
        told["display"] = _SHOWN[thinking.shown]
    return told


def _by_effort(thinking: Thinking, model: str | None, losses: Losses) -> Plan:
    asked = thinking.effort
    if asked is None and thinking.budget is not None and thinking.budget > 0:
        asked = budget_effort(thinking.budget, model)
        losses.tuning(thinking.origin, "thinking budget", f"the model takes an effort instead: {asked}")
    word = None if asked is None else nearest_effort(asked, model)
    if word != asked or (thinking.effort and thinking.budget):
        losses.tuning(thinking.origin, f"effort {thinking.effort or asked}", f"the nearest is {word}")
    return Plan({"type": "adaptive"}, word)


def _by_budget(thinking: Thinking, model: str | None, losses: Losses) -> Plan:
    if thinking.budget is not None and thinking.budget > 0:
        if thinking.budget < LEAST_BUDGET:
            losses.tuning(thinking.origin, "thinking budget", f"the least is {LEAST_BUDGET}")
        budget = max(thinking.budget, LEAST_BUDGET)
        return Plan({"type": "enabled", "budget_tokens": budget})
    word = thinking.effort or "medium"
    found = effort_budget(word, model)
    if found is None:
        losses.tuning(thinking.origin, f"effort {word}", "nobody has published what it stands for")
        return Plan()
    if thinking.effort is not None or thinking.mode == "adaptive":
        losses.tuning(thinking.origin, f"effort {word}", f"becomes a budget of {found} tokens")
    return Plan({"type": "enabled", "budget_tokens": max(found, LEAST_BUDGET)}, derived=True)


def with_room(plan: Plan, asked: Conversation, model: str | None, losses: Losses) -> int | None:
    """`max_tokens`, which Anthropic requires and which has to exceed the budget (cases 29, 30).

    A budget of ours gives way; one that was asked for stays, and the limit grows.
    """
    limit = asked.options.max_output_tokens
    if limit is None:
        cap = output_cap(model)
        if cap is None:
            losses.tuning((), "max_tokens", f"required, and no cap is published: {FALLBACK} is sent")
        limit = cap or FALLBACK
    budget = plan.budget
    if budget is None or budget < limit or is_own(asked.thinking.origin if asked.thinking else None):
        return limit
    if plan.derived and plan.config is not None:
        budget = max(LEAST_BUDGET, min(budget, limit // 2))
        plan.config["budget_tokens"] = budget
    if budget >= limit:
        why = f"it has to exceed the thinking budget: {limit + budget} is sent"
        losses.tuning(path_of(asked, "max_output_tokens"), "output limit", why)
        limit += budget
    return limit


def write_settings(
    asked: Conversation, body: Fields, *, plan: Plan, limit: int | None, losses: Losses
) -> None:
    """Options, thinking and the form of the answer into `body`."""
    options = asked.options
    own = is_own(asked.origin)
    done = set(write_options(options, SIMPLE, body))
    done |= {"max_output_tokens", "parallel_tool_calls", "user"}
    if limit is not None:
        body["max_tokens"] = limit
    if options.user is not None:
        _into(body, "metadata", "user_id", options.user)
    if options.service_tier is not None:
        tier = options.service_tier if own else _TIERS.get(options.service_tier)
        if tier is not None:
            body["service_tier"] = tier
            done.add("service_tier")
    if not own:
        _fit_sampling(asked, body, plan, losses)
    if plan.config is not None:
        body["thinking"] = plan.config
    if plan.effort is not None:
        _into(body, "output_config", "effort", plan.effort)
    if asked.output is not None:
        _write_output(asked.output, body, losses)
    if options != NO_OPTIONS:
        unwritten(asked, frozenset(done), losses)


def _into(body: Fields, name: str, inner: str, value: Json) -> None:
    """Set a field of an object that others may hold as well."""
    known = body.get(name)
    body[name] = {**(known if isinstance(known, dict) else {}), inner: value}


def _fit_sampling(asked: Conversation, body: Fields, plan: Plan, losses: Losses) -> None:
    """Temperatures end at 1 here; beside thinking there is no temperature but 1, and no `top_k`."""
    warmth = asked.options.temperature
    if plan.thinks and warmth not in (None, 1):
        del body["temperature"]
        losses.tuning(path_of(asked, "temperature"), "temperature", "thinking excludes it")
    elif warmth is not None and warmth > 1:
        body["temperature"] = 1
        losses.tuning(path_of(asked, "temperature"), "temperature", "1 is the highest")
    if plan.thinks and asked.options.top_k is not None:
        del body["top_k"]
        losses.tuning(path_of(asked, "top_k"), "top k", "thinking excludes it")


def _write_output(output: OutputFormat, body: Fields, losses: Losses) -> None:
    """`output_config.format` (case 32): no tool is forced, so nothing conflicts with thinking."""
    own = is_own(output.origin)
    if output.kind == "text":
        return
    if output.kind == "json":
        losses.meaning(output.origin or ("output_config",), "JSON mode", "Anthropic wants a schema for it")
        return
    for what in ("name", "description"):
        if getattr(output, what) is not None:
            losses.tuning(output.origin, f"{what} of the schema", "schemas of answers have none")
    told: Fields = {"type": "json_schema"}
    if output.schema is not None or not own:
        told["schema"] = output.schema if own else output.schema or {"type": "object"}
    if is_own(output.origin):
        told = {**output.origin.rest, **told}
        if output.origin.path == OLDER:
            body["output_format"] = told
            return
    _into(body, "output_config", "format", told)
