"""What `previous_response_id` means: the input that an upstream without state sees.

All items of all ancestors, input and output, in order, tool calls and their results and sealed thoughts
among them; then the items of this turn. An ancestor that is gone is an error: never a shorter conversation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.responses.errors import NotDone, previous_not_found
from tokentape.gateway.responses.items import OUTPUTS, calls_of, is_id, kind_of
from tokentape.gateway.responses.seal import NotOurs, unseal
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tokentape.gateway.responses.asked import Asked
    from tokentape.gateway.responses.keeping import Keeping
    from tokentape.gateway.responses.stored import Stored
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]
    Look = Callable[[str, str], Awaitable[Stored | None]]
    """Where the response of a client is looked for; a WebSocket has some of its own."""

LONGEST = 10_000
"""Responses of one lineage."""
OURS = ("previous_response_id", "conversation", "store", "background")
"""Fields that are about the state, which is kept here: the upstream does not see them."""

CARRIED = (
    "Earlier parts of this conversation were compacted: "
    "this summary of them takes their place. Go on from it."
)
"""Stands before a summary."""


async def with_ancestors(asked: Asked, keeping: Keeping, look: Look) -> Asked:
    """What was asked, with what came before. Raises `NotDone`, and `StoreFailed`."""
    previous = asked.previous
    if previous is None and asked.conversation is not None:
        store = keeping.store
        previous = await keeping.ask(store.latest, asked.client, asked.conversation)
    if previous is None:
        return asked
    line = await _line(asked.client, previous, look)
    before: list[Json] = []
    for record in line:
        before += record.items
        before += [item for item in record.output if _is_whole(item)]
    asked = asked.going_on(tuple(record.id for record in line), before)
    _check_results(asked)
    return asked


async def _line(client: str, previous: str, look: Look) -> list[Stored]:
    """The ancestors, the oldest first."""
    line: list[Stored] = []
    wanted: str | None = previous
    while wanted is not None:
        record = await look(client, wanted)
        if record is None or len(line) >= LONGEST:
            raise previous_not_found(wanted)
        if record.is_running:
            raise NotDone(400, f"Response '{wanted}' is still {record.status}.", param="previous_response_id")
        line.append(record)
        wanted = record.previous
    return line[::-1]


def _is_whole(item: Json) -> bool:
    """False for a tool call that was cut off: nobody can answer it."""
    return kind_of(item) not in OUTPUTS.values() or fields(item).get("status") != "incomplete"


def _check_results(asked: Asked) -> None:
    """Every result must be one of a call that was made."""
    calls = calls_of([*asked.before, *asked.items])
    for item in asked.items:
        kind, call = kind_of(item), text(fields(item).get("call_id"))
        if kind in OUTPUTS and (OUTPUTS[kind], call) not in calls:
            raise NotDone(400, f"No tool call found for the {kind} with call_id '{call}'.", param="input")


async def expanded(asked: Asked, keeping: Keeping, look: Look) -> list[Json]:
    """The whole input: no item of it needs the state. Raises `NotDone`, and `StoreFailed`."""
    known = {text(fields(item).get("id")): item for item in asked.before}

    async def found(identity: str) -> Json:
        if identity in known:
            return known[identity]
        if not is_id(identity):
            return None
        holder = await keeping.ask(keeping.store.holder, asked.client, identity)
        record = await look(asked.client, holder) if holder is not None else None
        outputs = record.output if record is not None else []
        return next((item for item in outputs if fields(item).get("id") == identity), None)

    return [
        await _plain(item, place, asked, keeping.store.seal, found)
        for place, item in enumerate([*asked.before, *asked.items])
    ]


async def _plain(
    item: Json, place: int, asked: Asked, key: bytes, found: Callable[[str], Awaitable[Json]]
) -> Json:
    kind = kind_of(item)
    if kind == "item_reference":
        identity = text(fields(item).get("id"))
        item = await found(identity)
        if item is None:
            raise NotDone(404, f"Item with id '{identity[:80]}' not found.", param="input")
        kind = kind_of(item)
    if kind in ("compaction", "compaction_summary"):
        return _opened(fields(item), place, asked.client, key)
    return item


def _opened(item: Fields, place: int, client: str, key: bytes) -> Json:
    """Our compaction as a message."""
    try:
        summary = unseal(text(item.get("encrypted_content")), client, key)
    except NotOurs:
        raise NotDone(
            400,
            f"Item {place} of the input is a compaction that was not made here, so nobody but its maker can "
            "read it. Send the conversation itself, or compact it here (POST /v1/responses/compact).",
            param="input",
        ) from None
    part: Json = {"type": "input_text", "text": f"{CARRIED}\n\n{summary}"}
    return {"type": "message", "role": "developer", "content": [part]}


def stateless(given: Fields) -> Fields:
    """A body without what concerns the state."""
    return {name: value for name, value in given.items() if name not in OURS}
