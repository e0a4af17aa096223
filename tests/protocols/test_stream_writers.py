"""What clients rely on in any stream that is written: ids that stay, arguments that are JSON, an honest end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Event,
    Failed,
    Open,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.fold import Fold, fold
from tokentape.protocols.canonical.items import Message, ToolCall
from tokentape.protocols.canonical.parts import Citation, Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.translation import codec_of
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

TOOLS = Stop(StopReason.TOOL_CALLS, "tools")
CALL = ToolCall("", "now", "")


def written(dialect: str, *events: Event) -> list[dict[str, Json]]:
    writer = codec_of(dialect).writer(Target(dialect))
    return [w.json for event in events for w in writer.write(event) if isinstance(w.json, dict)]


def of_type(events: list[dict[str, Json]], kind: str) -> list[dict[str, Json]]:
    return [event for event in events if event["type"] == kind]


def sse(*events: object) -> bytes:
    told = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"data: {data}\n\n" for data in told).encode()


def read(dialect: str, wire: bytes) -> list[Event]:
    reader = EventReader(Source(dialect))
    return [*reader.feed(wire), *reader.end()]


# ---- Chat


def test_chat_chunks_keep_the_id_and_time_of_the_first() -> None:
    chunks = written(
        "openai.chat", Started("elsewhere", model="m"), Open(0, Text("a")),
        Started("elsewhere", "late", "m", 1_700_000_000), Delta(0, "b"), Ended(True),
    )  # fmt: skip
    assert len({(chunk["id"], chunk["created"]) for chunk in chunks}) == 1


def test_chat_tells_the_id_of_a_call_once() -> None:
    """OpenAI's SDK joins what is told twice."""
    chunks = written("openai.chat", Open(0, CALL), Amend(0, "id", "late"), Close(0), Ended(True))
    assert json.dumps(chunks).count('"id": "call_') == 1
    assert "late" not in json.dumps(chunks)


def test_what_chat_cites_bit_by_bit_is_joined_by_the_sdk() -> None:
    cited = [Citation("elsewhere", "web", {}, "https://a.example", str(nth)) for nth in range(3)]
    chunks = written(
        "openai.chat", Open(0, Text("x")), *(Amend(0, "citations", c) for c in cited),
        Stopped(Stop(StopReason.END)), Ended(True),
    )  # fmt: skip
    state = pytest.importorskip("openai.lib.streaming.chat").ChatCompletionStreamState()
    chunk_type = pytest.importorskip("openai.types.chat").ChatCompletionChunk
    for chunk in chunks:
        state.handle_chunk(chunk_type.model_validate(chunk))
    found = state.get_final_completion().choices[0].message.annotations or []
    assert [note.url_citation.title for note in found] == ["0", "1", "2"]


# ---- Responses


def test_responses_keep_the_id_that_pairs_a_call() -> None:
    events = written(
        "openai.responses", Open(0, CALL), Amend(0, "id", "late"), Close(0), Stopped(TOOLS), Ended(True)
    )
    (added,) = of_type(events, "response.output_item.added")
    (done,) = of_type(events, "response.output_item.done")
    (last,) = of_type(events, "response.completed")
    ids = {item["call_id"] for item in (added["item"], done["item"], last["response"]["output"][0])}  # type: ignore[index,call-overload]
    assert len(ids) == 1


def test_responses_tell_no_arguments_as_a_delta_too() -> None:
    events = written("openai.responses", Open(0, CALL), Close(0), Stopped(TOOLS), Ended(True))
    deltas = of_type(events, "response.function_call_arguments.delta")
    assert [event["delta"] for event in deltas] == ["{}"]


def test_responses_hold_one_answer_in_the_end_too() -> None:
    events = written("openai.responses", Open(0, Text("x"), 1), Close(0), Stopped(TOOLS, 1), Ended(True))
    assert events[-1]["response"]["output"] == []  # type: ignore[index,call-overload]


def test_responses_number_what_is_cited() -> None:
    cited = [Citation("elsewhere", "web", {}, "https://a.example", str(nth)) for nth in range(3)]
    events = written("openai.responses", Open(0, Text("x")), *(Amend(0, "citations", c) for c in cited))
    told = of_type(events, "response.output_text.annotation.added")
    assert [(one["annotation_index"], one["annotation"]["title"]) for one in told] == [  # type: ignore[index,call-overload]
        (0, "0"), (1, "1"), (2, "2"),
    ]  # fmt: skip


