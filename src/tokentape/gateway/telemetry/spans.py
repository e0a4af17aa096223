"""What a call tells telemetry. These objects do nothing at all: `otel` has those that do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.dialect import Operation
    from tokentape.protocols.usage import Usage
    from tokentape.upstreams.upstream import Candidate
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class TelemetryOptions:
    """`content`: prompts and answers go into spans, too, with their secrets hidden. Never without it."""

    enabled: bool = False
    content: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """How a call or an attempt ended. `status` None: no reply was begun. `error`: a short word for what
    went wrong beyond the status ("timeout", "connect_error", "client_gone"), never a message.
    """

    status: int | None = None
    usage: Usage | None = None
    model: str | None = None
    id: str | None = None
    finish_reasons: Sequence[str] = ()
    error: str | None = None


OK = Answered(200)


class AttemptSpan:
    """One attempt at one upstream."""

    __slots__ = ()

    def passed_on(self, headers: Headers) -> Headers:
        """The headers for the upstream: with the trace context of this attempt, where there is one."""
        return headers

    def first_chunk(self) -> None:
        """The first bytes of a stream came."""

    @property
    def wants_content(self) -> bool:
        """True if `content` is worth the work."""
        return False

    def content(self, asked: Conversation | None, reply: Reply | None = None) -> None:
        """What was asked and answered; nothing unless `TelemetryOptions.content`."""

    def end(self, answered: Answered = OK) -> None:
        """It is over. Later calls do nothing."""


class CallSpan:
    """One call of a client."""

    __slots__ = ()

    def recognised(
        self, operation: Operation, *, model: str | None = None, session: str | None = None
    ) -> None:
        """What it is; `model` as the client calls it."""

    def attempt(self, candidate: Candidate) -> AttemptSpan:
        """An attempt begins."""
        del candidate
        return NO_ATTEMPT

    def first_chunk(self) -> None:
        """The first bytes of a streamed reply go to the client."""

    def end(self, answered: Answered = OK) -> None:
        """It is over. Later calls do nothing."""


class Telemetry:
    """Begins spans."""

    is_on = False

    def call(self, method: str, path: str, headers: Headers) -> CallSpan:
        """A call came in; a `traceparent` among its headers is the parent. `path` without its query."""
        del method, path, headers
        return NO_CALL


NO_ATTEMPT = AttemptSpan()
NO_CALL = CallSpan()
NO_TELEMETRY = Telemetry()


def telemetry_of(options: TelemetryOptions, hide: Callable[[str], str] | None = None) -> Telemetry:
    """Telemetry as asked for. `hide` hides secrets in content. Raises `UsageError` where the package is
    missing.
    """
    if not options.enabled:
        return NO_TELEMETRY
    try:
        from tokentape.gateway.telemetry.otel import OpenTelemetry
    except ModuleNotFoundError as error:
        raise UsageError(
            "[telemetry] is enabled, but opentelemetry-api is not installed; "
            "run: pip install 'tokentape[telemetry]', and an SDK with its exporter"
        ) from error
    return OpenTelemetry(options, hide)
