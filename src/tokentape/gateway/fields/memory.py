"""Field rules at work: before a request is sent (`inject`, `restore`), and after a reply (`watch`).

Memory is kept per rule and scope. Whole replies and streams feed the same one, and a stream only when it is
complete. Where a scope that a rule needs is not known, nothing is kept and nothing given: there is no
shared place for those without a name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tokentape.errors import ProtocolError, UsageError
from tokentape.gateway.fields.injecting import into_body, into_calls, into_headers, into_options
from tokentape.gateway.fields.notes import Injected, Notes, Restored
from tokentape.gateway.fields.restoring import Restoring
from tokentape.gateway.fields.scope import Missing, recalled
from tokentape.gateway.fields.states import BY_NAME, CACHE_KEY, CACHING, STATES, sealing
from tokentape.gateway.fields.values import Values
from tokentape.gateway.fields.watch import Watch
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.gateway.fields.rule import FieldRule
    from tokentape.gateway.fields.scope import Whose
    from tokentape.gateway.fields.states import StateRule
    from tokentape.gateway.fields.values import Kept
    from tokentape.gateway.fields.watch import Going
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class FieldOptions:
    """`entries` and `bytes` bound what is kept in all. `off` names built-in rules that are not wanted;
    `passed` those that shall also serve clients of the upstream's own dialect, which keep their state
    themselves, as a rule: their replies are then read while they pass.
    """

    entries: int = 10_000
    bytes: int = 256 << 20
    off: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules for one model of one upstream, asked in one dialect."""

    fields: tuple[FieldRule, ...]
    states: tuple[StateRule, ...]
    is_cached: bool = False
    """True if the conversation names the cache to ask."""
    is_sealed: bool = False
    """True if reasoning has to be asked for in sealed form."""

    @property
    def care(self) -> bool:
        """True if there is anything to do."""
        return bool(self.fields or self.states or self.is_cached or self.is_sealed)


