"""What servers of one dialect do differently, as data.

A quirk says what a request to such a server looks like; it never says what a model can do. What data
cannot say is a dialect of its own: a `Dialect` with a `codec`, under the entry point
`tokentape.protocols`, which may wrap the codec of the dialect that it resembles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

Style = Literal["reasoning_effort", "reasoning", "thinking", "enable_thinking"]
"""How a Chat server is told how much to think: by OpenAI's word, OpenRouter's object, the switch
`thinking: {"type": "enabled"}`, DashScope's flag."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """The differences of one server, applied when a request is written; `reasoning_field` also
    when a reply is.

    They are for Chat. Responses takes `rename`, `drop`, `default`, `force`, `developer_role`, `tool_ids` and
    `schema`; Gemini `schema`; Messages `system_at_head`. The other dialects have no servers that differ.

    Dotted names lead to a top-level field, or a field inside it; a list stands for each of its entries
    where something is dropped (`messages.name`).
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
    text_only: bool = False
    """True where the content of a message is a string, never a list of parts."""
    parts: frozenset[str] = frozenset()
    """Types of content parts that it takes beyond those of its dialect: `video_url`, `audio_url`,
    `document_url`, `file_url` (a file part whose data is a URL)."""
    cache_marks: bool = False
    """True where `cache_control` may stand at parts and tools."""
    media_in_results: bool = False
    """True where the result of a tool may hold images."""
    reasoning_field: str | None = None
    """Field of a message that takes the thought back (`content`: a part of it); None: thoughts are not
    sent back. Where replies are written it is the field that shows the thought."""
    reasoning_details: bool = False
    """True where `reasoning_details` go back, too (OpenRouter)."""
    reasoning_on_calls: bool = False
    """True where thoughts go back with turns that call tools only, and then with each of those (case 22)."""
    thinking: Style | None = None
    """How it is told how much to think; None: as it came, else the dialect's way."""
    output: frozenset[str] = frozenset({"text", "json", "schema"})
    """The forms of output it takes."""
    token_limit: str | None = None
    """`max_tokens` or `max_completion_tokens`; None: as it came, else the latter."""
    tool_ids: str | None = None
    """Name of the rule for ids of tool calls (`tool_ids.RULES`); None: the dialect's own."""
    schema: Literal["gemini-openapi"] | None = None
    """The subset of JSON schema it takes; None: all."""
    stream_usage: Literal["option", "always", "never"] = "option"
    """How usage comes in a stream: if `stream_options` asks for it, always (it refuses the option), never."""


NO_QUIRKS = Quirks()
