"""The output items of a Responses reply, as they are once done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import listed

if TYPE_CHECKING:
    from tokentape.testing.provider.turn import Call, Question, Serial, Turn
    from tokentape.wire.interaction import Json

Item = dict[str, "Json"]


def output(question: Question, turn: Turn, serial: Serial) -> list[Item]:
    """Reasoning, then the message, then the calls, as far as the turn has them."""
    items: list[Item] = []
    if turn.thinking:
        sealed = "reasoning.encrypted_content" in listed(question.body.get("include"))
        items.append(thought(turn.thinking, serial, sealed=sealed))
    if turn.text or not turn.calls:
        items.append(message(turn, serial))
    items += [called(call, i, serial) for i, call in enumerate(turn.calls)]
    return items


def message(turn: Turn, serial: Serial) -> Item:
    """A `message` with one text part."""
    part: Json = {"type": "output_text", "annotations": [], "logprobs": [], "text": turn.text}
    return {
        "id": f"msg_{serial.hex('message', 48)}",
        "type": "message",
        "status": "incomplete" if turn.cut_short else "completed",
        "content": [part],
        "role": "assistant",
    }


def thought(text: str, serial: Serial, *, sealed: bool) -> Item:
    """A `reasoning` item with one summary part, and its encrypted content if that was asked for."""
    item: Item = {
        "id": f"rs_{serial.hex('reasoning', 48)}",
        "type": "reasoning",
        "summary": [thought_part(text)],
    }
    if sealed:
        item["encrypted_content"] = f"gAAAA{serial.hex('sealed', 64)}=="
    return item


def thought_part(text: str) -> Item:
    """One part of a reasoning summary."""
    return {"type": "summary_text", "text": text}


def called(call: Call, i: int, serial: Serial) -> Item:
    """A `function_call`."""
    return {
        "id": f"fc_{serial.hex(f'item {i}', 48)}",
        "type": "function_call",
        "status": "completed",
        "arguments": call.json,
        "call_id": f"call_{serial.hex(f'call {i}')}",
        "name": call.name,
    }
