"""What routing is told: what a call asks for, and what the configuration says about where it may go."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tokentape.errors import TokentapeError
from tokentape.protocols.dialect import Kind
from tokentape.wire.message import header
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.gateway.call import Incoming
    from tokentape.protocols.dialect import Operation
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Traits:
    """What a request holds (names of `TRAITS`), and about how many tokens it is."""

    has: frozenset[str] = frozenset()
    tokens: int = 0


TRAITS = ("images", "documents", "audio", "video", "tools", "thinking", "schema")
"""What a condition may ask for."""


def no_traits() -> Traits:
    """Those of a call that holds no conversation."""
    return Traits()


@quick
@dataclass(frozen=True, slots=True)
class Asked:
    """What a call asks for, as far as routing goes.

    `kind` is the request class, `client` the name of the client's key in the configuration, `upstream` the
    one that the client named. `traits` is only called where a condition needs it.
    """

    model: str
    dialect: str
    operation: Kind = Kind.GENERATE
    kind: str | None = None
    headers: Headers = ()
    client: str = "-"
    upstream: str | None = None
    traits: Callable[[], Traits] = no_traits


def asked_of(
    incoming: Incoming,
    operation: Operation,
    model: str,
    *,
    kind: str | None = None,
    traits: Callable[[], Traits] = no_traits,
) -> Asked:
    """What a request asks for. `kind` None: its class is what the client named."""
    naming = incoming.naming
    return Asked(
        model,
        operation.dialect,
        operation.kind,
        naming.kind if kind is None else kind,
        incoming.request.headers,
        incoming.client.name,
        naming.upstream,
        traits,
    )


@dataclass(frozen=True, slots=True)
class When:
    """A condition; all of what it names must hold, and of each list one. `models`, `clients` and the values
    of `headers` are globs. `tokens_over` and `tokens_under` are judged by an estimate.
    """

    models: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    dialects: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    has: frozenset[str] = frozenset()
    tokens_over: int | None = None
    tokens_under: int | None = None

    def holds(self, asked: Asked) -> bool:
        """True if the condition holds for a call."""
        return self._fits_names(asked) and self._fits_headers(asked.headers) and self._fits_traits(asked)

    def _fits_names(self, asked: Asked) -> bool:
        return (
            _any(self.models, asked.model)
            and (not self.kinds or (asked.kind or "main") in self.kinds)
            and (not self.dialects or asked.dialect in self.dialects)
            and (not self.operations or asked.operation in self.operations)
            and _any(self.clients, asked.client)
        )

    def _fits_headers(self, headers: Headers) -> bool:
        for name, pattern in self.headers:
            value = header(headers, name)
            if value is None or not fnmatchcase(value, pattern):
                return False
        return True

    def _fits_traits(self, asked: Asked) -> bool:
        if not self.has and self.tokens_over is None and self.tokens_under is None:
            return True
        traits = asked.traits()
        return (
            self.has <= traits.has
            and (self.tokens_over is None or traits.tokens > self.tokens_over)
            and (self.tokens_under is None or traits.tokens < self.tokens_under)
        )


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for pattern in patterns)


ALWAYS = When()


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call may go: `upstream/model`, an alias, a group, or an upstream alone (which is asked for the
    model that the call names). Targets with a weight that follow each other share calls by it.
    """

    to: str
    weight: float | None = None
    when: When = ALWAYS


@dataclass(frozen=True, slots=True)
class Alias:
    """A name of its own for targets. `set` are parameters, by canonical names of options."""

    name: str
    targets: tuple[Target, ...]
    set: Mapping[str, Json] = field(default_factory=dict)
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Targets in the order in which they are tried, at most `max_targets` of them.

    `keeps_members`: a call that names a target of the group by itself falls back to the others.
    """

    name: str
    targets: tuple[Target, ...]
    max_targets: int | None = None
    keeps_members: bool = True
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Route:
    """Calls for which `when` holds go to the targets."""

    when: When
    targets: tuple[Target, ...]
    name: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Resolved:
    """Where a call may go, best first: models are the upstreams' own names, ranks begin at 0 without gaps.

    The rest says what led here; the policy of the `group` counts.
    """

    candidates: tuple[Candidate, ...]
    alias: str | None = None
    group: str | None = None
    route: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One name that clients may ask for, and the upstream, "alias" or "group" it belongs to."""

    name: str
    owner: str


LONGEST_NAME = 512
"""Characters of a model's name. What is known of models is kept by their names, which clients choose."""


def check_name(model: str) -> None:
    """Raises `NoRoute` for what is no name of a model."""
    if len(model) > LONGEST_NAME:
        raise NoRoute(f"the model's name has {len(model)} characters; at most {LONGEST_NAME} are taken", 400)


class NoRoute(TokentapeError):
    """Nothing leads to what was asked for: one line for the client, in its dialect, with this status."""

    def __init__(self, message: str, status: int = 404) -> None:
        self.message, self.status = message, status
        super().__init__(message, status)

    def __str__(self) -> str:
        return self.message
