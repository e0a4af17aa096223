"""What a client asked for, apart from what the upstream is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tokentape.gateway.responses.errors import NotDone, previous_not_found
from tokentape.gateway.responses.ids import response_id
from tokentape.gateway.responses.items import LOGPROBS, is_id, listed

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Asked:
    """One call for a new response: its id here, and what concerns the state.

    `items` is the input of this turn; `ancestors` are the ids of the responses it goes on from, the oldest
    first, and `before` all their items.
    """

    id: str
    client: str
    created: float
    fields: Fields
    items: list[Json]
    previous: str | None = None
    conversation: str | None = None
    is_stored: bool = True
    is_background: bool = False
    include: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    before: list[Json] = field(default_factory=list)

    def going_on(self, ancestors: tuple[str, ...], before: list[Json]) -> Asked:
        """The same, with the responses that came before."""
        return replace(self, ancestors=ancestors, before=before)


def read(call: Call, now: float) -> Asked:
    """What a call asks. Raises `NotDone` for what contradicts itself."""
    given = call.fields
    store, background = _flag(given, "store", usual=True), _flag(given, "background", usual=False)
    if background and not store:
        raise NotDone(
            400, "A background response must be stored: send `store: true` with it.", param="background"
        )
    previous = _previous(given.get("previous_response_id"))
    conversation = _conversation(given.get("conversation"))
    if previous is not None and conversation is not None:
        raise NotDone(
            400,
            "`previous_response_id` and `conversation` both say what came before: send one of them.",
            param="previous_response_id",
        )
    include = given.get("include")
    return Asked(
        response_id(),
        call.incoming.client.key,
        now,
        given,
        listed(given.get("input")),
        previous,
        conversation,
        store,
        background,
        _include(include, given),
    )


def _include(include: Json, given: Fields) -> tuple[str, ...]:
    named = tuple(name for name in include if isinstance(name, str)) if isinstance(include, list) else ()
    return (*named, LOGPROBS) if given.get("top_logprobs") and LOGPROBS not in named else named


def _flag(given: Fields, name: str, *, usual: bool) -> bool:
    value = given.get(name)
    if value is None:
        return usual
    if isinstance(value, bool):
        return value
    raise NotDone(400, f"`{name}` must be true or false.", param=name)


def _previous(value: Json) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise NotDone(400, "`previous_response_id` must be a string.", param="previous_response_id")
    if not is_id(value):
        raise previous_not_found(value[:80])
    return value


def _conversation(value: Json) -> str | None:
    """Its id: a string, or an object that holds it."""
    if value is None:
        return None
    found = value.get("id") if isinstance(value, dict) else value
    if isinstance(found, str) and is_id(found):
        return found
    raise NotDone(400, "`conversation` must be an id, or an object with an `id`.", param="conversation")