def test_converse_tells_no_arguments_as_a_delta_too() -> None:
    events = written("bedrock.converse", Open(0, CALL), Close(0), Stopped(TOOLS), Ended(True))
    assert {"toolUse": {"input": "{}"}} in [event.get("delta") for event in events]


# ---- arguments that are no JSON


@pytest.mark.parametrize("arguments", ['{"x":NaN}', '{"x":-Infinity}', '{"x":1e999}'])
@pytest.mark.parametrize("dialect", ["gemini", "ollama"])
def test_arguments_that_no_dialect_can_tell_are_a_loss(dialect: str, arguments: str) -> None:
    target = Target(dialect)
    writer = codec_of(dialect).writer(target)
    for event in (Open(0, ToolCall("c", "f", arguments)), Close(0), Stopped(TOOLS), Ended(True)):
        list(writer.write(event))
    assert target.losses.report.meaning


# ---- an honest end


def chat(**choice: object) -> dict[str, object]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, **choice}]}


def test_done_alone_ends_nothing() -> None:
    """Proxies send it behind a stream that was cut: it invents no reason to have stopped."""
    for wire in (sse("[DONE]"), sse(chat(delta={"content": "Par"}), "[DONE]")):
        assert not fold(read("openai.chat", wire)).complete


@pytest.mark.parametrize(
    "end",
    [chat(delta={}, finish_reason="stop"), {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}],
    ids=["finished", "counted"],
)  # fmt: skip
def test_done_ends_what_was_finished_or_counted(end: object) -> None:
    assert fold(read("openai.chat", sse(chat(delta={"content": "Par"}), end, "[DONE]"))).complete


@pytest.mark.parametrize("dialect", ["openai.chat", "anthropic.messages", "bedrock.converse"])
def test_nothing_is_said_after_an_error(dialect: str) -> None:
    failed = Failed(Failure(FailureKind.SERVER, "it broke"))
    begun = (Started("elsewhere", "r", "m"), Open(0, Text("a")), failed)
    assert written(dialect, *begun, Delta(0, "b"), Counted(Usage(1, 1)), Ended(True)) == written(
        dialect, *begun
    )


# ---- nothing is held back that need not be


def test_a_call_of_chat_that_is_whole_does_not_wait_for_the_others() -> None:
    def call(index: int, **function: str) -> dict[str, object]:
        part = {"index": index, "id": f"call_{index}", "function": function}
        return chat(delta={"tool_calls": [part]})

    reader = EventReader(Source("openai.chat"))
    list(reader.feed(sse(call(0, name="f", arguments='{"x":'))))
    assert not any(isinstance(event, Close) for event in reader.feed(sse(call(1, name="g", arguments=""))))
    list(reader.feed(sse(call(0, arguments="1}"))))
    assert Close(0) in list(reader.feed(sse(call(2, name="h", arguments="{}"))))
    events = list(
        reader.feed(sse(chat(delta={"content": "And"}), chat(delta={}, finish_reason="tool_calls")))
    )
    assert [event.key for event in events if isinstance(event, Close)] == [2, 3, 1]


# ---- places that are given twice


def test_an_index_that_comes_again_is_another_block_of_messages() -> None:
    def block(text: str, *, stop: bool) -> list[object]:
        begun = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        return [begun, delta, *([{"type": "content_block_stop", "index": 0}] if stop else [])]

    start = {"type": "message_start", "message": {"id": "m", "model": "c", "content": []}}
    events = read(
        "anthropic.messages",
        sse(start, *block("a", stop=True), *block("b", stop=False), *block("c", stop=True)),
    )
    (message,) = fold(events).items
    assert isinstance(message, Message)
    assert [part.text for part in message.parts if isinstance(part, Text)] == ["a", "b", "c"]
    assert [e.key for e in events if isinstance(e, Open)] == [e.key for e in events if isinstance(e, Close)]


# ---- what grows


def test_many_logprobs_are_kept_in_order() -> None:
    folded = Fold()
    folded.add(Open(0, Text("", logprobs=({"n": -1},))))
    for nth in range(200_000):
        folded.add(Amend(0, "logprobs", {"n": nth}))
    folded.add(Counted(Usage(1)))
    (message,) = folded.reply().items
    assert isinstance(message, Message)
    (text,) = message.parts
    assert isinstance(text, Text)
    assert text.logprobs is not None
    assert [entry["n"] for entry in text.logprobs] == list(range(-1, 200_000))  # type: ignore[index,call-overload]
