"""A dialect with a codec as a third party would write one: plain text, one line each, told in NDJSON."""

from __future__ import annotations

from dataclasses import replace

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.events import Close, Counted, Delta, Ended, Failed, Open, Started, Stopped
from tokentape.protocols.canonical.failure import Failure, FailureKind, kind_of_status
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.checking import Where
from tokentape.protocols.codec import Codec, Outgoing, WireEvent
from tokentape.protocols.dialect import Dialect, Kind, Operation
from tokentape.protocols.options import NO_OPTIONS, Place, read_options, unwritten, write_options
from tokentape.protocols.usage import Usage

NAME = "shout"
WHO = {"me": Role.USER, "you": Role.ASSISTANT, "note": Role.SYSTEM}
NAMES = {role: who for who, role in WHO.items()} | {Role.DEVELOPER: "note"}
OPTIONS = (Place("temperature", ("heat",), "number"),)
STOPS = {"done": StopReason.END, "long": StopReason.LENGTH}
WORDS = {StopReason.LENGTH: "long"}
ROOT = Where(NAME)


def read_request(body, source):
    lines = ROOT.entries(body.get("lines"), "lines")
    known = frozenset({"voice", "lines", "heat"})
    return Conversation(
        tuple(_line(ROOT.fields(line, "lines", nth), nth) for nth, line in enumerate(lines)),
        ROOT.text_or_none(body.get("voice"), "voice") or source.model,
        options=read_options(body, OPTIONS, ROOT) if "heat" in body else NO_OPTIONS,
        stream=source.stream,
        origin=Origin(NAME, (), {**rest_of(body, known), **_nulls(body, known)}),
    )


def _nulls(body, known):
    return {name: None for name in known if name in body and body[name] is None}


def _line(line, nth):
    who = ROOT.text(line.get("who"), "lines", nth, "who")
    if who not in WHO:
        ROOT.wrong(f"nobody is called {who!r}", "lines", nth, "who")
    said = ROOT.text(line.get("says"), "lines", nth, "says")
    origin = Origin(NAME, ("lines", nth), rest_of(line, frozenset({"who", "says"})))
    return Message(WHO[who], (Text(said),), origin=origin)


def write_request(asked, target):
    body = _own(asked.origin)
    model = target.model or asked.model
    if model is not None:
        body["voice"] = model
    for tool in asked.tools:
        target.losses.meaning(tool.origin, "tools", "nobody calls anything here")
    if asked.output is not None and asked.output.kind != "text":
        target.losses.meaning(asked.output.origin, "output format", "text is all there is")
    body["lines"] = [line for item in asked.items for line in _written(item, target.losses)]
    unwritten(asked, write_options(asked.options, OPTIONS, body), target.losses)
    return Outgoing("/shout", body)


def _own(origin):
    return dict(origin.rest) if origin and origin.protocol == NAME else {}


def _written(item, losses):
    if not isinstance(item, Message):
        losses.meaning(item.origin, type(item).__name__, "only text is said here")
        return []
    for part in item.parts:
        if not isinstance(part, Text):
            losses.meaning(item.origin, type(part).__name__, "only text is said here")
    said = "\n".join(part.text for part in item.parts if isinstance(part, Text))
    return [{**_own(item.origin), "who": NAMES[item.role], "says": said}]


def read_reply(body, source):
    said = ROOT.text(body.get("said"), "said")
    stop = _stop(body)
    usage = _usage(body)
    origin = Origin(NAME, (), rest_of(body, frozenset({"said", "end", "counts"})))
    return Reply(
        (Choice((Message(Role.ASSISTANT, (Text(said),)),), stop),), None, None, usage=usage, origin=origin
    )


def _stop(body):
    end = ROOT.text_or_none(body.get("end"), "end")
    return None if end is None else Stop(STOPS.get(end, StopReason.OTHER), end)


def _usage(body):
    if "counts" not in body:
        return None
    counts = [ROOT.integer_or_none(n, "counts") for n in ROOT.entries(body["counts"], "counts")]
    if len(counts) != 2:
        ROOT.wrong("expected two counts", "counts")
    return Usage(*counts, raw={"counts": body["counts"]})


def write_reply(reply, target):
    parts = [part for item in reply.items if isinstance(item, Message) for part in item.parts]
    body = {**_own(reply.origin), "said": "".join(part.text for part in parts if isinstance(part, Text))}
    if reply.stop is not None:
        body["end"] = _word(reply.stop)
    if reply.usage is not None:
        body["counts"] = [reply.usage.input, reply.usage.output]
    return body


def _word(stop):
    return stop.raw if stop.raw in STOPS else WORDS.get(stop.reason, "done")


class Reader:
    def __init__(self, source):
        self.begun = False
        self.over = False

    def read(self, payload):
        line = payload.json
        if not isinstance(line, dict):
            raise ProtocolError(NAME, "", "expected an object on each line")
        if not self.begun:
            self.begun = True
            yield Started(NAME)
            yield Open(0, Text(""))
        if "oops" in line:
            yield Failed(read_failure(500, line))
            yield from self.end()
        elif "end" in line:
            yield Close(0)
            if (usage := _usage(line)) is not None:
                yield Counted(usage)
            yield Stopped(_stop(line))
            self.over = True
            yield Ended(True)
        else:
            yield Delta(0, ROOT.text(line.get("more"), "more"))

    def end(self):
        if not self.over:
            self.over = True
            yield Ended(False)


class Writer:
    def __init__(self, target):
        self.losses = target.losses
        self.texts = set()
        self.end = "done"
        self.usage = None
        self.failed = None

    def write(self, event):
        match event:
            case Open(key, Text(text)):
                self.texts.add(key)
                yield from self._more(text)
            case Open(_, block):
                self.losses.meaning((), type(block).__name__, "only text is said here")
            case Delta(key, text) if key in self.texts:
                yield from self._more(text)
            case Stopped(stop) if stop is not None:
                self.end = _word(stop)
            case Counted(usage):
                self.usage = usage
            case Failed(failure):
                self.failed = failure
            case Ended(complete):
                yield WireEvent("", self._last(complete))

    def _more(self, text):
        if text:
            yield WireEvent("", {"more": text})

    def _last(self, complete):
        if self.failed or not complete:
            failure = self.failed or Failure(FailureKind.INCOMPLETE, "the stream was cut")
            return write_failure(failure)[1]
        counts = {"counts": [self.usage.input, self.usage.output]} if self.usage else {}
        return {"end": self.end, **counts}


def read_failure(status, body):
    said = body.get("oops") if isinstance(body, dict) else None
    return Failure(kind_of_status(status), said if isinstance(said, str) else "no reason given", status)


def write_failure(failure):
    return failure.http_status, {"oops": failure.message}


CODEC = Codec(
    NAME,
    read_request,
    write_request,
    read_reply,
    write_reply,
    Reader,
    Writer,
    read_failure,
    write_failure,
    options=OPTIONS,
    framing="ndjson",
)


def recognise(call):
    if call.is_post and call.last == "shout" and "lines" in call.fields:
        return Operation(NAME, "shout", Kind.GENERATE, call.streams, call.model)
    return None


DIALECT = Dialect(NAME, recognise, codec=lambda: replace(CODEC))
