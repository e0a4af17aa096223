"""Signatures of calls that a client stripped (cases 7, 18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.gemini.thinking import has_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.wire.interaction import Json

    class Content(Protocol):
        """A content: its items, and the parts they became."""

        items: list[Item]
        parts: list[Json]


DUMMY = "skip_thought_signature_validator"
"""Google's documented stand-in for a signature that is gone (Gemini API, "Thought signatures", FAQ)."""


def once(groups: Sequence[Content]) -> None:
    """Of parallel calls only the first is signed: the same signature again is left out."""
    for group in groups:
        seen: set[str] = set()
        for part in group.parts:
            if isinstance(part, dict) and "functionCall" in part and (found := part.get("thoughtSignature")):
                if str(found) in seen:
                    del part["thoughtSignature"]
                seen.add(str(found))


def signed(groups: Sequence[Content], model: str | None, losses: Losses) -> None:
    """Gemini 3 refuses the calls of the current turn if the first of each step has no signature: where it
    is lost, or another model called, the dummy stands for it.
    """
    if not has_levels(model):
        return
    for group in groups[_current(groups) :]:
        call = next((part for part in group.parts if isinstance(part, dict) and "functionCall" in part), None)
        if call is None or "thoughtSignature" in call or "thought_signature" in call:
            continue
        call["thoughtSignature"] = DUMMY
        origin = next((item.origin for item in group.items if isinstance(item, ToolCall)), None)
        why = "the call came without; Google's dummy stands for it, and the model lost its thought"
        losses.tuning(origin, "thought signature", why)


def _current(groups: Sequence[Content]) -> int:
    """Where the current turn begins: behind the last thing the user said."""
    for nth in range(len(groups) - 1, -1, -1):
        if any(isinstance(item, Message) and item.role is Role.USER for item in groups[nth].items):
            return nth + 1
    return 0
