"""What a request is for: the conversation itself, a title for it, a summary of it, or work beside it.

The header `X-Tokentape-Class` decides, then the configured rules in order, then what known clients do: a
header of theirs, or the words with which they ask for a title or a summary. Everything else is "main". A
class is a scope and a routing condition, so a wrong guess sends a user's work to a cheap model: built-in
rules look at whole sentences in fixed places, never at a model's name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.reading import at, block_text, fields, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.gateway.call import Naming
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]

MAIN, BACKGROUND, TITLE, COMPACTION = "main", "background", "title", "compaction"


@dataclass(frozen=True, slots=True)
class Classified:
    """A class, and in words what decided."""

    name: str
    evidence: str


@dataclass(frozen=True, slots=True)
class ClassRule:
    """A request is of class `name` if everything that is said here is true of it.

    `models` are glob patterns, `headers` name and glob pattern of the value (any case), `max_tokens` the
    most that the request may allow, `system` and `last` texts that the system text, or the last message,
    holds, as they are written there, `tools` whether it has any.
    """

    name: str
    models: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    max_tokens: int | None = None
    system: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    tools: bool | None = None
    dialects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UsageError("a class rule needs a name; write main, background, title or one of your own")
        said = (self.models, self.headers, self.system, self.last, self.dialects)
        if not any(said) and self.max_tokens is None and self.tools is None:
            raise UsageError(f"class rule {self.name!r} says nothing of a request; give it a condition")

    def fits(self, asked: Request) -> bool:
        """True if all conditions hold; those that cost little are looked at first."""
        for name, pattern in self.headers:
            if not asked.has(name, pattern):
                return False
        return self._fits_head(asked) and self._fits_body(asked)

    def _fits_head(self, asked: Request) -> bool:
        if self.dialects and asked.dialect not in self.dialects:
            return False
        return not self.models or any(fnmatchcase(asked.model, each) for each in self.models)

    def _fits_body(self, asked: Request) -> bool:
        if self.tools is not None and self.tools is not asked.has_tools:
            return False
        if self.max_tokens is not None and (asked.limit is None or asked.limit > self.max_tokens):
            return False
        if self.system and not _holds(asked.system, self.system):
            return False
        return not self.last or _holds(asked.last, self.last)


def _holds(said: str, wanted: Sequence[str]) -> bool:
    return any(each in said for each in wanted)


class Request:
    """A request as rules look at it, in any dialect. Texts are put together when a rule asks for them."""

    def __init__(self, dialect: str, operation: str, model: str, headers: Headers, body: Fields) -> None:
        self.dialect, self.operation, self.model = dialect, operation, model
        self.headers, self.body = headers, body

    def has(self, name: str, pattern: str) -> bool:
        """True if a header field is there and its value is like `pattern`."""
        value = self._named.get(name.lower())
        return value is not None and fnmatchcase(value.lower(), pattern.lower())

    @cached_property
    def _named(self) -> dict[str, str]:
        """The header fields by name; the first of several of one name."""
        return {name.lower(): value for name, value in reversed(self.headers)}

    @property
    def has_tools(self) -> bool:
        """True if it brings tools."""
        return bool(self.body.get("tools") or self.body.get("functions") or self.body.get("toolConfig"))

    @property
    def limit(self) -> int | None:
        """The most tokens it allows for the answer."""
        body = self.body
        config = fields(body.get("generationConfig")) or fields(body.get("inferenceConfig"))
        named = ("max_tokens", "max_completion_tokens", "max_output_tokens")
        found = [number(body.get(name)) for name in named]
        found += [number(config.get("maxOutputTokens")), number(config.get("maxTokens"))]
        found.append(number(at(body.get("options"), "num_predict")))
        return next((each for each in found if each is not None), None)

    @cached_property
    def system(self) -> str:
        """The system text: a field of its own, or the leading messages of that role."""
        body = self.body
        instruction = body.get("systemInstruction") or body.get("system_instruction")
        own = [block_text(body.get(name)) for name in ("system", "instructions")]
        own.append(block_text(at(instruction, "parts") or instruction))
        turns = self._turns
        for turn in turns if isinstance(turns, list) else ():
            if fields(turn).get("role") not in ("system", "developer"):
                break
            own.append(block_text(fields(turn).get("content")))
        return "\n".join(filter(None, own))

    @cached_property
    def last(self) -> str:
        """The text of the last message."""
        turns = self._turns
        if isinstance(turns, str):
            return turns
        turn = fields(turns[-1]) if isinstance(turns, list) and turns else {}
        return block_text(turn.get("content") or turn.get("parts"))

    @property
    def _turns(self) -> Json:
        body = self.body
        return body.get("messages") or body.get("input") or body.get("contents") or body.get("prompt")


_TITLES = (
    # Claude Code: the title of a session, and whether a message begins a new topic, which is its title.
    "Generate a concise, sentence-case title",
    "Analyze if this message indicates a new conversation topic",
    # OpenCode's agent for titles.
    "You are a title generator. You output ONLY a thread title",
)
_SUMMARIES = (
    # Claude Code, and agents that took its words.
    "Your task is to create a detailed summary of the conversation so far",
    # Codex, where it compacts without the endpoint for it (templates/compact/prompt.md).
    "You are performing a CONTEXT CHECKPOINT COMPACTION",
)
_SYSTEMS = (
    # Claude Code's system text while it compacts.
    "You are a helpful AI assistant tasked with summarizing conversations",
    # Gemini CLI and Qwen Code.
    "distills chat history into a structured XML <state_snapshot>",
    "summarizes internal chat history into a given structure",
)
_BESIDE = (
    # Claude Code lets a request of its own search the web (2.1.197); its tools are told the result.
    "You are an assistant for performing a web search tool use",
    # Gemini CLI asks which model a prompt needs before it asks one (0.61.0).
    "You are a specialized Task Routing AI",
)
_CLAUDE = "x-claude-code-request-class"
_CODEX = "x-codex-turn-metadata"

BUILT_IN = (
    # Claude Code tells gateways what a request is for, if CLAUDE_CODE_GATEWAY_HINT_HEADERS is set
    # (code.claude.com, "LLM gateway"): main, subagent, workflow, compaction, auxiliary. A sub-agent's turns
    # are main turns of its own conversation.
    ClassRule(COMPACTION, headers=((_CLAUDE, "compaction"),)),
    ClassRule(BACKGROUND, headers=((_CLAUDE, "auxiliary"),)),
    ClassRule(MAIN, headers=((_CLAUDE, "*"),)),
    # Codex names what its own threads do; reviews and other agents are conversations of their own.
    ClassRule(COMPACTION, headers=((_CODEX, '*"request_kind":"compaction"*'),)),
    ClassRule(MAIN, headers=((_CODEX, '*"request_kind":"turn"*'),)),
    ClassRule(COMPACTION, headers=(("x-openai-subagent", "compact"),)),
    ClassRule(BACKGROUND, headers=(("x-openai-subagent", "memory_consolidation"),)),
    ClassRule(BACKGROUND, headers=(("x-openai-memgen-request", "true"),)),
    ClassRule(TITLE, tools=False, system=_TITLES),
    ClassRule(COMPACTION, system=_SYSTEMS),
    ClassRule(BACKGROUND, system=_BESIDE),
    ClassRule(COMPACTION, last=_SUMMARIES),
    # Claude Code asks for one token of "quota" to see if it may go on, and counts words with haiku.
    ClassRule(BACKGROUND, models=("*haiku*",), max_tokens=1, headers=(("user-agent", "claude-cli/*"),)),
    ClassRule(BACKGROUND, models=("*haiku*",), tools=False, headers=(("user-agent", "claude-cli/*"),)),
)
"""What known clients do, most certain first."""


def class_of(asked: Request, naming: Naming, rules: Sequence[ClassRule] = ()) -> Classified:
    """The class of a request. Configured `rules` go before those for known clients."""
    if naming.kind is not None:
        return Classified(naming.kind, "the client named the class")
    if asked.operation == "compact":
        return Classified(COMPACTION, "the endpoint")
    for nth, rule in enumerate(rules):
        if rule.fits(asked):
            return Classified(rule.name, f"class rule {nth + 1}")
    for rule in BUILT_IN:
        if rule.fits(asked):
            return Classified(rule.name, f"a known client's {_why(rule)}")
    return Classified(MAIN, "nothing says otherwise")


def _why(rule: ClassRule) -> str:
    if rule.system:
        return "system text"
    if rule.last:
        return "last message"
    return f"header {rule.headers[0][0]}" if len(rule.headers) == 1 and not rule.models else "habits"
