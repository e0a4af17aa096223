"""Turns and their content in one form: a content that is one text is a string, a text block is its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Shape
    from tokentape.wire.interaction import Json


def turns_of(value: Json, shape: Shape) -> list[Json] | None:
    """The conversation as a list of turns; None where it is nothing of the kind."""
    if isinstance(value, str) or (isinstance(value, list) and value and _is_text(value[0], shape)):
        return [{"role": shape.prompt_role, shape.content: value}]
    if isinstance(value, dict):
        turn = "role" in value or shape.content in value
        return [value] if turn else [{"role": shape.prompt_role, shape.content: [value]}]
    return value if isinstance(value, list) else None


def settled_turn(turn: Json, shape: Shape) -> Json:
    """A tidied turn (or system object) with its content in one form, without what is implied."""
    if not isinstance(turn, dict):
        return turn
    for name, value in shape.implied:
        if name in turn and same(turn[name], value):
            del turn[name]
    if shape.content in turn:
        turn[shape.content] = content_of(turn[shape.content], shape)
    return turn


def content_of(value: Json, shape: Shape) -> Json:
    """A tidied content with text blocks as strings; a list of one text is that text."""
    if not isinstance(value, list):
        return value
    blocks = [_block(block, shape) for block in value]
    return blocks[0] if len(blocks) == 1 and isinstance(blocks[0], str) else blocks


def system_entry(value: Json, shape: Shape) -> Json:
    """What a system field or a system turn says, wherever it stood: the content alone, if that is all."""
    if not isinstance(value, dict):
        return content_of(value, shape)
    value.pop("role", None)
    value = settled_turn(value, shape)
    if isinstance(value, dict) and value.keys() == {shape.content}:
        return value[shape.content]
    return value


def same(left: Json, right: Json) -> bool:
    """Equal, and of one type: `False` is not `0`."""
    return type(left) is type(right) and left == right


def _block(block: Json, shape: Shape) -> Json:
    """A text block as its text. A block with a content of its own (a tool result) is settled like a turn,
    in place: tidied blocks are copies."""
    if not isinstance(block, dict):
        return block
    text = block.get("text")
    if isinstance(text, str) and _is_plain(block, shape):
        return text
    if shape.content in block and shape.content not in shape.opaque:
        block[shape.content] = content_of(block[shape.content], shape)
    return block


def _is_plain(block: dict[str, Json], shape: Shape) -> bool:
    return len(block) == 1 or (len(block) == 2 and block.get("type") in shape.text_types)


def _is_text(value: Json, shape: Shape) -> bool:
    if isinstance(value, dict):
        return isinstance(value.get("text"), str) and _is_plain(value, shape)
    return isinstance(value, str)
