"""A corpus with answers of a target in one store, as tests of export and scoring hold it."""

from __future__ import annotations

import json
from dataclasses import replace

from ev_asking import target
from ev_corpora import bot, call, chat, tape

from tokentape.cassettes.stores.registry import open_store
from tokentape.evaluation.asking.answers import ANSWERS, answers_name
from tokentape.evaluation.asking.preparing import prepare
from tokentape.evaluation.asking.question import UNCHANGED
from tokentape.evaluation.corpus.rows import rows
from tokentape.wire.interaction import How

MESSAGES = "https://api.anthropic.com/v1/messages"


class Elsewhere:
    """A provider that is never asked."""

    url = "https://api.anthropic.com"


CANDIDATE = target(Elsewhere, "anthropic.messages", "anthropic")


def calling(name, **arguments):
    """A reply of Chat that calls a tool."""
    function = {"name": name, "arguments": json.dumps(arguments)}
    message = {**bot(None), "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
    choice = {"index": 0, "finish_reason": "tool_calls", "message": message}
    return {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o", "choices": [choice]}


def sse(*texts, tool=None):
    """A stream of Messages: texts, or the pieces of a tool's arguments."""
    block = (
        {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}}
        if tool
        else {"type": "text", "text": ""}
    )
    kind, field = ("input_json_delta", "partial_json") if tool else ("text_delta", "text")
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": CANDIDATE.model, "content": []}
    message |= {"stop_reason": None, "usage": {"input_tokens": 20, "output_tokens": 1}}
    delta = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": block},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": kind, field: text}}
            for text in texts
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events).encode()


def questions():
    """Recorded calls of all kinds, duplicates and failures among them."""
    extract = {"metadata": {"category": "extract", "lang": "de"}}
    label = {"metadata": {"category": "label"}}
    at = "2026-11-21T10:00:{:02}Z".format
    return [
        chat("Extract: a bill", reply='{"category": "billing", "priority": 1}', at=at(0), **extract),
        chat("Extract: a parcel", reply='```json\n{"category": "shipping"}\n```', at=at(1), **extract),
        chat("Label this", reply="positive", at=at(2), **label),
        chat("Label this", reply="Positive.", at=at(3), **label),
        chat("Label this", reply="positive", at=at(4), model="gpt-4o-mini", **label),
        chat("Weather?", reply=calling("get_weather", city="Paris", unit="C"), at=at(5)),
        chat("Half a \ud800 letter?".encode("utf-8", "replace").decode(), reply="No", at=at(6), how=How.CUT),
        call(
            MESSAGES,
            {
                "model": "claude-sonnet-4-5",
                "max_tokens": 9,
                "messages": [{"role": "user", "content": "Hi"}],
                "stream": True,
            },
            sse("Hel", "lo"),
            at(7),
        ),
        chat("Hello?", {"role": "assistant", "content": "Hello."}, "And?", reply="And so.", at=at(8)),
        chat("Broken", reply="", status=500, at=at(9)),
    ]


SAID = {
    "Extract: a bill": ['{"category": "bil', 'ling", "priority": 2}'],
    "Extract: a parcel": ['{"category": "shipping"}'],
    "Label this": ["positive"],
    "Hi": ["Hello there"],
    "And?": ["And so on."],
}


def corpus(folder, name="corpus.db"):
    """The place of the questions, and that of the answers: none to one question, some shared by two."""
    store = f"sqlite:{folder / name}"
    tape(f"{store}#corpus", *questions())
    answers, asked = [], set()
    for row in rows(f"{store}#corpus"):
        if row.why_not and row.conversation is None:
            continue
        request = prepare(row.conversation, CANDIDATE, UNCHANGED, (), row.headers).request
        text = row.conversation.items[-1].parts[0].text
        if request.body in asked or (text not in SAID and text != "Weather?"):
            continue
        asked.add(request.body)
        said = (
            sse(*SAID[text])
            if text in SAID
            else sse('{"city": "Paris", ', '"unit": "F"}', tool="get_weather")
        )
        answer = call(request.url, request.body, said, "2026-11-22T00:00:00Z", ms=(200, (90,)))
        lineage = {"migrated_from": row.id, "target": CANDIDATE.label, "sample": 1}
        answers.append(replace(answer, metadata=lineage))
    place = f"{store}#{answers_name(ANSWERS, CANDIDATE)}"
    tape(place, *answers)
    return f"{store}#corpus", place


def store_of(place):
    return open_store(place)[0]
