"""What is declared about an upstream: dialect, base URL, auth, credentials, models. Data, and no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from tokentape.protocols.quirks import NO_QUIRKS, Quirks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers, Request


class Secret:
    """A key or token. Nothing shows it but `reveal`; two of the same text are equal."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text, for the request it belongs on and for nothing else."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` calls or tokens within `seconds`; None of either: no such limit.

    `offset`: for windows that begin at fixed times (midnight UTC: 86 400 and 0); None: a rolling window.
    """

    seconds: float
    requests: int | None = None
    tokens: int | None = None
    offset: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What one credential may be asked: calls at a time, and within windows of time."""

    concurrent: int | None = None
    windows: tuple[Window, ...] = ()


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Credential:
    """One key of an upstream. `name` is what logs, traces and headers show. `priority`: lower goes first.

    `secret` None: nothing is sent (a local server), or the client's own key is passed on.
    """

    name: str
    secret: Secret | None = None
    priority: int = 0
    limits: Limits = NO_LIMITS


ANONYMOUS = Credential("none")
"""The credential of an upstream that has none of its own."""


@dataclass(frozen=True, slots=True)
class Times:
    """Deadlines in seconds; None: none. `first_byte` runs from the decision to ask until the first byte of
    the reply's body, over acquiring, connecting and waiting; `stall` between two chunks.
    """

    connect: float | None = 10.0
    first_byte: float | None = 600.0
    stall: float | None = 300.0
    total: float | None = None


class Auth(Protocol):
    """How requests of an upstream are authenticated."""

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request with what proves who asks. Raises `AuthFailed` where no token can be had."""
        ...

    async def refused(self, secret: Secret | None) -> bool:
        """A request was answered with 401. True: another token is used from now on, so ask once more."""
        ...


class AuthFailed(Exception):
    """No token could be had: a command failed, an account file is wrong, a token server refused. The
    message names what, where and the fix, and holds no secret.
    """


Selection = Literal["sequential", "balanced", "least_busy"]


@dataclass(frozen=True, slots=True)
class Upstream:
    """A place where models answer.

    `dialect` is its API's name in `protocols`; `base_url` leads up to the API's own path, and may hold the
    version, as SDKs have it ("https://api.openai.com/v1"). `models` maps names that are asked for to its
    own. `paths` are templates by operation, for APIs whose paths differ: "{model}" and "{method}" are
    filled in. `forced` are fields of every body. `passes_client_key`: the client's own key goes there, and
    only there. `keeps_responses`: it is asked for stored responses itself. `cassette`: it is no server but
    a cassette under the gateway's root, which answers offline.
    """

    name: str
    dialect: str
    base_url: str
    auth: Auth
    credentials: tuple[Credential, ...] = (ANONYMOUS,)
    provider: str = ""
    models: Mapping[str, str] = field(default_factory=dict)
    quirks: Quirks = NO_QUIRKS
    headers: Headers = ()
    query: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    forced: Mapping[str, Json] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()
    """Top-level fields that no body holds, since the path says them (Vertex: the model)."""
    times: Times = Times()
    selection: Selection = "sequential"
    quota_groups: tuple[frozenset[str], ...] = ()
    """Models that share a quota; a model in none has its own."""
    passes_client_key: bool = False
    keeps_responses: bool = False
    cassette: str | None = None
    also: frozenset[str] = frozenset()
    """Further dialects it speaks itself, under the same base URL (OpenAI: Chat and Responses, embeddings)."""

    def own_model(self, model: str) -> str:
        """Its name for a model that is asked for."""
        return self.models.get(model, model)

    def speaks(self, dialect: str) -> str:
        """The dialect in which it is asked what came in `dialect`: that one if it can, else its own."""
        return dialect if dialect in self.also else self.dialect

    def quota_group(self, model: str) -> str:
        """The name under which a model's quota is counted: the first of its group, else its own."""
        for group in self.quota_groups:
            if model in group:
                return min(group)
        return model


@dataclass(frozen=True, slots=True)
class Candidate:
    """An upstream and the model it would be asked for: one line of a plan. `set` are parameters of the
    alias that led here, in the upstream's dialect or as canonical option names; `weight` shares calls
    among targets of the same `rank`, lower ranks go first.
    """

    upstream: Upstream
    model: str
    rank: int = 0
    weight: float = 1.0
    set: Mapping[str, Json] = field(default_factory=dict)

    label: str = field(init=False, repr=False, compare=False)
    """`upstream/model`."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", f"{self.upstream.name}/{self.model}")
