"""Short ways to Messages and back, for the cases about it."""

from __future__ import annotations

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_reply, translate_request, write_request
from tokentape.protocols.unfolding import sse

NAME = "anthropic.messages"
CODEC = codec_of(NAME)
CLAUDE = "claude-sonnet-4-5"


def from_chat(*messages, model=CLAUDE, allow=True, **more):
    """Body and losses of a Chat request in Messages."""
    body = {"model": "gpt-5-mini", "messages": list(messages), **more}
    found = translate_request(body, Source("openai.chat"), Target(NAME, model), allow_losses=allow)
    return found.result.body, found.losses


def from_canonical(asked, model=CLAUDE):
    """Body and losses of a canonical request in Messages."""
    found = write_request(asked, Target(NAME, model), allow_losses=True)
    return found.result.body, found.losses


def read(*messages, model=CLAUDE, **more):
    """A Messages request in canonical form."""
    return CODEC.read_request(
        {"model": model, "max_tokens": 100, "messages": list(messages), **more}, Source(NAME)
    )


def home(*messages, model=CLAUDE, to=None, **more):
    """A Messages request read and written again, for model `to`; body and losses."""
    target = Target(NAME, to)
    return CODEC.write_request(read(*messages, model=model, **more), target).body, target.losses.report


def reply_in(dialect, **told):
    """A message as a reply of another dialect; body and losses."""
    body = {"id": "msg_1", "type": "message", "role": "assistant", "model": CLAUDE, "content": [], **told}
    found = translate_reply(body, Source(NAME), Target(dialect))
    return found.result, found.losses


def events_of(*wire):
    """Canonical events of a stream whose events are these objects."""
    reader = CODEC.reader(Source(NAME))
    found = [event for json in wire for event in reader.read(Payload.read(json["type"], b"{}", json))]
    return [*found, *reader.end()]


def stream_of(*events):
    """The objects that a Messages stream says these canonical events with."""
    writer = CODEC.writer(Target(NAME))
    return [wire.json for event in events for wire in writer.write(event)]


def translated(wire, source, target):
    """A stream of JSON events, framed as server-sent ones, in another dialect: its bytes."""
    translator = StreamTranslator(Source(source), Target(target))
    data = b"".join(sse(event, event.get("type", "") if source == NAME else "") for event in wire)
    return translator.feed(data) + translator.end()


def call(given, name="f", arguments="{}"):
    """A call of Chat's."""
    return {"id": given, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(given, content="ok"):
    """A result of Chat's."""
    return {"role": "tool", "tool_call_id": given, "content": content}
