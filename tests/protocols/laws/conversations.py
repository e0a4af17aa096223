"""Random requests, replies and streams in canonical form, of what is common to most dialects."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import strategies as st

from tokentape.protocols.canonical.conversation import Conversation, Options, OutputFormat, Tool, ToolChoice
from tokentape.protocols.canonical.events import Close, Counted, Delta, Ended, Open, Ping, Started, Stopped
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Document, Image, Inline, Text, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.usage import Usage

words = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(str.strip)
names = st.text("abcdefgh_", min_size=1, max_size=8).map("do_".__add__)
ids = st.from_regex(r"\A(call_|toolu_|tooluse_)[a-zA-Z0-9]{1,24}\Z") | st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=80
)
"""Ids as the providers make them, and such as no other would take (cases 1 and 2)."""

keys = st.text("abcdef", min_size=1, max_size=4)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words
arguments = st.dictionaries(
    keys, st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=2), max_leaves=4),
    max_size=3,
).map(json.dumps)  # fmt: skip

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
images = st.sampled_from([Image(Inline("image/png", PIXEL)), Image(Url("https://example.com/cat.png"))])
documents = st.builds(
    Document,
    st.just(Inline("application/pdf", "JVBERi0xLjQK")),
    name=st.sampled_from(["report.pdf", "a.pdf"]),
)
texts = words.map(Text)


@st.composite
def calls(draw, tools):
    """A turn of the assistant that calls tools, and the results in any order."""
    made = draw(
        st.lists(st.builds(ToolCall, ids, st.sampled_from(tools), arguments), min_size=1, max_size=3, unique_by=lambda call: call.id)
    )  # fmt: skip
    results = [
        ToolResult(
            call.id, (draw(texts),), name=call.name, is_error=draw(st.sampled_from([None, None, True]))
        )
        for call in draw(st.permutations(made))
    ]
    return [*made, *results]


@st.composite
def items(draw, tools=()):
    """A conversation: system text, then turns of the user and the assistant, the user's the last."""
    found = [Message(Role.SYSTEM, (text,)) for text in draw(st.lists(texts, max_size=2))]
    for _ in range(draw(st.integers(0, 3))):
        found.append(draw(users))
        if draw(st.booleans()):
            found.append(Reasoning(draw(words)))
        if draw(st.booleans()):
            found.append(Message(Role.ASSISTANT, tuple(draw(st.lists(texts, min_size=1, max_size=2)))))
        if tools and draw(st.booleans()):
            found += draw(calls(tools))
        elif not isinstance(found[-1], Message) or found[-1].role is not Role.ASSISTANT:
            found.append(Message(Role.ASSISTANT, (draw(texts),)))
    return (*_unique(found), draw(users))


def _unique(found):
    """The items with every id of a call used once."""
    seen, renamed, fresh = set(), {}, []
    for item in found:
        if isinstance(item, ToolCall):
            renamed[item.id] = item.id if item.id not in seen else f"call_{len(fresh)}"
            seen.add(renamed[item.id])
            fresh.append(replace(item, id=renamed[item.id]))
        elif isinstance(item, ToolResult):
            fresh.append(replace(item, call_id=renamed[item.call_id]))
        else:
            fresh.append(item)
    return fresh


users = st.builds(
    Message, st.just(Role.USER), st.tuples(texts) | st.tuples(texts, images) | st.tuples(documents, texts)
)

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
outputs = (
    st.none() | st.just(OutputFormat("json")) | st.just(OutputFormat("schema", SCHEMA, "answer", strict=True))
)


def maybe(strategy):
    return st.none() | strategy


options = st.builds(
    Options,
    max_output_tokens=maybe(st.integers(1, 4000)),
    temperature=maybe(st.sampled_from([0.0, 0.5, 1.0])),
    top_p=maybe(st.sampled_from([0.1, 0.9])),
    top_k=maybe(st.integers(1, 50)),
    seed=maybe(st.integers(0, 1000)),
    stop=maybe(
        st.lists(st.sampled_from(["END", "STOP", "##"]), min_size=1, max_size=2, unique=True).map(tuple)
    ),
    frequency_penalty=maybe(st.just(0.25)),
    user=maybe(st.just("ada")),
)


