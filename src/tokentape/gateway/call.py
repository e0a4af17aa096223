"""One call as the client made it: the request on the wire, and what its headers and path name besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

    Fields = dict[str, Json]


@quick
@dataclass(frozen=True, slots=True)
class Naming:
    """What the client named by header or path prefix; None where it did not.

    `cassette`, `tag`, `session` and `conversation` are names, never paths. `kind` is the request class,
    `upstream` the one to be asked whatever the routes say, `output` the dialect in which the reply is told.
    """

    cassette: str | None = None
    tag: str | None = None
    session: str | None = None
    conversation: str | None = None
    kind: str | None = None
    upstream: str | None = None
    output: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. `key` is a fingerprint of the key it showed to the gateway ("-" where none is needed): it
    keeps the state of clients apart. `name` is that key's name in the configuration.
    """

    key: str = "-"
    name: str = "-"


@quick
@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as it came, without prefixes and without `X-Tokentape-*` headers.

    `id` names the call in traces and replies; `at` is the wall-clock time it came, in seconds.
    """

    id: str
    request: Request
    client: Client = Client()
    naming: Naming = Naming()
    at: float = 0.0
    is_taped: bool = False
    """True once the tape was asked about it: further on nobody asks again."""


@quick
@dataclass(frozen=True, slots=True)
class Call:
    """A call that was recognised: the operation of a dialect, and its body as JSON.

    `fields` is the body; replacing it (`dataclasses.replace`) and setting `is_edited` makes the exchange
    write the body anew, else the bytes that came go on as they are.
    """

    incoming: Incoming
    found: Recognised
    fields: Fields
    model: str
    stream: bool
    is_edited: bool = False

    @property
    def dialect(self) -> str:
        """The client's dialect."""
        return self.found.operation.dialect
