"""What a field rule says: where a value comes from, whose it is, and where it goes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal, get_args

from tokentape.errors import UsageError
from tokentape.gateway.fields.options import check_option
from tokentape.gateway.fields.paths import parsed
from tokentape.gateway.fields.scope import DEFAULT, NAMES

if TYPE_CHECKING:
    from tokentape.gateway.fields.paths import Steps
    from tokentape.upstreams.upstream import Upstream

Origin = Literal["request", "response", "stream_event", "canonical_request", "canonical_reply"]
Mode = Literal["last", "all", "last_user_turn", "last_assistant_turn", "per_tool_call"]
Goal = Literal["request", "canonical_request", "metadata"]

CONTINUATIONS = frozenset({"previous_response_id", "conversation", "previous_interaction_id"})
"""Fields that name state kept at a provider: they go only to upstreams that keep it."""

FORBIDDEN = frozenset(
    {"authorization", "api-key", "connection", "content-encoding", "content-length", "content-type", "cookie"}
    | {"host", "proxy-authorization", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade"}
    | {"x-api-key", "x-goog-api-key"}
)
"""Header fields that no rule sets: who asks, and how the body stands on the wire."""


@dataclass(frozen=True, slots=True)
class Inject:
    """Where values go: a path in the body, an option of the canonical request (`options.cache_key`), or the
    name of a header field (`metadata`).

    `when_missing_only`: never over what the client says. `insert` puts them into the list at the path, at
    that index; `as_list` gives all values as one list, where else it is the last of them.
    """

    target: Goal
    path: str
    when_missing_only: bool = True
    insert: int | None = None
    as_list: bool = False


@dataclass(frozen=True, slots=True)
class FieldRule:
    """A value is taken from `source` at `path`, and goes back by `inject`.

    `mode` says which values: the last one; all; those since the user spoke last; those of the last reply;
    or for each tool call its own. `scope` says whose they are; the client is always part of it, and for
    what comes from replies the upstream, unless `upstreams` names those that may share it. `ttl` is in
    seconds, `models` are glob patterns, `upstreams` names or glob patterns.
    """

    name: str
    source: Origin
    path: str
    inject: Inject
    mode: Mode = "last"
    scope: tuple[str, ...] = DEFAULT
    ttl: float = 86_400.0
    max_values: int = 1_024
    max_bytes: int = 4 << 20
    models: tuple[str, ...] = ("*",)
    upstreams: tuple[str, ...] = ("*",)
    steps: Steps = field(init=False, repr=False, compare=False)
    goal: Steps = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        try:
            self._check()
            object.__setattr__(self, "steps", parsed(self.path))
            inject = self.inject
            goal = (inject.path,) if inject.target == "metadata" else parsed(inject.path)
            object.__setattr__(self, "goal", goal)
            if inject.target == "canonical_request":
                check_option(goal)
        except UsageError as error:
            raise UsageError(f"field rule {self.name!r}: {error}") from None

    def _check(self) -> None:
        for value, known in (
            (self.source, get_args(Origin)),
            (self.mode, get_args(Mode)),
            (self.inject.target, get_args(Goal)),
        ):
            if value not in known:
                raise UsageError(f"{value!r} is not known; known are {', '.join(known)}")
        if unknown := [name for name in self.scope if name not in NAMES]:
            raise UsageError(f"scope {unknown[0]!r} is not known; known are {', '.join(NAMES)}")
        if min(self.max_values, self.max_bytes) < 1 or self.ttl <= 0:
            raise UsageError("ttl, max_values and max_bytes must be more than nothing")
        if self.inject.target == "metadata":
            _check_header(self.inject.path)
        if self.mode == "per_tool_call" and self.inject.target != "request":
            raise UsageError("values for each tool call go into the request, at the calls they belong to")

    @property
    def scopes(self) -> frozenset[str]:
        """All scopes it has: nothing it says takes the client out."""
        bound = {"client"} if self.upstreams != ("*",) or "request" in self.source else {"client", "upstream"}
        return frozenset(self.scope) | bound

    @property
    def continues(self) -> bool:
        """True if it names state that is kept at a provider."""
        return self.inject.target != "metadata" and self.goal[0] in CONTINUATIONS

    def fits(self, upstream: Upstream, model: str) -> bool:
        """True for requests to this model of this upstream."""
        if self.continues and not upstream.keeps_responses:
            return False
        return any(fnmatchcase(model, each) for each in self.models) and any(
            fnmatchcase(upstream.name, each) for each in self.upstreams
        )


def _check_header(name: str) -> None:
    low = name.lower()
    if not name or not all(sign.isalnum() or sign in "-_" for sign in name) or not name.isascii():
        raise UsageError(f"{name!r} is no name of a header field")
    if low in FORBIDDEN or low.startswith("x-tokentape-"):
        raise UsageError(f"the header field {name!r} cannot be set by a rule")