@st.composite
def conversations(draw):
    """A whole request."""
    tools = draw(st.lists(names, max_size=3, unique=True))
    declared = tuple(Tool(name, draw(maybe(words)), SCHEMA) for name in tools)
    choice = (
        draw(maybe(st.sampled_from([ToolChoice("auto"), ToolChoice("required"), ToolChoice("none")])))
        if tools
        else None
    )
    output = draw(outputs) if not tools else None
    return Conversation(
        draw(items(tools)), "model-1", declared, choice, output, None, draw(options), stream=draw(st.none() | st.booleans())
    )  # fmt: skip


@st.composite
def replies(draw):
    """A whole reply: thoughts, text, calls."""
    found = [Reasoning(text) for text in draw(st.lists(words, max_size=1))]
    found += [Message(Role.ASSISTANT, (text,)) for text in draw(st.lists(texts, max_size=1))]
    made = draw(
        st.lists(st.builds(ToolCall, ids, names, arguments), max_size=2, unique_by=lambda call: call.id)
    )
    ends = [StopReason.END, StopReason.LENGTH, StopReason.CONTENT_FILTER, StopReason.CONTEXT_WINDOW]
    reason = StopReason.TOOL_CALLS if made else draw(st.sampled_from(ends))
    usage = draw(
        maybe(
            st.builds(
                Usage,
                st.integers(50, 100),
                st.integers(20, 40),
                maybe(st.integers(0, 40)),
                maybe(st.integers(0, 20)),
            )
        )
    )
    choice = Choice((*found, *made), Stop(reason, "raw"))
    return Reply((choice,), "reply-1", "model-1", 1_700_000_000, usage)


@st.composite
def event_sequences(draw):
    """A stream: blocks open in any order, their pieces interleaved, some never closed, pings between."""
    kinds = st.just(Text("")) | st.just(Reasoning()) | st.builds(ToolCall, ids, names, st.just(""))
    blocks = [
        _named_apart(block, key) for key, block in enumerate(draw(st.lists(kinds, min_size=1, max_size=4)))
    ]
    pieces = {key: _pieces(draw, key, block) for key, block in enumerate(blocks)}
    events = [Started("elsewhere", "reply-1", "model-1", 1_700_000_000)]
    waiting, opened = list(pieces), []
    while waiting or any(pieces[key] for key in opened):
        ready = [key for key in opened if pieces[key]]
        if waiting and (not ready or (draw(st.booleans()) and _may_begin(waiting[0], blocks, pieces))):
            key = waiting.pop(0)
            opened.append(key)
            events.append(Open(key, blocks[key]))
        else:
            events.append(pieces[draw(st.sampled_from(ready))].pop(0))
        if draw(st.integers(0, 9)) == 0:
            events.append(Ping())
    if draw(st.booleans()):
        events.append(Counted(Usage(14, 3)))
    tools = any(isinstance(block, ToolCall) for block in blocks)
    events.append(Stopped(Stop(StopReason.TOOL_CALLS if tools else StopReason.END, "raw")))
    return (*events, Ended(True))


def _may_begin(key, blocks, pieces):
    """Calls run beside anything; two texts, or two thoughts, at once would be one jumble anywhere."""
    kind = type(blocks[key])
    return kind is ToolCall or not any(pieces[other] for other in range(key) if type(blocks[other]) is kind)


def _named_apart(block, key):
    return replace(block, id=f"{block.id}{key}") if isinstance(block, ToolCall) else block


def _pieces(draw, key, block):
    """The deltas of a block and, mostly, its end."""
    text = draw(arguments) if isinstance(block, ToolCall) else draw(words)
    cut = draw(st.integers(1, 8))
    found = [Delta(key, text[at : at + cut]) for at in range(0, len(text), cut)]
    return found + ([Close(key)] if draw(st.integers(0, 4)) else [])
