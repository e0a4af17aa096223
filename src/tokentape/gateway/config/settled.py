"""A configuration as the gateway takes it: objects of its parts, and no table any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tokentape.gateway.lasting import Lasting
from tokentape.gateway.safety import SafetyOptions
from tokentape.upstreams.retrying import Policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.gateway.classes import ClassRule
    from tokentape.gateway.config.document import Document
    from tokentape.gateway.config.later import LaterSender
    from tokentape.gateway.routing import Router


@dataclass(frozen=True, slots=True)
class Serving:
    """How the gateway is served: none of it changes while it runs. `connections`: for each worker. `grace`:
    seconds that are left to streams when it ends.
    """

    host: str = "127.0.0.1"
    port: int = 0
    workers: int = 1
    connections: int | None = None
    grace: float = 30.0
    log_level: str = "info"


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that is configured. Secrets are `Secret`s: its repr shows none.

    `policies` are those of groups that have their own. `strict`: every loss refuses a call. `heartbeat`:
    seconds. `sender` is what tokens are asked with: the server gives it its HTTP client. `path` is what it
    was read from, as messages name it: a file, or the options; `document` its tables.
    """

    document: Document
    router: Router
    sender: LaterSender
    path: str = ""
    serving: Serving = field(default_factory=Serving)
    lasting: Lasting = field(default_factory=Lasting)
    safety: SafetyOptions = field(default_factory=SafetyOptions)
    policy: Policy = field(default_factory=Policy)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    strict: bool = False
    heartbeat: float | None = 15.0
    classes: tuple[ClassRule, ...] = ()
    warnings: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    """Files with secrets, which are part of it."""
