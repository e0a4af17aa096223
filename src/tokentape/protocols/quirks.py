"""What servers of one dialect do differently, as data.

A quirk says what a request to such a server looks like, and where its replies put things; it never says
what a model can do. What data cannot say is a dialect of its own (`tokentape.protocols` entry point).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class Quirks:
    """The differences of one server, applied when a request is written, and when its replies are read.

    Dotted names lead to a top-level field, or a field inside it.
    """

    rename: tuple[tuple[str, str], ...] = ()
    drop: frozenset[str] = frozenset()
    """Fields the server refuses; each is a loss of tuning."""
    default: tuple[tuple[str, Json], ...] = ()
    """Fields it wants, unless the request says otherwise."""
    force: tuple[tuple[str, Json], ...] = ()
    developer_role: Literal["developer", "system"] | None = None
    """What system text is called; None: as it came, `system` where it came from another dialect."""
    system_at_head: bool = False
    """True where system text may only stand before the conversation."""
    merge_roles: bool = False
    """True where turns of the same role must not follow each other."""
    reasoning_field: str | None = None
    """Field of a message that takes the thought back; None: thoughts are not sent back."""
    token_limit: str | None = None
    """`max_tokens` or `max_completion_tokens`; None: as it came, else the latter."""
    tool_ids: str | None = None
    """Name of the rule for ids of tool calls (`tool_ids.RULES`); None: the dialect's own."""
    schema: str | None = None
    """Name of the subset of JSON schema it takes; None: all."""
    stream_usage: Literal["option", "always", "never"] = "option"
    """How usage comes in a stream: if `stream_options` asks for it, always (it refuses the option), never."""


NO_QUIRKS = Quirks()
