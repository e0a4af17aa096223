"""Taking values out of requests and replies, and keeping them once the reply is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.fields.calls import ids_around, ids_in
from tokentape.gateway.fields.paths import read
from tokentape.gateway.fields.scope import Missing, key_of
from tokentape.gateway.fields.values import bounded, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.gateway.fields.notes import Notes
    from tokentape.gateway.fields.paths import Found
    from tokentape.gateway.fields.rule import FieldRule, Origin
    from tokentape.gateway.fields.scope import Whose
    from tokentape.gateway.fields.values import Kept
    from tokentape.wire.interaction import Json


class Extracting:
    """The values that rules found in one exchange. Nothing is kept before `keep`."""

    def __init__(
        self, values: Kept, rules: Sequence[FieldRule], upstream: str, model: str, scope: Whose, notes: Notes
    ) -> None:
        self._values, self._notes = values, notes
        self._upstream, self._model, self._scope = upstream, model, scope
        self._found: dict[str, list[Found]] = {rule.name: [] for rule in rules}
        self._rules = tuple(rules)
        self._sources = {rule.source for rule in rules}
        self._of_events = tuple(rule for rule in rules if rule.source == "stream_event")
        self._calls: list[str] = []

    def wants(self, source: Origin) -> bool:
        """True if a rule looks there."""
        return source in self._sources

    @property
    def has_rules(self) -> bool:
        """True if there is anything to look for."""
        return bool(self._rules)

    def event(self, json: Json) -> None:
        """The next event of a stream."""
        if not self._of_events:
            return
        self._calls += [found for found in ids_in(json) if found not in self._calls]
        for rule in self._of_events:
            self._take(rule, json)

    def take(self, source: Origin, json: Json) -> None:
        """What the rules for `source` look at."""
        for rule in self._rules:
            if rule.source == source:
                self._take(rule, json)

    def _take(self, rule: FieldRule, json: Json) -> None:
        found = self._found[rule.name]
        found += read(json, rule.steps)
        del found[: -rule.max_values]

    def keep(self, *, user_spoke: bool) -> None:
        """The reply is whole: remember. `user_spoke`: the request ended with words of the user's, so that a
        new turn of theirs begins.
        """
        for rule in self._rules:
            found = self._found[rule.name]
            try:
                if rule.mode == "per_tool_call":
                    count = self._by_call(rule, found)
                else:
                    count = self._by_turn(rule, found, user_spoke)
            except Missing as missing:
                if found:
                    self._notes.skipped(rule.name, f"no {missing}")
                continue
            if count:
                self._notes.did(rule.name, "kept", count)

    def _by_turn(self, rule: FieldRule, found: list[Found], user_spoke: bool) -> int:
        new = [each.value for each in found]
        if not new and rule.mode in ("last", "all"):
            return 0
        key = self._key(rule)
        if rule.mode == "last":
            new = new[-1:]
        elif rule.mode == "all" or (rule.mode == "last_user_turn" and not user_spoke):
            new = [*self._values.get(key), *new]
        kept = bounded(new, rule.max_values, rule.max_bytes)
        if len(kept) < len(new):
            self._notes.skipped(rule.name, "there was more than it may keep")
        self._values.put(key, kept, rule.ttl)
        return min(len(found), len(kept))

    def _by_call(self, rule: FieldRule, found: list[Found]) -> int:
        count = 0
        for each in found:
            calls = ids_around(each.around) or self._calls
            if not calls:
                self._notes.skipped(rule.name, "no tool call is near the value")
            elif size_of(each.value) > rule.max_bytes:
                self._notes.skipped(rule.name, "there was more than it may keep")
            else:
                for call in calls:
                    self._values.put(self._key(rule, call), [each.value], rule.ttl)
                count += 1
        return count

    def _key(self, rule: FieldRule, call: str = "") -> bytes:
        what = ("field", rule.name, call)
        return key_of(what, rule.scopes, self._upstream, self._model, self._scope)
