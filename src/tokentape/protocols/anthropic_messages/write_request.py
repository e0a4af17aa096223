"""A canonical conversation as a Messages request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.naming import is_own
from tokentape.protocols.anthropic_messages.settings import Plan, planned, with_room, write_settings
from tokentape.protocols.anthropic_messages.tools import allowed, written_choice, written_tools
from tokentape.protocols.anthropic_messages.write_content import Blocks
from tokentape.protocols.anthropic_messages.write_turns import (
    ordered,
    split,
    written_messages,
    written_system,
)
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.families import family_of
from tokentape.protocols.reading import at, objects

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation, ToolChoice
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

PATH = "v1/messages"


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request. What cannot be said is in `target.losses`."""
    own = is_own(asked.origin)
    model = target.model or asked.model
    losses = target.losses
    body: Fields = dict(asked.origin.rest) if is_own(asked.origin) else {}
    in_path = asked.origin.spelling if is_own(asked.origin) else {}
    if model is not None and (target.model is not None or "model" not in in_path):
        body["model"] = model
    if asked.stream is not None and "stream" not in in_path:
        body["stream"] = asked.stream
    blocks = Blocks(target, asked.model, own, _takes_unsigned(asked, model, target))
    head, items = split(asked.items if own else ordered(asked.items, losses), target, model)
    if (system := written_system(head, blocks)) is not None:
        body["system"] = system
    messages = written_messages(items, blocks)
    body["messages"] = messages
    plan = planned(asked.thinking, model, losses)
    if not own and plan.budget is not None and _lacks_thought(messages):
        origin = asked.thinking.origin if asked.thinking else None
        losses.tuning(origin, "thinking", "the last calls came without a thought that Claude signed")
        plan.config = None
    _write_tools(asked, body, plan, own, losses)
    limit = asked.options.max_output_tokens if own else with_room(plan, asked, model, losses)
    write_settings(asked, body, plan=plan, limit=limit, losses=losses)
    return Outgoing(PATH, body)


def _lacks_thought(messages: list[Json]) -> bool:
    """True where results answer a turn that does not begin with its thought: with a budget to think that is
    refused ("Extended thinking with tool use"; case 15).
    """
    if len(messages) < 2 or "tool_result" not in _kinds(messages[-1]):
        return False
    return _kinds(messages[-2])[:1] not in (["thinking"], ["redacted_thinking"])


def _kinds(message: Json) -> list[Json]:
    return [block.get("type") for block in objects(at(message, "content"))]


def _takes_unsigned(asked: Conversation, model: str | None, target: Target) -> bool:
    """True where thoughts without a signature may go back: to the family that made them, which for what
    did not come from this dialect must not be Claude.
    """
    family = family_of(model, target.dialect)
    same = model == asked.model or family == family_of(asked.model, target.dialect)
    return same and (is_own(asked.origin) or family != "claude")


def _write_tools(asked: Conversation, body: Fields, plan: Plan, own: bool, losses: Losses) -> None:
    choice, parallel = asked.tool_choice, asked.options.parallel_tool_calls
    if asked.tools:
        tools = allowed(asked.tools, choice, losses)
        if written := written_tools(tools, losses):
            body["tools"] = written
    if choice is None and parallel is None:
        return
    if not own and "tools" not in body:
        # A choice without tools is refused; only one that wants a call says something.
        if choice is not None and choice.mode in ("required", "tool"):
            losses.meaning(choice.origin or ("tool_choice",), "tool choice", "there is no tool to call")
        return
    told = written_choice(choice, parallel)
    if told is not None:
        body["tool_choice"] = told
        _let_think(asked, choice, plan, told, losses)


def _let_think(
    asked: Conversation, choice: ToolChoice | None, plan: Plan, told: Fields, losses: Losses
) -> None:
    """A forced call excludes thinking (case 32): which tool is called matters more."""
    if not plan.thinks or told.get("type") not in ("any", "tool"):
        return
    if asked.thinking is not None and is_own(asked.thinking.origin) and choice and is_own(choice.origin):
        return
    losses.tuning(asked.thinking.origin if asked.thinking else None, "thinking", "a forced call excludes it")
    plan.config = plan.effort = None
