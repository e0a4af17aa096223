"""A canonical request as the path and body of generateContent or streamGenerateContent."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.turns import own_turn, paired
from tokentape.protocols.canonical.walk import note_ids
from tokentape.protocols.codec import Outgoing
from tokentape.protocols.gemini.groups import Group, grouped
from tokentape.protocols.gemini.names import NAME, Again
from tokentape.protocols.gemini.options import OPTIONS, write_output
from tokentape.protocols.gemini.signatures import once, signed
from tokentape.protocols.gemini.thinking import write_thinking
from tokentape.protocols.gemini.tools import write_choice, write_tools
from tokentape.protocols.gemini.write_content import PartWriter, is_own
from tokentape.protocols.options import unwritten, write_options
from tokentape.protocols.tool_ids import identified

if TYPE_CHECKING:
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_request(asked: Conversation, target: Target) -> Outgoing:
    """The request; the path says model and streaming."""
    model = target.model or asked.model
    again = Again(asked.origin)
    own = is_own(asked.origin)
    writer = PartWriter(target, model)
    items = list(asked.items) if own else paired(identified(asked.items), target.losses)
    system, said = _without_system(items, target)
    groups = grouped(said)
    contents: list[Json] = [written for group in groups if (written := group.written(writer)) is not None]
    if not own:
        once(groups)
    if not own or _is_moved(asked, target):
        signed(groups, model, target.losses)
    body: Fields = {"contents": contents}
    if again.spelling.get("=contents") == "one" and len(contents) == 1:
        body["contents"] = contents[0]
    if system:
        shown = Group("system", system, own_turn(system[0], NAME)).written(writer)
        if shown is not None:
            body["systemInstruction"] = shown
    note_ids(asked.items, NAME, target.losses)
    _tools(asked, target, again, body)
    _config(asked, target, model, again, body)
    told = again.spelling.get("=model")
    if isinstance(told, str) and model is not None:
        body["model"] = told if told.removeprefix("models/") == model else f"models/{model}"
    method = "streamGenerateContent" if asked.stream else "generateContent"
    place = quote(model or "", safe="/@", errors="surrogatepass")
    path = f"v1beta/{place}" if "/" in place else f"v1beta/models/{place}"
    return Outgoing(f"{path}:{method}", again.object(body), "alt=sse" if asked.stream else "")


def _without_system(items: list[Item], target: Target) -> tuple[list[Item], list[Item]]:
    """System text, which has one place, at the head (case 23), and everything else."""
    system: list[Item] = []
    said: list[Item] = []
    for item in items:
        turn = own_turn(item, NAME)
        if turn is not None and turn.path[:1] == ("systemInstruction",):
            system.append(item)
        elif isinstance(item, Message) and item.role in (Role.SYSTEM, Role.DEVELOPER) and turn is None:
            if said:
                why = "system text stands before the conversation here, and moves there"
                target.losses.tuning(item.origin, f"place of {item.role.value} text", why)
            system.append(item)
        else:
            said.append(item)
    return system, said


def _tools(asked: Conversation, target: Target, again: Again, body: Fields) -> None:
    tools = write_tools(asked.tools, target.quirks.schema == "gemini-openapi", target.losses)
    how = again.spelling.get("=tools")
    if tools:
        body["tools"] = tools[0] if how == "one" and len(tools) == 1 else tools
    elif how == "empty":
        body["tools"] = []
    config: Fields = {}
    if asked.tool_choice is not None:
        config["functionCallingConfig"] = write_choice(asked.tool_choice)
    config = again.object(config, "toolConfig.")
    if config or "=toolConfig" in again.spelling:
        body["toolConfig"] = config


def _config(asked: Conversation, target: Target, model: str | None, again: Again, body: Fields) -> None:
    losses = target.losses
    options = asked.options
    written = write_options(options, OPTIONS, body)
    unwritten(asked, written, target.losses)
    found = body.pop("generationConfig", None)
    config: Fields = found if isinstance(found, dict) else {}
    if options.modalities is not None:
        config["responseModalities"] = _modalities(options.modalities, again.spelling.get("=modalities"))
    if "=stopSequences" in again.spelling and options.stop is not None and len(options.stop) == 1:
        config["stopSequences"] = options.stop[0]
    if asked.output is not None:
        config.update(write_output(asked.output, target.quirks.schema == "gemini-openapi", losses))
    if asked.thinking is not None:
        thinking = write_thinking(asked.thinking, model, losses, moved=_is_moved(asked, target))
        if thinking or is_own(asked.thinking.origin):
            config["thinkingConfig"] = thinking
    config = again.object(config, "generationConfig.")
    if config or "=generationConfig" in again.spelling:
        body["generationConfig"] = config


def _is_moved(asked: Conversation, target: Target) -> bool:
    """True if it goes to another model than it was written for."""
    return target.model is not None and asked.model is not None and target.model != asked.model


def _modalities(words: tuple[str, ...], raw: Json) -> Json:
    given = [raw] if isinstance(raw, str) else raw
    if isinstance(given, list) and tuple(str(word).lower() for word in given) == words:
        return raw
    return [word.upper() for word in words]
