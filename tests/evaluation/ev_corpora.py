"""Recordings made by hand, and the real samples as cassettes."""

from __future__ import annotations

import json
from pathlib import Path

from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.cassettes.stores.registry import open_store
from tokentape.evaluation.corpus.row import Row
from tokentape.keeping import as_stored
from tokentape.matching.key import Matcher
from tokentape.options import Options, redactor_of
from tokentape.wire.interaction import Ended, How, Interaction, Timing
from tokentape.wire.message import Request, Response

SAMPLES = Path(__file__).parents[1] / "samples"
JSON = (("Content-Type", "application/json"),)


def user(text):
    return {"role": "user", "content": text}


def bot(text):
    return {"role": "assistant", "content": text}


def chat(
    *messages,
    reply="Yes.",
    model="gpt-4o",
    at="2026-11-21T09:00:00Z",
    status=200,
    how=How.EOF,
    metadata=None,
    ms=(300, (100, 50)),
    usage=(10, 2),
    **more,
):
    """A recorded call of Chat Completions; `reply` is its text, or its body."""
    asked = {"model": model, "messages": [user(each) if isinstance(each, str) else each for each in messages]}
    body = reply
    if isinstance(reply, str):
        counted = {"prompt_tokens": usage[0], "completion_tokens": usage[1]} if usage else None
        body = {"id": "c", "object": "chat.completion", "created": 1, "model": model, "usage": counted}
        body["choices"] = [{"index": 0, "finish_reason": "stop", "message": bot(reply)}]
    return call(
        "https://api.openai.com/v1/chat/completions", {**asked, **more}, body, at, status, how, metadata, ms
    )


def responses(said, *, id, previous=None, at="2026-11-21T09:00:00Z"):
    """A recorded call of Responses that goes on from an earlier reply."""
    asked = {"model": "gpt-5", "input": said}
    if previous:
        asked["previous_response_id"] = previous
    message = {"type": "message", "id": "m", "role": "assistant", "status": "completed"}
    message["content"] = [{"type": "output_text", "text": "Yes.", "annotations": []}]
    body = {"id": id, "object": "response", "created_at": 1, "status": "completed", "model": "gpt-5"}
    return call("https://api.openai.com/v1/responses", asked, {**body, "output": [message]}, at)


def call(
    url, asked, body, at="2026-11-21T09:00:00Z", status=200, how=How.EOF, metadata=None, ms=(300, (150,))
):
    """A recorded call."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = JSON if not data.startswith((b"data:", b"event:")) else (("Content-Type", "text/event-stream"),)
    request = Request("POST", url, JSON, asked if isinstance(asked, bytes) else json.dumps(asked).encode())
    sizes = (len(data) - 1, 1) if len(ms[1]) == 2 else (len(data),)
    reply = None if status is None else Response(status, "OK", kind, data, sizes)
    timing = Timing(at, ms[0], ms[1])
    options = Options.of({})
    interaction = Interaction("", request, reply, Ended(how), timing, metadata=metadata or {})
    return as_stored(interaction, Matcher(options.match_on), redactor_of(options))


def tape(place, *calls):
    """A cassette of these calls; its place."""
    store, name = open_store(str(place))
    journal = store.journal(name, rules="k1:test")
    for each in calls:
        journal.append(each)
    store.commit(name, journal, finished=True, rules="k1:test")
    return str(place)


def row(interaction, cassette="a.json"):
    return Row(interaction, cassette)


def samples(folder):
    """The real samples as cassettes, one file each; the folder."""
    options = Options.of({})
    matcher, redactor = Matcher(options.match_on), redactor_of(options)
    for path in sorted(SAMPLES.glob("*.yaml")):
        found = (as_stored(each, matcher, redactor) for each in read_vcr(str(path)).interactions)
        tape(folder / f"{path.stem}.json", *(each for each in found if each and not redactor.leaks(each)))
    return str(folder)
