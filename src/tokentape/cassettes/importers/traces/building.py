"""A traced call as an interaction: written in the dialect of its provider, and marked as made.

Nothing here was on a wire. `origin` names the format, the reply has the header `x-tokentape-synthesized`, and
the metadata says which span of which trace it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from tokentape.cassettes.importers.notes import LeftOut
from tokentape.cassettes.importers.traces.servers import server_of
from tokentape.cassettes.importers.traces.traced import written
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.canonical.walk import portable
from tokentape.protocols.codec import Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.framing import ENCODERS, MEDIA_TYPES
from tokentape.protocols.quirks import Quirks
from tokentape.protocols.reading import fields
from tokentape.protocols.translation import codec_of, write_reply, write_request
from tokentape.protocols.unfolding import dumped
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.jsontext import JsonError
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from tokentape.cassettes.importers.notes import Notes
    from tokentape.cassettes.importers.traces.servers import Server
    from tokentape.cassettes.importers.traces.traced import Traced, When
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

HEADER = ("x-tokentape-synthesized", "trace")
"""The field, and its value for a reply that was made of a trace."""
MADE = "synthesized of a trace: bodies, headers and the pieces of streams are made anew, no bytes were kept"


def interaction_of(traced: Traced, notes: Notes) -> Interaction:
    """The interaction, without id and key. Raises `LeftOut`."""
    try:
        made = _built(traced, notes)
    except (JsonError, RecursionError):
        raise LeftOut("it is nested too deeply to be written") from None
    notes.say(MADE)
    return made


def _built(traced: Traced, notes: Notes) -> Interaction:
    asked = _counting(traced)
    server = server_of(traced.provider, asked.model, traced.dialect, traced.host)
    target = Target(server.dialect, asked.model, server.name or None, quirks=_spoken(server))
    outgoing = write_request(asked, target, allow_losses=True).result
    _note(target.losses, "the request's", notes)
    _note_unknown(traced, server, notes)
    url = _url(server, outgoing.path, outgoing.query)
    request = Request("POST", url, _headers(server), dumped(outgoing.body))
    response = _response(traced, asked, server, notes)
    return Interaction(
        "",
        request,
        response,
        Ended(How.EOF),
        _timing(traced.when, len(response.chunks)),
        origin=traced.format,
        metadata={**traced.about, "imported": _imported(traced)},
    )


def _counting(traced: Traced) -> Conversation:
    """A stream tells the usage only if it is asked to; where the trace knows it, it was."""
    asked = traced.asked
    counted = traced.reply is not None and traced.reply.usage is not None
    return (
        replace(asked, counts_usage=True)
        if asked.stream and asked.counts_usage is None and counted
        else asked
    )


def _spoken(server: Server) -> Quirks:
    """Of the differences of a server those that say where a thought stands; what it refuses was not sent."""
    known = quirks_of(server.name)
    return Quirks(reasoning_field=known.reasoning_field, reasoning_details=known.reasoning_details)


def _note(losses: Losses, whose: str, notes: Notes) -> None:
    for loss in losses.report:
        notes.lose(f"{whose} {loss.what}: {loss.why}")


def _note_unknown(traced: Traced, server: Server, notes: Notes) -> None:
    """What the trace does not tell, though the call had it."""
    said = (*traced.asked.items, *(traced.reply.items if traced.reply is not None else ()))
    if not traced.asked.tools and any(isinstance(item, ToolCall) for item in said):
        notes.lose("the definitions of the tools that were called")
    if server.dialect == "anthropic.messages" and traced.asked.options.max_output_tokens is None:
        notes.lose("max_tokens, which every request has: the limit of the model stands there")


def _url(server: Server, path: str, query: str) -> str:
    """The address: the version that the base ends in stands for the one in the path. Raises `LeftOut`."""
    first, _, rest = path.partition("/")
    versioned = first[:1] == "v" and first[1:2].isdigit()
    if server.dialect == "ollama":
        versioned = first == "api"
    path = quote(rest if versioned else path, safe="/:-._~%@")
    if {".", ".."} & set(unquote(path).split("/")):
        raise LeftOut("its model cannot stand in an address")
    return f"{server.base}/{path}" + (f"?{query}" if query else "")


def _headers(server: Server) -> tuple[tuple[str, str], ...]:
    version = (("anthropic-version", "2023-06-01"),) if server.dialect == "anthropic.messages" else ()
    return (("content-type", "application/json"), *version)


def _response(traced: Traced, asked: Conversation, server: Server, notes: Notes) -> Response:
    if traced.reply is None:
        return _error(traced, server)
    target = Target(server.dialect, provider=server.name or None, quirks=_spoken(server), asked=asked)
    reply = traced.reply
    end = traced.when.end if traced.when.end is not None else traced.when.start
    reply = replace(
        reply,
        model=reply.model or asked.model,
        created=reply.created if reply.created is not None else int(end or 0),
    )
    body = write_reply(reply, target).result
    _note(target.losses, "the reply's", notes)
    if not asked.stream:
        return _of(200, "application/json", [dumped(_uncounted(body, reply, server))])
    return _of(200, MEDIA_TYPES[codec_of(server.dialect).framing], _streamed(reply, target, server))


def _uncounted(told: Json, reply: Reply, server: Server) -> Json:
    """A message of Anthropic has its counts always: null where the trace tells none, since 0 is a count."""
    known = reply.usage
    names = {"input_tokens": known and known.input, "output_tokens": known and known.output}
    if server.dialect != "anthropic.messages" or None not in names.values() or not isinstance(told, dict):
        return told
    found: Json = {
        name: _uncounted(each, reply, server) if name == "message" else each for name, each in told.items()
    }
    counts = told.get("usage")
    if isinstance(counts, dict):
        nulls = {name: None for name in counts if name in names and names[name] is None}
        found = {**fields(found), "usage": {**counts, **nulls}}
    return found


def _streamed(reply: Reply, target: Target, server: Server) -> list[bytes]:
    """The reply as a stream, which it was: the first event, and the rest."""
    codec = codec_of(target.dialect)
    choices = tuple(replace(one, items=portable(one.items, target.dialect)) for one in reply.choices)
    writer, encode = codec.writer(target), ENCODERS[codec.framing]
    events = [
        encode(replace(wire, json=_uncounted(wire.json, reply, server)))
        for event in unfold(replace(reply, choices=choices))
        for wire in writer.write(event)
    ]
    return [events[0], b"".join(events[1:])] if len(events) > 1 else events


def _error(traced: Traced, server: Server) -> Response:
    if traced.failure is None:
        raise LeftOut("it holds no reply")
    status, body = codec_of(server.dialect).write_failure(traced.failure)
    return _of(status, "application/json", [dumped(body)])


def _of(status: int, media: str, pieces: list[bytes]) -> Response:
    body = b"".join(pieces)
    headers = (("content-type", media), HEADER)
    return Response(status, "", headers, body, tuple(len(piece) for piece in pieces if piece))


def _timing(when: When, chunks: int) -> Timing:
    """The head came with the first piece of a stream; of a reply that came whole nothing else is known."""
    at = written(when.start)
    if when.seconds is None:
        return Timing(at)
    total = round(when.seconds * 1000)
    if chunks < 2 or when.first is None:
        return Timing(at, total, (0,) * chunks)
    first = min(max(round(when.first * 1000), 0), total)
    return Timing(at, first, (0, total - first, *((0,) * (chunks - 2))))


def _imported(traced: Traced) -> Json:
    told = {"trace": traced.trace, "span": traced.span, "parent": traced.parent, "name": traced.name}
    return {"format": traced.format, **{name: value for name, value in told.items() if value}}