class FieldMemory:
    """The rules, and what they remember. `values` may be a store that several workers share."""

    def __init__(
        self,
        rules: Sequence[FieldRule] = (),
        *,
        clock: Callable[[], float],
        options: FieldOptions | None = None,
        values: Kept | None = None,
    ) -> None:
        self._options = options or FieldOptions()
        _check(rules, self._options)
        self._rules = tuple(rules)
        self.values: Kept = (
            Values(clock=clock, most=self._options.entries, most_bytes=self._options.bytes)
            if values is None
            else values
        )
        self._known: dict[tuple[str, str, str, bool], Rules] = {}

    def rules_for(self, upstream: Upstream, model: str, dialect: str, *, passed: bool) -> Rules:
        """The rules that care. `dialect` is the one the upstream is asked in; `passed`: the client's, too."""
        key = (upstream.name, model, dialect, passed)
        found = self._known.get(key)
        if found is None:
            found = self._found(upstream, model, dialect, passed)
            if len(self._known) >= 4_096:
                self._known.clear()
            self._known[key] = found
        return found

    def _found(self, upstream: Upstream, model: str, dialect: str, passed: bool) -> Rules:
        options = self._options
        states = tuple(
            state
            for state in STATES
            if state.name not in options.off
            and state.fits(upstream, model, dialect)
            and (not passed or state.is_passed or state.name in options.passed)
        )
        is_openai = not passed and upstream.provider in CACHING
        return Rules(
            tuple(rule for rule in self._rules if rule.fits(upstream, model)),
            states,
            is_cached=is_openai and CACHE_KEY not in options.off,
            is_sealed=is_openai and any("encrypted" in state.blobs for state in states),
        )

    # ---- before it is sent

    def inject(
        self,
        upstream: Upstream,
        model: str,
        scope: Whose,
        body: Fields,
        headers: Headers,
        dialect: str = "",
        *,
        passed: bool = True,
    ) -> Injected:
        """The upstream's own body and header fields with what rules put there; notes where they did.
        `passed`: the client speaks the `dialect` in which the upstream is asked.
        """
        rules = self.rules_for(upstream, model, dialect or upstream.dialect, passed=passed)
        if not (rules.fields or rules.is_sealed):
            return Injected(body, headers)
        notes = Notes()
        if rules.is_sealed:
            body = sealing(body, notes)
        for rule in rules.fields:
            try:
                if rule.inject.target == "request":
                    body = self._into_body(rule, upstream.name, model, scope, body, notes)
                elif rule.inject.target == "metadata":
                    headers = self._into_headers(rule, upstream.name, model, scope, headers, notes)
            except Missing as missing:
                notes.skipped(rule.name, f"no {missing}")
        return Injected(body, headers, notes.all)

    def _into_body(
        self, rule: FieldRule, upstream: str, model: str, scope: Whose, body: Fields, notes: Notes
    ) -> Fields:
        if rule.mode == "per_tool_call":
            known = partial(self._values, rule, upstream, model, scope)
            found, count = into_calls(rule, body, known)
        else:
            values = self._values(rule, upstream, model, scope)
            found, count = into_body(rule, body, values) if values else (body, 0)
        if count:
            notes.did(rule.name, "injected", count)
        return found

    def _into_headers(
        self, rule: FieldRule, upstream: str, model: str, scope: Whose, headers: Headers, notes: Notes
    ) -> Headers:
        values = self._values(rule, upstream, model, scope)
        found = into_headers(rule, headers, values) if values else headers
        if found is None:
            notes.skipped(rule.name, "the value cannot stand in a header field")
            return headers
        if found is not headers:
            notes.did(rule.name, "injected")
        return found

    def _values(self, rule: FieldRule, upstream: str, model: str, scope: Whose, call: str = "") -> list[Json]:
        """What a rule kept for a scope, else for the conversation it came from."""
        return recalled(self.values, ("field", rule.name, call), rule.scopes, upstream, model, scope)

    def restore(
        self,
        upstream: Upstream,
        model: str,
        scope: Whose,
        asked: Conversation,
        dialect: str = "",
        *,
        passed: bool = False,
    ) -> Restored:
        """A canonical request with the state that its client dropped, and with options that rules set; for
        requests that are written anew. `passed`: for one that came in the upstream's own dialect.
        """
        rules = self.rules_for(upstream, model, dialect or upstream.dialect, passed=passed)
        if not (rules.fields or rules.states or rules.is_cached):
            return Restored(asked)
        notes = Notes()
        if rules.states:
            restoring = Restoring(self.values, upstream.name, model, scope, notes)
            asked = restoring.conversation(asked, rules.states)
        for rule in rules.fields:
            if rule.inject.target == "canonical_request":
                asked = self._into_options(rule, upstream.name, model, scope, asked, notes)
        if rules.is_cached and asked.options.cache_key is None and scope.conversation:
            asked = replace(asked, options=replace(asked.options, cache_key=scope.conversation))
            notes.did(CACHE_KEY, "injected")
        return Restored(asked, notes.all)

    def passed_on(self, upstream: Upstream, model: str, scope: Whose, body: Fields, dialect: str) -> Injected:
        """A body in the upstream's own dialect with the state that its client dropped, where clients of
        that dialect are known to: the same object for nearly all. What did not change in it is the same.
        """
        if not self.rules_for(upstream, model, dialect, passed=True).states:
            return Injected(body, ())
        codec = codec_of(dialect)
        try:
            asked = codec.read_request(body, Source(dialect, model, provider=upstream.provider))
        except ProtocolError:
            return Injected(body, ())
        found = self.restore(upstream, model, scope, asked, dialect, passed=True)
        if found.asked is asked:
            return Injected(body, (), found.notes)
        target = Target(dialect, provider=upstream.provider, credential=scope.credential)
        written = codec.write_request(found.asked, target).body
        new = {name: value for name, value in written.items() if name in body and value != body[name]}
        return Injected({**body, **new}, (), found.notes)

    def _into_options(
        self, rule: FieldRule, upstream: str, model: str, scope: Whose, asked: Conversation, notes: Notes
    ) -> Conversation:
        try:
            values = self._values(rule, upstream, model, scope)
        except Missing as missing:
            notes.skipped(rule.name, f"no {missing}")
            return asked
        found = into_options(rule, asked, values) if values else asked
        if found is None:
            notes.skipped(rule.name, "the value cannot be that option")
            return asked
        if found is not asked:
            notes.did(rule.name, "injected")
        return found

    # ---- after it was answered

    def watch(self, going: Going, *, passed: bool = True) -> Watch | None:
        """What learns from the reply to a request; None where no rule cares, which is the usual case.
        `passed`: the client speaks the dialect in which the upstream is asked.
        """
        rules = self.rules_for(going.upstream, going.model, going.dialect, passed=passed)
        if not (rules.fields or rules.states):
            return None
        return Watch(self.values, rules.fields, rules.states, going)


def _check(rules: Sequence[FieldRule], options: FieldOptions) -> None:
    names: set[str] = set()
    for rule in rules:
        if rule.name in BY_NAME or rule.name == CACHE_KEY:
            raise UsageError(f"field rule {rule.name!r}: the name belongs to a built-in rule; choose another")
        if rule.name in names:
            raise UsageError(f"field rule {rule.name!r}: the name is there twice")
        names.add(rule.name)
    for name in sorted((options.off | options.passed) - BY_NAME.keys() - {CACHE_KEY}):
        raise UsageError(f"no built-in field rule is called {name!r}; known are {', '.join(BY_NAME)}")
