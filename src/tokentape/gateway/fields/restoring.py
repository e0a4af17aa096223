"""The state of models, kept by turn and by call, and put back where a client dropped it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.chain import chained, is_answered
from tokentape.gateway.fields.scope import Missing, key_of, recalled
from tokentape.gateway.fields.turns import bare, forms_of, lacks, learned, restored, state_of_calls
from tokentape.gateway.fields.values import size_of
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.reading import fields, objects

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.gateway.conversations.chain import Chain
    from tokentape.gateway.fields.notes import Notes
    from tokentape.gateway.fields.scope import Whose
    from tokentape.gateway.fields.states import StateRule
    from tokentape.gateway.fields.values import Kept
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

MOST_BYTES = 4 << 20
"""Bytes of state that one turn may have."""


class Restoring:
    """The state of one model of one upstream, in one scope."""

    def __init__(self, values: Kept, upstream: str, model: str, scope: Whose, notes: Notes) -> None:
        self._values = values
        self._upstream, self._model, self._scope = upstream, model, scope
        self._notes = notes
        self.is_bound = False
        """True once state was kept that belongs to the credential."""

    def conversation(self, asked: Conversation, rules: Sequence[StateRule]) -> Conversation:
        """The request with the state that is known and that it lacks; the same object if there is none."""
        thinking = asked.thinking
        if thinking is not None and (thinking.mode == "off" or thinking.effort == "none"):
            rules = [rule for rule in rules if "thought_signature" in rule.blobs]  # calls need theirs anyway
        place: Chain | None = None
        if not is_answered(asked.items):
            return asked
        for rule in rules:
            if place is None:
                place = chained(asked.items)
            try:
                items = self._items(place, rule)
            except Missing as missing:
                self._notes.skipped(rule.name, f"no {missing}")
                continue
            if items is not None:
                asked, place = replace(asked, items=tuple(items)), None
        return asked

    def _items(self, place: Chain, rule: StateRule) -> list[Item] | None:
        """All items, with what the turns of the model lack; None where nothing was put in."""
        found: list[Item] = []
        done = count = 0
        for turn in place.turns:
            if turn.side != "assistant":
                continue
            said = place.items[turn.begin : turn.end]
            state = self._state(turn.link, said, rule) if lacks(said, rule) else None
            if state is not None:
                found += place.items[done : turn.begin]
                found += restored(said, state)
                done, count = turn.end, count + 1
        if not count:
            return None
        self._notes.did(rule.name, "injected", count)
        return [*found, *place.items[done:]]

    def _state(self, link: bytes, said: Sequence[Item], rule: StateRule) -> Json:
        """By the whole history, else by the ids of the calls."""
        found = self._get(("turn", rule.name, link.hex()), rule)
        if found is not None:
            return found
        calls = [item for item in said if isinstance(item, ToolCall)]
        return state_of_calls([self._of_call(call, rule) for call in calls])

    def _of_call(self, call: ToolCall, rule: StateRule) -> Fields | None:
        given = bare(call.id)
        found = self._get(("call", rule.name, given), rule) if given else None
        return fields(found) or None

    def _get(self, what: tuple[str, ...], rule: StateRule) -> Json:
        found = recalled(self._values, what, rule.scope, self._upstream, self._model, self._scope)
        return found[-1] if found else None

    def learn(self, place: Callable[[], Chain | None], reply: Reply, rules: Sequence[StateRule]) -> None:
        """Keep the state of a whole reply to a request that ended at `place`; that is asked where there is
        any.
        """
        for rule in rules:
            for choice in reply.choices:
                state = learned(choice.items, rule)
                if state is None or (asked := place()) is None:
                    continue
                try:
                    self._learn(asked, choice.items, state, rule)
                except Missing as missing:
                    self._notes.skipped(rule.name, f"no {missing}")

    def _learn(self, place: Chain, said: Sequence[Item], state: Fields, rule: StateRule) -> None:
        if size_of(state) > MOST_BYTES:
            self._notes.skipped(rule.name, "it is too large to keep")
            return
        link = place.after(said)
        if link is not None:
            self._put(("turn", rule.name, link.hex()), state, rule)
        calls = [item for item in said if isinstance(item, ToolCall)]
        for call, held in zip(calls, objects(state.get("calls")), strict=False):
            for given in forms_of(call.id):
                self._put(("call", rule.name, given), held, rule)
        self._notes.did(rule.name, "kept")
        self.is_bound = self.is_bound or "credential" in rule.scope

    def _put(self, what: tuple[str, ...], value: Json, rule: StateRule) -> None:
        key = key_of(what, rule.scope, self._upstream, self._model, self._scope)
        self._values.put(key, [value], rule.ttl)
