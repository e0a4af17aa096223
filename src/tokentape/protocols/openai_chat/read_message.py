"""Messages, read: each becomes one item, an assistant's one or more (thought, text, calls)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, Role, ToolResult
from tokentape.protocols.canonical.origin import NOTHING, Origin, Turn
from tokentape.protocols.canonical.parts import Audio, Citation, Inline, Refusal, Text, Unknown
from tokentape.protocols.openai_chat.calls_read import read_call, read_function_call
from tokentape.protocols.openai_chat.content import read_parts
from tokentape.protocols.openai_chat.options import NAME
from tokentape.protocols.openai_chat.thoughts_read import is_thought, read_thought, read_thought_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Maker, Path
    from tokentape.protocols.canonical.parts import Part
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_PLAIN = frozenset({"role", "content"})
_AS_PARTS: Mapping[str, Json] = {"content": "parts"}
_ROLES = {role.value: role for role in Role}


def read_message(value: Json, where: Where, path: Path, maker: Maker, items: list[Item]) -> None:
    """Append what the message says. Of a role that is not known, `Unknown`."""
    message = where.fields(value, *path)
    role = _ROLES.get(named := where.text(message.get("role"), *path, "role"))
    if role is Role.ASSISTANT:
        _assistant(message, where, path, maker, items)
    elif role is not None:
        items.append(_spoken(role, message, where, path))
    elif named in ("tool", "function"):
        items.append(_result(message, where, path))
    else:
        items.append(Unknown(NAME, value, Origin(NAME, path, turn=Turn(path))))


def _spoken(role: Role, message: Fields, where: Where, path: Path) -> Message:
    content = message.get("content")
    if isinstance(content, str) and len(message) == 2:
        return Message(role, (Text(content),), origin=Origin(NAME, path, turn=Turn(path)))
    parts, spelling = read_content(content, where, path)
    name = where.text_or_none(message.get("name"), *path, "name")
    rest = {k: v for k, v in message.items() if v is None or k not in _SPOKEN}
    turn = Turn(path, rest or NOTHING, spelling)
    return Message(role, parts, name=name, origin=Origin(NAME, path, turn=turn))


_SPOKEN = _PLAIN | {"name"}


def read_content(content: Json, where: Where, path: Path) -> tuple[tuple[Part, ...], Mapping[str, Json]]:
    """The parts of a content, and how it was written."""
    if isinstance(content, str):
        return (Text(content),), NOTHING
    if isinstance(content, list):
        return read_parts(content, where, (*path, "content")), _AS_PARTS
    if content is not None:
        where.wrong("expected text or a list of parts, found another thing", *path, "content")
    return (), NOTHING


_USUAL = frozenset({"role", "content", "tool_call_id"})
_RESULT = _PLAIN | {"name", "tool_call_id"}


def _result(message: Fields, where: Where, path: Path) -> ToolResult:
    """The result of a tool; `function` is the older role, which goes by name alone."""
    given, content = message.get("tool_call_id"), message.get("content")
    usual = message.keys() == _USUAL and message["role"] == "tool"
    if usual and isinstance(content, str) and isinstance(given, str) and given:
        return ToolResult(given, (Text(content),), origin=Origin(NAME, path, turn=Turn(path)))
    parts, spelling = read_content(content, where, path)
    given = where.text_or_none(given, *path, "tool_call_id")
    name = where.text_or_none(message.get("name"), *path, "name")
    rest = {k: v for k, v in message.items() if v is None or k not in _RESULT}
    if message["role"] == "function":
        spelling = {**spelling, "role": "function"}
    if given == "":
        spelling = {**spelling, "id": ""}
    turn = Turn(path, rest or NOTHING, spelling)
    return ToolResult(given or "", parts, name, origin=Origin(NAME, path, turn=turn))


_SAID = frozenset(
    {
        "role",
        "content",
        "name",
        "refusal",
        "audio",
        "annotations",
        "tool_calls",
        "function_call",
        "reasoning_content",
        "reasoning",
        "reasoning_details",
    }
)


_CALLING = frozenset({"role", "content", "tool_calls"})


def _assistant(message: Fields, where: Where, path: Path, maker: Maker, items: list[Item]) -> None:
    content = message.get("content")
    if isinstance(content, str) and content and len(message) == 2:
        items.append(Message(Role.ASSISTANT, (Text(content),), origin=Origin(NAME, path, turn=Turn(path))))
        return
    if message.keys() == _CALLING and (content is None or (content and isinstance(content, str))):
        _calling(message, where, path, maker, items)
        return
    found, turn = read_assistant(message, where, path, maker)
    # A message that says nothing is there all the same.
    items += found or [Message(Role.ASSISTANT, (), origin=Origin(NAME, path, turn=turn))]


def _calling(message: Fields, where: Where, path: Path, maker: Maker, items: list[Item]) -> None:
    """The usual turn that calls tools, on the way that costs least."""
    content, calls = message["content"], message["tool_calls"]
    blank: Fields = {name: said for name, said in message.items() if not said}
    turn = Turn(path, NOTHING, {"blank": blank} if blank else NOTHING)
    origin = Origin(NAME, path, turn=turn)
    if isinstance(content, str):
        items.append(Message(Role.ASSISTANT, (Text(content),), origin=origin))
    elif not calls:
        items.append(Message(Role.ASSISTANT, (), origin=origin))
    if calls:
        for nth, call in enumerate(where.entries(calls, *path, "tool_calls")):
            items.append(read_call(call, where, (*path, "tool_calls", nth), turn, maker))


def read_assistant(message: Fields, where: Where, path: Path, maker: Maker) -> tuple[list[Item], Turn]:
    """What the model said, in a request's history or a reply: the thought, then text, then calls.

    Known fields that say nothing ("", [], null) are in the turn's spelling, as `blank`.
    """
    rest: Fields = {name: said for name, said in message.items() if name not in _SAID}
    blank: Fields = {name: said for name, said in message.items() if name in _SAID and says_nothing(said)}
    if (role := message.get("role")) and role != "assistant":
        blank["role"] = role
    spelling: Fields = {"blank": blank} if blank else {}
    if "role" not in message:
        spelling["role"] = False
    turn = Turn(path, rest, spelling)
    items: list[Item] = []
    if thought := read_thought(message, where, path, turn, maker):
        items.append(thought)
    name = where.text_or_none(message.get("name"), *path, "name")
    shell = Message(Role.ASSISTANT, (), name=name or None, origin=Origin(NAME, path, turn=turn))
    items += _said(message, where, shell, spelling)
    if calls := message.get("tool_calls"):
        for nth, call in enumerate(where.entries(calls, *path, "tool_calls")):
            items.append(read_call(call, where, (*path, "tool_calls", nth), turn, maker))
    if legacy := message.get("function_call"):
        items.append(read_function_call(legacy, where, (*path, "function_call"), turn))
    return items, turn


def says_nothing(value: Json) -> bool:
    """True for "", [], null, and an object of nothing but such (Snowflake's `audio`)."""
    return not value or (isinstance(value, dict) and not any(value.values()))


def _said(message: Fields, where: Where, shell: Message, spelling: Fields) -> list[Item]:
    """The message with its parts; thoughts among the parts (Mistral) divide it."""
    path = shell.origin.path if shell.origin else ()
    content = message.get("content")
    if isinstance(content, list):
        spelling["content"] = "parts"
        items = _divided(content, where, (*path, "content"), shell)
    else:
        said = where.text_or_none(content, *path, "content")
        items = [_with(shell, (Text(said),))] if said else []
    extra: list[Part] = []
    if refusal := message.get("refusal"):
        extra.append(Refusal(where.text(refusal, *path, "refusal")))
    if (sound := message.get("audio")) and not says_nothing(sound):
        extra.append(read_audio(sound, where, (*path, "audio")))
    if extra:
        last = items.pop() if items and isinstance(items[-1], Message) else shell
        assert isinstance(last, Message)
        items.append(_with(last, (*last.parts, *extra)))
    if notes := message.get("annotations"):
        entries = where.entries(notes, *path, "annotations")
        return cited(items, tuple(citation(note) for note in entries)) or _uncited(items, entries, spelling)
    return items


def _with(shell: Message, parts: tuple[Part, ...]) -> Message:
    return Message(shell.role, parts, shell.id, shell.name, shell.origin)


def _divided(content: list[Json], where: Where, path: Path, shell: Message) -> list[Item]:
    items: list[Item] = []
    run: list[Part] = []
    for nth, value in enumerate(content):
        if is_thought(value):
            if run:
                items.append(_with(shell, tuple(run)))
                run = []
            items.append(read_thought_part(value, where, (*path, nth), shell))
        else:
            run += read_parts([value], where, path)
    return [*items, _with(shell, tuple(run))] if run else items


def cited(items: list[Item], citations: tuple[Citation, ...]) -> list[Item]:
    """The items with the citations at the first text; none if there is no text."""
    for at, item in enumerate(items):
        if isinstance(item, Message):
            for nth, part in enumerate(item.parts):
                if isinstance(part, Text):
                    parts = list(item.parts)
                    parts[nth] = Text(
                        part.text, citations, part.opaque, part.cache, part.logprobs, part.origin
                    )
                    return [*items[:at], _with(item, tuple(parts)), *items[at + 1 :]]
    return []


def _uncited(items: list[Item], notes: list[Json], spelling: Fields) -> list[Item]:
    blank = spelling.setdefault("blank", {})
    if isinstance(blank, dict):
        blank["annotations"] = notes
    return items


def citation(note: Json) -> Citation:
    """An annotation; of those, only `url_citation` is documented. Places count the content's characters."""
    told = note if isinstance(note, dict) else {}
    kind = told.get("type")
    inner = told.get("url_citation")
    shown = inner if isinstance(inner, dict) else {}
    url, title, said = shown.get("url"), shown.get("title"), shown.get("content")
    start, end = shown.get("start_index"), shown.get("end_index")
    return Citation(
        NAME,
        kind if isinstance(kind, str) else "",
        note,
        url if isinstance(url, str) else None,
        title if isinstance(title, str) else None,
        said if isinstance(said, str) else None,
        start if isinstance(start, int) else None,
        end if isinstance(end, int) else None,
    )


_SOUND = frozenset({"id", "data", "transcript"})


def read_audio(value: Json, where: Where, path: Path) -> Audio:
    """What the model spoke; its format is only in the request. In a request, a reference to it."""
    sound = where.fields(value, *path)
    data = where.text_or_none(sound.get("data"), *path, "data")
    given = where.text_or_none(sound.get("id"), *path, "id")
    said = where.text_or_none(sound.get("transcript"), *path, "transcript")
    rest = {name: told for name, told in sound.items() if told is None or name not in _SOUND}
    source = None if data is None else Inline("", data)
    return Audio(source, given, said, origin=Origin(NAME, path, rest))
